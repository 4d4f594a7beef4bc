"""Open questions about members' links."""

from __future__ import annotations

from dataclasses import asdict, replace

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models import PendingLink, Question
from bot.store.columns import fits
from bot.store.database import Database
from bot.store.linking_tables import pending_links

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
        """Take a question; False when it was answered or replaced before."""
        own = _c.question_id == question.question_id
        async with self._database.write() as connection:
            result = await connection.execute(delete(pending_links).where(own))
            return bool(result.rowcount)

    async def forget(self, discord_id: int, guild_id: int | None = None) -> None:
        """Erase every question that names this member, in one guild or in all."""
        async with self._database.write() as connection:
            for named in (_c.discord_id == discord_id, _c.other_id == discord_id):
                here = named if guild_id is None else named & (_c.guild_id == guild_id)
                await connection.execute(delete(pending_links).where(here))

    async def drop(self, guild_id: int, discord_id: int, kind: Question) -> None:
        """Close the question of this kind about a member of this guild, if there is one."""
        which = (_c.discord_id == discord_id) & (_c.guild_id == guild_id) & (_c.kind == kind)
        async with self._database.write() as connection:
            await connection.execute(delete(pending_links).where(which))

    async def _one(self, which: ColumnElement[bool]) -> PendingLink | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(pending_links).where(which))).one_or_none()
        return PendingLink(**row._mapping) if row else None


async def close_questions(
    connection: AsyncConnection, guild_id: int, *discord_ids: int | None
) -> None:
    """Inside of a transaction: nothing is open about these members' links; news stays."""
    named = [number for number in discord_ids if number is not None]
    answered = delete(pending_links).where(
        _c.guild_id == guild_id, _c.discord_id.in_(named), _c.kind != Question.LOST
    )
    await connection.execute(answered)
