"""One engine of several on a shared database: accepts a swap when told to.

`python -m tests.proofs.one_swap_process DATABASE_URL GUILD SWAP PARTNER PRESSES KEY` says "ready",
waits for a line on its standard input, presses Accept so often at once, and prints one code a line.
"""

from __future__ import annotations

import asyncio
import sys

import pytest
from pydantic import SecretStr

from bot.services.swaps import Answer
from bot.store.database import Database
from tests.proofs.one_process import to_loopback
from tests.services import bench as benches
from tests.services.bench import Bench
from tests.services.fakes import Clock, FakeRoblox
from tests.services.messenger import FakeMessenger


async def main(url: str, guild_id: int, swap_id: int, partner: int, presses: int) -> list[str]:
    """Accept once told to; the codes of the outcomes."""
    database = await Database.open(url)
    bench = Bench(database, FakeMessenger(), FakeRoblox(), Clock(), {})
    answer = Answer(swap_id, partner, guild_id, frozenset(), "token")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    outcomes = await asyncio.gather(*(bench.swaps.accept(answer) for _ in range(presses)))
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
