"""One soak from its preparations to its findings."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from random import Random

from benchmarks.field import Field, Plan, open_field
from benchmarks.soak import truth
from benchmarks.soak.clock import FastClock
from benchmarks.soak.curves import Curves, watch
from benchmarks.soak.panel import Community, Panel, settle_in
from benchmarks.soak.process import Metrics, SoakedBot, soaked
from benchmarks.soak.traffic import Tally, Traffic, tally
from benchmarks.soak.troubles import Troubles
from bot.sandbox.discord.models import User

DRAWN_WITHIN = 180.0  # seconds until every board of the beginning must show its buttons
LEFT_OUT = 0.15  # share of the run that is warming up: caches fill, everything happens once
QUIET_WITHIN = 300.0  # seconds after the troubles until everything must be as if nothing had been
POLLED = 150.0  # seconds in which every workspace is polled again
STILL = 20.0  # seconds of nothing before the last sample: what is only kept alive goes away
_ENDED = """
SELECT interaction_id FROM claim_attempts
WHERE state IN ('confirmed', 'refused') AND interaction_id IS NOT NULL
"""


@dataclass(frozen=True)
class Script:
    """How long, how much, and by which dice."""

    seconds: float = 1200.0
    speed: float = 6.0
    seed: int = 1
    guilds: int = 50
    members: int = 60
    strangers: int = 10  # members whom nobody has linked
    per_second: float = 4.0  # acts


@dataclass(frozen=True)
class Findings:
    """What came of it."""

    curves: Curves
    warm: int  # the first sample after warming up
    trouble_until: float  # seconds after the first sample
    tally: Tally
    acts: int
    outcomes: Counter[str]  # as the bot counted them, by kind and code
    troubles: Counter[str]
    sessions: int  # that were opened
    quiet_after: float | None  # seconds; None: never
    untrue: dict[str, list[str]]  # by what was compared
    grown: Counter[str]  # objects by type, from the end of the warm-up to the end
    violations: Counter[str]  # of Discord's rules
    identifies: int
    longest_away: float  # seconds without a gateway
    errors: Counter[str]  # that the bot logged


async def play(script: Script, clock: FastClock) -> Findings:
    """Prepare, soak, wait for quiet, compare."""
    plan = Plan(workspaces=script.guilds, boards=script.guilds, members=script.members, places=3)
    async with open_field(plan) as field:
        strangers = _strangers(field, script.strangers)
        communities = await settle_in(field)
        async with soaked(field, clock) as bot:
            await _drawn(communities)
            return await _soak(script, field, communities, strangers, bot)


async def _soak(
    script: Script,
    field: Field,
    communities: list[Community],
    strangers: list[User],
    bot: SoakedBot,
) -> Findings:
    first, second, third = (Random(3 * script.seed + n) for n in range(3))  # noqa: S311  # a seeded story
    traffic = Traffic(field, communities, first, strangers)
    panel = Panel(communities, second, script.members)
    troubles = Troubles(field, communities, bot, third)
    curves, over, loop = Curves(), asyncio.Event(), asyncio.get_running_loop()

    def trouble_at(start: float, end: float) -> str:
        starved = "this machine had no CPU for it" if curves.starved(start, end) else ""
        return troubles.with_discord(start, end) or starved

    watching = asyncio.create_task(watch(bot, traffic, curves, over))
    until, began = loop.time() + script.seconds, time.monotonic()
    working = asyncio.gather(
        traffic.run(script.per_second, until), panel.run(until), troubles.run(until)
    )
    await asyncio.sleep(script.seconds * LEFT_OUT)
    warm, before = len(curves.at), await bot.census("warm")
    await working
    trouble_until = time.monotonic() - began
    quiet_after = await _quiet(bot, traffic)
    untrue = await _compare(bot, field, communities, panel)
    await asyncio.sleep(STILL)
    over.set()
    await watching
    grown = await bot.census("end")
    grown.subtract(before)
    ended = {int(str(number)) for (number,) in bot.rows(_ENDED)}
    report = field.discord.report
    return Findings(
        curves, warm, trouble_until, tally(traffic, ended, trouble_at),
        len(traffic.acts), _outcomes(await bot.metrics()), troubles.counts(), panel.opened,
        quiet_after, untrue, grown, Counter(v["kind"] for v in report.violations),
        len(field.discord.core.gateway.identifies), troubles.longest_away(), bot.errors(),
    )  # fmt: skip


def _strangers(field: Field, count: int) -> list[User]:
    found = [field.world.add_user(f"stranger{number}") for number in range(count)]
    for guild in list(field.world.guilds.values()):
        for one in found:
            field.world.add_member(guild, one)
    return found


async def _drawn(communities: list[Community]) -> None:
    async with asyncio.timeout(DRAWN_WITHIN):
        while not all(one.boards() for one in communities):  # noqa: ASYNC110  # a look is enough
            await asyncio.sleep(0.5)


async def _quiet(bot: SoakedBot, traffic: Traffic) -> float | None:
    """Seconds until nothing was open any more: journal, acts, lanes; None when that never was."""
    began = time.monotonic()
    while time.monotonic() - began < QUIET_WITHIN:
        stored, metrics = bot.stored(), await bot.metrics()
        unsettled = stored["pending"] + stored["sent"] + stored["unknown"]
        if not unsettled and not traffic.open and not metrics[("muster_lane_users",)]:
            return time.monotonic() - began
        await asyncio.sleep(1)
    return None


async def _compare(
    bot: SoakedBot, field: Field, communities: list[Community], panel: Panel
) -> dict[str, list[str]]:
    """What differs. Boards follow what others did with the next poll, which is waited for."""
    began = time.monotonic()
    while boards := truth.boards_differ(bot, field, communities):
        if time.monotonic() - began > POLLED:
            break
        await asyncio.sleep(2)
    return {
        "journal and platform": truth.journal_differs(bot, communities, panel),
        "boards and platform": boards,
        "places given twice": truth.overbooked(communities),
        "/claims and platform": await truth.lists_differ(field, communities),
    }


def _outcomes(metrics: Metrics) -> Counter[str]:
    return Counter(
        {f"{labels[0]} {labels[1]}": int(value) for (name, *labels), value in metrics.items()
         if name == "muster_outcomes_total"}
    )  # fmt: skip
