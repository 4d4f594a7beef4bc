"""A process that serves some shards sees to it that they stay its own."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from bot.errors import LockLost, LockTaken, StartRefused
from bot.models import ShardRange
from bot.store.database import Database

log = logging.getLogger(__name__)

LOOK = 5.0  # seconds between two looks
GIVE_UP = 15.0  # seconds after which a shard that another process has is theirs


class ShareGuard:
    """Keeps the shards that a process took at its start, over lost connections to the database."""

    def __init__(
        self,
        share: ShardRange,
        database: Database,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._share = share
        self._database = database
        self._monotonic = monotonic
        self._since: float | None = None  # when another process was first seen to have one
        self.taken = asyncio.Event()  # this process must not go on

    async def look(self) -> None:
        """Take the shards anew if their connection is gone, or note that they are another's."""
        try:
            await self._database.renew_locks()
        except LockTaken:
            now = self._monotonic()
            self._since = now if self._since is None else self._since
            log.warning("another process has a shard of %s", self._share)
            if now - self._since >= GIVE_UP:
                self.taken.set()
        except LockLost as error:  # then nobody can take them either; every write notices, too
            log.warning("whether the shards are still ours is not known: %s", error)
        else:
            self._since = None

    def refusal(self) -> StartRefused:
        """Why the process ends."""
        return StartRefused(
            "MUSTER_SHARDS: the connection to the database was lost, and another Muster process"
            f" has taken shards of {self._share} meanwhile. This one stops. Stop the other and"
            " start this one again, or give each process shards of its own."
        )
