"""One process of several on a shared database: makes offers and answers them while others press.

`python -m tests.proofs.line_process DATABASE_URL GUILD FIRST COUNT KEY` says "ready" and waits for
a line on its standard input; then it looks at the line again and again while the members from FIRST
on press. It says "looked", waits for another line, lets everybody of its guild who was offered a
place accept while the others press once more, and prints what each was told: "offered CODE" or
"other CODE".
"""

from __future__ import annotations

import asyncio

from bot.models import Door, WaitState
from bot.services.claims import Press
from bot.services.outcomes import Outcome
from tests.proofs.processes import open_process, play, say
from tests.services.bench import actor

LOOKS = 20


async def main(url: str, guild_id: int, first: int, count: int) -> list[str]:
    """What was said to whom."""
    async with open_process(url) as bench:
        (board,) = await bench.announcements.list_live(guild_id)
        (opening,) = await bench.announcements.list_openings(board.announcement_id)
        workspace = await bench.workspaces.get(guild_id, board.workspace_id)
        line = (workspace.upstream, board.session_id)
        members = range(first, first + count)

        async def press(member: int, number: int) -> Outcome:
            return await bench.claims.claim(
                bench.press(opening, member, guild_id=guild_id, interaction_id=number)
            )

        await say("ready")
        looks = (bench.offers.look(*line) for _ in range(LOOKS))
        presses = (press(member, member) for member in members)
        _, *early = await asyncio.gather(asyncio.gather(*looks), *presses)
        await bench.background.settle()
        await say("looked")
        offers = [
            waiter
            for waiter in await bench.line.list_line(*line)
            if waiter.state is WaitState.OFFERED and waiter.guild_id == guild_id
        ]
        accepts = [
            bench.waitlist.accept(
                Press(actor(one.discord_id, guild_id), 0, Door.WAITLIST, one.discord_id, "token"),
                one.waitlist_id, known_roles=True,
            )
            for one in offers
        ]  # fmt: skip
        again = (press(member, member + 500) for member in members)
        accepted, late = await asyncio.gather(asyncio.gather(*accepts), asyncio.gather(*again))
        await bench.background.settle()
        return [f"offered {one.code.value}" for one in accepted] + [
            f"other {one.code.value}" for one in (*early, *late)
        ]


if __name__ == "__main__":
    play(main)
