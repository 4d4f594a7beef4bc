"""Names of linked accounts are a cache: read anew in bulk once they are a week old."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bot.background import Background
from bot.errors import MusterError
from bot.services.bulk_names import BATCH, BulkNames
from bot.store.link_lists import LinkLists, Mark

log = logging.getLogger(__name__)

EVERY = 60.0  # seconds between two rounds
AGED = timedelta(days=7)
OLD = timedelta(days=30)  # from then on a shown name is marked: the refresh does not get through
MOST = 5 * BATCH  # names in one round: 5,000,000 in a week
_START: Mark = (datetime(1970, 1, 1, tzinfo=UTC), 0, 0)


class NameRefresher:
    """Walks through the aged names, oldest first, a few calls a minute."""

    def __init__(self, lists: LinkLists, names: BulkNames, clock: Callable[[], datetime]) -> None:
        self._lists = lists
        self._names = names
        self._clock = clock
        self._mark = _START  # accounts that Roblox no longer has keep their age: step over them
        self._walk_began = clock()

    def start(self, background: Background) -> None:
        """Keep the names fresh until the process stops."""
        background.every(EVERY, self.refresh, "read the names of linked accounts")

    async def refresh(self) -> int:
        """One round; how many names were looked up."""
        now = self._clock()
        aged = await self._lists.list_aged(now - AGED, self._mark, MOST)
        if not aged:
            if now - self._walk_began > timedelta(days=1):
                self._mark, self._walk_began = _START, now
            return 0
        try:
            users = await self._names.fetch_by_id(link.roblox_id for link in aged)
        except MusterError as error:
            log.warning("names of linked accounts could not be read: %s", error)
            return 0
        await self._lists.rename(aged, users, now)
        last = aged[-1]
        self._mark = (last.username_at, last.guild_id, last.discord_id)
        return len(aged)
