"""One bot on one field: crowds sent at it, and what it used for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from benchmarks.contenders import SETTLE, Contender, Kind, running
from benchmarks.crowds import PROMPT, Crowd, Pressing, percentile
from benchmarks.field import Field, Plan, open_field

DRAWN_WITHIN = 180.0  # seconds until every board must show its buttons
QUIET = 5.0  # seconds after the last answer in which board edits still come
HELD_FOR = 12.0  # seconds
STEP = 1.25  # from a rate that was held to the next that is tried
LOWEST = 20.0  # presses per second


@dataclass(frozen=True, slots=True)
class Use:
    """What a bot used for something."""

    crowd: Crowd
    cpu: float  # seconds
    discord_calls: int
    edits: int  # of boards, counted among the calls
    platform_calls: int
    writes: int


@asynccontextmanager
async def ready(kind: Kind, plan: Plan) -> AsyncIterator[tuple[Field, Contender, Pressing]]:
    """A field with one bot on it whose boards show their buttons."""
    async with open_field(plan) as field, running(kind, field) as bot:
        pressing = Pressing(field)
        if kind is not Kind.MUSTER:
            pressing.draw_buttons()
        else:
            await drawn(field)
        await asyncio.sleep(SETTLE)
        yield field, bot, pressing


async def drawn(field: Field) -> None:
    """Wait until every board shows its buttons."""
    async with asyncio.timeout(DRAWN_WITHIN):
        while not all(board.buttons for board in field.boards):  # noqa: ASYNC110  # a look is enough
            await asyncio.sleep(0.2)


async def at_once(kind: Kind, plan: Plan, count: int) -> Use:
    """So many press in one instant."""
    async with ready(kind, plan) as (field, bot, pressing):
        return await _using(field, bot, pressing.at_once(count))


async def one_by_one(kind: Kind, plan: Plan) -> Use:
    """Every member presses once, each after the other's answer."""
    async with ready(kind, plan) as (field, bot, pressing):
        return await _using(field, bot, pressing.in_turn())


async def most_held(kind: Kind, plan: Plan) -> float:
    """The highest rate, in presses per second, whose answers stay within 3 s (p99)."""
    async with ready(kind, plan) as (_, _, pressing):
        held, rate, offset = 0.0, LOWEST, 0
        while True:
            crowd = await pressing.held(rate, HELD_FOR, offset)
            offset += crowd.pressed
            if crowd.answered < 1 or percentile(crowd.final) > PROMPT:
                return held
            held, rate = rate, rate * STEP
            await asyncio.sleep(QUIET)


async def _using(field: Field, bot: Contender, work: Awaitable[Crowd]) -> Use:
    field.forget()
    before = bot.cpu()
    crowd = await work
    cpu = bot.cpu() - before
    await asyncio.sleep(QUIET)
    calls = field.discord.report.calls.total()
    return Use(crowd, cpu, calls, edits_of(field), field.platform_calls(), field.writes())


def edits_of(field: Field) -> int:
    """Edits of messages in channels since Discord's calls were last forgotten."""
    return sum(
        count
        for route, count in field.discord.report.calls.items()
        if route.startswith("PATCH") and "/channels/" in route and "/messages/" in route
    )
