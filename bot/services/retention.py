"""Once a day: old history goes, and what communities that left had."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.services.removed_guilds import RemovedGuilds
from bot.store.app_state import AppState
from bot.store.retention import RetentionStore

log = logging.getLogger(__name__)

DAY = timedelta(days=1)
MOST_ROWS = 50_000  # of one table in one round; what is left follows in the next
LAST = "retention"  # in `app_state`: when all that was due had been done


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things are kept, as the operator set it. All in days."""

    journal: int
    removed_guilds: int


class Retention:
    """Looked at every hour, so that a process that is restarted daily does its work too."""

    def __init__(
        self,
        store: RetentionStore,
        app_state: AppState,
        removed_guilds: RemovedGuilds,
        limits: Limits,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._app_state = app_state
        self._removed_guilds = removed_guilds
        self._limits = limits
        self._clock = clock

    async def run_due(self) -> None:
        """The daily work, unless it was done within a day."""
        now = self._clock()
        mark = f"{LAST} {self._app_state.share}"  # other processes look after guilds of their own
        last = await self._app_state.get(mark)
        if last is not None and now - datetime.fromisoformat(last) < DAY:
            return
        if await self._run(now):
            await self._app_state.set(mark, now.isoformat())

    async def _run(self, now: datetime) -> bool:
        """Whether all that was due is done."""
        kept = timedelta(days=self._limits.journal)
        dropped = await self._store.drop_history(now, kept, MOST_ROWS)
        if dropped:
            log.info("old history deleted: %s", dropped)
        limit = timedelta(days=self._limits.removed_guilds)
        erased = await self._removed_guilds.erase_due(now - limit)
        return erased and all(count < MOST_ROWS for count in dropped.values())
