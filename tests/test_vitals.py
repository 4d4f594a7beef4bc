"""Readiness says why nobody can be served, each reason in its own sentence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
import pytest_asyncio
from sqlalchemy import text

from bot.background import Background
from bot.first_answers import FirstAnswers
from bot.metrics import Metrics
from bot.services.lanes import Lanes
from bot.store.database import Database, migrate
from bot.vitals import Vitals

FULL = """
CREATE TRIGGER full BEFORE INSERT ON app_state
BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END
"""


@pytest_asyncio.fixture
async def vitals(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Vitals]:
    """A process to which nothing is wrong."""
    url = f"sqlite:///{tmp_path_factory.mktemp('vitals') / 'muster.db'}"
    await migrate(url)
    database, metrics = await Database.open(url), Metrics()
    shard = SimpleNamespace(id=0, is_closed=lambda: False)
    client = cast(Any, SimpleNamespace(shards={0: shard}, is_ready=lambda: True))
    unasked = cast(Any, None)
    yield Vitals(
        client, Background(), database, unasked, Lanes(), unasked, metrics, FirstAnswers(metrics)
    )
    await database.close()


async def test_all_is_well_and_then_it_stops(vitals: Vitals) -> None:
    assert await vitals.troubles() == []
    await vitals.background.stop()
    assert await vitals.troubles() == ["Muster is stopping."]


async def test_a_full_disk_serves_nobody(vitals: Vitals) -> None:
    async with vitals.database.write() as connection:
        await connection.execute(text(FULL))
    assert await vitals.troubles() == ["The database takes no writes; its disk may be full."]
    async with vitals.database.write() as connection:
        await connection.execute(text("DROP TRIGGER full"))
    assert await vitals.troubles() == []


async def test_a_database_that_keeps_silent(
    vitals: Vitals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.vitals.PATIENCE", 0.05)
    async with vitals.database.write():  # SQLite has one writer: the probe waits
        assert await vitals.troubles() == ["The database does not answer."]
