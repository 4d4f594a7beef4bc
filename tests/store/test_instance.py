"""Who may run: one process per SQLite file, and one per shard on a shared PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.errors import LockLost, StartRefused
from bot.models import EVERYTHING, ShardRange
from bot.store import instance, locks
from bot.store.database import Database
from bot.store.instance import only_instance, only_server_of
from tests.store.test_locks import cut

FRONT, BACK, SECOND = (ShardRange.parse(text) for text in ("0-1/4", "2-3/4", "1/4"))


@pytest_asyncio.fixture
async def two(postgres_url: str) -> AsyncIterator[tuple[Database, Database]]:
    """Of two processes on one database."""
    one, other = await Database.open(postgres_url), await Database.open(postgres_url)
    yield one, other
    await one.close()
    await other.close()


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


async def test_a_shard_has_one_process(
    two: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.2)
    one, other = two
    async with only_server_of(FRONT, one), only_server_of(BACK, other):
        with pytest.raises(StartRefused, match=r"MUSTER_SHARDS: .* serves shard 1 of 4"):
            async with only_server_of(SECOND, other):
                pass
    async with only_server_of(EVERYTHING, one):
        with pytest.raises(StartRefused, match="serves shard 0 of 1"):
            async with only_server_of(EVERYTHING, other):
                pass


async def test_who_starts_waits_for_who_stops(two: tuple[Database, Database]) -> None:
    one, other = two
    entered = asyncio.Event()

    async def start() -> None:
        async with only_server_of(FRONT, other):
            entered.set()

    async with only_server_of(FRONT, one):
        starting = asyncio.create_task(start())
        await asyncio.sleep(0.1)  # longer would prove no more
        assert not entered.is_set()
    async with asyncio.timeout(30):
        await starting


async def test_all_processes_split_the_guilds_alike(
    two: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else two serve the same guild, as shards with other numbers."""
    monkeypatch.setattr(instance, "PATIENCE", 0.2)
    one, other = two
    async with only_server_of(FRONT, one):
        with pytest.raises(StartRefused, match=r"into 1 shards, and another one .* into 4"):
            async with only_server_of(EVERYTHING, other):
                pass
        async with only_server_of(BACK, other):
            pass
    async with only_server_of(EVERYTHING, other):
        pass


async def test_a_process_keeps_its_shards_when_the_database_was_away(
    two: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two
    async with only_server_of(FRONT, one) as displaced:
        await cut(other)
        await one.live_owners()  # which is asked every few seconds
        monkeypatch.setattr(locks, "PATIENCE", 0.2)
        with pytest.raises(StartRefused, match="serves shard 0 of 4"):
            async with only_server_of(FRONT, other):
                pass
        assert not displaced.is_set()


async def test_a_process_whose_shards_another_one_took_hears_of_it(
    two: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two
    async with only_server_of(FRONT, one) as displaced:
        await cut(other)
        async with only_server_of(SECOND, other) as theirs:
            await one.live_owners()
            assert not displaced.is_set()  # PostgreSQL may still believe in our old connection
            with pytest.raises(LockLost):  # and nothing is written until we know
                async with one.session_lock("a session", patience=0.3):
                    pass
            monkeypatch.setattr(locks, "PATIENCE", 0.0)
            await one.live_owners()
            assert displaced.is_set()
            assert not theirs.is_set()


async def test_a_process_that_died_is_not_waited_for(
    two: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 5.0)
    one, other = two
    async with only_server_of(FRONT, one):
        await one.close()  # its connections are gone, as they are after a kill
        async with only_server_of(FRONT, other):
            pass
