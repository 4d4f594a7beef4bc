"""What the processes of a proof have in common: a bench on a shared database, and their words."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from bot.models import ProviderKind
from bot.providers import open_provider
from bot.providers.base import Provider
from bot.providers.guard import UpstreamPolicy
from bot.store.database import Database
from tests.services import assembled
from tests.services.bench import Bench
from tests.services.fakes import Clock, FakeRoblox
from tests.services.messenger import FakeMessenger


def to_loopback(kind: ProviderKind, base_url: str, key: SecretStr, _: UpstreamPolicy) -> Provider:
    """A real client that may speak to loopback."""
    return open_provider(kind, base_url, key, UpstreamPolicy(True, True))


@asynccontextmanager
async def open_process(url: str) -> AsyncIterator[Bench]:
    """The services of this process; stopped without grace."""
    database = await Database.open(url)
    bench = Bench(database, FakeMessenger(), FakeRoblox(), Clock(), {})
    yield bench
    await bench.background.stop(grace=0)
    await bench.workspaces.aclose()
    await database.close()


async def say(word: str) -> None:
    """Say how far it is, and wait for a line on the standard input."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)


def play(main: Callable[..., Coroutine[Any, Any, list[str]]]) -> None:
    """Run `main` with what is on the command line, DATABASE_URL NUMBER... KEY; print its words."""
    database_url, *numbers, keys = sys.argv[1:]
    assembled.KEYS[:] = [SecretStr(keys)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.services.workspaces.open_provider", to_loopback)
        told = asyncio.run(main(database_url, *map(int, numbers)))
    sys.stdout.write("\n".join(told) + "\n")
