"""A year of history in a database: any number of rows, made by few statements.

Half of it belongs to `homes`, communities that use Muster now, the rest to strangers. All of it is
over, settled and told, as nearly everything in an old database is.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import asyncpg

from bot.store.engines import sqlite_path
from tests.store.history_sql import COUNTED, Parts, Postgres, Sqlite, list_statements

_INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
_PG_INDEXES = """
SELECT indexname AS name, indexdef AS sql FROM pg_indexes WHERE schemaname = 'public'
AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)
"""


@dataclass(frozen=True, slots=True)
class Home:
    """A community of the present."""

    guild_id: int
    workspace_id: int


async def write_history(
    url: str,
    parts: Parts,
    homes: Sequence[Home],
    members: Sequence[int] = (),
    *,
    packed: bool = True,
) -> None:
    """Fill a migrated database that nobody else uses.

    `members` are Discord ids of people who claimed in every home, over and over. `packed`: the
    indexes are made when all rows are there, which is quick and makes them smaller than life.
    """
    statements = [*_people(homes, members)]
    path = sqlite_path(url)
    if path is not None:
        statements += list_statements(Sqlite(), parts, len(homes), len(members))
        await asyncio.to_thread(_write_sqlite, str(path), statements, packed)
    else:
        statements += list_statements(Postgres(), parts, len(homes), len(members))
        await _write_postgres(url, statements, packed)


def _write_sqlite(path: str, statements: Sequence[str], packed: bool) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as file:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-2000000"):
            file.execute(f"PRAGMA {pragma}")  # a crash would spoil the file: it is made anew then
        file.execute("BEGIN IMMEDIATE")
        indexes = file.execute(_INDEXES).fetchall() if packed else []
        for name, _ in indexes:
            file.execute(f"DROP INDEX {name}")
        for statement in statements:
            file.execute(statement)
        for _, again in indexes:
            file.execute(again)
        file.execute("COMMIT")
        file.execute("PRAGMA journal_mode=WAL")


async def _write_postgres(url: str, statements: Sequence[str], packed: bool) -> None:
    server = await asyncpg.connect(url)
    try:
        async with server.transaction():
            await server.execute("SET LOCAL maintenance_work_mem = '1GB'")
            indexes = await server.fetch(_PG_INDEXES) if packed else []
            for index in indexes:
                await server.execute(f"DROP INDEX {index['name']}")
            for statement in statements:
                await server.execute(statement)
            for index in indexes:
                await server.execute(index["sql"])
            for table, key in COUNTED:
                await server.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', '{key}'),"
                    f" (SELECT coalesce(max({key}), 1) FROM {table}))"
                )
        await server.execute("VACUUM ANALYZE")
    finally:
        await server.close()


def _people(homes: Sequence[Home], members: Sequence[int]) -> Iterator[str]:
    """Tables of the connection's own, for the statements to join."""
    yield (
        "CREATE TEMPORARY TABLE homes"
        " (number integer PRIMARY KEY, guild_id bigint, workspace_id bigint)"
    )
    yield "CREATE TEMPORARY TABLE members (number integer PRIMARY KEY, discord_id bigint)"
    for number, home in enumerate(homes):
        yield f"INSERT INTO homes VALUES ({number}, {home.guild_id}, {home.workspace_id})"
    for number, discord_id in enumerate(members):
        yield f"INSERT INTO members VALUES ({number}, {discord_id})"
