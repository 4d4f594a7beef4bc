"""The bot that Muster is compared with: acknowledges every press, then edits its answer.

With BARE_DATABASE and BARE_UPSTREAM it looks one member up and asks one platform in between, at
most twenty calls at a time: the least that any claiming bot has to do.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import aiohttp
import aiosqlite
import discord
import httpx
from discord.ext import commands

from bot.client import CONNECTIONS
from bot.endpoint import point_discord_at

AT_ONCE = 20
LOOKUP = "SELECT roblox_id FROM links WHERE guild_id = ? AND discord_id = ?"


class BareBot(commands.AutoShardedBot):
    """discord.py with the same intents and caches as Muster's."""

    def __init__(self, connector: aiohttp.BaseConnector) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            intents=discord.Intents(guilds=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            connector=connector,
        )
        self.lines = asyncio.Semaphore(AT_ONCE)
        self.database: aiosqlite.Connection | None = None
        self.upstream = httpx.AsyncClient(base_url=os.environ.get("BARE_UPSTREAM", ""))

    async def setup_hook(self) -> None:
        """Open the database, if there is work to do."""
        if path := os.environ.get("BARE_DATABASE"):
            self.database = await aiosqlite.connect(path)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Acknowledge, work, answer."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        if self.database is not None:
            await self.database.execute_fetchall(
                LOOKUP, (interaction.guild_id, interaction.user.id)
            )
            async with self.lines:
                await self.upstream.get("/")
        await interaction.edit_original_response(content="done")


async def main() -> None:
    """Run until it is stopped."""
    point_discord_at(os.environ["MUSTER_DISCORD_API_URL"])
    bot = BareBot(aiohttp.TCPConnector(limit=CONNECTIONS))
    async with bot:
        await bot.start(os.environ["MUSTER_DISCORD_TOKEN"])


if __name__ == "__main__":
    asyncio.run(main())
