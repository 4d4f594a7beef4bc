"""A task that is cancelled in the middle of a transaction leaves no lock behind."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import text

from bot.store.database import Database, migrate

ROUNDS = 400
KEEP = text("INSERT INTO app_state VALUES (:key, 'written')")
COUNT = text("SELECT count(*) FROM app_state")


async def test_cancelled_at_any_moment(tmp_path: Path) -> None:
    path = tmp_path / "muster.db"
    await migrate(f"sqlite:///{path}")
    database = await Database.open(f"sqlite:///{path}")
    dice = random.Random(7)

    async def write(key: str) -> None:
        async with database.write() as connection:
            await connection.execute(KEEP, {"key": key})
            await connection.execute(COUNT)

    for number in range(ROUNDS):
        task = asyncio.create_task(write(f"key {number}"))
        await asyncio.sleep(dice.random() * 0.004)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        _lock_and_leave(path)  # another process could write at once
    await database.close()


def _lock_and_leave(path: Path) -> None:
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
