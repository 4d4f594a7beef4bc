"""Presses that wait until their member is linked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from bot.store.batching import Batch
from bot.store.database import Database
from bot.store.linking_tables import resumes

KEPT = timedelta(days=1)  # admins are asked to link somebody once in this time

_c = resumes.c


@dataclass(frozen=True, slots=True)
class Resume:
    """A member of a guild pressed for an opening, and was not linked. The time is UTC."""

    guild_id: int
    discord_id: int
    opening_id: int
    asked_at: datetime


class ResumeStore:
    """Rows of `resumes`: each member's latest press in a guild."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._puts = Batch(self._put_all)

    async def put(self, resume: Resume) -> None:
        """Remember a press in place of the member's earlier one."""
        await self._puts.submit(resume)

    async def get(self, guild_id: int, discord_id: int, since: datetime) -> Resume | None:
        """What the member pressed last in this guild, if that was not before `since`."""
        query = select(_c.guild_id, _c.discord_id, _c.opening_id, _c.asked_at).where(
            _c.discord_id == discord_id, _c.guild_id == guild_id, _c.asked_at >= since
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return Resume(**row._mapping) if row else None

    async def mark_admins_told(self, guild_id: int, discord_id: int) -> bool:
        """Whether the admins are still to be told of this press: only once."""
        change = update(resumes).where(
            _c.discord_id == discord_id, _c.guild_id == guild_id, _c.admins_told.is_(False)
        )
        async with self._database.write() as connection:
            result = await connection.execute(change.values(admins_told=True))
            return bool(result.rowcount)

    async def forget(self, discord_id: int, guild_id: int | None = None) -> None:
        """Erase what a member pressed, in one guild or in all."""
        theirs = _c.discord_id == discord_id
        if guild_id is not None:
            theirs &= _c.guild_id == guild_id
        async with self._database.write() as connection:
            await connection.execute(delete(resumes).where(theirs))

    async def _put_all(self, pressed: Sequence[Resume]) -> list[None]:
        latest = {(one.discord_id, one.guild_id): one for one in pressed}  # one row, one change
        insert = self._database.insert(resumes)
        upsert = insert.on_conflict_do_update(
            index_elements=[_c.discord_id, _c.guild_id],
            set_={
                "opening_id": insert.excluded.opening_id,
                "asked_at": insert.excluded.asked_at,
            },
        )
        rows = [
            {
                "guild_id": one.guild_id, "discord_id": one.discord_id,
                "opening_id": one.opening_id, "asked_at": one.asked_at,
            }
            for _, one in sorted(latest.items())
        ]  # fmt: skip
        old = min(one.asked_at for one in pressed) - KEPT
        async with self._database.write() as connection:
            await connection.execute(delete(resumes).where(_c.asked_at < old))
        async with self._database.write() as connection:
            await connection.execute(upsert, rows)
        return [None] * len(pressed)
