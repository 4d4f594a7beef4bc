"""What a row of each table takes on the disk, with its indexes, in both databases."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from bot.store.database import Database, migrate
from bot.store.engines import sqlite_path
from tests.postgres import running_postgres
from tests.services.worlds import NOW
from tests.store.history import write_history
from tests.store.history_sql import Parts
from tests.store.present import Process

_SQLITE = """
SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name
WHERE s.aggregate = TRUE GROUP BY m.tbl_name
"""
_POSTGRES = """
SELECT relname, pg_total_relation_size(oid) FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
SMALLEST = 1_000  # rows of a table about which the pages say something


async def fill(url: str, parts: Parts) -> None:
    """With the indexes in place, as in life: pages are then as full as they are in life."""
    await migrate(url)
    process = Process(await Database.open(url))
    home = await process.move_in()
    await process.aclose()
    await write_history(url, parts, [home], packed=False)


async def sizes(url: str) -> dict[str, tuple[int, int]]:
    """Rows and bytes of each table."""
    path = sqlite_path(url)
    if path is not None:
        with closing(sqlite3.connect(path)) as file:
            taken = file.execute(_SQLITE).fetchall()
            rows = {name: file.execute(f"SELECT count(*) FROM {name}") for name, _ in taken}  # noqa: S608  # our own names
            return {name: (rows[name].fetchone()[0], size) for name, size in taken}
    server = await asyncpg.connect(url)
    try:
        return {
            name: (await server.fetchval(f"SELECT count(*) FROM {name}"), size)  # noqa: S608  # our own names
            for name, size in await server.fetch(_POSTGRES)
        }
    finally:
        await server.close()


async def run(links: int, attempts: int) -> None:
    """Fill both, and print a table."""
    parts = Parts(links, attempts, int(NOW.timestamp()))
    found = {}
    with tempfile.TemporaryDirectory(prefix="muster-storage-") as folder:
        for kind in ("sqlite", "postgresql"):
            url = f"sqlite:///{Path(folder) / 'muster.db'}"
            if kind == "postgresql":
                url = running_postgres().create_database()
            await fill(url, parts)
            found[kind] = await sizes(url)
    sys.stdout.write("| table | rows | bytes a row, SQLite | PostgreSQL |\n|---|---|---|---|\n")
    for name, (rows, size) in sorted(found["sqlite"].items()):
        if rows >= SMALLEST:
            other = found["postgresql"][name][1] / rows
            sys.stdout.write(f"| {name} | {rows:,} | {size / rows:.0f} | {other:.0f} |\n")


def main(
    links: Annotated[int, typer.Option(help="How many")] = 200_000,
    attempts: Annotated[int, typer.Option(help="How many journal rows")] = 400_000,
) -> None:
    """Prints a table."""
    asyncio.run(run(links, attempts))


if __name__ == "__main__":
    typer.run(main)
