"""One sick workspace troubles no other."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.models import Place
from bot.providers.http import DEFAULT_BOUNDS, Bounds
from bot.sandbox.platforms.readmin import ReAdminPlatform
from bot.sandbox.platforms.readmin_world import ReAdminWorld, Server

from .conftest import GROUP, HELPER_ROLE, KEY, MAIN, SOON, until

USER = 1_000_000_002
PLACE = Place(SOON, MAIN, GROUP, HELPER_ROLE)
ENDLESS = Bounds(read=600, read_total=600, write=600, write_total=600)


@pytest.fixture
async def other():
    """A second ReAdmin, which will hang."""
    world = ReAdminWorld()
    workspace = world.add_workspace(KEY, 1)
    template = workspace.add_template("Training", [])
    servers = [Server("Main", "map", [], MAIN)]
    workspace.add_session(template, timedelta(minutes=30), servers=servers, session_id=SOON)
    platform = ReAdminPlatform(world)
    await platform.start()
    yield platform
    await platform.stop()


@pytest.mark.parametrize("fault", ["hang", "drip"])
async def test_calls_to_a_healthy_platform_end_while_another_hangs(readmin, other, connect, fault):
    sick = connect("readmin-v2", other.base_url, bounds=ENDLESS)
    session = await sick.fetch_session(SOON)
    other.requests.clear()
    other.faults.add(fault)
    hanging = [
        *(asyncio.create_task(sick.fetch_session(SOON)) for _ in range(30)),
        *(asyncio.create_task(sick.claim(session, PLACE, USER + n)) for n in range(30)),
        asyncio.create_task(sick.list_sessions()),
    ]
    # Every line to the sick platform is taken, and more calls wait for one.
    await until(lambda: len(other.requests) == DEFAULT_BOUNDS.at_once)
    assert sick.health().waiting == len(hanging) - DEFAULT_BOUNDS.at_once

    well = connect("readmin-v2", readmin.base_url)
    session = await well.fetch_session(SOON)
    await well.claim(session, PLACE, USER)
    await well.release(PLACE, USER, by_host=False)
    assert (await well.probe()).sessions
    assert await well.list_sessions()
    assert well.health().waiting == 0

    assert not any(call.done() for call in hanging)  # all that happened in the meantime
    assert len(other.requests) == DEFAULT_BOUNDS.at_once
    for call in hanging:
        call.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)
