"""Look-ups are shared, and never older than the moment of asking."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import bindparam, select, text

from bot.store.database import Database, migrate
from bot.store.keyed import Keyed
from bot.store.reads import Reads
from bot.store.tables import app_state

VALUES = Keyed(select(app_state), app_state.c.key)
PUT = "INSERT OR REPLACE INTO app_state (key, value) VALUES ('{}', '{}')"


class Values:
    """The rows of a table by key, counting how often they are asked for."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.asked: list[set[str]] = []
        self.reads: Reads[str, str] = Reads(database, self.fetch)

    async def fetch(self, keys: Collection[str]) -> dict[str, str]:
        """What is stored under these."""
        self.asked.append(set(keys))
        return {row.key: row.value for row in await self.database.find(VALUES, keys)}


async def put(database: Database, key: str, value: str) -> None:
    """Store it, as another repository of the process would."""
    row = {"key": key, "value": value}
    insert = database.insert(app_state).on_conflict_do_update(
        index_elements=["key"], set_={"value": value}
    )
    async with database.write() as connection:
        await connection.execute(insert, row)


async def test_what_is_read_is_always_the_latest(database: Database) -> None:
    values = Values(database)
    assert await values.reads.get("a") is None
    for value in ("1", "2", "3"):
        await put(database, "a", value)
        assert [await values.reads.get("a") for _ in range(3)] == [value] * 3


async def test_who_asks_together_asks_once(database: Database) -> None:
    values = Values(database)
    await put(database, "a", "1")
    await put(database, "b", "2")
    found = await asyncio.gather(*(values.reads.get(key) for key in "ababc"))
    assert found == ["1", "2", "1", "2", None]
    assert len(values.asked) <= 3


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of an SQLite file."""
    return tmp_path / "muster.db"


async def test_another_process_is_noticed(path: Path) -> None:
    await migrate(f"sqlite:///{path}")
    database = await Database.open(f"sqlite:///{path}")
    values = Values(database)
    for number in range(3):
        with closing(sqlite3.connect(path)) as other, other:
            other.execute(PUT.format("a", number))
        assert [await values.reads.get("a") for _ in range(2)] == [str(number)] * 2
    assert len(values.asked) == 3, "nothing was asked twice between two changes"
    await database.close()


async def test_a_change_within_a_look_up_is_not_remembered(path: Path) -> None:
    await migrate(f"sqlite:///{path}")
    database = await Database.open(f"sqlite:///{path}")

    async def fetch(keys: Collection[str]) -> dict[str, str]:
        before = {row.key: row.value for row in await database.find(VALUES, keys)}
        await put(database, "a", "new")
        return before

    reads: Reads[str, str] = Reads(database, fetch)
    assert await reads.get("a") is None
    assert await reads.get("a") == "new"
    await database.close()


async def test_a_file_that_somebody_keeps_to_himself_is_waited_for(path: Path) -> None:
    await migrate(f"sqlite:///{path}")
    database = await Database.open(f"sqlite:///{path}")
    await database.close()
    with closing(sqlite3.connect(path, check_same_thread=False)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        with other:
            other.execute(PUT.format("a", 1))
        database = Database(database._writing, f"sqlite:///{path}")
        waiting = asyncio.create_task(Values(database).reads.get("a"))
        await asyncio.sleep(0)
        await asyncio.to_thread(other.close)
    assert await waiting == "1"
    await database.close()


async def test_a_query_of_its_own_is_answered_in_place(database: Database) -> None:
    await put(database, "a", "1")
    query = select(app_state.c.value).where(app_state.c.key == bindparam("key"))
    assert [tuple(row) for row in await database.look_up(query, key="a")] == [("1",)]
    assert await database.look_up(query, key="b") == []


async def test_a_transaction_is_all_or_nothing(database: Database) -> None:
    insert = text("INSERT INTO app_state (key, value) VALUES (:key, 'x')")

    def twice(key: str) -> None:
        raise KeyError(key)

    await database.transact(lambda connection: connection.execute(insert, {"key": "kept"}))
    with pytest.raises(KeyError):
        await database.transact(
            lambda connection: (connection.execute(insert, {"key": "lost"}), twice("lost"))
        )
    found = await database.find(VALUES, ["kept", "lost"])
    assert [row.key for row in found] == ["kept"]
