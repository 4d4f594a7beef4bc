"""Platforms with the demo's seed, listening on loopback."""

from collections.abc import AsyncIterator

import pytest

from bot.sandbox.platforms.readmin import ReAdminPlatform
from bot.sandbox.platforms.roblox import RobloxPlatform
from bot.sandbox.platforms.seeds import demo_worlds
from bot.sandbox.platforms.series import SeriesPlatform


@pytest.fixture
async def readmin() -> AsyncIterator[ReAdminPlatform]:
    platform = ReAdminPlatform(demo_worlds().readmin)
    await platform.start()
    yield platform
    await platform.stop()


@pytest.fixture
async def series() -> AsyncIterator[SeriesPlatform]:
    platform = SeriesPlatform(demo_worlds().series, page_size=3)
    await platform.start()
    yield platform
    await platform.stop()


@pytest.fixture
async def roblox() -> AsyncIterator[RobloxPlatform]:
    platform = RobloxPlatform(demo_worlds().roblox)
    await platform.start()
    yield platform
    await platform.stop()
