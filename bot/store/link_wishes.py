"""Links that an admin was asked to confirm, and the change that the confirmation makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models import AccountLink, LinkNotice, LinkWish
from bot.store.database import Database
from bot.store.guild_turns import take_turn
from bot.store.link_notices import put_notices
from bot.store.link_tables import link_wishes
from bot.store.pending_links import close_questions
from bot.store.proofs import hold_back
from bot.store.tables import links


class LinkWishStore:
    """Rows of `link_wishes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, wish: LinkWish) -> int:
        """Keep a question; its id. The wish's own id is not looked at."""
        values = asdict(wish)
        del values["wish_id"]
        query = insert(link_wishes).values(values).returning(link_wishes.c.wish_id)
        async with self._database.write() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def get(self, guild_id: int, wish_id: int) -> LinkWish | None:
        """One open question of this guild."""
        query = select(link_wishes).where(
            link_wishes.c.wish_id == wish_id, link_wishes.c.guild_id == guild_id
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return LinkWish(**row._mapping) if row else None

    async def remove(self, wish_id: int) -> None:
        """The question is answered."""
        async with self._database.write() as connection:
            await connection.execute(delete(link_wishes).where(link_wishes.c.wish_id == wish_id))

    async def remove_before(self, then: datetime) -> None:
        """Forget questions that nobody answered."""
        async with self._database.write() as connection:
            await connection.execute(delete(link_wishes).where(link_wishes.c.created_at < then))

    async def grant(self, wish: LinkWish, link: AccountLink, notices: Sequence[LinkNotice]) -> bool:
        """Store the link in place of what the admin was shown, and answer the question.

        What else was open about the two members' links is answered by it, too.

        False, and no link is changed, when either account is linked otherwise than was shown, or
        the question was answered already.
        """
        try:
            async with self._database.write() as connection:
                await take_turn(connection, wish.guild_id)
                if not await _is_as_shown(connection, wish):
                    return False
                for pair in _shown(wish):  # nothing else: it may have been linked since we looked
                    await connection.execute(delete(links).where(_is(wish.guild_id, *pair)))
                if wish.holder_id is not None:  # what they proved does not bring them back
                    await hold_back(self._database, connection, wish.guild_id, wish.holder_id)
                await connection.execute(insert(links).values(asdict(link)))
                await close_questions(connection, wish.guild_id, wish.discord_id, wish.holder_id)
                await put_notices(connection, notices)
        except IntegrityError:  # another process linked one of the two in this moment
            return False
        return True


async def _is_as_shown(connection: AsyncConnection, wish: LinkWish) -> bool:
    """Closes the question, and locks what it is about."""
    answered = await connection.execute(
        delete(link_wishes).where(link_wishes.c.wish_id == wish.wish_id)
    )
    found = set()
    for either in _accounts(wish):
        rows = await connection.execute(select(links).where(either).with_for_update())
        found |= {(row.discord_id, row.roblox_id) for row in rows}
    return bool(answered.rowcount) and found == _shown(wish)


def _shown(wish: LinkWish) -> set[tuple[int, int]]:
    """(Discord id, Roblox id) of the links that the card spoke of."""
    shown = set()
    if wish.had_roblox_id is not None:
        shown.add((wish.discord_id, wish.had_roblox_id))
    if wish.holder_id is not None:
        shown.add((wish.holder_id, wish.roblox_id))
    return shown


def _is(guild_id: int, discord_id: int, roblox_id: int) -> ColumnElement[bool]:
    return (
        (links.c.guild_id == guild_id)
        & (links.c.discord_id == discord_id)
        & (links.c.roblox_id == roblox_id)
    )


def _accounts(wish: LinkWish) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The links of the two accounts, each by its own index."""
    here = links.c.guild_id == wish.guild_id
    return here & (links.c.discord_id == wish.discord_id), here & (
        links.c.roblox_id == wish.roblox_id
    )
