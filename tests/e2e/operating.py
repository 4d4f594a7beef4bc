"""A town whose bot has a health port, and what an operator sees of it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp
from cryptography.fernet import Fernet
from prometheus_client.parser import text_string_to_metric_families

from bot.sandbox.platforms.platform import Platform
from bot.sandbox.town import Town
from tests.test_cli import Ran, muster

T = TypeVar("T")

WITHIN = 30.0  # seconds that a slow machine may need for what comes at once


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class OperatedTown(Town):
    """A town with the key and the port known to the operator."""

    def __init__(self) -> None:
        self.key = Fernet.generate_key().decode()
        self.port = free_port()
        super().__init__("INFO", SECRET_KEYS=self.key, METRICS_PORT=str(self.port))

    async def get(self, path: str) -> tuple[int, str]:
        """(status, text) of the health port."""
        return await get(self.port, path)

    async def command(self, *arguments: str) -> Ran:
        """A `muster` command with the settings of the running bot."""
        settings = {k.removeprefix("MUSTER_"): v for k, v in self.settings().items()}
        return await muster(self.bot.log_file.parent, *arguments, **settings)

    async def ask_to_stop(self) -> None:
        """SIGTERM, and wait until the bot has heard it."""
        before = self._stops()
        self.bot.ask_to_stop()
        await until(lambda: self._stops() > before)

    def _stops(self) -> int:
        return self.bot.log_file.read_text("utf-8").count("stopping; SIGTERM again")

    async def numbers(self) -> dict[str, float]:
        """See the function of this name."""
        return await numbers(self.port)


async def get(port: int, path: str) -> tuple[int, str]:
    """(status, text) of a health port."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}{path}") as response,
    ):
        return response.status, await response.text()


async def numbers(port: int) -> dict[str, float]:
    """Every sample of `/metrics`, by its name and the list of its labels."""
    _, text = await get(port, "/metrics")
    return {
        f"{sample.name}{sorted(sample.labels.items()) or ''}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def until(happened: Callable[[], object], within: float = WITHIN) -> None:
    """Look again and again at what another process does. Raises TimeoutError."""
    async with asyncio.timeout(within):
        while not happened():  # noqa: ASYNC110  # another process has no event to wait on
            await asyncio.sleep(0.02)


async def eventually(look: Callable[[], Awaitable[T]], good: Callable[[T], bool]) -> T:
    """The first look that is good. Raises TimeoutError."""
    async with asyncio.timeout(2 * WITHIN):
        while not good(seen := await look()):  # noqa: ASYNC110  # as above
            await asyncio.sleep(0.1)
        return seen


def count_claims(platform: Platform) -> int:
    """How many claims have reached the platform."""
    return sum(seen.kind == "claim" for seen in platform.requests)
