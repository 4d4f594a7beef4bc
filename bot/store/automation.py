"""What Muster does by itself with announcements: which it made, and which thread belongs to one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, true, update

from bot.models import Announcement, AnnouncementState
from bot.store.database import Database
from bot.store.live_boards import is_ours, live, page_of, to_announcements
from bot.store.tables import IS_DRAFT, announcements, workspaces

_c = announcements.c


class AutomationStore:
    """Rows of `announcements`, as far as no member is behind a change."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_threadless(self, after: int) -> list[Announcement]:
        """Live boards of ours that lack the thread their workspace wants: a page after this id."""
        query = live().join(workspaces, workspaces.c.workspace_id == _c.workspace_id)
        lacking = (_c.thread_id.is_(None), _c.message_id.is_not(None))
        query = query.where(is_ours(self._database), workspaces.c.threads == true(), *lacking)
        async with self._database.read() as connection:
            return to_announcements(await connection.execute(page_of(query, after)))

    async def list_posted(
        self, guild_id: int, workspace_id: int, session_ids: Collection[str]
    ) -> frozenset[str]:
        """Those of these sessions that were ever posted in the guild, whatever became of it."""
        query = select(_c.session_id).where(
            _c.workspace_id == workspace_id,
            _c.guild_id == guild_id,
            _c.session_id.in_(session_ids),
            _c.state != AnnouncementState.DRAFT,
        )
        async with self._database.read() as connection:
            return frozenset(await connection.scalars(query))

    async def renew_draft(
        self,
        workspace_id: int,
        session_id: str,
        channel_id: int,
        *,
        host_id: int,
        ping: bool,
        cutoff_minutes: int | None,
        now: datetime,
    ) -> int | None:
        """The automatic draft that an earlier try left, brought up to date; None without one.

        The same row again lets Discord notice that a message is the same one again.
        """
        which = (_c.workspace_id == workspace_id) & (_c.session_id == session_id)
        which &= IS_DRAFT & _c.automatic & (_c.channel_id == channel_id)
        change = update(announcements).where(which).returning(_c.announcement_id)
        values = change.values(
            host_id=host_id, ping=ping, cutoff_minutes=cutoff_minutes, touched_at=now
        )
        async with self._database.write() as connection:
            found = list(await connection.scalars(values))
        return min(found, default=None)

    async def mark_automatic(self, announcement_id: int) -> None:
        """This draft was made by lead time."""
        await self._set(announcement_id, automatic=True)

    async def set_thread(self, announcement_id: int, thread_id: int | None) -> None:
        """Remember the announcement's thread; None: it has none any more."""
        await self._set(announcement_id, thread_id=thread_id)

    async def _set(self, announcement_id: int, **values: int | bool | None) -> None:
        which = _c.announcement_id == announcement_id
        async with self._database.write() as connection:
            await connection.execute(update(announcements).where(which).values(values))
