"""Names of linked accounts are a cache: read anew in bulk once they are old."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.background import Background
from bot.errors import MusterError
from bot.services.bulk_names import BATCH, BulkNames
from bot.store.link_lists import LinkLists

log = logging.getLogger(__name__)

EVERY = 60.0  # seconds between two rounds
LATE = timedelta(days=7)  # so long after its time a name is marked: no reading gets through
MOST = 5 * BATCH  # names in one round: 5,000,000 in a week


class NameRefresher:
    """Reads the oldest names again, a few calls a minute; of what is gone the name is dropped."""

    def __init__(
        self, lists: LinkLists, names: BulkNames, life: timedelta, clock: Callable[[], datetime]
    ) -> None:
        """`life` is how long a name is good; the operator's choice."""
        self._lists = lists
        self._names = names
        self._life = life
        self._clock = clock

    def start(self, background: Background) -> None:
        """Keep the names fresh until the process stops."""
        background.every(EVERY, self.refresh, "read the names of linked accounts")

    def is_late(self, read_at: datetime) -> bool:
        """Whether a name that was read then should have been read again long ago."""
        return self._clock() - read_at > self._life + LATE

    async def refresh(self) -> int:
        """One round; how many names were looked up."""
        now = self._clock()
        aged = await self._lists.list_aged(now - self._life, MOST)
        if not aged:
            return 0
        try:
            users = await self._names.fetch_by_id(link.roblox_id for link in aged)
        except MusterError as error:
            log.warning("names of linked accounts could not be read: %s", error)
            return 0
        await self._lists.rename(aged, users, now)
        return len(aged)
