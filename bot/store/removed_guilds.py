"""Guilds that took Muster out: their keys go at once, everything else some time after."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select, update

from bot.models import WorkspaceState
from bot.store.bulk import delete_all
from bot.store.database import Database
from bot.store.guild_turns import take_turn
from bot.store.holdings import of_guild
from bot.store.linking_tables import identity_services
from bot.store.personal_data import HOLDINGS
from bot.store.privacy_tables import is_kept, removed_guilds
from bot.store.schema import metadata
from bot.store.tables import workspaces

_c = removed_guilds.c
_WAITS = {holding.table: holding.waits for holding in HOLDINGS if holding.waits is not None}


class RemovedGuildStore:
    """Rows of `removed_guilds`, and the data of the guilds in it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def mark_removed(self, guild_id: int, now: datetime) -> list[int]:
        """Erase the guild's keys and remember when; returns its workspaces' ids."""
        insert = self._database.insert(removed_guilds).on_conflict_do_nothing()
        mine = workspaces.c.guild_id == guild_id
        keyless = {"state": WorkspaceState.NO_KEY, "state_since": now}
        async with self._database.write() as connection:
            await take_turn(connection, guild_id)
            await connection.execute(insert.values(guild_id=guild_id, removed_at=now))
            for holding in HOLDINGS:
                which = of_guild(holding.table, guild_id)
                if holding.keys and which is not None:
                    empty = {column.name: "" for column in holding.keys}
                    await connection.execute(update(holding.table).where(which).values(empty))
            change = update(workspaces).where(mine).values(keyless)
            changed = await connection.scalars(change.returning(workspaces.c.workspace_id))
            return list(changed)

    async def mark_joined(self, guild_ids: Collection[int]) -> list[int]:
        """Muster is in these guilds: those of which data was to be erased, and no longer is."""
        removed = await self.list_removed()
        back = sorted(set(removed) & set(guild_ids))
        if back:
            async with self._database.write() as connection:
                await connection.execute(delete(removed_guilds).where(_c.guild_id.in_(back)))
        return back

    async def list_removed(self, before: datetime | None = None) -> list[int]:
        """Guilds of ours that took Muster out, before then if that is said.

        Whether Muster is back in a guild only the process that serves it sees.
        """
        query = select(_c.guild_id).where(self._database.ours(_c.guild_id))
        query = query.order_by(_c.removed_at)
        if before is not None:
            query = query.where(_c.removed_at < before)
        async with self._database.read() as connection:
            return list(await connection.scalars(query))

    async def list_connected(self) -> set[int]:
        """Guilds of ours that have connected something and did not take Muster out: every one."""
        found: set[int] = set()
        async with self._database.read() as connection:
            for table in (workspaces, identity_services):
                guild_id = table.c.guild_id
                query = select(guild_id).distinct()
                ours = (is_kept(guild_id), self._database.ours(guild_id))
                found |= set(await connection.scalars(query.where(*ours)))
        return found

    async def erase(self, guild_id: int) -> bool:
        """Delete everything of the guild; False when something is unsettled: then nothing goes."""
        async with self._database.read() as connection:
            for table, waits in _WAITS.items():
                which = of_guild(table, guild_id)
                if which is None:  # a member's own
                    continue
                key = next(iter(table.primary_key.columns))
                query = select(key).where(which, ~waits.settled).limit(1)
                if await connection.scalar(query) is not None:
                    return False
        for table in reversed(metadata.sorted_tables):  # what belongs to others before those
            which = of_guild(table, guild_id)
            if table is not removed_guilds and which is not None:
                await delete_all(self._database, table, which)
        async with self._database.write() as connection:
            await connection.execute(delete(removed_guilds).where(_c.guild_id == guild_id))
        return True
