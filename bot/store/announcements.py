"""The sessions that guilds have posted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, delete, select, update
from sqlalchemy.exc import IntegrityError

from bot.errors import Refusal
from bot.models import Announcement, AnnouncementState, Opening, Place
from bot.store import openings
from bot.store.columns import fits
from bot.store.database import Database
from bot.store.keyed import Keyed
from bot.store.reads import Reads
from bot.store.tables import IS_DRAFT, IS_LIVE, announcements, workspaces

_c = announcements.c
_SHOWN = [_c[name] for name in Announcement.__dataclass_fields__]
_BY_ID = Keyed(select(*_SHOWN), _c.announcement_id)
_OPENINGS = Keyed(openings.joined(*_SHOWN), openings.OPENING_ID)
_TWICE = "This session already has an announcement here."


class AnnouncementStore:
    """Rows of `announcements` and `openings`. Live means open or closed: on the board."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._gets = Reads(database, self._get_all)
        self._openings = Reads(database, self._get_openings)
        self._of_sessions = Reads(database, self._list_live_of)
        theirs = workspaces.c.workspace_id == _c.workspace_id
        live = _live().add_columns(workspaces.c.base_url).join(workspaces, theirs)
        self._live_of = Keyed(
            live.where(database.ours(_c.guild_id)), workspaces.c.base_url, _c.session_id
        )

    async def add_draft(
        self,
        *,
        guild_id: int,
        workspace_id: int,
        session_id: str,
        channel_id: int,
        host_id: int,
        title: str,
        starts_at: datetime,
        ends_at: datetime,
        now: datetime,
        note: str = "",
        ping: bool = False,
        cutoff_minutes: int | None = None,
    ) -> Announcement:
        """Store what a host is looking at. Raises Refusal when the guild lost the workspace."""
        insert = announcements.insert().values(
            guild_id=guild_id,
            workspace_id=workspace_id,
            session_id=session_id,
            channel_id=channel_id,
            state=AnnouncementState.DRAFT,
            host_id=host_id,
            title=title,
            starts_at=starts_at,
            ends_at=ends_at,
            note=note,
            ping=ping,
            cutoff_minutes=cutoff_minutes,
            rendered_hash="",
            touched_at=now,
        )
        try:
            async with self._database.write() as connection:
                added = await connection.execute(insert.returning(*_SHOWN))
                return _to_announcement(added.one())
        except IntegrityError:  # the workspace it points at
            raise Refusal("That workspace is not connected here any more.") from None

    async def get(self, guild_id: int, announcement_id: int) -> Announcement | None:
        """One announcement of this guild, in any state."""
        found = await self.get_anywhere(announcement_id)
        return found if found is not None and found.guild_id == guild_id else None

    async def get_anywhere(self, announcement_id: int) -> Announcement | None:
        """One announcement of any guild, for the process's own workers."""
        return await self._gets.get(announcement_id) if fits(announcement_id) else None

    async def list_live(self, guild_id: int) -> list[Announcement]:
        """The live announcements of this guild, by start time."""
        return await self._list(_live().where(_c.guild_id == guild_id))

    async def list_live_for_session(self, upstream: str, session_id: str) -> list[Announcement]:
        """The live announcements of one upstream session in every guild of ours, by start time."""
        return list(await self._of_sessions.get((upstream, session_id)) or ())

    async def mark_open(self, announcement_id: int, *, now: datetime) -> None:
        """A draft is about to be posted. Decided here, before anybody is pinged.

        Raises Refusal when its session has a live announcement in the guild, or the draft is gone.
        """
        draft = (_c.announcement_id == announcement_id) & IS_DRAFT
        if await self._update(draft, state=AnnouncementState.OPEN, touched_at=now) is None:
            raise Refusal("This preview is posted already or out of date.")

    async def mark_draft(self, announcement_id: int) -> None:
        """Posting failed: back to a draft. Does nothing once there is a message."""
        await self._unpost(_c.announcement_id == announcement_id)

    async def reset_unposted(self) -> int:
        """At start: what a crash kept from being posted becomes a draft again; returns how many.

        Another process may be posting in its own guilds at this moment.
        """
        return await self._unpost(self._database.ours(_c.guild_id))

    async def set_message(self, announcement_id: int, message_id: int, rendered_hash: str) -> None:
        """Posting worked: remember the message, what it shows, and what the session was called.

        Open again if another process, which started meanwhile, took the post for one that a crash
        had cut short.
        """
        which = _c.announcement_id == announcement_id
        posted = {
            "posted_title": _c.title, "posted_starts_at": _c.starts_at,
            "state": case((IS_DRAFT, AnnouncementState.OPEN.value), else_=_c.state),
        }  # fmt: skip
        await self._update(which, message_id=message_id, rendered_hash=rendered_hash, **posted)

    async def set_state(
        self,
        announcement_id: int,
        state: AnnouncementState,
        *,
        now: datetime,
        by: int | None = None,
    ) -> None:
        """Move to another state. `by` (a Discord id) and `now` stay while closed or cancelled.

        Raises Refusal when it would become the second live announcement of its session.
        """
        changes: dict[str, Any] = {"state": state}
        if state in (AnnouncementState.CLOSED, AnnouncementState.CANCELLED):
            changes |= {"closed_by": by, "closed_at": now}
        elif state is AnnouncementState.OPEN:
            changes |= {"closed_by": None, "closed_at": None}
        await self._update(_c.announcement_id == announcement_id, **changes)

    async def refresh_facts(
        self, announcement_id: int, title: str, starts_at: datetime, ends_at: datetime
    ) -> None:
        """Take over what the platform says about the session now."""
        which = _c.announcement_id == announcement_id
        await self._update(which, title=title, starts_at=starts_at, ends_at=ends_at)

    async def set_rendered(self, announcement_id: int, rendered_hash: str) -> None:
        """Remember what the board shows."""
        await self._update(_c.announcement_id == announcement_id, rendered_hash=rendered_hash)

    async def remove_draft(self, announcement_id: int) -> None:
        """Forget a draft; does nothing to what is posted."""
        draft = delete(announcements).where(IS_DRAFT, _c.announcement_id == announcement_id)
        async with self._database.write() as connection:
            await connection.execute(draft)

    async def remove_drafts_before(self, time: datetime) -> int:
        """Forget drafts that nobody touched since `time`; returns how many."""
        old = delete(announcements).where(IS_DRAFT, _c.touched_at < time)
        async with self._database.write() as connection:
            return (await connection.execute(old)).rowcount

    async def sync_openings(
        self, announcement_id: int, offered: Sequence[tuple[Place, str, str]]
    ) -> list[Opening]:
        """Make the openings be these (place, role name, server name), in this order.

        An opening that was there keeps its id, also when it comes back after a while.
        """
        current = await self.list_openings(announcement_id)
        if [(o.place, o.role_name, o.server_name) for o in current] == list(offered):
            return current
        async with self._database.write() as connection:
            await openings.store(connection, self._database, announcement_id, offered)
        return await self.list_openings(announcement_id)

    async def list_openings(self, announcement_id: int) -> list[Opening]:
        """The openings on offer, in display order."""
        rows = await self._database.find(openings.OFFERED, [announcement_id])
        return [openings.to_opening(row) for row in rows]

    async def get_opening(
        self, guild_id: int, opening_id: int
    ) -> tuple[Opening, Announcement] | None:
        """An opening of this guild with its announcement, also when it is not offered any more."""
        found = await self.get_opening_anywhere(opening_id)
        return found if found is not None and found[1].guild_id == guild_id else None

    async def get_opening_anywhere(self, opening_id: int) -> tuple[Opening, Announcement] | None:
        """An opening of any guild with its announcement, for the process's own workers."""
        return await self._openings.get(opening_id) if fits(opening_id) else None

    async def _get_all(self, announcement_ids: Collection[int]) -> dict[int, Announcement]:
        found = [
            _to_announcement(row) for row in await self._database.find(_BY_ID, announcement_ids)
        ]
        return {one.announcement_id: one for one in found}

    async def _get_openings(
        self, opening_ids: Collection[int]
    ) -> dict[int, tuple[Opening, Announcement]]:
        rows = await self._database.find(_OPENINGS, opening_ids)
        found = ((openings.to_opening(row), _to_announcement(row)) for row in rows)
        return {opening.opening_id: (opening, posted) for opening, posted in found}

    async def _list_live_of(
        self, sessions: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], list[Announcement]]:
        found: dict[tuple[str, str], list[Announcement]] = defaultdict(list)
        for row in await self._database.find(self._live_of, sessions):
            found[row.base_url, row.session_id].append(_to_announcement(row))
        return found

    async def _list(self, query: Select[Any]) -> list[Announcement]:
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return [_to_announcement(row) for row in rows]

    async def _unpost(self, *conditions: ColumnElement[bool]) -> int:
        unposted = update(announcements).where(IS_LIVE, _c.message_id.is_(None), *conditions)
        async with self._database.write() as connection:
            change = unposted.values(state=AnnouncementState.DRAFT)
            return (await connection.execute(change)).rowcount

    async def _update(self, which: ColumnElement[bool], **values: Any) -> Announcement | None:
        change = update(announcements).where(which).values(values).returning(*_SHOWN)
        try:
            async with self._database.write() as connection:
                row = (await connection.execute(change)).one_or_none()
        except IntegrityError:  # the one live announcement of a session
            raise Refusal(_TWICE) from None
        return _to_announcement(row) if row else None


def _live() -> Select[Any]:
    return select(*_SHOWN).where(IS_LIVE).order_by(_c.starts_at, _c.announcement_id)


def _to_announcement(row: Row[Any]) -> Announcement:
    return Announcement(**{column.name: row._mapping[column] for column in _SHOWN})
