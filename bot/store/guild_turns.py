"""Transactions that change several things of one guild, one after the other."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.locks import to_key


async def take_turn(connection: AsyncConnection, guild_id: int) -> None:
    """Begin a transaction with this: until it ends, others that do so for the guild wait.

    What they have written is seen then, and no two wait for each other's rows crosswise. SQLite has
    one writer as it is.
    """
    if connection.dialect.name == "postgresql":
        key = to_key(f"guild:{guild_id}")
        await connection.execute(select(func.pg_advisory_xact_lock(key)))
