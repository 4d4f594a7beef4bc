"""Many people press in the same second, over the wire: the real bot, the stand-ins, the clock."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from datetime import timedelta
from typing import Annotated

import typer

from bot.replies import AT_WORK
from bot.sandbox.acts import Cast
from bot.sandbox.discord.interactions import Interaction
from bot.sandbox.discord.models import User
from bot.sandbox.discord.people import Json, Sandbox, roles_of
from bot.sandbox.platforms import seeds
from bot.sandbox.platforms.readmin_world import Role, Server
from bot.sandbox.platforms.roblox import RobloxUser
from bot.sandbox.town import Town

ROLES, PLACES = 5, 20
FIRST = 8_000_000_000  # Roblox id
WITHIN = 60.0  # seconds until everybody must have an outcome
PROMPT = 3.0  # seconds in which Discord wants an acknowledgement
WORDS = {"✔ You are": "claimed", "■": "full"}


def prepare(
    town: Town, people: int, count: int = ROLES, places: int = PLACES
) -> tuple[str, list[User]]:
    """A session of its own with `count` roles, and so many members; its id, and they."""
    workspace = town.worlds.readmin.workspaces[seeds.NORTHGATE_KEY]
    roles = [Role(f"Seat {number}", places) for number in range(count)]
    template = workspace.add_template("Rush", [workspace.add_role_group("Seats", roles)])
    session = workspace.add_session(template, timedelta(hours=1), servers=[Server("Main")])
    members = []
    for number in range(people):
        town.worlds.roblox.add_user(RobloxUser(FIRST + number, f"Rusher{number}"))
        user = town.world.add_user(f"rusher{number}")
        town.world.add_member(town.coast.guild, user, [town.coast.staff_role])
        members.append(user)
    return str(session["_id"]), members


async def link(cast: Cast, sandbox: Sandbox, members: list[User]) -> None:
    """The admin links everybody."""
    admin = cast.person(seeds.ADMIN.display_name, cast.town.coast)
    for number, member in enumerate(members):
        card = await admin.command("links add", member=member, roblox=f"Rusher{number}")
        await admin.press(card, "Link")
        await sandbox.person(member, cast.town.coast.chat).command("reminders")


async def press(sandbox: Sandbox, board: Json, number: int, member: User) -> str:
    """One press; the interaction's id."""
    buttons = roles_of(board)
    button = buttons[number % len(buttons)]["custom_id"]
    body = {"as": str(member.id), "message_id": board["id"], "custom_id": button}
    begun = await sandbox.call("POST", "/actions/press", json=body)
    return str(begun["interaction_id"])


async def run(people: int) -> None:
    """Prepare, press, wait, print."""
    town = Town(log_level="WARNING")
    session_id, members = prepare(town, people)
    try:
        await town.start()
        async with Sandbox(town.discord.url) as sandbox:
            cast = Cast(town, sandbox)
            await cast.connect_all()
            await link(cast, sandbox, members)
            board = await cast.post(town.coast, "Juno", session_id)
            town.northgate.requests.clear()
            before = (await sandbox.report())["calls"]
            ids = await asyncio.gather(
                *(press(sandbox, board, number, member) for number, member in enumerate(members))
            )
            book = town.discord.core.interactions.by_id
            seen = [book[int(one)] for one in ids]
            async with asyncio.timeout(WITHIN):
                while not all(_ended(town, one) for one in seen):  # noqa: ASYNC110  # a look is enough
                    await asyncio.sleep(0.05)
            after = (await sandbox.report())["calls"]
            _print(town, seen, before, after)
    finally:
        await town.stop()


def _print(town: Town, seen: list[Interaction], before: Json, after: Json) -> None:
    acknowledged = sorted(one.acknowledged - one.started for one in seen if one.acknowledged)
    final = sorted(one.finished - one.started for one in seen if one.finished)
    prompt = sum(delay <= PROMPT for delay in acknowledged)
    kinds = Counter(request.kind for request in town.northgate.requests)
    edits = {route: count - before.get(route, 0) for route, count in after.items()
             if route.startswith("PATCH") and "/messages/" in route}  # fmt: skip
    for line in (
        f"presses: {len(seen)}; outcomes: {dict(_outcomes(town, seen))}",
        f"acknowledged within {PROMPT:.0f} s: {prompt / len(seen):.1%};"
        f" p99 {_percentile(acknowledged):.2f} s",
        f"final: p99 {_percentile(final):.2f} s, last {final[-1]:.2f} s",
        f"platform: {kinds['claim']} writes, {kinds['read']} reads; edits: {edits}",
    ):
        sys.stdout.write(line + "\n")


def _words(town: Town, one: Interaction) -> str:
    message = town.world.channels[one.channel_id].messages.get(one.latest_id or 0)
    return message.content if message is not None else f"{one.state}: {one.reason}"


def _ended(town: Town, one: Interaction) -> bool:
    return one.settled and _words(town, one) != AT_WORK


def _outcomes(town: Town, seen: list[Interaction]) -> Counter[str]:
    told: Counter[str] = Counter()
    for one in seen:
        words = _words(town, one)
        told[next((kind for start, kind in WORDS.items() if words.startswith(start)), words)] += 1
    return told


def _percentile(values: list[float]) -> float:
    return values[int(len(values) * 0.99)] if values else 0.0


def main(people: Annotated[int, typer.Option(help="How many press")] = 1_000) -> None:
    """Prints ratios and seconds; nothing is asserted, as they depend on the machine."""
    asyncio.run(run(people))


if __name__ == "__main__":
    typer.run(main)
