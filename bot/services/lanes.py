"""One writer per upstream session at a time, first in, first served."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from bot.errors import MusterError
from bot.models import Attempt, Capabilities, Session, Waiter
from bot.store.locks import Hold

LaneKey = tuple[str, str]  # (normalised base URL, upstream session id)


class LaneBusy(MusterError):
    """Too many wait for the same session; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A session as it stood, with what may yet change it without showing."""

    session: Session
    capabilities: Capabilities
    # Of all guilds; those that wait for their turn are not among them: a rush has hundreds.
    unsettled: tuple[Attempt, ...]
    began: float  # monotonic seconds: what it tells is at least as new as this
    hold: Hold  # of the lock against other processes in which it was made
    line: tuple[Waiter, ...] = ()  # who waits for a place or was offered one, of all guilds


class Lane:
    """What those who write to one upstream session must know of each other."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()  # asyncio's locks are fair
        self.users = 0
        self.written_at = -math.inf  # monotonic seconds: when the last write of ours ended
        # By workspace id: what one guild's key may read is not for another guild.
        self.readings: dict[int, Reading] = {}

    def outdate(self, now: float) -> None:
        """What was read until `now` (monotonic seconds) proves nothing any more."""
        self.readings.clear()
        self.written_at = now


class Lanes:
    """Serialises writes to one upstream session, whichever guild or workspace asks.

    ReAdmin's release rewrites the whole claim map of a server, so two writes at once lose claims.
    """

    def __init__(self) -> None:
        self._lanes: dict[LaneKey, Lane] = {}

    @asynccontextmanager
    async def enter(self, key: LaneKey, patience: float) -> AsyncIterator[Lane]:
        """Wait at most `patience` seconds for our turn; raises LaneBusy after that."""
        with self.kept({key}):
            lane = self._lanes[key]
            try:
                async with asyncio.timeout(patience):
                    await lane.lock.acquire()
            except TimeoutError:
                raise LaneBusy("too many people are claiming in this session") from None
            try:
                yield lane
            finally:
                lane.lock.release()

    @contextmanager
    def kept(self, keys: Collection[LaneKey]) -> Iterator[None]:
        """Remember what is known of these lanes, also while nobody is in them."""
        for key in keys:
            self._lanes.setdefault(key, Lane()).users += 1
        try:
            yield
        finally:
            for key in keys:
                self._lanes[key].users -= 1
                if not self._lanes[key].users:
                    del self._lanes[key]

    def waiting(self) -> dict[LaneKey, int]:
        """How many are in each lane or wait for it, for the metrics."""
        return {key: lane.users for key, lane in self._lanes.items()}
