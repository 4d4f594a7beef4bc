"""Claims on an old database and on a young one, in turns; they differ in nothing but their past."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median

from sqlalchemy import select

from benchmarks.contenders import SETTLE, Contender, Kind, running
from benchmarks.crowds import Pressing
from benchmarks.field import Field, Plan, open_field
from benchmarks.measures import Row
from benchmarks.runs import drawn
from bot.store.database import Database
from bot.store.tables import workspaces
from tests.store.history import Home, write_history
from tests.store.history_sql import Parts

PLAN = Plan(workspaces=20, boards=20, members=50, places=0)  # 1,000 links
YOUNG, OLD = (1_000, 1_000), (5_000_000, 10_000_000)  # links and journal rows
WARM = 40  # claims on each before it counts
CLAIMS = 600  # on each; at most as many as there are pairs of a member and a board
MINUTE = 60.0  # seconds
TARGET = "within 1.2 x"


@dataclass(eq=False)
class Aged:
    """A bot on its own field, and how long its answers took."""

    field: Field
    bot: Contender
    pressing: Pressing
    took: list[float] = dataclasses.field(default_factory=list)

    async def claim(self, number: int) -> None:
        """A member claims on a board where they have not claimed yet."""
        members, boards = self.field.members, self.field.boards
        member = members[number % len(members)]
        board = boards[(number + number // len(members)) % len(boards)]
        self.took.append(await self.pressing.time(member, board, number))


async def grown() -> list[Row]:
    """The cost of a claim, and of what comes round by itself, with ten million rows and without."""
    async with aged(*YOUNG) as young, aged(*OLD) as old:
        await _in_turns(young, old, range(WARM))
        young.took.clear()
        old.took.clear()
        before = young.bot.cpu(), old.bot.cpu()
        await _in_turns(young, old, range(WARM, WARM + CLAIMS))
        after = young.bot.cpu(), old.bot.cpu()
        await asyncio.sleep(MINUTE)
        idle = young.bot.cpu() - after[0], old.bot.cpu() - after[1]
    few, many = ((after[one] - before[one]) / CLAIMS * 1000 for one in (0, 1))
    fast, slow = median(young.took) * 1000, median(old.took) * 1000
    what = "with {:,} links and {:,} journal rows (other: {:,} and {:,})".format(*OLD, *YOUNG)
    return [
        Row(f"a claim {what}: CPU", f"{many:.2f} ms", f"{few:.2f} ms", many / few, TARGET,
            many <= few * 1.2),
        Row("… time of its answer, median", f"{slow:.1f} ms", f"{fast:.1f} ms", slow / fast,
            TARGET, slow <= fast * 1.2),
        Row("… CPU of a minute without claims, 20 boards", f"{idle[1]:.2f} s", f"{idle[0]:.2f} s",
            idle[1] / idle[0], TARGET, idle[1] <= idle[0] * 1.2),
    ]  # fmt: skip


async def _in_turns(young: Aged, old: Aged, numbers: range) -> None:
    """Whoever begins a pair ends the next: the machine's moods are the same for both."""
    for number in numbers:
        for one in (young, old) if number % 2 else (old, young):
            await one.claim(number)


@asynccontextmanager
async def aged(links: int, attempts: int) -> AsyncIterator[Aged]:
    """A bot with so much past, whose boards show their buttons."""
    async with open_field(PLAN) as field:
        homes = await _homes(field)
        parts = Parts(links - PLAN.members * len(homes), attempts, int(time.time()))
        await write_history(field.database_url, parts, homes, [one.id for one in field.members])
        async with running(Kind.MUSTER, field) as bot:
            await drawn(field)
            await asyncio.sleep(SETTLE)
            yield Aged(field, bot, Pressing(field))


async def _homes(field: Field) -> list[Home]:
    database = await Database.open(field.database_url)
    try:
        async with database.read() as connection:
            columns = select(workspaces.c.guild_id, workspaces.c.workspace_id)
            return [Home(*row) for row in await connection.execute(columns)]
    finally:
        await database.close()
