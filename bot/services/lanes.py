"""One writer per upstream session at a time, first in, first served."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.errors import MusterError

LaneKey = tuple[str, str]  # (normalised base URL, upstream session id)


class LaneBusy(MusterError):
    """Too many wait for the same session; nothing was sent."""


class Lane:
    """What those who write to one upstream session must know of each other."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()  # asyncio's locks are fair
        self.users = 0
        self.written_at = -math.inf  # monotonic seconds: when the last write of ours ended


class Lanes:
    """Serialises writes to one upstream session, whichever guild or workspace asks.

    ReAdmin's release rewrites the whole claim map of a server, so two writes at once lose claims.
    """

    def __init__(self) -> None:
        self._lanes: dict[LaneKey, Lane] = {}

    @asynccontextmanager
    async def enter(self, key: LaneKey, patience: float) -> AsyncIterator[Lane]:
        """Wait at most `patience` seconds for our turn; raises LaneBusy after that."""
        lane = self._lanes.setdefault(key, Lane())
        lane.users += 1
        try:
            try:
                async with asyncio.timeout(patience):
                    await lane.lock.acquire()
            except TimeoutError:
                raise LaneBusy("too many people are claiming in this session") from None
            try:
                yield lane
            finally:
                lane.lock.release()
        finally:
            lane.users -= 1
            if not lane.users:
                self._lanes.pop(key, None)
