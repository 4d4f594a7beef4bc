"""How often Discord is asked to edit, by a clock that only the tests move."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable

import pytest

from bot.background import Background
from bot.services.refresher import (
    CHANNEL_PACE,
    DISCORD_EPOCH,
    OLD_CHANNEL_PACE,
    OLD_PACE,
    PACE,
    Pace,
    Refresher,
)
from tests.services.bench import Bench
from tests.services.conftest import Posted
from tests.services.fakes import Clock
from tests.services.worlds import GUARD, with_claims


class VirtualBackground(Background):
    """Timers by virtual time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self._timers: list[tuple[float, int, Callable[[], Awaitable[object]], str]] = []
        self._numbers = itertools.count()

    def after(
        self, seconds: float, work: Callable[[], Awaitable[object]], name: str
    ) -> asyncio.Task[None]:
        """Note the timer."""
        heapq.heappush(self._timers, (self.now + seconds, next(self._numbers), work, name))
        return self.spawn(asyncio.sleep(0), name)

    async def pass_time(self, seconds: float) -> None:
        """Let time pass and every timer within it go off; what it starts is done at once."""
        until = self.now + seconds
        while self._timers and self._timers[0][0] <= until:
            self.now, _, work, name = heapq.heappop(self._timers)
            self.spawn(work(), name)
            await self.rest()
        self.now = until

    async def rest(self) -> None:
        """Let everything run that does not wait for something."""
        for _ in range(50):
            await asyncio.sleep(0)


class PatientBackground(VirtualBackground):
    """For work that waits for the database's threads."""

    async def rest(self) -> None:
        """Let everything come to its end."""
        async with asyncio.timeout(30):
            while self._tasks:
                await asyncio.wait(set(self._tasks))


class Channel:
    """Boards that show a number each, and the edits that they needed."""

    def __init__(self, age: float = 0.0) -> None:
        self.background, clock = VirtualBackground(), Clock()
        posted = int((clock().timestamp() - age) * 1000) - DISCORD_EPOCH
        self.first_message = posted << 22
        self.pace = Pace(clock, lambda: self.background.now)
        self.refresher = Refresher(self._refresh, self._locate, self.pace, self.background)
        self.truth: dict[int, int] = {}
        self.shown: dict[int, int] = {}
        self.edits: list[tuple[float, int]] = []  # (when, which board)
        self.channel_of: dict[int, int] = {}
        self.gate = asyncio.Event()  # closed: Discord makes edits wait
        self.gate.set()

    def change(self, board: int) -> None:
        """Something happened on the platform."""
        self.truth[board] = self.truth.get(board, 0) + 1
        self.refresher.mark(board)

    async def _locate(self, board: int) -> tuple[int, int]:
        return self.channel_of.get(board, 1), self.first_message + board

    async def _refresh(self, board: int) -> None:
        read = self.truth[board]
        await asyncio.sleep(0)
        if read != self.shown.get(board):
            self.edits.append((self.background.now, board))
            await self.gate.wait()
            self.shown[board] = read
            self.pace.note(await self._locate(board))


async def test_a_thousand_claims_in_ten_seconds() -> None:
    channel = Channel()
    for _ in range(1000):
        channel.change(1)
        await channel.background.pass_time(0.01)
    await channel.background.pass_time(60)
    assert len(channel.edits) == 4
    assert channel.shown == channel.truth == {1: 1000}


async def test_a_thousand_claims_on_a_real_board(bench: Bench, posted: Posted) -> None:
    """As above with the services and a database; the message of the bench is an old one."""
    background = PatientBackground()
    fast = Bench(
        bench.database, bench.messenger, bench.roblox, bench.clock, bench.platforms, background
    )
    for number in range(1000):
        session = bench.platform.sessions["training"]
        bench.platform.sessions["training"] = with_claims(session, 5000 + number, role=GUARD)
        fast.boards.mark_dirty(posted.announcement.announcement_id)
        await background.pass_time(0.01)
        fast.ticks = background.now
    assert 1 <= len(bench.messenger.edits) <= 12
    for _ in range(60):
        await background.pass_time(1)
        fast.ticks = background.now
    assert len(bench.messenger.edits) <= 3
    guard = bench.messenger.edits[-1][1].lines[2]
    assert (guard.role_name, guard.taken) == ("Guard", 1000)


async def test_a_thousand_claims_on_an_old_message() -> None:
    channel = Channel(age=2 * 3600)
    for _ in range(1000):
        channel.change(1)
        await channel.background.pass_time(0.01)
    await channel.background.pass_time(60)
    times = [at for at, _ in channel.edits]
    assert len(times) == 2
    assert times[1] - times[0] >= OLD_PACE
    assert channel.shown == channel.truth


async def test_marks_during_an_edit_are_one_more_edit() -> None:
    channel = Channel()
    channel.gate.clear()
    channel.change(1)
    await channel.background.pass_time(PACE)
    for _ in range(100):
        channel.change(1)
    await channel.background.pass_time(600)
    assert len(channel.edits) == 1  # nothing waits behind the one that Discord keeps waiting
    channel.gate.set()
    await channel.background.rest()
    await channel.background.pass_time(600)
    assert len(channel.edits) == 2
    assert channel.shown == channel.truth == {1: 101}


@pytest.mark.parametrize(("age", "apart"), [(0, CHANNEL_PACE), (7200, OLD_CHANNEL_PACE)])
async def test_boards_of_one_channel_take_turns(age: float, apart: float) -> None:
    channel = Channel(age)
    for _ in range(20):
        for board in range(10):
            channel.change(board)
        await channel.background.pass_time(0.5)
    await channel.background.pass_time(120)
    times = [at for at, _ in channel.edits]
    assert min(b - a for a, b in itertools.pairwise(times)) >= apart - 1e-6
    assert channel.shown == channel.truth
    assert {board for _, board in channel.edits[:10]} == set(range(10))  # none waits for two turns


async def test_channels_do_not_wait_for_each_other() -> None:
    channel = Channel()
    channel.channel_of = {board: board for board in range(30)}
    for board in range(30):
        channel.change(board)
    await channel.background.pass_time(PACE)
    assert len(channel.edits) == 30


async def test_a_failure_does_not_keep_a_board_from_later_marks(
    caplog: pytest.LogCaptureFixture,
) -> None:
    channel = Channel()
    locate, refresh = channel.refresher._locate, channel.refresher._refresh

    async def fail(_: int) -> None:
        raise OSError("the disk is full")

    for name, works in (("_locate", locate), ("_refresh", refresh)):
        setattr(channel.refresher, name, fail)
        channel.change(1)
        await channel.background.pass_time(30)
        assert "failed" in caplog.text
        caplog.clear()
        setattr(channel.refresher, name, works)
        assert not channel.refresher.is_marked(1)
    channel.change(1)
    await channel.background.pass_time(30)
    assert channel.shown == channel.truth


async def test_what_was_edited_long_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.services.refresher.MOST_REMEMBERED", 10)
    channel = Channel()
    for number in range(100):
        assert channel.pace.reserve((number, channel.first_message + number)) == 0
        channel.background.now += 5
    assert len(channel.pace._channels) <= 11
    assert len(channel.pace._messages) <= 11
