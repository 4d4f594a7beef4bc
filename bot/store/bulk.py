"""Changing many rows without keeping others waiting: in batches, each a transaction of its own."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from sqlalchemy import ColumnElement, Delete, Table, Update, delete, select, tuple_, update

from bot.store.database import Database

BATCH = 500  # rows of one transaction


async def delete_all(
    database: Database, table: Table, which: ColumnElement[bool], at_most: float = inf
) -> int:
    """Delete such rows, about `at_most` of them; returns how many.

    Cancelled halfway, some are gone already.
    """
    return await _repeat(database, delete(table).where(_some(table, which)), at_most)


async def change_all(
    database: Database, table: Table, which: ColumnElement[bool], values: Mapping[str, object]
) -> int:
    """Give these values to every such row, of which none is such a row afterwards."""
    change = update(table).where(_some(table, which)).values(dict(values))
    return await _repeat(database, change, inf)


async def _repeat(database: Database, change: Delete | Update, at_most: float) -> int:
    total = 0
    while True:
        async with database.write() as connection:
            done = (await connection.execute(change)).rowcount
        total += done
        if done < BATCH or total >= at_most:
            return total


def _some(table: Table, which: ColumnElement[bool]) -> ColumnElement[bool]:
    """The next batch of them, by primary key."""
    key = list(table.primary_key.columns)
    chosen = select(*key).where(which).limit(BATCH)
    return key[0].in_(chosen) if len(key) == 1 else tuple_(*key).in_(chosen)
