"""What hosts change about an announcement that is posted."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import Select, select, update

from bot.models import Announcement, AnnouncementState
from bot.store.columns import fits
from bot.store.database import Database
from bot.store.live_boards import page_of
from bot.store.privacy_tables import is_kept
from bot.store.tables import IS_CANCEL_UNTOLD, IS_DRAFT, announcements, openings

_c = announcements.c
_SHOWN = [_c[name] for name in Announcement.__dataclass_fields__]
_RUNNABLE = (
    AnnouncementState.OPEN,
    AnnouncementState.CLOSED,
    AnnouncementState.CANCELLED,
    AnnouncementState.LOST,
)


class Edits(TypedDict, total=False):
    """What a host may change about an announcement."""

    note: str
    cutoff_minutes: int | None
    co_host_ids: frozenset[int]
    cancel_reason: str


class HostingStore:
    """Rows of `announcements` and `openings`, as far as only hosts change them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_runnable(self, guild_id: int, now: datetime) -> list[Announcement]:
        """Posted announcements of this guild whose sessions are not over, by start time."""
        query = select(*_SHOWN).where(
            _c.guild_id == guild_id,
            _c.state.in_([state.value for state in _RUNNABLE]),
            _c.ends_at > now,
        )
        return await self._list(query.order_by(_c.starts_at, _c.announcement_id))

    async def list_drafts(
        self, guild_id: int, workspace_id: int, host_id: int, since: datetime
    ) -> list[Announcement]:
        """What a host previewed since then and has not posted, the newest of each session."""
        query = select(*_SHOWN).where(
            IS_DRAFT, _c.guild_id == guild_id, _c.workspace_id == workspace_id,
            _c.host_id == host_id, _c.touched_at >= since,
        )  # fmt: skip
        found = await self._list(query.order_by(_c.announcement_id))
        newest = {draft.session_id: draft for draft in found}
        return sorted(newest.values(), key=lambda draft: (draft.starts_at, draft.announcement_id))

    async def change(self, announcement_id: int, **edits: Unpack[Edits]) -> None:
        """Store these edits; absent ones stay as they are."""
        await self._update(announcement_id, dict(edits))

    async def cancel(self, announcement_id: int, *, by: int, reason: str, now: datetime) -> None:
        """It does not take place, says this member; those who hold a role are to be told."""
        values: dict[str, object] = {
            "state": AnnouncementState.CANCELLED, "closed_by": by, "closed_at": now,
            "cancel_reason": reason, "cancel_untold": True,
        }  # fmt: skip
        await self._update(announcement_id, values)

    async def is_untold(self, announcement_id: int) -> bool:
        """Whether those who hold a role of what was cancelled are still to be told."""
        query = select(_c.announcement_id).where(
            IS_CANCEL_UNTOLD, _c.announcement_id == announcement_id
        )
        async with self._database.read() as connection:
            return await connection.scalar(query) is not None

    async def list_untold(self, now: datetime, after: int) -> list[Announcement]:
        """Cancelled boards of ours whose holders are to be told, and would still take place.

        A page of those whose ids come `after`.
        """
        ours = (is_kept(_c.guild_id), self._database.ours(_c.guild_id))
        cancelled = (_c.state == AnnouncementState.CANCELLED, _c.ends_at > now)
        return await self._list(
            page_of(select(*_SHOWN).where(IS_CANCEL_UNTOLD, *cancelled, *ours), after)
        )

    async def mark_told(self, announcement_id: int) -> None:
        """Those who held a role were told that it is cancelled, as far as they can be."""
        await self._update(announcement_id, {"cancel_untold": False})

    async def set_board(
        self, announcement_id: int, channel_id: int, message_id: int, rendered_hash: str, *,
        same_channel: bool,
    ) -> None:  # fmt: skip
        """The board is this message from now on. In another channel it begins without a thread."""
        values: dict[str, object] = {
            "channel_id": channel_id, "message_id": message_id, "rendered_hash": rendered_hash,
        }  # fmt: skip
        if not same_channel:
            values["thread_id"] = None
        await self._update(announcement_id, values)

    async def mark_pinged_again(self, announcement_id: int, now: datetime) -> bool:
        """Take the one second ping; False when it was taken before."""
        change = update(announcements).where(
            _c.announcement_id == announcement_id, _c.pinged_again_at.is_(None)
        )
        async with self._database.write() as connection:
            result = await connection.execute(change.values(pinged_again_at=now))
            return bool(result.rowcount)

    async def forget_second_ping(self, announcement_id: int) -> None:
        """It did not go out: it may be tried again."""
        await self._update(announcement_id, {"pinged_again_at": None})

    async def show_roles(self, announcement_id: int, shown: Collection[tuple[str, str]]) -> None:
        """Show these roles (group id, role id) on all servers, and hide all others."""
        mine = openings.c.announcement_id == announcement_id
        wanted = set(shown)
        async with self._database.write() as connection:
            rows = await connection.execute(
                select(openings.c.opening_id, openings.c.group_id, openings.c.role_id).where(mine)
            )
            hidden = [row.opening_id for row in rows if (row.group_id, row.role_id) not in wanted]
            await connection.execute(update(openings).where(mine).values(hidden=False))
            if hidden:
                hide = update(openings).where(mine, openings.c.opening_id.in_(hidden))
                await connection.execute(hide.values(hidden=True))

    async def _update(self, announcement_id: int, values: dict[str, object]) -> None:
        if not values or not fits(announcement_id):
            return
        change = update(announcements).where(_c.announcement_id == announcement_id)
        async with self._database.write() as connection:
            await connection.execute(change.values(values))

    async def _list(self, query: Select[Any]) -> list[Announcement]:
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return [Announcement(**row._mapping) for row in rows]
