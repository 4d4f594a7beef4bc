"""Which Discord account is which Roblox account, in each guild on its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import LinkTaken
from bot.models import AccountLink
from bot.store.columns import fits
from bot.store.database import Database
from bot.store.guild_turns import take_turn
from bot.store.keyed import Keyed
from bot.store.proofs import hold_back, proved_link
from bot.store.reads import Reads
from bot.store.tables import links

_OF_MEMBERS = Keyed(select(links), links.c.guild_id, links.c.discord_id)
_OF_ACCOUNTS = select(links).where(
    links.c.guild_id == bindparam("guild_id"),
    links.c.roblox_id.in_(bindparam("accounts", expanding=True)),
)
_Accounts = tuple[int, frozenset[int]]  # a guild, and Roblox ids
_Links = dict[int, AccountLink]  # by Roblox id
_MOST_AT_ONCE = 500  # parameters in one lookup, well below both databases' limits


class LinkStore:
    """Rows of `links`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._gets = Reads(database, self._get_all)
        self._maps = Reads(database, self._map_all)

    async def add(self, link: AccountLink) -> None:
        """Store a new link; the same two accounts again are fine and change nothing.

        Raises LinkTaken when either account is linked to another in the guild.
        """
        addition = self._database.insert(links).values(asdict(link)).on_conflict_do_nothing()
        while True:
            async with self._database.write() as connection:
                result = await connection.execute(addition)
                holder = None if result.rowcount else await _holder(connection, link)
            if result.rowcount:
                return
            if holder:
                if (holder.discord_id, holder.roblox_id) == (link.discord_id, link.roblox_id):
                    return
                raise LinkTaken(holder)
            # The holder's link was removed between our insert and our look: there is room now.

    async def replace(
        self, link: AccountLink, before: AccountLink | None, holder: AccountLink | None = None
    ) -> bool:
        """Store a link in place of the member's, and of another holder's to its account.

        False, and nothing is changed, when either account is linked otherwise than given here.
        """
        try:
            async with self._database.write() as connection:
                await take_turn(connection, link.guild_id)
                if not await are_still(connection, link, before, holder):
                    return False
                await put_in_place(self._database, connection, link, before, holder)
        except IntegrityError:  # one of the two was not linked, and was in this moment
            return False
        return True

    async def get(self, guild_id: int, discord_id: int) -> AccountLink | None:
        """The link of a Discord account in this guild."""
        return await self._gets.get((guild_id, discord_id)) if fits(discord_id) else None

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
        wanted = frozenset(roblox_id for roblox_id in roblox_ids if fits(roblox_id))
        return dict(await self._maps.get((guild_id, wanted)) or {})

    async def remove(self, guild_id: int, discord_id: int) -> AccountLink | None:
        """Forget a link; returns what was forgotten. A proof does not bring it back by itself."""
        async with self._database.write() as connection:
            await take_turn(connection, guild_id)
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

    async def _get_all(
        self, members: Collection[tuple[int, int]]
    ) -> dict[tuple[int, int], AccountLink]:
        rows = await self._database.find(_OF_MEMBERS, members)
        return {(row.guild_id, row.discord_id): _to_link(row) for row in rows}

    async def _map_all(self, asked: Collection[_Accounts]) -> dict[_Accounts, _Links]:
        return {one: await self._map(*one) for one in asked}

    async def _map(self, guild_id: int, roblox_ids: frozenset[int]) -> _Links:
        wanted, found = sorted(roblox_ids), dict[int, AccountLink]()
        for start in range(0, len(wanted), _MOST_AT_ONCE):
            part = wanted[start : start + _MOST_AT_ONCE]
            rows = await self._database.look_up(_OF_ACCOUNTS, guild_id=guild_id, accounts=part)
            found.update((row.roblox_id, _to_link(row)) for row in rows)
        return found

    async def _one(self, guild_id: int, column: Any, account_id: int) -> AccountLink | None:
        if not fits(account_id):
            return None
        async with self._database.read() as connection:
            found = await connection.execute(
                select(links).where(links.c.guild_id == guild_id, column == account_id)
            )
            row = found.one_or_none()
        return _to_link(row) if row else None


async def are_still(
    connection: AsyncConnection,
    link: AccountLink,
    before: AccountLink | None,
    holder: AccountLink | None,
) -> bool:
    """Inside of a transaction: whether these are the links in the way of a link; locks them.

    `before` is its member's, `holder` another member's to its account. That nobody else came to
    hold the account is for `put_in_place` to see.
    """
    known = [one for one in (before, holder) if one is not None]
    members = {link.discord_id, *(one.discord_id for one in known)}
    # In one order for all: two who want each other's account do not lock each other out.
    rows = await connection.execute(
        select(links)
        .where(links.c.guild_id == link.guild_id, links.c.discord_id.in_(members))
        .order_by(links.c.discord_id)
        .with_for_update()
    )
    return {_to_link(row) for row in rows} == set(known)


async def put_in_place(
    database: Database,
    connection: AsyncConnection,
    link: AccountLink,
    before: AccountLink | None,
    holder: AccountLink | None,
) -> None:
    """Inside of a transaction, after `are_still`: the link instead of these two.

    What the holder proved does not bring them back. Raises IntegrityError when either account was
    linked since; then the transaction has to be rolled back.
    """
    for one in (before, holder):
        if one is not None:
            await connection.execute(
                delete(links).where(
                    links.c.guild_id == one.guild_id, links.c.discord_id == one.discord_id
                )
            )
    if holder is not None:
        await hold_back(database, connection, holder.guild_id, holder.discord_id)
    await connection.execute(insert(links).values(asdict(link)))


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
