"""One town for all stories of a file: starting it costs a second."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from bot.sandbox.acts import Cast
from bot.sandbox.discord.people import Json, Sandbox
from bot.sandbox.platforms import seeds
from bot.sandbox.town import Town


class Story:
    """A town with everything connected, everybody linked and one board on each platform."""

    def __init__(self, town: Town, sandbox: Sandbox, cast: Cast) -> None:
        self.town = town
        self.sandbox = sandbox
        self.cast = cast
        self.boards: dict[str, Json] = {}

    async def begin(self) -> None:
        """Connect, link, post."""
        await self.cast.connect_all()
        await self.cast.link_all()
        self.boards = {
            "northgate": await self.cast.post(
                self.town.coast, "Juno", seeds.record_id("northgate/soon")
            ),
            "harbour": await self.cast.post(
                self.town.coast, "Juno", seeds.series_id("harbour/soon")
            ),
            "redwood": await self.cast.post(
                self.town.forest, "Juno", seeds.record_id("redwood/soon")
            ),
        }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def story() -> AsyncIterator[Story]:
    """A begun story; its faults are cleared by whoever armed them. The bot logs at DEBUG."""
    town = Town(log_level="DEBUG")
    try:
        await town.start()
        async with Sandbox(town.discord.url) as sandbox:
            begun = Story(town, sandbox, Cast(town, sandbox))
            await begun.begin()
            yield begun
    finally:
        await town.stop()
