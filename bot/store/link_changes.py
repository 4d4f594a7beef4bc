"""Many links changed in one transaction, each as a whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models import AccountLink, LinkSource
from bot.store.guild_turns import take_turn
from bot.store.tables import links

Change = tuple[AccountLink | None, AccountLink]  # what the member had, and has from now on
Undo = tuple[int, int, AccountLink | None]  # Discord id, the account to take away, what was before
_IMPORTED = links.c.source == LinkSource.IMPORT  # the same link by another way is not ours to undo


async def put_in(
    connection: AsyncConnection, guild_id: int, changes: Sequence[Change]
) -> frozenset[int]:
    """Make those changes that still fit; the Discord ids of those that stand now.

    A change fits when the member still has what was planned for, and nobody else has the account.
    A change made before, by an attempt that a crash cut off, stands as well.
    """
    await take_turn(connection, guild_id)
    fresh = [new for had, new in changes if had is None]
    if fresh:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        rows = [asdict(link) for link in fresh]
        await connection.execute(insert(links).on_conflict_do_nothing(), rows)
    for had, new in changes:
        if had is not None:
            await _replace(connection, had, new)
    wanted = {new.discord_id: new.roblox_id for _, new in changes}
    found = await connection.execute(
        select(links.c.discord_id, links.c.roblox_id).where(
            links.c.guild_id == guild_id, links.c.discord_id.in_(wanted), _IMPORTED
        )
    )
    return frozenset(row.discord_id for row in found if wanted[row.discord_id] == row.roblox_id)


async def put_back(
    connection: AsyncConnection, guild_id: int, undos: Sequence[Undo], until: datetime | None
) -> frozenset[int]:
    """Take away what was put in and is still there; the Discord ids of those that went.

    What was linked after `until` (UTC) is a later import's.
    """
    await take_turn(connection, guild_id)
    here = (links.c.guild_id == guild_id) & _IMPORTED
    if until is not None:
        here &= links.c.linked_at <= until
    found = await connection.execute(
        select(links.c.discord_id, links.c.roblox_id)
        .where(here, links.c.discord_id.in_([discord_id for discord_id, _, _ in undos]))
        .with_for_update()
    )
    now = {row.discord_id: row.roblox_id for row in found}
    still = [(member, before) for member, account, before in undos if now.get(member) == account]
    done = {member for member, before in still if before is None}
    await connection.execute(delete(links).where(here, links.c.discord_id.in_(done)))
    for member, before in still:
        if before is not None:
            change = update(links).where(here, links.c.discord_id == member).values(asdict(before))
            if await _try(connection, change):
                done.add(member)
    return frozenset(done)


async def _replace(connection: AsyncConnection, had: AccountLink, new: AccountLink) -> None:
    as_planned = (
        (links.c.guild_id == had.guild_id)
        & (links.c.discord_id == had.discord_id)
        & (links.c.roblox_id == had.roblox_id)
        & (links.c.source == had.source)
    )
    await _try(connection, update(links).where(as_planned).values(asdict(new)))


async def _try(connection: AsyncConnection, change: Any) -> bool:
    """Whether the change was made; one that would take another member's account is not."""
    try:
        async with connection.begin_nested():
            return bool((await connection.execute(change)).rowcount)
    except IntegrityError:
        return False
