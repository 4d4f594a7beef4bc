"""Many claims in a few seconds, over the wire: the edits of their board, and its last words."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from typing import Annotated

import typer

from benchmarks.rush import WITHIN, link, prepare
from benchmarks.rush import press as press_on
from bot.sandbox.acts import Cast, holders
from bot.sandbox.discord.models import User
from bot.sandbox.discord.people import Json, Person, Sandbox, roles_of
from bot.sandbox.town import Town

ROLES = 20
QUIET = 10.0  # seconds without an edit, after which none is expected any more


async def claim_all(
    sandbox: Sandbox, board: Json, members: list[User], seconds: float
) -> list[str]:
    """Presses spread over so many seconds, one role after the other; the interactions' ids."""

    async def one(number: int, member: User) -> str:
        await asyncio.sleep(seconds * number / len(members))
        return await press_on(sandbox, board, number, member)

    return list(await asyncio.gather(*(one(n, member) for n, member in enumerate(members))))


async def settled(town: Town, ids: list[str]) -> float:
    """Wait for every outcome; how many seconds the last one took from now."""
    began, book = time.monotonic(), town.discord.core.interactions.by_id
    async with asyncio.timeout(WITHIN * 5):
        while not all(book[int(one)].settled for one in ids):  # noqa: ASYNC110  # a look is enough
            await asyncio.sleep(0.05)
    return time.monotonic() - began


async def edits(sandbox: Sandbox) -> int:
    """Edits of messages in channels so far."""
    calls = (await sandbox.report())["calls"]
    return sum(
        count for route, count in calls.items()
        if route.startswith("PATCH /channels/") and "/messages/" in route
    )  # fmt: skip


async def until_quiet(sandbox: Sandbox) -> int:
    """The number of edits once there was none for a while."""
    seen, since = await edits(sandbox), time.monotonic()
    while time.monotonic() - since < QUIET:
        await asyncio.sleep(0.5)
        if (now := await edits(sandbox)) != seen:
            seen, since = now, time.monotonic()
    return seen


async def shown(person: Person, board: Json) -> int:
    """How many places the board's buttons say are taken."""
    boards = await person.messages()
    current = next(message for message in boards if message["id"] == board["id"])
    counts = [re.search(r" (\d+)/\d+", button["label"]) for button in roles_of(current)]
    return sum(int(count[1]) for count in counts if count)


async def run(people: int, seconds: float) -> None:
    """Prepare, claim, wait for quiet, print."""
    town = Town(log_level="WARNING")
    session_id, members = prepare(town, people, ROLES, -(-people // ROLES))
    try:
        await town.start()
        async with Sandbox(town.discord.url) as sandbox:
            cast = Cast(town, sandbox)
            await cast.connect_all()
            await link(cast, sandbox, members)
            board = await cast.post(town.coast, "Juno", session_id)
            before, began = await edits(sandbox), time.monotonic()
            ids = await claim_all(sandbox, board, members, seconds)
            pressed, at_once = time.monotonic() - began, await edits(sandbox) - before
            late = await settled(town, ids)
            during = await edits(sandbox) - before
            after = await until_quiet(sandbox) - before
            held = len(holders(town.northgate, session_id))
            on_board = await shown(cast.person("Juno", town.coast), board)
            report = await sandbox.report()
    finally:
        await town.stop()
    sys.stdout.write(
        f"{people} presses in {pressed:.1f} s, the last outcome {late:.1f} s later\n"
        f"edits of the board: {at_once} while they pressed, {during} until the last outcome,"
        f" {after} in all; 429s: {report['rate_limited']}\n"
        f"held on the platform: {held}; on the board: {on_board}\n"
    )


def main(
    people: Annotated[int, typer.Option(help="How many claim")] = 1_000,
    seconds: Annotated[float, typer.Option(help="Over how many seconds")] = 10.0,
) -> None:
    """Prints counts and seconds; nothing is asserted, as they depend on the machine."""
    asyncio.run(run(people, seconds))


if __name__ == "__main__":
    typer.run(main)
