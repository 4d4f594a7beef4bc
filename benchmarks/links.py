"""The look-up that every claim begins with, among few links and among millions."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Annotated, Any

import typer
from sqlalchemy import event, text

from bot.store.database import Database, migrate
from bot.store.links import LinkStore
from tests.postgres import running_postgres

LOOK_UPS = 2000
PER_GUILD = 50_000  # links in one guild, so that one guild is large as well
FIRST_MEMBER, FIRST_ACCOUNT = 234_567_890_123_456_789, 1_000_000_000
MADE = "2026-03-01 18:30:15.000000"

# One statement makes any number of rows; a prime spreads the Roblox ids as they are in life.
_ROWS = f"""
SELECT 900000000000000000 + number / {PER_GUILD},
       {FIRST_MEMBER} + number * 7919,
       {FIRST_ACCOUNT} + (number * 1000003) % 9999991 * 3,
       'user' || number, '{MADE}'{{zone}}, 'import', 1, '{MADE}'{{zone}}
FROM {{numbers}}
"""  # noqa: S608  # constants of this file
_COUNT = "SELECT 0 UNION ALL SELECT number + 1 FROM n"
_COLUMNS = "guild_id, discord_id, roblox_id, username, username_at, source, linked_by, linked_at"


async def fill(database: Database, number: int) -> None:
    """So many links, in guilds of `PER_GUILD`."""
    zone, numbers = (
        "::timestamptz",
        f"generate_series(0::bigint, {number - 1}::bigint) AS n(number)",
    )
    with_clause = ""
    if database.dialect == "sqlite":
        zone, numbers = "", "n"
        last = number - 1
        with_clause = f"WITH RECURSIVE n(number) AS ({_COUNT} WHERE number < {last}) "
    rows = _ROWS.format(zone=zone, numbers=numbers)
    async with database.write() as connection:
        await connection.execute(text(f"INSERT INTO links ({_COLUMNS}) {with_clause}{rows}"))
    async with database.write() as connection:
        await connection.execute(text("ANALYZE links"))


async def explain(database: Database) -> list[str]:
    """What the database does for the very statement that a claim sends."""
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, _many: bool) -> None:
        seen.append((statement, parameters))

    engine = database._reading.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    await LinkStore(database).get(*member(0))
    event.remove(engine, "before_cursor_execute", note)
    ((statement, parameters),) = seen
    word = "EXPLAIN QUERY PLAN" if database.dialect == "sqlite" else "EXPLAIN (ANALYZE, BUFFERS)"
    async with database.read() as connection:
        rows = await connection.exec_driver_sql(f"{word} {statement}", parameters)
        return [str(row[-1]) for row in rows]


def member(number: int) -> tuple[int, int]:
    """(guild, Discord id) of the link of this number."""
    return 900_000_000_000_000_000 + number // PER_GUILD, FIRST_MEMBER + number * 7919


async def measure(database: Database, number: int) -> str:
    """The time of one look-up after the other, all over the table; microseconds."""
    store, times = LinkStore(database), []
    for step in range(LOOK_UPS + 100):
        who = member(step * 2_654_435_761 % number)
        began = time.perf_counter()
        link = await store.get(*who)
        times.append((time.perf_counter() - began) * 1e6)
        assert link is not None
    times = times[100:]  # the first ones open connections
    tenth = quantiles(times, n=10)[0]  # what a machine that is busy otherwise would take alone
    p99 = quantiles(times, n=100)[98]
    return f"fastest tenth {tenth:.0f} µs, median {median(times):.0f} µs, p99 {p99:.0f} µs"


@asynccontextmanager
async def opened(kind: str, folder: Path) -> AsyncIterator[Database]:
    """An empty database of this kind."""
    url = f"sqlite:///{folder / 'links.db'}"
    if kind == "postgresql":
        url = running_postgres().create_database()
    await migrate(url)
    # Filling takes longer than any statement of the bot may.
    database = await Database.open(url, migrating=True)
    try:
        yield database
    finally:
        await database.close()


async def run(kinds: list[str], sizes: list[int]) -> None:
    """Fill, explain, measure."""
    for kind in kinds:
        for number in sizes:
            with tempfile.TemporaryDirectory(prefix="muster-links-") as folder:
                async with opened(kind, Path(folder)) as database:
                    began = time.perf_counter()
                    await fill(database, number)
                    filled = time.perf_counter() - began
                    plan = await explain(database)
                    took = await measure(database, number)
            lines = "\n    ".join(plan)
            sys.stdout.write(
                f"{kind}, {number:,} links (filled in {filled:.0f} s): {took}\n    {lines}\n"
            )
            sys.stdout.flush()


def main(
    sizes: Annotated[str, typer.Option(help="How many links, comma separated")] = "1000,5000000",
    kinds: Annotated[str, typer.Option(help="Which databases")] = "sqlite,postgresql",
) -> None:
    """Prints plans and times; nothing is asserted, as they depend on the machine."""
    asyncio.run(run(kinds.split(","), [int(size) for size in sizes.split(",")]))


if __name__ == "__main__":
    typer.run(main)
