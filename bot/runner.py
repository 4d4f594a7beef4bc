"""`muster run`: from settings to a connected bot, and a clean stop."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
import signal
from collections.abc import Callable
from typing import Any

import aiohttp
import discord

from bot.app import open_bot
from bot.client import CONNECTIONS, MusterBot
from bot.endpoint import point_discord_at
from bot.errors import StartRefused
from bot.gateway import read_patiently
from bot.health import serve_health
from bot.settings import Settings
from bot.store.instance import only_instance

log = logging.getLogger(__name__)

GRACE = 5.0  # seconds of a stop that running work may still take; what is journalled can wait
CLOSING = 2.0  # seconds for saying goodbye to Discord
DEADLINE = 10.0  # seconds from the first signal after which the process ends, whatever still runs
LATE = 1  # exit status of that
DISPLACED = (
    "MUSTER_SHARDS: another Muster process has taken over shards of this one, while the database"
    " could not be reached from here. Each process needs shards of its own."
)
KILLED = 128  # added to a signal's number: exit status of who was told twice


def fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's event loop where the extra `speed` is installed; None for Python's own."""
    try:
        loop: Callable[[], asyncio.AbstractEventLoop]
        loop = importlib.import_module("uvloop").new_event_loop
    except ImportError:
        return None
    return loop


class Stopping:
    """Hears SIGINT and SIGTERM. The first asks to stop, the second does not ask."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._starting = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers here
                self._loop.add_signal_handler(number, self._hear, number)

    @property
    def asked(self) -> bool:
        """Whether somebody has asked."""
        return self._asked.is_set()

    async def wait(self) -> None:
        """Return when somebody has asked."""
        await self._asked.wait()

    def started(self) -> None:
        """From now on the caller sees to the stop; until now its task was to be cancelled."""
        self._starting = None

    def _hear(self, number: signal.Signals) -> None:
        if self._asked.is_set():
            log.warning("told twice to stop: ending at once with status %s", KILLED + number)
            os._exit(KILLED + number)
        log.info("stopping; %s again ends at once", number.name)
        self._asked.set()
        if self._starting is not None:
            self._starting.cancel()
        self._loop.call_later(DEADLINE, self._give_up)

    @staticmethod
    def _give_up() -> None:
        log.error("not all could be ended in %s s; the next start settles open claims", DEADLINE)
        os._exit(LATE)


async def run_bot(settings: Settings) -> None:
    """Run until SIGINT or SIGTERM. Raises StartRefused when Discord does not let Muster in."""
    point_discord_at(str(settings.discord_api_url))
    read_patiently()
    # What would be missing for voice, which Muster has no use for, is no operator's business.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    stopping = Stopping()
    options: dict[str, Any] = {"connector": aiohttp.TCPConnector(limit=CONNECTIONS)}
    try:
        with only_instance(settings.database_url):
            async with (
                open_bot(settings, **options) as bot,
                serve_health(bot.vitals, settings.metrics_port),
            ):
                stopping.started()
                await _serve(bot, settings, stopping)
    except asyncio.CancelledError:
        if not stopping.asked:
            raise
        log.info("stopped before the start was complete")


async def _serve(bot: MusterBot, settings: Settings, stopping: Stopping) -> None:
    """Be connected until told to stop, or until another process took over."""
    connected = asyncio.create_task(_connect(bot, settings), name="discord")
    asked = asyncio.create_task(stopping.wait(), name="stop")
    displaced = asyncio.create_task(bot.displaced.wait(), name="displaced")
    await asyncio.wait({connected, asked, displaced}, return_when=asyncio.FIRST_COMPLETED)
    for waiting in (asked, displaced):
        waiting.cancel()
    if connected.done():
        await bot.close()
        await connected  # raises why it ended
    else:
        await bot.background.stop(GRACE)  # while Discord still takes the answers
        await _leave(bot, connected)
    if bot.displaced.is_set():
        raise StartRefused(DISPLACED)


async def _leave(bot: MusterBot, connected: asyncio.Task[None]) -> None:
    """Close the connections, also those that are only being opened."""
    try:
        async with asyncio.timeout(CLOSING):
            await bot.close()
    except TimeoutError:
        log.warning("Discord did not close the connection in time")
    connected.cancel()
    await asyncio.wait({connected})
    if not connected.cancelled() and (error := connected.exception()) is not None:
        log.info("the connection to Discord ended with %s", type(error).__name__)


async def _connect(bot: MusterBot, settings: Settings) -> None:
    try:
        await bot.login(settings.discord_token.get_secret_value())
        await bot.check_session_limits()
        await bot.connect()
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
