"""One engine of several on a shared database: presses for its members, says what they were told.

`python -m tests.proofs.one_process DATABASE_URL GUILD FIRST COUNT KEY` says "ready", waits for a
line on its standard input, presses, and prints one outcome code a line.
"""

from __future__ import annotations

import asyncio

from tests.proofs.processes import open_process, play, say


async def main(url: str, guild_id: int, first: int, count: int) -> list[str]:
    """Press for members `first` and on, once told to; the codes of the outcomes."""
    async with open_process(url) as bench:
        (board,) = await bench.announcements.list_live(guild_id)
        (opening,) = await bench.announcements.list_openings(board.announcement_id)
        presses = [
            bench.press(opening, member, guild_id=guild_id, interaction_id=member)
            for member in range(first, first + count)
        ]
        await say("ready")
        outcomes = await asyncio.gather(*map(bench.claims.claim, presses))
        return [outcome.code.value for outcome in outcomes]


if __name__ == "__main__":
    play(main)
