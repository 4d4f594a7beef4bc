"""Transactions lose nothing, and a database that cannot be used is refused in one sentence."""

import asyncio
import socket
import sqlite3
import stat
import sys
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from bot.errors import StartRefused
from bot.store.app_state import AppState
from bot.store.database import Database
from bot.store.tables import app_state
from tests.postgres import LOCKED_PASSWORD, LOCKED_USER, Postgres


async def refusal(url: str) -> str:
    """The sentence with which opening this URL is refused, checked for what it must not hold."""
    with pytest.raises(StartRefused) as caught:
        await Database.open(url)
    sentence = str(caught.value)
    assert sentence.startswith("MUSTER_DATABASE_URL: ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "s3cret" not in sentence
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return sentence


async def test_40_transactions_at_once_that_read_and_then_write_lose_nothing(
    database_url: str,
) -> None:
    processes = [await Database.open(database_url) for _ in range(2)]
    await AppState(processes[0]).set("counter", "0")
    counter = select(app_state.c.value).where(app_state.c.key == "counter").with_for_update()

    async def count(database: Database) -> None:
        async with database.write() as connection:
            value = int((await connection.execute(counter)).scalar_one())
            change = update(app_state).where(app_state.c.key == "counter")
            await connection.execute(change.values(value=str(value + 1)))

    await asyncio.gather(*(count(processes[number % 2]) for number in range(40)))
    assert await AppState(processes[0]).get("counter") == "40"
    for database in processes:
        await database.close()


async def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    async def fail() -> None:
        async with database.write() as connection:
            await connection.execute(app_state.insert().values(key="a", value="b"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await AppState(database).get("a") is None
    await AppState(database).set("a", "c")


async def test_a_cancelled_transaction_leaves_nothing_and_blocks_nobody(
    database: Database,
) -> None:
    inside = asyncio.Event()

    async def hang() -> None:
        async with database.write() as connection:
            await connection.execute(app_state.insert().values(key="a", value="b"))
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await inside.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await AppState(database).get("a") is None
    await AppState(database).set("a", "c")
    assert await AppState(database).get("a") == "c"


async def test_reading_does_not_wait_for_a_writer(database: Database) -> None:
    await AppState(database).set("a", "old")
    async with database.write() as connection:
        await connection.execute(update(app_state).values(value="new"))
        assert await AppState(database).get("a") == "old"
    assert await AppState(database).get("a") == "new"


async def test_an_sqlite_connection_is_durable_and_checks_foreign_keys(sqlite_url: str) -> None:
    database = await Database.open(sqlite_url)
    for transaction in (database.read, database.write):
        async with transaction() as connection:
            found = {
                name: (await connection.execute(text(f"PRAGMA {name}"))).scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            }
        full = 2
        assert found["journal_mode"] == "wal"
        assert (found["synchronous"], found["foreign_keys"]) == (full, 1)
        assert found["busy_timeout"] >= 5000
    await database.close()


async def test_a_new_sqlite_file_is_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    await (await Database.open(f"sqlite:///{path}")).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_checking_a_usable_database_is_quiet(database: Database) -> None:
    await database.check()


async def test_an_sqlite_file_in_no_directory_is_refused(tmp_path: Path) -> None:
    sentence = await refusal(f"sqlite:///{tmp_path / 'missing' / 'muster.db'}")
    assert "missing" in sentence
    assert "No such file or directory" in sentence


async def test_a_place_that_nobody_may_write_is_refused() -> None:
    # Even root cannot create a file there; where there is no /proc, nobody can either.
    assert "/proc/muster.db" in await refusal("sqlite:////proc/muster.db")


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be looked at " * 50)
    assert "not a database" in await refusal(f"sqlite:///{path}")


@pytest.mark.parametrize("url", ["sqlite:///", "sqlite:///:memory:"])
async def test_an_sqlite_url_without_a_file_is_refused(url: str) -> None:
    assert "must name a file" in await refusal(url)


async def test_a_file_locked_by_someone_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.engines._BUSY_SECONDS", 0.05)
    path = tmp_path / "muster.db"
    await (await Database.open(f"sqlite:///{path}")).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert "locked" in await refusal(f"sqlite:///{path}")
    other.close()


async def test_a_wrong_password_is_refused_without_showing_it(postgres: Postgres) -> None:
    sentence = await refusal(postgres.url("postgres", LOCKED_USER, "s3cret"))
    assert "password authentication failed" in sentence
    right = await Database.open(postgres.url("postgres", LOCKED_USER, LOCKED_PASSWORD))
    await right.close()


async def test_a_database_that_is_not_there_is_refused(postgres: Postgres) -> None:
    assert '"nowhere" does not exist' in await refusal(postgres.url("nowhere"))


async def test_a_server_that_is_not_there_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    sentence = await refusal(f"postgresql://muster:s3cret@127.0.0.1:{port}/muster")
    assert "'muster' on 127.0.0.1" in sentence


async def test_a_server_that_says_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.engines._CONNECT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        sentence = await refusal(f"postgresql://muster:s3cret@127.0.0.1:{port}/muster")
    assert "did not answer in time" in sentence


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://muster:s3cret@host:port/muster",
        "postgresql://muster:s3cret#x@host:5432/muster",
        "postgresql://muster:s3cret@[::1/muster",
        "postgresql://muster:s3cret@127.0.0.1/muster?sslmode=wrong",
    ],
)
async def test_a_misspelt_address_is_refused_without_showing_it(url: str) -> None:
    assert "percent-encoded" in await refusal(url)


async def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    sentence = await refusal("postgresql://muster:s3cret@localhost/muster")
    assert "muster-bot[postgres]" in sentence
