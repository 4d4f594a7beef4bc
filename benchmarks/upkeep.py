"""What a process takes besides claims: for each guild, board, poll, edit and event."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import typer

from benchmarks.contenders import Contender, Kind, machine, pin, running
from benchmarks.crowds import Pressing
from benchmarks.field import FIRST_ACCOUNT, Field, Plan, open_field
from benchmarks.runs import QUIET, drawn, edits_of, one_by_one
from bot.sandbox.platforms.readmin_world import new_claim

GUILDS, CHANNELS, ROLES = 1_000, 30, 25  # channels and Discord roles of each
EVENTS = 5_000  # a Discord role changes
FEW, MANY = 20, 100  # boards, of 20 workspaces
HELD = 20  # claims on each
WATCHED = 125.0  # seconds
CLAIMS = 200


@asynccontextmanager
async def at_rest(plan: Plan, guilds: int = 0) -> AsyncIterator[tuple[Field, Contender]]:
    """A bot that has nothing to catch up with, in so many more guilds."""
    async with open_field(plan) as field:
        for number in range(guilds):
            _add_guild(field, number)
        claim_everywhere(field, FIRST_ACCOUNT, HELD)
        async with running(Kind.MUSTER, field) as bot:
            await drawn(field)
            await asyncio.sleep(30)
            field.forget()
            yield field, bot


def _add_guild(field: Field, number: int) -> None:
    """A guild as large as communities have them, with nothing posted."""
    guild = field.world.add_guild(f"Community {number}", field.world.add_user(f"admin{number}"))
    for one in range(ROLES):
        field.world.add_role(guild, f"Rank {one}")
    for one in range(CHANNELS):
        field.world.add_channel(guild, f"channel-{one}", topic="What this channel is for")
    field.world.invite_bot(guild)


def claim_everywhere(field: Field, first: int, count: int) -> None:
    """So many accounts claim in every session, in the platform's panel."""
    for platform in field.platforms:
        for upstream in platform.world.workspaces.values():
            roles = upstream.role_groups[0]["roles"]
            for session in upstream.sessions.values():
                (server,) = session["servers"].values()
                for account in range(first, first + count):
                    role = roles[account % len(roles)]["id"]
                    server["claims"][str(account)] = new_claim(str(account), role, upstream.clock)


async def of_guilds() -> float:
    """Memory of guilds, and the work that their events make; CPU of a second with one of them."""
    async with at_rest(Plan(boards=0)) as (_, bot):
        base, start = bot.rss(), bot.cpu()
        await asyncio.sleep(WATCHED)
        idle = bot.cpu() - start
    async with at_rest(Plan(boards=0), GUILDS) as (field, bot):
        more, started = bot.rss(), bot.cpu()
        guild = next(iter(field.world.guilds.values()))
        before = bot.cpu()
        for number in range(EVENTS):
            field.world.set_role_permissions(guild, guild.roles[guild.id], number % 2 << 10)
            if number % 100 == 0:
                await asyncio.sleep(0.1)
        await asyncio.sleep(3)
        work = bot.cpu() - before
    say(f"one guild and no board: {base:.0f} MB, {idle / WATCHED * 60_000:.0f} ms CPU a minute")
    say(
        f"for each guild of {CHANNELS} channels: {(more - base) / GUILDS * 1024:.0f} kB,"
        f" {(started - start) / GUILDS * 1000:.1f} ms CPU at the start"
    )
    say(f"for each event of a guild: {work / EVENTS * 1000:.2f} ms CPU")
    return idle / WATCHED


