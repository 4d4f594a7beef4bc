"""Who may run: one process per SQLite file, and one per shard on a shared PostgreSQL."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.errors import LockLost, LockTaken, StartRefused
from bot.models import EVERYTHING, ShardRange
from bot.services.share_guard import GIVE_UP, ShareGuard
from bot.store import locks
from bot.store.database import Database
from bot.store.instance import only_instance, only_server_of

FRONT, BACK, SECOND = (ShardRange.parse(text) for text in ("0-1/4", "2-3/4", "1/4"))


def test_one_instance_whatever_the_file_is_called(sqlite_url: str, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(sqlite_url.removeprefix("sqlite:///"))
    with only_instance(sqlite_url):
        with (
            pytest.raises(StartRefused, match="another Muster process works on the SQLite file"),
            only_instance(f"sqlite:///{link}"),
        ):
            pass
        with only_instance("postgresql://muster@localhost/muster"):
            pass
    with only_instance(f"sqlite:///{link}"):
        pass


async def test_a_shard_has_one_process(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.2)
    one, other = await Database.open(postgres_url), await Database.open(postgres_url)
    try:
        async with only_server_of(FRONT, one), only_server_of(BACK, other):
            with pytest.raises(StartRefused, match=r"MUSTER_SHARDS: .* serves shard 1 of 4"):
                async with only_server_of(SECOND, other):
                    pass
        async with only_server_of(EVERYTHING, one):
            with pytest.raises(StartRefused, match="serves shard 0 of 1"):
                async with only_server_of(EVERYTHING, other):
                    pass
    finally:
        await one.close()
        await other.close()


async def test_who_starts_waits_for_who_stops(postgres_url: str) -> None:
    one, other = await Database.open(postgres_url), await Database.open(postgres_url)
    entered = asyncio.Event()

    async def start() -> None:
        async with only_server_of(FRONT, other):
            entered.set()

    try:
        async with only_server_of(FRONT, one):
            starting = asyncio.create_task(start())
            await asyncio.sleep(0.1)  # longer would prove no more
            assert not entered.is_set()
        async with asyncio.timeout(30):
            await starting
    finally:
        await one.close()
        await other.close()


async def test_a_process_that_died_is_not_waited_for(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 5.0)
    one, other = await Database.open(postgres_url), await Database.open(postgres_url)
    try:
        async with only_server_of(FRONT, one):
            await one.close()  # its connections are gone, as they are after a kill
            async with only_server_of(FRONT, other):
                pass
    finally:
        await other.close()


async def end_locks(database: Database) -> None:
    """The server ends every connection that holds a lock, as it does when it falls over."""
    async with database.write() as connection:
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND"
                " database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        )


async def test_a_lost_connection_is_noticed_and_the_shards_are_taken_anew(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.2)
    one, other = await Database.open(postgres_url), await Database.open(postgres_url)
    guard = ShareGuard(FRONT, one)
    try:
        async with only_server_of(FRONT, one):
            await guard.look()
            await end_locks(other)
            for _ in range(2):  # it notices; then it takes them anew
                await guard.look()
            assert not guard.taken.is_set()
            with pytest.raises(StartRefused, match="serves shard 0 of 4"):
                async with only_server_of(FRONT, other):
                    pass
        async with only_server_of(FRONT, other):  # given back, although they were taken twice
            pass
    finally:
        await one.close()
        await other.close()


async def test_who_lost_a_shard_to_another_process_writes_nothing_and_stops(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.2)
    one, other = await Database.open(postgres_url), await Database.open(postgres_url)
    now = 100.0
    guard = ShareGuard(FRONT, one, lambda: now)
    try:
        async with only_server_of(FRONT, one):
            await end_locks(other)
            async with only_server_of(SECOND, other):
                for _ in range(3):
                    await guard.look()
                with pytest.raises(LockTaken):
                    async with one.session_lock("a lane"):
                        pass
                now += GIVE_UP - 1
                await guard.look()
                assert not guard.taken.is_set()
            await guard.look()  # the other has given it back
            async with one.session_lock("a lane"):
                pass
            await end_locks(other)
            async with only_server_of(SECOND, other):
                for _ in range(2):
                    await guard.look()
                now += GIVE_UP
                await guard.look()
                assert guard.taken.is_set()
    finally:
        await one.close()
        await other.close()
    assert "another Muster process has taken shards of 0-1/4" in str(guard.refusal())


async def test_an_absent_database_takes_no_shard_away(postgres_url: str) -> None:
    one = await Database.open(postgres_url)
    now = 100.0
    guard = ShareGuard(FRONT, one, lambda: now)
    with pytest.MonkeyPatch.context() as patch:

        async def away(_: object) -> None:
            raise LockLost("no connection for locks")

        patch.setattr(Database, "renew_locks", away)
        for _ in range(3):
            now += GIVE_UP
            await guard.look()
    assert not guard.taken.is_set()
    await one.close()


async def test_a_single_file_is_nobody_elses(sqlite_url: str) -> None:
    database = await Database.open(sqlite_url)
    guard = ShareGuard(EVERYTHING, database)
    async with only_server_of(EVERYTHING, database):
        await guard.look()
    assert not guard.taken.is_set()
    await database.close()
