"""Every statement of a day, on a database with much past and on one with little."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import sys
import tempfile
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from unittest.mock import patch

import typer

from benchmarks.contenders import machine
from bot.store.database import Database, migrate
from bot.store.engines import sqlite_path
from tests.postgres import running_postgres
from tests.services.worlds import NOW
from tests.store.history import write_history
from tests.store.history_sql import Parts
from tests.store.present import Process
from tests.store.work import collected, explain, look

SPARE = 50  # rows or steps more than with little past that are no news
RUNS = 5
UNIT = {"sqlite": "steps", "postgresql": "rows"}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one statement takes at most, whatever its parameters."""

    looked_at: int
    milliseconds: float
    plan: str


async def costs(url: str, parts: Parts) -> dict[str, Cost]:
    """Fill, live through a day, and ask of every statement what it takes."""
    await migrate(url)
    process = Process(await Database.open(url))
    home = await process.move_in()
    await process.aclose()
    began = time.perf_counter()
    await write_history(url, parts, [home])
    told(f"filled in {time.perf_counter() - began:.0f} s")
    process = Process(await Database.open(url, migrating=True))  # no time limit on a statement
    try:
        with (
            patch("bot.services.workspaces.open_provider", lambda *_: process.platform),
            collected() as seen,
        ):
            await process.a_day(home)
        found = {}
        for statement, sets in seen.items():
            each = [await cost(process.database, url, statement, one) for one in sets]
            found[statement] = max(each, key=lambda one: one.looked_at)
        return found
    finally:
        await process.aclose()


async def cost(database: Database, url: str, statement: str, parameters: Any) -> Cost:
    """The median of some runs; none of them changes anything."""
    looked_at = await look(database, url, statement, parameters)
    if database.dialect == "sqlite":
        with closing(sqlite3.connect(str(sqlite_path(url)), isolation_level=None)) as file:
            plan = [row[-1] for row in file.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            file.execute("BEGIN IMMEDIATE")
            times = [_timed(file, statement, parameters) for _ in range(RUNS)]
            file.execute("ROLLBACK")
        return Cost(looked_at, sorted(times)[RUNS // 2], "; ".join(plan))
    done = [await explain(database, statement, parameters) for _ in range(RUNS)]
    times = sorted(one["Execution Time"] for one in done)
    return Cost(looked_at, times[RUNS // 2], "; ".join(_steps(done[0]["Plan"])))


def _timed(file: sqlite3.Connection, statement: str, parameters: Any) -> float:
    began = time.perf_counter()
    with suppress(sqlite3.IntegrityError):  # the row is there by now
        file.execute(statement, parameters).fetchall()
    return (time.perf_counter() - began) * 1000


def _steps(plan: dict[str, Any]) -> list[str]:
    words = f"{plan['Node Type']} {plan.get('Index Name') or plan.get('Relation Name') or ''}"
    return [words.strip(), *(step for part in plan.get("Plans", ()) for step in _steps(part))]


async def run(kinds: list[str], links: int, attempts: int, most: int) -> None:
    """Both databases, one after the other."""
    told(machine())
    now = int(NOW.timestamp())
    for kind in kinds:
        both: list[dict[str, Cost]] = []
        for parts in (Parts(1_000, 1_000, now), Parts(links, attempts, now)):
            told(f"{kind}: {parts.links:,} links, {parts.attempts:,} journal rows")
            with tempfile.TemporaryDirectory(prefix="muster-statements-") as folder:
                url = f"sqlite:///{Path(folder) / 'muster.db'}"
                if kind == "postgresql":
                    url = running_postgres().create_database()
                both.append(await costs(url, parts))
        show(kind, both[0], both[1], most)


def show(kind: str, few: dict[str, Cost], many: dict[str, Cost], most: int) -> None:
    """Those that look at more than they did, and those that take longest."""
    more = [
        statement
        for statement, one in many.items()
        if statement in few and one.looked_at > few[statement].looked_at * 1.5 + SPARE
    ]
    told(f"{len(many)} statements; {len(more)} look at more {UNIT[kind]} with more past")
    slowest = sorted(many, key=lambda one: many[one].milliseconds, reverse=True)
    for statement in dict.fromkeys((*more, *slowest[:most])):
        one, before = many[statement], few.get(statement, many[statement])
        told(
            f"{'!' if statement in more else ' '} {one.looked_at:,} {UNIT[kind]}"
            f" (with little past {before.looked_at:,}), {one.milliseconds:.2f} ms"
            f" ({before.milliseconds:.2f}): {shortened(statement)}\n      {one.plan}"
        )


def shortened(statement: str) -> str:
    """What it does and on what conditions, without its columns."""
    words = " ".join(statement.split())
    verb = words.split(" ", 1)[0]
    rest = words[words.find(" FROM ") :] if verb == "SELECT" else words
    return f"{verb} …{rest}"[:300] if verb == "SELECT" else rest[:300]


def told(line: str) -> None:
    """At once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(
    links: Annotated[int, typer.Option(help="Of the database with much past")] = 5_000_000,
    attempts: Annotated[int, typer.Option(help="Journal rows of it")] = 10_000_000,
    kinds: Annotated[str, typer.Option(help="Which databases")] = "sqlite,postgresql",
    most: Annotated[int, typer.Option(help="How many of the slowest are printed")] = 10,
) -> None:
    """Prints plans and times; nothing is asserted, as they depend on the machine."""
    logging.disable(logging.ERROR)
    asyncio.run(run(kinds.split(","), links, attempts, most))


if __name__ == "__main__":
    typer.run(main)
