"""Turns to identify: one per bucket and interval, over all processes."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from pathlib import Path

from bot.background import Background
from bot.services.identifying import IdentifyTurns
from bot.store.database import Database, migrate
from tests.postgres import Postgres
from tests.postgres import postgres as postgres

APART = 0.3  # seconds


async def test_two_processes_wait_for_each_other(postgres: Postgres) -> None:
    url = postgres.create_database()
    await migrate(url)
    databases = [await Database.open(url) for _ in range(2)]
    background = Background()
    turns = [IdentifyTurns(database, background, APART) for database in databases]
    taken: list[float] = []

    async def take(process: int, shard: int) -> None:
        await turns[process].take(shard, 1)
        taken.append(time.monotonic())

    try:
        await asyncio.gather(take(0, 0), take(1, 2), take(0, 1), take(1, 3))
    finally:
        await background.stop()
        for database in databases:
            await database.close()
    assert min(b - a for a, b in pairwise(taken)) >= APART * 0.99


async def test_buckets_do_not_wait_for_each_other(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'muster.db'}"
    database, background = await Database.open(url), Background()
    turns = IdentifyTurns(database, background, 600.0)
    try:
        async with asyncio.timeout(30):  # the same bucket would take ten minutes
            for shard in range(16):
                await turns.take(shard, 16)
    finally:
        await background.stop()
        await database.close()


async def test_who_is_called_off_gives_the_turn_back(tmp_path: Path) -> None:
    database, background = await Database.open(f"sqlite:///{tmp_path / 'a.db'}"), Background()
    turns = IdentifyTurns(database, background, APART)
    try:
        await turns.take(0, 1)
        waiting = asyncio.create_task(turns.take(0, 1))
        await asyncio.sleep(0)
        waiting.cancel()
        async with asyncio.timeout(30):
            await turns.take(0, 1)
    finally:
        await background.stop()
        await database.close()
