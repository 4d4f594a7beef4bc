"""One engine of several on a shared database: presses for its members, says what they were told.

`python -m tests.proofs.one_process DATABASE_URL GUILD FIRST COUNT KEY` says "ready", waits for a
line on its standard input, presses, and prints one outcome code a line.
"""

from __future__ import annotations

import asyncio
import sys

import pytest
from pydantic import SecretStr

from bot.models import ProviderKind
from bot.providers import open_provider
from bot.providers.base import Provider
from bot.providers.guard import UpstreamPolicy
from bot.store.database import Database
from tests.services import bench as benches
from tests.services.bench import Bench
from tests.services.fakes import Clock, FakeRoblox
from tests.services.messenger import FakeMessenger


def to_loopback(kind: ProviderKind, base_url: str, key: SecretStr, _: UpstreamPolicy) -> Provider:
    """A real client that may speak to loopback."""
    return open_provider(kind, base_url, key, UpstreamPolicy(True, True))


async def main(url: str, guild_id: int, first: int, count: int) -> list[str]:
    """Press for members `first` and on, once told to; the codes of the outcomes."""
    database = await Database.open(url)
    bench = Bench(database, FakeMessenger(), FakeRoblox(), Clock(), {})
    (board,) = await bench.announcements.list_live(guild_id)
    (opening,) = await bench.announcements.list_openings(board.announcement_id)
    presses = [
        bench.press(opening, member, guild_id=guild_id, interaction_id=member)
        for member in range(first, first + count)
    ]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    outcomes = await asyncio.gather(*map(bench.claims.claim, presses))
    await bench.background.stop(grace=0)
    await bench.workspaces.aclose()
    await database.close()
    return [outcome.code.value for outcome in outcomes]


if __name__ == "__main__":
    database_url, *numbers, keys = sys.argv[1:]
    benches.KEYS[:] = [SecretStr(keys)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.services.workspaces.open_provider", to_loopback)
        told = asyncio.run(main(database_url, *map(int, numbers)))
    sys.stdout.write("\n".join(told) + "\n")
