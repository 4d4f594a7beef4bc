"""The event loop that `muster run` chooses, and a stop that would take for ever."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from unittest.mock import AsyncMock, Mock

import pytest
from sqlalchemy import func, select, text

from bot.errors import StartRefused
from bot.runner import LATE, _serve, fast_loop
from bot.store.database import MIGRATION_LOCK, Database
from tests.postgres import Postgres
from tests.postgres import postgres as postgres
from tests.test_cli import KEY, TOKEN, start

STUCK = """
import asyncio
from bot import runner

runner.DEADLINE = 0.2

async def main():
    runner.Stopping().started()
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


async def test_who_lost_its_shards_to_another_process_ends() -> None:
    bot = Mock(displaced=asyncio.Event())
    bot.background.stop = AsyncMock()
    bot.close = AsyncMock()
    never = asyncio.Event()
    bot.login = lambda _: never.wait()
    stopping = Mock(wait=never.wait)
    settings = Mock()
    serving = asyncio.create_task(_serve(bot, settings, stopping))
    await asyncio.sleep(0)
    bot.displaced.set()
    with pytest.raises(StartRefused, match="has taken over shards of this one"):
        await serving
    bot.background.stop.assert_awaited_once()
    bot.close.assert_awaited_once()


WAITING = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to handle")
async def test_a_start_that_waits_for_another_process_can_be_stopped(
    postgres: Postgres, tmp_path: Path
) -> None:
    """Nothing is under way yet, so there is no deadline to wait for either."""
    url = postgres.create_database()
    migrating = await Database.open(url)
    try:
        async with asyncio.timeout(120), migrating.write() as connection:
            await connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            settings = {"DISCORD_TOKEN": TOKEN, "SECRET_KEYS": KEY, "DATABASE_URL": url}
            process = await start(tmp_path, "run", **settings)
            while not await connection.scalar(WAITING):  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.02)
            process.terminate()
            _, err = await process.communicate()
    finally:
        await migrating.close()
    assert process.returncode == 0, err.decode()
    events = [json.loads(line)["event"] for line in err.decode().splitlines()]
    assert events == [
        "stopping; SIGTERM again ends at once", "stopped before the start was complete",
    ]  # fmt: skip
