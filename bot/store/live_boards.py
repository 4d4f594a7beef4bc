"""What is on boards now, as the workers look for it: no list holds the boards of all guilds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select

from bot.models import Announcement
from bot.store.database import Database
from bot.store.privacy_tables import is_kept
from bot.store.tables import IS_LIVE, announcements

_c = announcements.c
_SHOWN = [_c[name] for name in Announcement.__dataclass_fields__]
PAGE = 200  # boards of one reading


class LiveBoards:
    """Rows of `announcements` that are live, of guilds of ours that Muster is in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_workspaces(self) -> dict[int, int]:
        """Workspaces with a live board, and whose they are: workspace id -> guild id."""
        query = select(_c.guild_id, _c.workspace_id).distinct().where(is_ours(self._database))
        async with self._database.read() as connection:
            return {row.workspace_id: row.guild_id for row in await connection.execute(query)}

    async def list_of(self, guild_id: int, workspace_id: int) -> list[Announcement]:
        """The live boards of one workspace, by start time."""
        mine = (_c.guild_id == guild_id, _c.workspace_id == workspace_id)
        query = live().where(is_ours(self._database), *mine)
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(_c.starts_at, _c.announcement_id))
            return to_announcements(rows)

    async def list_ids(self) -> set[int]:
        """The ids of all of them."""
        query = select(_c.announcement_id).where(is_ours(self._database))
        async with self._database.read() as connection:
            return set(await connection.scalars(query))


def is_ours(database: Database) -> ColumnElement[bool]:
    """That a row of `announcements` is live and this process's to look after."""
    return IS_LIVE & is_kept(_c.guild_id) & database.ours(_c.guild_id)


def live() -> Select[Any]:
    """All columns that make an `Announcement`; callers say of which rows."""
    return select(*_SHOWN)


def page_of(query: Select[Any], after: int) -> Select[Any]:
    """The next of them by id, of rows that an index holds by themselves.

    Not by the table's own order, in which SQLite would look through everything ever posted.
    """
    number = _c.announcement_id + 0
    return query.where(number > after).order_by(number).limit(PAGE)


def to_announcements(rows: Iterable[Row[Any]]) -> list[Announcement]:
    """What was stored, of rows of `live`."""
    return [Announcement(**row._mapping) for row in rows]
