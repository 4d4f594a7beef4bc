"""The event loop that `muster run` chooses, and a stop that would take for ever."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from bot import runner
from bot.background import Background
from bot.errors import StartRefused
from bot.models import ShardRange
from bot.runner import LATE, fast_loop
from bot.services.share_guard import ShareGuard
from bot.settings import Settings
from bot.store.database import Database

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


class Bot:
    """What `run_bot` does with a bot, and nothing else."""

    def __init__(self, database: Database) -> None:
        self.background, self.vitals, self.closed = Background(), None, False
        self.guard = ShareGuard(ShardRange(0, 3, 16), database)

    async def close(self) -> None:
        """Note it."""
        self.closed = True


async def test_whose_shards_were_taken_stops_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'muster.db'}"
    bot = Bot(await Database.open(url))

    @asynccontextmanager
    async def opened(*_: object, **__: object) -> AsyncIterator[Bot]:
        yield bot

    async def connect(*_: object) -> None:
        bot.guard.taken.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(runner, "open_bot", opened)
    monkeypatch.setattr(runner, "serve_health", opened)
    monkeypatch.setattr(runner, "_connect", connect)
    monkeypatch.setattr(runner, "point_discord_at", lambda _: None)
    values: dict[str, Any] = {"discord_token": "token", "database_url": url}
    values["secret_keys"] = [Fernet.generate_key().decode()]
    settings = Settings(_env_file=None, **values)
    with pytest.raises(StartRefused, match="another Muster process has taken shards of 0-3/16"):
        async with asyncio.timeout(30):
            await runner.run_bot(settings)
    assert bot.closed
    assert bot.background.stopping
    await bot.guard._database.close()
