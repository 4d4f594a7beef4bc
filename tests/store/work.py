"""How much a statement looks at, counted by the database itself, not by the clock."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event, text

from bot.store.database import Database
from bot.store.engines import sqlite_path

SETS = 3  # of the parameters of one statement

Statements = dict[str, list[Any]]


@contextmanager
def collected() -> Iterator[Statements]:
    """Every statement that runs within, with some of its parameters."""
    seen: Statements = {}

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, many: bool) -> None:
        ours = statement.startswith(("SELECT", "UPDATE", "DELETE", "INSERT"))
        if ours and " pg_" not in statement:  # not its locks
            sets = seen.setdefault(statement, [])
            if len(sets) < SETS:
                sets.append(parameters[0] if many else parameters)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def look(database: Database, url: str, statement: str, parameters: Any) -> int:
    """How much the statement looks at: SQLite's steps, or PostgreSQL's rows. Changes nothing."""
    if database.dialect == "sqlite":
        return _count_steps(str(sqlite_path(url)), statement, parameters)
    done = await explain(database, statement, parameters, as_if_more=True)
    return count_rows(done["Plan"])


async def explain(
    database: Database, statement: str, parameters: Any, *, as_if_more: bool = False
) -> dict[str, Any]:
    """What PostgreSQL did for the statement, which was then undone.

    `as_if_more`: also tables of few pages are read by an index, if there is one.
    """
    async with database.write() as connection, connection.begin_nested() as undone:
        if as_if_more:
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
        words = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"
        found = await connection.exec_driver_sql(words, parameters)
        told = found.scalar_one()
        await undone.rollback()
    (whole,) = json.loads(told) if isinstance(told, str) else told
    return dict(whole)


def count_rows(plan: dict[str, Any]) -> int:
    """The rows that the scans of a plan looked at, also those they threw away."""
    rows = plan.get("Actual Rows", 0) + plan.get("Rows Removed by Filter", 0)
    own = rows * plan.get("Actual Loops", 1) if "Scan" in plan["Node Type"] else 0
    return round(own) + sum(count_rows(part) for part in plan.get("Plans", ()))


def _count_steps(path: str, statement: str, parameters: Any) -> int:
    """Instructions of SQLite's virtual machine: some ten for each row that is looked at."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("PRAGMA foreign_keys=ON")
        file.execute("BEGIN IMMEDIATE")
        file.execute("SELECT 1 FROM app_state").fetchall()  # reads the schema, which would count
        file.set_progress_handler(count, 1)
        with contextlib.suppress(sqlite3.IntegrityError):  # such as a row that is there by now
            file.execute(statement, parameters).fetchall()
        file.set_progress_handler(None, 0)
        file.execute("ROLLBACK")
    return steps
