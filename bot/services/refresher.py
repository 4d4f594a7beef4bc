"""When a board is edited: many marks become one edit, and Discord is never hurried."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from bot.background import Background

PACE = 2.5  # seconds from the first mark to the edit that shows it and all since
CHANNEL_PACE = 1.5  # seconds between two edits in one channel, whichever their messages
# Discord limits edits of messages older than an hour further (error 30046) and tells no numbers;
# about three in six seconds and channel are said to pass.
OLD = timedelta(hours=1)
OLD_PACE = 10.0
OLD_CHANNEL_PACE = 4.0
MOST_REMEMBERED = 10_000  # channels, and messages, that were edited lately
DISCORD_EPOCH = 1_420_070_400_000  # milliseconds: the time in a message id counts from there

Where = tuple[int, int]  # (channel id, message id)


class Pace:
    """When the next edit of a message, and in a channel, may go."""

    def __init__(
        self, clock: Callable[[], datetime], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._channels: dict[int, float] = {}  # monotonic seconds: not before then
        self._messages: dict[int, float] = {}

    def reserve(self, where: Where) -> float:
        """Take the next turn; how many seconds it is away."""
        channel_id, message_id = where
        now = self._monotonic()
        at = max(now, self._channels.get(channel_id, now), self._messages.get(message_id, now))
        self._block(where, at)
        return at - now

    def note(self, where: Where) -> None:
        """An edit ended just now."""
        self._block(where, self._monotonic())

    def _block(self, where: Where, at: float) -> None:
        channel_id, message_id = where
        old = self._clock() - _posted_at(message_id) > OLD
        _extend(self._channels, channel_id, at + (OLD_CHANNEL_PACE if old else CHANNEL_PACE))
        _extend(self._messages, message_id, at + (OLD_PACE if old else PACE))
        for known in (self._channels, self._messages):
            if len(known) > MOST_REMEMBERED:
                for key in [key for key, until in known.items() if until <= at]:
                    del known[key]


class Refresher:
    """Refreshes marked boards, each by itself: a mark made meanwhile leads to one more refresh."""

    def __init__(
        self,
        refresh: Callable[[int], Awaitable[None]],
        locate: Callable[[int], Awaitable[Where | None]],
        pace: Pace,
        background: Background,
    ) -> None:
        self._refresh = refresh
        self._locate = locate
        self._pace = pace
        self._background = background
        self._waiting: set[int] = set()  # a timer will refresh it
        self._running: set[int] = set()
        self._again: set[int] = set()  # marked while it runs

    def mark(self, announcement_id: int) -> None:
        """Refresh this board soon."""
        if announcement_id in self._running:
            self._again.add(announcement_id)
        elif announcement_id not in self._waiting:
            self._waiting.add(announcement_id)
            self._after(PACE, announcement_id, self._take_turn)

    def is_marked(self, announcement_id: int) -> bool:
        """Whether a refresh will come, or runs."""
        return announcement_id in self._waiting or announcement_id in self._running

    def _after(
        self, seconds: float, announcement_id: int, work: Callable[[int], Awaitable[None]]
    ) -> None:
        name = f"refresh board {announcement_id}"
        self._background.after(seconds, lambda: work(announcement_id), name)

    async def _take_turn(self, announcement_id: int) -> None:
        try:
            where = await self._locate(announcement_id)
        except BaseException:
            self._waiting.discard(announcement_id)  # else no later mark would do anything
            raise
        wait = self._pace.reserve(where) if where else 0.0
        if wait > 0:
            self._after(wait, announcement_id, self._go)
        else:
            await self._go(announcement_id)

    async def _go(self, announcement_id: int) -> None:
        self._waiting.discard(announcement_id)
        self._running.add(announcement_id)
        try:
            await self._refresh(announcement_id)
        finally:
            self._running.discard(announcement_id)
            if announcement_id in self._again:
                self._again.discard(announcement_id)
                self.mark(announcement_id)


def _posted_at(message_id: int) -> datetime:
    milliseconds = (message_id >> 22) + DISCORD_EPOCH
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _extend(known: dict[int, float], key: int, until: float) -> None:
    known[key] = max(known.get(key, until), until)
