"""One at a time per session, in the order of coming, and nothing stays behind."""

from __future__ import annotations

import asyncio

import pytest

from bot.services.lanes import LaneBusy, LaneKey, Lanes

A: LaneKey = ("https://one.test", "training")
B: LaneKey = ("https://one.test", "raid")
PATIENT = 3600.0


async def settle() -> None:
    """Let every task that can go on go on."""
    for _ in range(20):
        await asyncio.sleep(0)


class Visitor:
    """A task that enters a lane, waits to be let out, and notes both."""

    def __init__(self, lanes: Lanes, name: str, log: list[str], key: LaneKey = A) -> None:
        self.out = asyncio.Event()
        self.task = asyncio.create_task(self._visit(lanes, name, log, key))

    async def _visit(self, lanes: Lanes, name: str, log: list[str], key: LaneKey) -> None:
        async with lanes.enter(key, PATIENT):
            log.append(f"+{name}")
            await self.out.wait()
            log.append(f"-{name}")


async def test_one_at_a_time_and_first_come_first_served() -> None:
    lanes, log = Lanes(), list[str]()
    visitors = []
    for name in "abcde":
        visitors.append(Visitor(lanes, name, log))
        await settle()
    assert log == ["+a"]
    for visitor in reversed(visitors):  # who is let out first makes no difference
        visitor.out.set()
        await settle()
    await asyncio.gather(*(visitor.task for visitor in visitors))
    assert log == ["+a", "-a", "+b", "-b", "+c", "-c", "+d", "-d", "+e", "-e"]
    assert lanes._lanes == {}


async def test_sessions_do_not_wait_for_each_other() -> None:
    lanes, log = Lanes(), list[str]()
    first, second = Visitor(lanes, "a", log), Visitor(lanes, "b", log, B)
    other_host = Visitor(lanes, "c", log, ("https://two.test", "training"))
    await settle()
    assert log == ["+a", "+b", "+c"]
    for visitor in (first, second, other_host):
        visitor.out.set()
    await asyncio.gather(first.task, second.task, other_host.task)
    assert lanes._lanes == {}


async def test_patience_ends_in_lane_busy() -> None:
    lanes, log = Lanes(), list[str]()
    inside = Visitor(lanes, "a", log)
    await settle()
    with pytest.raises(LaneBusy):
        async with lanes.enter(A, 0):
            log.append("never")
    assert log == ["+a"]
    inside.out.set()
    await inside.task
    assert lanes._lanes == {}


async def test_a_free_lane_needs_no_patience() -> None:
    lanes = Lanes()
    async with lanes.enter(A, 0):
        assert list(lanes._lanes) == [A]
    assert lanes._lanes == {}


async def test_patience_is_for_the_wait_alone() -> None:
    lanes = Lanes()
    async with lanes.enter(A, 0):
        await settle()  # longer than no patience at all, and not interrupted
    assert lanes._lanes == {}


async def test_who_gives_up_waiting_leaves_nothing_and_holds_up_nobody() -> None:
    lanes, log = Lanes(), list[str]()
    first, second, third = (Visitor(lanes, name, log) for name in "abc")
    await settle()
    second.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second.task
    first.out.set()
    third.out.set()
    await asyncio.gather(first.task, third.task)
    assert log == ["+a", "-a", "+c", "-c"]
    assert lanes._lanes == {}


async def test_cancelled_when_its_turn_had_just_come_passes_the_turn_on() -> None:
    lanes, log = Lanes(), list[str]()
    first, second, third = (Visitor(lanes, name, log) for name in "abc")
    await settle()
    first.out.set()
    await first.task  # the lock has woken the second, which has not run yet
    second.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second.task
    third.out.set()
    await third.task
    assert "+c" in log
    assert lanes._lanes == {}


async def test_cancelled_inside_lets_the_next_one_in() -> None:
    lanes, log = Lanes(), list[str]()
    first, second = Visitor(lanes, "a", log), Visitor(lanes, "b", log)
    await settle()
    first.task.cancel()
    second.out.set()
    await second.task
    assert log == ["+a", "+b", "-b"]
    assert lanes._lanes == {}


async def test_an_error_inside_opens_the_lane_again() -> None:
    lanes = Lanes()
    with pytest.raises(RuntimeError, match="boom"):
        async with lanes.enter(A, PATIENT):
            raise RuntimeError("boom")
    assert lanes._lanes == {}


async def test_a_time_out_inside_is_not_mistaken_for_a_busy_lane() -> None:
    lanes = Lanes()
    with pytest.raises(TimeoutError):
        async with lanes.enter(A, PATIENT):
            raise TimeoutError
    assert lanes._lanes == {}


async def test_many_visitors_never_meet() -> None:
    lanes, inside, most = Lanes(), 0, 0

    async def visit() -> None:
        nonlocal inside, most
        async with lanes.enter(A, PATIENT):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(visit() for _ in range(200)))
    assert most == 1
    assert lanes._lanes == {}


async def test_a_lane_that_is_kept_remembers_with_nobody_in_it() -> None:
    lanes = Lanes()
    with lanes.kept({A, B}):
        async with lanes.enter(A, PATIENT) as first:
            assert lanes.waiting() == {A: 2, B: 1}
        async with lanes.enter(A, PATIENT) as second:
            assert second is first
    assert lanes.waiting() == {}
