"""What members can do in Discord. A cog translates: one service call, answered by `answer()`."""

from __future__ import annotations

from bot.client import MusterBot

EXTENSIONS = (
    "cogs.claims",
    "cogs.swaps",
    "cogs.boards",
    "cogs.sessions",
    "cogs.links",
    "cogs.accounts",
    "cogs.workspaces",
    "cogs.calendar",
    "cogs.waitlist",
    "cogs.privacy",
)


async def setup(bot: MusterBot) -> None:
    """Load every cog, in this order."""
    for extension in EXTENSIONS:
        await bot.load_extension(extension)
