"""One function for each row of the targets: prepare, measure ours and the other, put into words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from benchmarks.contenders import SETTLE, Kind, running
from benchmarks.crowds import percentile
from benchmarks.field import Plan, open_field
from benchmarks.runs import HELD_FOR, Use, at_once, most_held, one_by_one, ready

SINGLE = 40  # claims one after the other


@dataclass(frozen=True, slots=True)
class Row:
    """One measured thing. `ratio` is ours to the other's, where there is another."""

    what: str
    ours: str
    other: str
    ratio: float | None
    target: str
    met: bool


Measure = Callable[[], Awaitable[list[Row]]]


async def start() -> list[Row]:
    """Start to READY, and what it takes to sit there."""
    plan = Plan(workspaces=20, boards=200, past=9_800, strangers=100_000)
    seen: dict[Kind, tuple[float, float]] = {}
    async with open_field(plan) as field:
        for kind in (Kind.BARE, Kind.MUSTER):
            async with running(kind, field) as bot:
                await asyncio.sleep(SETTLE + 20 * (kind is Kind.MUSTER))
                seen[kind] = (bot.ready_after, bot.rss())
    (bare_after, bare_rss), (our_after, our_rss) = seen[Kind.BARE], seen[Kind.MUSTER]
    return [
        Row("start to READY, 10,000 announcements (200 live), 100,000 links",
            f"{our_after:.2f} s", f"{bare_after:.2f} s", our_after / bare_after,
            "bare + 0.5 s", our_after <= bare_after + 0.5),
        Row("idle RSS on the same rows", f"{our_rss:.0f} MB", f"{bare_rss:.0f} MB",
            our_rss / bare_rss, "bare + 40 MB", our_rss <= bare_rss + 40),
    ]  # fmt: skip


async def single() -> list[Row]:
    """One claim after the other, each with nothing else going on."""
    plan = Plan(members=SINGLE, places=0)
    uses: dict[Kind, Use] = {}
    for kind in (Kind.BARE, Kind.MUSTER):
        uses[kind] = await one_by_one(kind, plan)
    ours, bare = uses[Kind.MUSTER], uses[Kind.BARE]
    calls = (ours.discord_calls - ours.edits) / SINGLE
    cpu = ours.cpu / bare.cpu
    return [
        Row("a single claim: Discord calls", f"{calls:.2f}",
            f"{bare.discord_calls / SINGLE:.2f}", None, "1", calls <= 1),
        Row("a single claim: platform calls", f"{ours.platform_calls / SINGLE:.2f}", "–", None,
            "at most 2", ours.platform_calls / SINGLE <= 2),
        Row("a single claim: CPU", f"{ours.cpu / SINGLE * 1000:.1f} ms",
            f"{bare.cpu / SINGLE * 1000:.1f} ms", cpu, "at most 4 x bare", cpu <= 4),
    ]  # fmt: skip


async def rush() -> list[Row]:
    """A thousand on one board with a hundred places."""
    use = await at_once(Kind.MUSTER, Plan(members=1_000), 1_000)
    bare = await at_once(Kind.BARE, Plan(members=1_000), 1_000)
    final, other = percentile(use.crowd.final, 1), percentile(bare.crowd.final, 1)
    acknowledged = percentile(use.crowd.acknowledged)
    return [
        Row("1,000 at once on one board: acknowledged within 3 s",
            f"{use.crowd.prompt:.1%} (p99 {acknowledged:.2f} s)",
            f"{bare.crowd.prompt:.1%} (p99 {percentile(bare.crowd.acknowledged):.2f} s)", None,
            "100 %", use.crowd.prompt == 1),
        Row("… all final", f"{final:.2f} s ({use.crowd.answered:.1%})", f"{other:.2f} s",
            final / other, "within 4 s", final <= 4 and use.crowd.answered == 1),
        Row("… platform writes", str(use.writes), "–", None, "at most 100", use.writes <= 100),
        Row("… board edits", str(use.edits), "–", None, "at most 12", use.edits <= 12),
    ]  # fmt: skip


async def many_boards() -> list[Row]:
    """Three thousand over a hundred boards of twenty workspaces."""
    plan = Plan(workspaces=20, boards=100, members=3_000)
    use = await at_once(Kind.MUSTER, plan, 3_000)
    bare = await at_once(Kind.BARE, plan, 3_000)
    return [
        Row("3,000 at once over 100 boards: acknowledged within 3 s", f"{use.crowd.prompt:.1%}",
            f"{bare.crowd.prompt:.1%}", None, "100 %", use.crowd.prompt == 1),
        Row("… with an outcome", f"{use.crowd.answered:.1%}", f"{bare.crowd.answered:.1%}", None,
            "100 %", use.crowd.answered == 1),
    ]  # fmt: skip


async def flood() -> list[Row]:
    """Five thousand in one instant, more than a bare bot can take."""
    plan = Plan(workspaces=20, boards=100, members=5_000)
    use, bare = await at_once(Kind.MUSTER, plan, 5_000), await at_once(Kind.BARE, plan, 5_000)
    ratio = use.crowd.prompt / max(bare.crowd.prompt, 1 / 5_000)
    return [
        Row("5,000 at once: acknowledged within 3 s", f"{use.crowd.prompt:.1%}",
            f"{bare.crowd.prompt:.1%}", ratio, "10 x bare, or all",
            ratio >= 10 or use.crowd.prompt == 1),
    ]  # fmt: skip


async def held() -> list[Row]:
    """Claims per second that can go on, each with its final answer within 3 s (p99)."""
    plan = Plan(workspaces=20, boards=200, members=1_000, places=0)
    most = {kind: await most_held(kind, plan) for kind in (Kind.MINIMAL, Kind.MUSTER)}
    ours, other = most[Kind.MUSTER], most[Kind.MINIMAL]
    return [
        Row("held claims per second, final p99 < 3 s (other: minimal bot)", f"{ours:.0f}",
            f"{other:.0f}", ours / other, "at least the minimal bot", ours >= other),
    ]  # fmt: skip


async def hanging() -> list[Row]:
    """One of fifty workspaces does not answer: what the others feel of it."""
    plan = Plan(workspaces=50, boards=50, members=500, places=0)
    async with ready(Kind.MUSTER, plan) as (field, _, pressing):
        dead = field.boards.pop(0)
        before = await pressing.held(20, HELD_FOR, 0)
        field.platforms[0].faults.add("hang", "any", None, None)
        for member in field.members[:20]:
            pressing.press(member, dead, 0)
        after = await pressing.held(20, HELD_FOR, 10_000)
        field.platforms[0].faults.clear()
    ours, other = percentile(after.final), percentile(before.final)
    return [
        Row("49 workspaces while one hangs: final p99 (other: before)", f"{ours * 1000:.0f} ms",
            f"{other * 1000:.0f} ms", ours / other, "within 1.1 x", ours <= other * 1.1),
    ]  # fmt: skip


MEASURES: dict[str, Measure] = {
    one.__name__: one for one in (start, single, rush, many_boards, flood, held, hanging)
}
