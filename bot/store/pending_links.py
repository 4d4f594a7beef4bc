"""Open questions about members' links."""

from __future__ import annotations

from dataclasses import asdict, replace

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models import AccountLink, PendingLink, Question
from bot.store.columns import fits
from bot.store.database import Database
from bot.store.guild_turns import take_turn
from bot.store.linking_tables import pending_links
from bot.store.links import are_still, put_in_place

_c = pending_links.c


class PendingLinkStore:
    """Rows of `pending_links`: of each kind at most one for each member of a guild."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, question: PendingLink) -> PendingLink:
        """Store a question, whose id is chosen here, in place of an earlier one of its kind."""
        values = asdict(question)
        del values["question_id"]
        insert = self._database.insert(pending_links).values(values)
        upsert = insert.on_conflict_do_nothing().returning(_c.question_id)
        earlier = delete(pending_links).where(
            _c.discord_id == question.discord_id,
            _c.guild_id == question.guild_id,
            _c.kind == question.kind,
        )
        while True:
            async with self._database.write() as connection:
                await connection.execute(earlier)
                question_id = await connection.scalar(upsert)
            if question_id is not None:  # else another of theirs was between the two
                return replace(question, question_id=question_id)

    async def get(self, guild_id: int, question_id: int) -> PendingLink | None:
        """An open question of this guild."""
        if not fits(question_id):
            return None
        return await self._one((_c.question_id == question_id) & (_c.guild_id == guild_id))

    async def get_for(self, guild_id: int, discord_id: int, kind: Question) -> PendingLink | None:
        """The open question of this kind about a member of this guild."""
        return await self._one(
            (_c.discord_id == discord_id) & (_c.guild_id == guild_id) & (_c.kind == kind)
        )

    async def list_kind(self, guild_id: int, kind: Question, limit: int) -> list[PendingLink]:
        """The open questions of this kind in a guild, oldest first."""
        query = (
            select(pending_links)
            .where(_c.guild_id == guild_id, _c.kind == kind)
            .order_by(_c.asked_at)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [PendingLink(**row._mapping) for row in await connection.execute(query)]

    async def close(self, question: PendingLink) -> bool:
        """Take a question, and unread word of it; False when it was answered or replaced before."""
        async with self._database.write() as connection:
            return await _close(connection, question)

    async def grant(
        self,
        question: PendingLink,
        link: AccountLink,
        before: AccountLink | None,
        holder: AccountLink | None,
    ) -> bool:
        """Close a question as `close` does, and store the link that was asked for.

        It comes in place of the member's, and of another holder's to its account. False, and
        nothing is changed, when either account is linked otherwise, or the question was closed.
        """
        try:
            async with self._database.write() as connection:
                await take_turn(connection, link.guild_id)
                if not await are_still(connection, link, before, holder):
                    return False
                if not await _close(connection, question):
                    return False
                await put_in_place(self._database, connection, link, before, holder)
        except IntegrityError:  # one of the two was not linked, and was in this moment
            return False
        return True

    async def forget(self, discord_id: int, guild_id: int | None = None) -> None:
        """Erase every question that names this member, in one guild or in all."""
        async with self._database.write() as connection:
            for named in (_c.discord_id == discord_id, _c.other_id == discord_id):
                here = named if guild_id is None else named & (_c.guild_id == guild_id)
                await connection.execute(delete(pending_links).where(here))

    async def _one(self, which: ColumnElement[bool]) -> PendingLink | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(pending_links).where(which))).one_or_none()
        return PendingLink(**row._mapping) if row else None


async def _close(connection: AsyncConnection, question: PendingLink) -> bool:
    own = delete(pending_links).where(_c.question_id == question.question_id)
    if not (await connection.execute(own)).rowcount:
        return False
    if question.kind is Question.DECIDE and question.other_id is not None:
        unread = delete(pending_links).where(
            _c.discord_id == question.other_id,
            _c.guild_id == question.guild_id,
            _c.kind == Question.CONTESTED,
        )
        await connection.execute(unread)
    return True


async def close_questions(
    connection: AsyncConnection, guild_id: int, *discord_ids: int | None
) -> None:
    """Inside of a transaction: nothing is open about these members' links; news stays."""
    named = [number for number in discord_ids if number is not None]
    answered = delete(pending_links).where(
        _c.guild_id == guild_id, _c.discord_id.in_(named), _c.kind != Question.LOST
    )
    await connection.execute(answered)
