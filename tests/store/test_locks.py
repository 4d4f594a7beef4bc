"""Locks between processes: two Databases on one PostgreSQL stand for two processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import text

from bot.errors import LockLost
from bot.store import locks
from bot.store.attempts import AttemptStore
from bot.store.database import ALONE, Database
from bot.store.keyring import KeyRing
from tests.store.samples import an_attempt

KILL = text(
    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)

HELD = text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@pytest_asyncio.fixture
async def two(postgres_url: str) -> AsyncIterator[tuple[Database, Database]]:
    """Two processes' databases."""
    one, other = await Database.open(postgres_url), await Database.open(postgres_url)
    yield one, other
    await one.close()
    await other.close()


async def cut(database: Database) -> None:
    """End every connection that holds a lock."""
    async with database.write() as connection:
        await connection.execute(KILL)


async def test_sqlite_has_nobody_to_lock_out(sqlite_url: str) -> None:
    database = await Database.open(sqlite_url)
    async with database.session_lock("a") as first, database.session_lock("a") as second:
        assert first is second is ALONE
        await first.check()
    await database.own(7)
    assert await database.live_owners() == set()
    await database.close()


async def test_one_process_at_a_time_and_none_is_passed_over(
    two: tuple[Database, Database],
) -> None:
    """Whoever waits comes next, however soon the holder wants to come back."""
    turns: list[int] = []
    left = [5, 5]
    inside = False

    async def visit(number: int) -> None:
        nonlocal inside
        while left[number]:
            async with two[number].session_lock("session") as hold:
                assert not inside
                inside = True
                turns.append(number)
                left[number] -= 1
                await hold.check()
                async with asyncio.timeout(60), two[number].read() as connection:
                    # Until the other one stands behind us; PostgreSQL sends no event.
                    while left[1 - number] and await connection.scalar(HELD) < 2:  # noqa: ASYNC110
                        await asyncio.sleep(0.001)
                inside = False

    await asyncio.gather(visit(0), visit(1))
    assert turns in ([0, 1] * 5, [1, 0] * 5)


async def test_other_sessions_are_not_locked(two: tuple[Database, Database]) -> None:
    async with two[0].session_lock("a"), two[1].session_lock("b"):
        pass


async def test_patience_ends(
    two: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.05)
    async with two[0].session_lock("a"):
        with pytest.raises(LockLost):
            async with two[1].session_lock("a"):
                pytest.fail("two are inside")
    monkeypatch.setattr(locks, "PATIENCE", 60.0)
    async with two[1].session_lock("a"):
        pass


async def test_a_lost_connection_is_noticed_before_a_write(
    two: tuple[Database, Database],
) -> None:
    async with two[0].session_lock("a") as hold:
        await hold.check()
        await cut(two[0])
        with pytest.raises(LockLost):
            await hold.check()
        async with two[1].session_lock("a") as other:  # it is free for others by now
            await other.check()
    async with two[0].session_lock("a") as hold:  # a new connection
        await hold.check()


async def test_a_hold_of_a_former_connection_stays_lost(two: tuple[Database, Database]) -> None:
    async with two[0].session_lock("a") as old:
        await cut(two[0])
        with pytest.raises(LockLost):
            await old.check()
        async with two[0].session_lock("b"):
            with pytest.raises(LockLost):
                await old.check()


async def test_who_waits_and_is_cancelled_leaves_no_lock(two: tuple[Database, Database]) -> None:
    waiting = asyncio.Event()

    async def visit() -> None:
        waiting.set()
        async with two[1].session_lock("a"):
            pytest.fail("two are inside")

    async with two[0].session_lock("a"):
        task = asyncio.create_task(visit())
        await waiting.wait()
        await asyncio.sleep(0.05)  # somewhere on its way, wherever that is
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with two[0].session_lock("a"):
        pass


async def test_owners_live_as_long_as_their_process(
    two: tuple[Database, Database], postgres_url: str
) -> None:
    third = await Database.open(postgres_url)
    await two[0].own(1)
    await third.own(3)
    assert await two[1].live_owners() == {1, 3}
    await third.close()
    async with asyncio.timeout(30):
        while await two[1].live_owners() != {1}:  # noqa: ASYNC110  # PostgreSQL sends no event
            await asyncio.sleep(0.01)
    await cut(two[1])
    assert await two[0].live_owners() == {1}  # on a new connection, and known again
    assert await two[1].live_owners() == {1}


async def test_a_row_is_taken_over_once(two: tuple[Database, Database], keyring: KeyRing) -> None:
    first = AttemptStore(two[0], keyring)
    attempt = an_attempt()
    await first.add(attempt)
    row = await first.get(attempt.operation_id)
    assert row is not None
    assert first.owns(row)
    others = [AttemptStore(two[1], keyring) for _ in range(5)]
    taken = await asyncio.gather(*(other.take(row) for other in others))
    assert taken.count(True) == 1
    assert await first.mark_sent(row, attempt.created_at) is None
    (winner,) = [other for other, won in zip(others, taken, strict=True) if won]
    sent = await winner.mark_sent(row, attempt.created_at)
    assert sent is not None
    assert await winner.mark_sent(row, attempt.created_at) is None  # once
