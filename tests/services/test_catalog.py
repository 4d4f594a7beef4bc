"""What is remembered of the sessions, how old it may be, and that one reading serves all."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import pytest

from bot.errors import Refusal, Unavailable
from bot.models import Workspace
from bot.services.catalog import FRESH
from tests.services.bench import Bench
from tests.services.fakes import FACTS
from tests.services.worlds import SESSION

RAID = replace(SESSION, session_id="raid", name="Raid")


async def read(bench: Bench, workspace: Workspace) -> None:
    """A reading to its end."""
    bench.catalog.warm(workspace.workspace_id)
    await bench.background.settle()


async def test_memory_answers_at_once_and_asks_for_more(bench: Bench, workspace: Workspace) -> None:
    assert bench.catalog.get_sessions(workspace.workspace_id) == ()
    await bench.background.settle()
    assert bench.catalog.get_sessions(workspace.workspace_id) == (SESSION,)
    assert bench.platform.lists == 1


async def test_a_young_reading_is_not_repeated(bench: Bench, workspace: Workspace) -> None:
    await read(bench, workspace)
    bench.ticks += FRESH
    bench.catalog.get_sessions(workspace.workspace_id)
    await bench.catalog.get_recent(workspace.workspace_id)
    await bench.background.settle()
    assert bench.platform.lists == 1


async def test_an_aged_reading_is_shown_and_renewed(bench: Bench, workspace: Workspace) -> None:
    await read(bench, workspace)
    bench.ticks += FRESH + 0.1
    bench.platform.sessions["raid"] = RAID
    assert bench.catalog.get_sessions(workspace.workspace_id) == (SESSION,)
    await bench.background.settle()
    assert set(bench.catalog.get_sessions(workspace.workspace_id)) == {SESSION, RAID}


async def test_one_reading_at_a_time_serves_everybody(bench: Bench, workspace: Workspace) -> None:
    bench.platform.list_gate.clear()
    asked = [
        asyncio.create_task(bench.catalog.fetch_sessions(workspace.workspace_id)) for _ in range(20)
    ]
    for _ in range(5):
        await asyncio.sleep(0)
        bench.catalog.get_sessions(workspace.workspace_id)
    bench.platform.list_gate.set()
    assert await asyncio.gather(*asked) == [(SESSION,)] * 20
    assert bench.platform.lists == 1


async def test_who_stops_waiting_does_not_stop_the_reading(
    bench: Bench, workspace: Workspace
) -> None:
    bench.platform.list_gate.clear()
    first = asyncio.create_task(bench.catalog.fetch_sessions(workspace.workspace_id))
    second = asyncio.create_task(bench.catalog.fetch_sessions(workspace.workspace_id))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    bench.platform.list_gate.set()
    assert await second == (SESSION,)


async def test_a_change_of_ours_makes_the_reading_old(bench: Bench, workspace: Workspace) -> None:
    await read(bench, workspace)
    bench.platform.sessions["raid"] = RAID
    bench.catalog.expire(workspace.workspace_id)
    assert set(await bench.catalog.get_recent(workspace.workspace_id)) == {SESSION, RAID}
    bench.catalog.expire(999)  # nothing known of it: nothing to do


async def test_a_list_waits_only_briefly(
    bench: Bench, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    await read(bench, workspace)
    bench.ticks += FRESH + 0.1
    monkeypatch.setattr("bot.services.catalog.BRIEFLY", 0)
    bench.platform.list_gate.clear()
    assert await bench.catalog.get_recent(workspace.workspace_id) == (SESSION,)
    bench.platform.list_gate.set()
    await bench.background.settle()


async def test_what_is_forgotten_is_gone(bench: Bench, workspace: Workspace) -> None:
    await read(bench, workspace)
    bench.platform.list_gate.clear()
    bench.catalog.expire(workspace.workspace_id)
    bench.catalog.forget(workspace.workspace_id)
    assert not bench.catalog._readings
    assert not bench.catalog._expired
    assert bench.catalog.get_sessions(workspace.workspace_id) == ()


async def test_a_failed_reading_keeps_the_last_one(
    bench: Bench, workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    await read(bench, workspace)
    bench.ticks += FRESH + 0.1
    bench.platform.read_error = Unavailable("it hung up", FACTS)
    assert bench.catalog.get_sessions(workspace.workspace_id) == (SESSION,)
    with caplog.at_level(logging.WARNING):
        await bench.background.settle()
    assert f"list sessions of workspace {workspace.workspace_id}: it hung up" in caplog.text
    assert await bench.catalog.get_recent(workspace.workspace_id) == (SESSION,)
    with pytest.raises(Unavailable):
        await bench.catalog.fetch_sessions(workspace.workspace_id)
    bench.platform.read_error = None
    assert await bench.catalog.fetch_sessions(workspace.workspace_id) == (SESSION,)


async def test_a_workspace_that_is_gone_is_refused(bench: Bench) -> None:
    with pytest.raises(Refusal):
        await bench.catalog.fetch_sessions(999)
    assert bench.catalog.get_sessions(999) == ()
    await bench.background.settle()
