"""Which reminders have gone out: each once, whatever happens to the process."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text, select, type_coerce

from bot.models.announcements import NOBODY, Announcement
from bot.store.database import Database
from bot.store.hosting_tables import sent_reminders
from bot.store.live_boards import is_ours, page_of
from bot.store.tables import announcements, links, workspaces

_c = sent_reminders.c


@dataclass(frozen=True, slots=True)
class Coming:
    """A session whose holders may have to be reminded."""

    announcement_id: int
    workspace_id: int
    starts_at: datetime
    reminder_minutes: frozenset[int]  # before the start


class ReminderStore:
    """Rows of `sent_reminders`. A row of NOBODY says that this lead time's turn has come."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_coming(self, now: datetime, until: datetime, after: int) -> list[Coming]:
        """Live boards of ours that start by then, of workspaces that remind anybody.

        A page of those whose ids come `after`.
        """
        a, w = announcements.c, workspaces.c
        query = (
            select(a.announcement_id, a.workspace_id, a.starts_at, w.reminder_minutes)
            .join(workspaces, w.workspace_id == a.workspace_id)
            .where(is_ours(self._database), a.starts_at > now, a.starts_at <= until)
            .where(type_coerce(w.reminder_minutes, Text) != "")
        )
        async with self._database.read() as connection:
            rows = await connection.execute(page_of(query, after))
            return [Coming(**row._mapping) for row in rows]

    async def is_taken(self, announcement_id: int, minutes: int, starts_at: datetime) -> bool:
        """Whether this lead time of a session that starts then had its turn."""
        query = select(_c.minutes).where(
            _c.announcement_id == announcement_id,
            _c.discord_id == NOBODY,
            _c.minutes == minutes,
            _c.starts_at == starts_at,
        )
        async with self._database.read() as connection:
            return (await connection.scalar(query)) is not None

    async def take(
        self, announcement: Announcement, minutes: int, starts_at: datetime,
        discord_ids: Collection[int],
    ) -> Collection[int] | None:  # fmt: skip
        """Take the turn; None when somebody has taken it.

        Notes, and returns, who is about to be reminded: those of these members who are still
        linked. With PostgreSQL an erasure waits until that is done, and then finds it.
        """
        common = {
            "announcement_id": announcement.announcement_id, "minutes": minutes,
            "starts_at": starts_at,
        }  # fmt: skip
        insert = self._database.insert(sent_reminders).on_conflict_do_nothing()
        linked = select(links.c.discord_id).where(
            links.c.guild_id == announcement.guild_id, links.c.discord_id.in_(sorted(discord_ids))
        )
        async with self._database.write() as connection:
            turn = insert.values(discord_id=NOBODY, **common).returning(_c.minutes)
            if (await connection.execute(turn)).one_or_none() is None:
                return None
            locked = linked.order_by(links.c.discord_id).with_for_update(read=True)
            found = set(await connection.scalars(locked))
            rows = [{"discord_id": one, **common} for one in sorted(found)]
            if rows:
                await connection.execute(insert, rows)
        return found
