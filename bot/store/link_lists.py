"""Many links at once: pages of a guild's, those of a file's members, and names that have aged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, select, update

from bot.models import AccountLink, RobloxUser
from bot.store.columns import fits
from bot.store.database import Database
from bot.store.tables import links

_AT_ONCE = 500  # parameters in one lookup, well below both databases' limits
_CHUNK = 5000  # rows of an export held at once


class LinkLists:
    """Rows of `links`, many at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, guild_id: int) -> int:
        """How many members are linked in the guild."""
        query = select(func.count()).select_from(links).where(links.c.guild_id == guild_id)
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def page(self, guild_id: int, start: int, size: int) -> list[AccountLink]:
        """`size` of the guild's links from the `start`th on, by Discord id: by age of account."""
        query = (
            select(links).where(links.c.guild_id == guild_id).order_by(links.c.discord_id)
        ).offset(start).limit(size)  # fmt: skip
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return [AccountLink(**row._mapping) for row in rows]

    async def walk(self, guild_id: int) -> AsyncIterator[list[AccountLink]]:
        """All links of the guild, some thousand at a time."""
        after = 0
        while True:
            query = (
                select(links)
                .where(links.c.guild_id == guild_id, links.c.discord_id > after)
                .order_by(links.c.discord_id)
                .limit(_CHUNK)
            )
            async with self._database.read() as connection:
                rows = await connection.execute(query)
                found = [AccountLink(**row._mapping) for row in rows]
            if not found:
                return
            yield found
            after = found[-1].discord_id

    async def map_by_discord(
        self, guild_id: int, discord_ids: Iterable[int]
    ) -> dict[int, AccountLink]:
        """The links of those of these Discord accounts that are linked in this guild."""
        wanted = sorted({discord_id for discord_id in discord_ids if fits(discord_id)})
        found: dict[int, AccountLink] = {}
        async with self._database.read() as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                part = wanted[start : start + _AT_ONCE]
                rows = await connection.execute(
                    select(links).where(links.c.guild_id == guild_id, links.c.discord_id.in_(part))
                )
                found.update((row.discord_id, AccountLink(**row._mapping)) for row in rows)
        return found

    async def list_aged(self, before: datetime, most: int) -> list[AccountLink]:
        """Links of our guilds whose name was read before this time, the oldest first."""
        age = (links.c.username_at, links.c.guild_id, links.c.discord_id)
        ours = self._database.ours(links.c.guild_id)
        query = select(links).where(links.c.username_at < before, ours).order_by(*age).limit(most)
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return [AccountLink(**row._mapping) for row in rows]

    async def rename(
        self, aged: Sequence[AccountLink], users: Mapping[int, RobloxUser], now: datetime
    ) -> None:
        """Note the names as read now, where the account is still the same.

        Of an account that is not among the `users` the name is dropped.
        """
        rows = [
            {
                "in_guild": link.guild_id,
                "of_member": link.discord_id,
                "of_account": link.roblox_id,
                "new_name": _name(link.roblox_id, users),
                "read_at": now,
            }
            for link in sorted(aged, key=lambda one: (one.guild_id, one.discord_id))
        ]
        if not rows:
            return
        change = (
            update(links)
            .where(
                links.c.guild_id == bindparam("in_guild"),
                links.c.discord_id == bindparam("of_member"),
                links.c.roblox_id == bindparam("of_account"),
            )
            .values(username=bindparam("new_name"), username_at=bindparam("read_at"))
        )
        async with self._database.write() as connection:
            await connection.execute(change, rows)


def _name(roblox_id: int, users: Mapping[int, RobloxUser]) -> str:
    user = users.get(roblox_id)
    return user.username if user is not None else f"Roblox user {roblox_id}"
