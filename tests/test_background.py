"""Work that outlives its caller is run, logged, and stopped as a whole."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.background import Background

LONG = 3600.0  # nobody waits that long: a test that would is a test that hangs


async def until_idle(background: Background) -> None:
    """Wait until nothing runs any more."""
    async with asyncio.timeout(30):
        while background._tasks:
            await asyncio.wait(set(background._tasks))


async def test_spawned_work_runs_to_its_end_and_gives_its_result() -> None:
    background = Background()

    async def work() -> int:
        await asyncio.sleep(0)
        return 5

    assert await background.spawn(work(), "work") == 5
    assert not background._tasks


async def test_spawned_work_survives_its_caller() -> None:
    background, go, done = Background(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await go.wait()
        done.set()

    async def caller() -> None:
        await asyncio.shield(background.spawn(work(), "work"))

    task = asyncio.create_task(caller())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go.set()
    await until_idle(background)
    assert done.is_set()


async def test_an_error_that_nobody_awaits_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    background = Background()

    async def work() -> None:
        raise RuntimeError("boom")

    background.spawn(work(), "the roof")
    await until_idle(background)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "the roof" in record.getMessage()
    assert record.exc_info is not None


async def test_after_runs_once_and_leaves_nothing() -> None:
    background, calls = Background(), []

    async def work() -> None:
        calls.append(1)

    await background.after(0, work, "timer")
    assert calls == [1]
    assert not background._tasks
    assert not background._asleep


async def test_a_timer_can_be_called_off() -> None:
    background, calls = Background(), []

    async def work() -> None:
        calls.append(1)

    timer = background.after(LONG, work, "timer")
    await asyncio.sleep(0)
    timer.cancel()
    await until_idle(background)
    assert calls == []
    assert not background._asleep


async def test_every_goes_on_after_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    background, enough, calls = Background(), asyncio.Event(), []

    async def work() -> None:
        calls.append(1)
        if len(calls) == 3:
            enough.set()
        raise RuntimeError("boom")

    background.every(0, work, "the pump")
    async with asyncio.timeout(30):
        await enough.wait()
    await background.stop()
    assert len(calls) >= 3
    assert "the pump failed" in caplog.records[0].getMessage()


async def test_stop_calls_off_timers_at_once() -> None:
    background, calls = Background(), []

    async def work() -> None:
        calls.append(1)

    background.after(LONG, work, "timer")
    background.every(LONG, work, "pump")
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await background.stop(grace=LONG)
    assert calls == []
    assert not background._tasks


async def test_stop_lets_running_work_finish() -> None:
    background, started, done = Background(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        started.set()
        await asyncio.sleep(0)
        done.set()

    background.spawn(work(), "work")
    await started.wait()
    async with asyncio.timeout(30):
        await background.stop(grace=LONG)
    assert done.is_set()


async def test_stop_cancels_what_does_not_finish_and_waits_for_its_end() -> None:
    background, started, cleaned = Background(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.set()

    background.spawn(work(), "stuck")
    await started.wait()
    await background.stop(grace=0)
    assert cleaned.is_set()
    assert not background._tasks


async def test_stop_waits_for_work_that_running_work_spawns_and_calls_off_its_timers() -> None:
    background, calls = Background(), []

    async def later() -> None:
        calls.append("later")

    async def timed() -> None:
        calls.append("timed")

    async def work() -> None:
        await asyncio.sleep(0)
        background.spawn(later(), "later")
        background.after(LONG, timed, "timer")

    background.spawn(work(), "work")
    async with asyncio.timeout(30):
        await background.stop(grace=LONG)
    assert calls == ["later"]
    assert not background._tasks


async def test_stop_ends_a_pump_whose_turn_was_running() -> None:
    background, started, go = Background(), asyncio.Event(), asyncio.Event()

    async def turn() -> None:
        started.set()
        await go.wait()

    background.every(0, turn, "pump")
    async with asyncio.timeout(30):
        await started.wait()
    stopping = asyncio.create_task(background.stop(grace=LONG))
    await asyncio.sleep(0)
    go.set()
    async with asyncio.timeout(30):
        await stopping
    assert not background._tasks


async def test_stopping_twice_is_fine() -> None:
    background = Background()
    await background.stop()
    await background.stop()
