"""One engine of several on a shared database: accepts a swap when told to.

`python -m tests.proofs.one_swap_process DATABASE_URL GUILD SWAP PARTNER PRESSES KEY` says "ready",
waits for a line on its standard input, presses Accept so often at once, and prints one code a line.
"""

from __future__ import annotations

import asyncio

from bot.services.swaps import Answer
from tests.proofs.processes import open_process, play, say


async def main(url: str, guild_id: int, swap_id: int, partner: int, presses: int) -> list[str]:
    """Accept once told to; the codes of the outcomes."""
    async with open_process(url) as bench:
        answer = Answer(swap_id, partner, guild_id, frozenset(), "token")
        await say("ready")
        outcomes = await asyncio.gather(*(bench.swaps.accept(answer) for _ in range(presses)))
        return [outcome.code.value for outcome in outcomes]


if __name__ == "__main__":
    play(main)
