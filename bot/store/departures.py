"""Holders who had left the guild when they were asked after."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, false, select, update
from sqlalchemy.exc import IntegrityError

from bot.models import Announcement
from bot.store.database import Database
from bot.store.live_boards import is_ours, live, page_of, to_announcements
from bot.store.privacy_tables import IS_UNDEALT, departure_checks, departures
from bot.store.tables import announcements

_c, _k = departures.c, departure_checks.c


@dataclass(frozen=True, slots=True)
class Departure:
    """This member held a role of this announcement, and had left."""

    announcement_id: int
    discord_id: int
    noticed_at: datetime


class DepartureStore:
    """Rows of `departures` and `departure_checks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_unchecked(
        self, now: datetime, until: datetime, after: int
    ) -> list[Announcement]:
        """Live boards of ours that start by then and whose holders were not asked after.

        A page of those whose ids come `after`.
        """
        a = announcements.c
        same = (_k.announcement_id == a.announcement_id, _k.starts_at == a.starts_at)
        coming = (a.starts_at > now, a.starts_at <= until, ~exists().where(*same))
        query = live().where(is_ours(self._database), *coming)
        async with self._database.read() as connection:
            return to_announcements(await connection.execute(page_of(query, after)))

    async def is_checked(self, announcement_id: int, starts_at: datetime) -> bool:
        """Whether the holders of a session that starts then were asked after."""
        query = select(_k.starts_at).where(
            _k.announcement_id == announcement_id, _k.starts_at == starts_at
        )
        async with self._database.read() as connection:
            return (await connection.scalar(query)) is not None

    async def note(
        self,
        announcement_id: int,
        starts_at: datetime,
        *,
        gone: Collection[int],
        here: Collection[int],
        now: datetime,
    ) -> None:
        """The holders were asked after: who had left, and who is (again) a member."""
        insert = self._database.insert(departures).on_conflict_do_nothing()
        check = self._database.insert(departure_checks).on_conflict_do_nothing()
        rows = [
            {"announcement_id": announcement_id, "discord_id": discord_id, "noticed_at": now,
             "dealt_with": False}
            for discord_id in sorted(gone)
        ]  # fmt: skip
        back = (_c.announcement_id == announcement_id) & _c.discord_id.in_(sorted(here))
        try:
            async with self._database.write() as connection:
                await connection.execute(
                    check.values(announcement_id=announcement_id, starts_at=starts_at)
                )
                await connection.execute(delete(departures).where(back))
                if rows:
                    await connection.execute(insert, rows)
        except IntegrityError:  # the workspace was removed meanwhile, with its announcements
            return

    async def list_undealt(self, limit: int) -> list[Departure]:
        """Whose departure from a guild of ours was not dealt with yet, the oldest first."""
        query = (
            select(_c.announcement_id, _c.discord_id, _c.noticed_at)
            .join(announcements, announcements.c.announcement_id == _c.announcement_id)
            .where(IS_UNDEALT, self._database.ours(announcements.c.guild_id))
            .order_by(_c.noticed_at)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [Departure(**row._mapping) for row in await connection.execute(query)]

    async def mark_dealt(self, departure: Departure) -> bool:
        """What the settings say was done; whether telling the hosts is now the caller's."""
        which = (_c.announcement_id == departure.announcement_id) & (
            _c.discord_id == departure.discord_id
        )
        change = update(departures).where(which, _c.dealt_with == false())
        async with self._database.write() as connection:
            return bool((await connection.execute(change.values(dealt_with=True))).rowcount)

    async def list_gone(self, announcement_id: int) -> frozenset[int]:
        """Discord ids of holders who had left when they were asked after."""
        query = select(_c.discord_id).where(_c.announcement_id == announcement_id)
        async with self._database.read() as connection:
            return frozenset(await connection.scalars(query))
