"""Which Discord account is which Roblox account, in each guild on its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Executable, Row, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import LinkTaken
from bot.models import AccountLink, LinkSource
from bot.store.columns import fits
from bot.store.database import Database
from bot.store.proofs import hold_back, proved_link
from bot.store.tables import links

_MOST_AT_ONCE = 500  # parameters in one lookup, well below both databases' limits


class LinkStore:
    """Rows of `links`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, link: AccountLink) -> None:
        """Store a new link; the same two accounts again are fine and change nothing.

        Raises LinkTaken when either account is linked to another in the guild.
        """
        insert = self._database.insert(links).values(asdict(link)).on_conflict_do_nothing()
        while True:
            async with self._database.write() as connection:
                result = await connection.execute(insert)
                holder = None if result.rowcount else await _holder(connection, link)
            if result.rowcount:
                return
            if holder:
                if (holder.discord_id, holder.roblox_id) == (link.discord_id, link.roblox_id):
                    return
                raise LinkTaken(holder)
            # The holder's link was removed between our insert and our look: there is room now.

    async def replace(self, link: AccountLink) -> None:
        """Store a link in place of the one this Discord account has in the guild, if any.

        Raises LinkTaken when the Roblox account is another Discord account's.
        """
        upsert = self._upsert(link)
        while True:
            try:
                async with self._database.write() as connection:
                    await connection.execute(upsert)
                return
            except IntegrityError:
                holder = await self.get_by_roblox(link.guild_id, link.roblox_id)
                if holder and holder.discord_id != link.discord_id:
                    raise LinkTaken(holder) from None

    async def get(self, guild_id: int, discord_id: int) -> AccountLink | None:
        """The link of a Discord account in this guild."""
        return await self._one(guild_id, links.c.discord_id, discord_id)

    async def find(self, guild_id: int, discord_id: int) -> AccountLink | None:
        """The same; what the member has proved elsewhere is copied into this guild first.

        A proof gives way to whoever is linked to the Roblox account here.
        """
        link = await self.get(guild_id, discord_id)
        if link is not None:
            return link
        proved = await proved_link(self._database, guild_id, discord_id)
        if proved is None:
            return None
        try:
            await self.add(proved)
        except LinkTaken as taken:  # by somebody else, unless the member was linked just now
            return taken.holder if taken.holder.discord_id == discord_id else None
        return proved

    async def get_by_roblox(self, guild_id: int, roblox_id: int) -> AccountLink | None:
        """The link of a Roblox account in this guild."""
        return await self._one(guild_id, links.c.roblox_id, roblox_id)

    async def map_by_roblox(
        self, guild_id: int, roblox_ids: Iterable[int]
    ) -> dict[int, AccountLink]:
        """The links of those of these Roblox accounts that are linked in this guild."""
        wanted = sorted({roblox_id for roblox_id in roblox_ids if fits(roblox_id)})
        found: dict[int, AccountLink] = {}
        async with self._database.read() as connection:
            for start in range(0, len(wanted), _MOST_AT_ONCE):
                part = wanted[start : start + _MOST_AT_ONCE]
                rows = await connection.execute(
                    select(links).where(links.c.guild_id == guild_id, links.c.roblox_id.in_(part))
                )
                found.update((row.roblox_id, _to_link(row)) for row in rows)
        return found

    async def take_over(self, link: AccountLink, holder_id: int) -> None:
        """Store a link in place of the member's, and of the holder's (Discord id) to its account.

        Raises LinkTaken when the Roblox account is a third person's, or the holder proved it.
        """
        loses = delete(links).where(
            links.c.guild_id == link.guild_id,
            links.c.discord_id == holder_id,
            links.c.roblox_id == link.roblox_id,
        )
        if link.linked_by == link.discord_id:  # their own word; an admin's goes further
            loses = loses.where(links.c.source != LinkSource.PROOF)
        upsert = self._upsert(link)
        try:
            async with self._database.write() as connection:
                if (await connection.execute(loses)).rowcount:
                    await hold_back(self._database, connection, link.guild_id, holder_id)
                await connection.execute(upsert)
        except IntegrityError:
            holder = await self.get_by_roblox(link.guild_id, link.roblox_id)
            if holder is None or holder.discord_id == link.discord_id:
                await self.take_over(link, holder_id)
                return
            raise LinkTaken(holder) from None

    async def remove(self, guild_id: int, discord_id: int) -> AccountLink | None:
        """Forget a link; returns what was forgotten. A proof does not bring it back by itself."""
        async with self._database.write() as connection:
            await hold_back(self._database, connection, guild_id, discord_id)
            removed = await connection.execute(
                delete(links)
                .where(links.c.guild_id == guild_id, links.c.discord_id == discord_id)
                .returning(*links.c)
            )
            row = removed.one_or_none()
        return _to_link(row) if row else None

    async def remove_everywhere(self, discord_id: int) -> list[AccountLink]:
        """Forget a member's links in all guilds; returns what was forgotten."""
        removal = delete(links).where(links.c.discord_id == discord_id).returning(*links.c)
        async with self._database.write() as connection:
            return [_to_link(row) for row in await connection.execute(removal)]

    def _upsert(self, link: AccountLink) -> Executable:
        values, key = asdict(link), [links.c.guild_id, links.c.discord_id]
        insert = self._database.insert(links).values(values)
        return insert.on_conflict_do_update(index_elements=key, set_=values)

    async def _one(self, guild_id: int, column: Any, account_id: int) -> AccountLink | None:
        if not fits(account_id):
            return None
        async with self._database.read() as connection:
            found = await connection.execute(
                select(links).where(links.c.guild_id == guild_id, column == account_id)
            )
            row = found.one_or_none()
        return _to_link(row) if row else None


async def _holder(connection: AsyncConnection, link: AccountLink) -> AccountLink | None:
    """Who holds one of the two accounts; the Roblox account's holder first."""
    mine = links.c.guild_id == link.guild_id
    for taken in (links.c.roblox_id == link.roblox_id, links.c.discord_id == link.discord_id):
        row = (await connection.execute(select(links).where(mine, taken))).one_or_none()
        if row:
            return _to_link(row)
    return None


def _to_link(row: Row[Any]) -> AccountLink:
    return AccountLink(**row._mapping)