async def of_boards(idle: float) -> None:
    """What polls, live boards and edits take; `idle` is the CPU of a second without any."""
    seen: list[tuple[float, float]] = []
    for boards in (FEW, MANY):
        plan = Plan(workspaces=20, boards=boards, members=HELD + 1)
        async with at_rest(plan) as (field, bot):
            before = bot.cpu()
            await asyncio.sleep(WATCHED)
            work, polls = (bot.cpu() - before) - idle * WATCHED, polls_of(field)
            seen.append((bot.rss(), work))
            say(
                f"{boards} boards of 20 workspaces, {WATCHED:.0f} s: {polls} polls,"
                f" {field.platform_calls() / polls:.1f} calls to the platform for each,"
                f" {work / polls * 1000:.1f} ms CPU for each with its share of the rounds"
            )
            if boards == MANY:
                await _edit_all(field, bot, work / WATCHED + idle)
    (few_rss, few), (many_rss, many) = seen
    say(f"for each board: {(many_rss - few_rss) / (MANY - FEW) * 1024:.0f} kB")
    say(f"for each board: {(many - few) / (MANY - FEW) / WATCHED * 60_000:.1f} ms CPU a minute")


async def _edit_all(field: Field, bot: Contender, resting: float) -> None:
    """Somebody claims in every session; `resting` is the CPU of a second otherwise."""
    field.forget()
    claim_everywhere(field, FIRST_ACCOUNT + HELD, 1)
    before = bot.cpu()
    await asyncio.sleep(WATCHED)
    edits = edits_of(field)
    work = bot.cpu() - before - resting * WATCHED
    say(f"for each of {edits} edits: {work / edits * 1000:.1f} ms CPU")


def polls_of(field: Field) -> int:
    """Polls of workspaces since the calls were last forgotten: each asks for this once."""
    return sum("/upcoming" in one.path for all_ in field.platforms for one in all_.requests)


async def of_claims() -> None:
    """What claims leave in the log, and how many sockets there are."""
    plan = Plan(members=CLAIMS, places=0)
    bare = await one_by_one(Kind.BARE, plan)
    say(f"a click of the bare bot, to compare machines: {bare.cpu / CLAIMS * 1000:.2f} ms CPU")
    async with open_field(plan) as field:
        port = free_port()
        field.more = {"MUSTER_LOG_LEVEL": "INFO", "MUSTER_METRICS_PORT": str(port)}
        async with running(Kind.MUSTER, field) as bot:
            await drawn(field)
            log = field.folder / f"{Kind.MUSTER}.log"
            size, done = log.stat().st_size, await transactions(port)
            field.forget()
            work = bot.cpu()
            await Pressing(field).in_turn()
            work = bot.cpu() - work
            size = log.stat().st_size - size
            done = {kind: count - done[kind] for kind, count in (await transactions(port)).items()}
            await asyncio.sleep(QUIET)
            calls = field.platform_calls() / CLAIMS
            say(
                f"for each of {CLAIMS} claims one after the other: {work / CLAIMS * 1000:.1f} ms"
                f" CPU, {done['write'] / CLAIMS:.1f} transactions that write and"
                f" {done['read'] / CLAIMS:.1f} that read, {size / CLAIMS:.0f} bytes of log,"
                f" {calls:.1f} calls to the platform, {edits_of(field) / CLAIMS:.2f} edits"
            )
            say(f"open files and sockets: {bot.sockets()}")


async def transactions(port: int) -> dict[str, float]:
    """How many there were by now, by kind."""
    async with (
        aiohttp.ClientSession() as web,
        web.get(f"http://127.0.0.1:{port}/metrics") as answer,
    ):
        text = await answer.text()
    found = re.findall(r'muster_database_seconds_count\{kind="(\w+)"\} (\S+)', text)
    return {kind: float(count) for kind, count in found}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def say(line: str) -> None:
    """At once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def run() -> None:
    """One after the other."""
    say(machine())
    await of_claims()
    await of_boards(await of_guilds())


def main() -> None:
    """Prints figures; nothing is asserted, as they depend on the machine."""
    logging.disable(logging.ERROR)
    pin(os.getpid(), last=False)
    asyncio.run(run())


if __name__ == "__main__":
    typer.run(main)
