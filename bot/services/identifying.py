"""When a shard may introduce itself to Discord, so that all processes together keep its limit."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack

from bot.background import Background
from bot.errors import LockLost
from bot.store.database import Database

log = logging.getLogger(__name__)

APART = 5.5  # seconds; Discord takes one identify per five seconds in each bucket
RETRY = 1.0  # seconds after which a lost database connection is tried again


class IdentifyTurns:
    """Hands out turns; those of other processes are kept apart by a lock in the database."""

    def __init__(self, database: Database, background: Background, apart: float = APART) -> None:
        self._database = database
        self._background = background
        self._apart = apart
        self._buckets: dict[int, asyncio.Lock] = {}

    async def take(self, shard_id: int, at_once: int) -> None:
        """Return when the shard may identify. Discord tells how many may do so `at_once`."""
        bucket = shard_id % at_once
        stack = AsyncExitStack()
        try:
            await stack.enter_async_context(self._buckets.setdefault(bucket, asyncio.Lock()))
            await self._lock(stack, bucket)
        except BaseException:
            await stack.aclose()
            raise
        self._background.after(self._apart, stack.aclose, f"next identify of bucket {bucket}")

    async def _lock(self, stack: AsyncExitStack, bucket: int) -> None:
        while True:
            try:
                await stack.enter_async_context(self._database.session_lock(f"identify:{bucket}"))
            except LockLost as error:  # many wait in line, or the database is away
                log.warning("waiting to identify: %s", error)
                await asyncio.sleep(RETRY)
            else:
                return
