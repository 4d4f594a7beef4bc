"""The event loop that `muster run` chooses, and a stop that would take for ever."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from bot.runner import LATE, fast_loop

STUCK = """
import asyncio
from bot import runner

runner.DEADLINE = 0.2

async def main():
    runner.Stopping()
    print("ready", flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="uvloop does not run there")
def test_the_extra_speed_brings_a_faster_loop() -> None:
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        assert type(runner.get_loop()).__module__.startswith("uvloop")


def test_without_it_pythons_own_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)  # as if it were not installed
    assert fast_loop() is None
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        assert type(runner.get_loop()).__module__.startswith("asyncio")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to handle")
async def test_what_cannot_be_ended_is_left_after_the_deadline() -> None:
    root = str(Path(__file__).parents[1])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STUCK, env=os.environ | {"PYTHONPATH": root}, stdout=PIPE, stderr=PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        assert await process.stdout.readline() == b"ready\n"
        process.terminate()
        _, err = await process.communicate()
    assert process.returncode == LATE
    assert b"the next start settles open claims" in err
