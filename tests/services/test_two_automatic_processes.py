"""Two processes on one PostgreSQL database do by themselves what one would have done."""

from __future__ import annotations

import asyncio

import pytest

from bot.store.database import Database, migrate
from tests.postgres import Postgres
from tests.postgres import postgres as postgres
from tests.services.automatic import Automatic, wanting
from tests.services.bench import ANA, Bench, open_bench, roblox_of
from tests.services.worlds import SESSION, with_claims


async def test_each_thing_happens_once(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres.create_database()
    await migrate(url)
    async with open_bench(url, monkeypatch) as bench:
        second = await Database.open(url)
        twin = Bench(second, bench.messenger, bench.roblox, bench.clock, bench.platforms)
        try:
            await play(Automatic(bench), Automatic(twin))
        finally:
            await twin.background.stop()
            await twin.workspaces.aclose()
            await second.close()


async def play(one: Automatic, other: Automatic) -> None:
    """A session is posted, gets its thread, and its holder is reminded."""
    bench = one.bench
    await wanting(
        bench, await bench.add_workspace(), auto_lead_minutes=90, threads=True,
        reminder_minutes=frozenset({30}),
    )  # fmt: skip
    await bench.link(ANA)
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    await asyncio.gather(*(process.post() for process in (one, other)))
    assert len(bench.messenger.posts) == 1
    await asyncio.gather(*(process.open_threads() for process in (one, other)))
    (announcement,) = await other.announced()
    assert announcement.thread_id == announcement.message_id
    bench.clock.advance(30 * 60)
    await asyncio.gather(*(process.remind() for process in (one, other)))
    assert [mentioned for _, _, mentioned in bench.messenger.said] == [(ANA,)]
    assert bench.messenger.notices == []
