"""`muster run`: from settings to a connected bot, and a clean stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal

import aiohttp
import discord

from bot.app import open_bot
from bot.client import CONNECTIONS, MusterBot
from bot.endpoint import point_discord_at
from bot.errors import StartRefused
from bot.settings import Settings

log = logging.getLogger(__name__)


async def run_bot(settings: Settings) -> None:
    """Run until SIGINT or SIGTERM. Raises StartRefused when Discord does not let Muster in."""
    point_discord_at(str(settings.discord_api_url))
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    asked_to_stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers here
            asyncio.get_running_loop().add_signal_handler(number, asked_to_stop.set)
    async with open_bot(settings, connector=connector) as bot:
        connected = asyncio.create_task(_connect(bot, settings), name="discord")
        asked = asyncio.create_task(asked_to_stop.wait(), name="stop")
        await asyncio.wait({connected, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if not connected.done():
            log.info("stopping")
            await bot.background.stop()  # while Discord still takes the answers
        await bot.close()
        await connected


async def _connect(bot: MusterBot, settings: Settings) -> None:
    try:
        await bot.start(settings.discord_token.get_secret_value())
    except discord.LoginFailure:
        raise StartRefused(
            "MUSTER_DISCORD_TOKEN: Discord does not accept this token. Copy it again from your"
            " application's page in the Discord developer portal, under Bot."
        ) from None
    except (discord.HTTPException, discord.GatewayNotFound) as error:
        status = getattr(error, "status", "nothing usable")
        raise StartRefused(
            f"Discord answered {status} when Muster logged in. Try again in a minute; if you set"
            " MUSTER_DISCORD_API_URL, check that it is the address of Discord's API."
        ) from error
    except (aiohttp.ClientConnectionError, OSError) as error:
        raise StartRefused(
            "Discord cannot be reached. Check this machine's connection, and MUSTER_DISCORD_API_URL"
            " if you set it."
        ) from error
