"""The SQL of openings, for `AnnouncementStore`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Row, Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models import Opening, Place
from bot.store.database import Database
from bot.store.keyed import Keyed
from bot.store.tables import announcements, openings

_c = openings.c
OPENING_ID = _c.opening_id


def joined(*columns: Column[Any]) -> Select[Any]:
    """Openings with the session they belong to, and more columns of the announcement."""
    return select(openings, announcements.c.session_id, *columns).join(
        announcements, announcements.c.announcement_id == _c.announcement_id
    )


# The openings of an announcement that are on offer, in display order.
OFFERED = Keyed(joined().where(_c.active).order_by(_c.position, _c.opening_id), _c.announcement_id)


async def store(
    connection: AsyncConnection,
    database: Database,
    announcement_id: int,
    offered: Sequence[tuple[Place, str, str]],
) -> None:
    """Make exactly these be on offer; rows that vanish stay, for their ids are on old messages."""
    # One at a time per announcement, else two would wait for each other's rows crosswise.
    await connection.execute(
        select(announcements.c.announcement_id)
        .where(announcements.c.announcement_id == announcement_id)
        .with_for_update()
    )
    await connection.execute(
        update(openings).where(_c.announcement_id == announcement_id).values(active=False)
    )
    insert = database.insert(openings)
    upsert = insert.on_conflict_do_update(
        index_elements=[_c.announcement_id, _c.server_id, _c.group_id, _c.role_id],
        set_={
            name: insert.excluded[name]
            for name in ("role_name", "server_name", "position", "active")
        },
    )
    if offered:
        await connection.execute(upsert, _rows(announcement_id, offered))


def to_opening(row: Row[Any]) -> Opening:
    """The opening in a row of `joined()`."""
    values = row._mapping
    return Opening(
        opening_id=values[_c.opening_id],
        announcement_id=values[_c.announcement_id],
        place=Place(
            session_id=values[announcements.c.session_id],
            server_id=values[_c.server_id],
            group_id=values[_c.group_id],
            role_id=values[_c.role_id],
        ),
        role_name=values[_c.role_name],
        server_name=values[_c.server_name],
        position=values[_c.position],
        hidden=values[_c.hidden],
    )


def _rows(announcement_id: int, offered: Sequence[tuple[Place, str, str]]) -> list[dict[str, Any]]:
    return [
        {
            "announcement_id": announcement_id,
            "server_id": place.server_id,
            "group_id": place.group_id,
            "role_id": place.role_id,
            "role_name": role_name,
            "server_name": server_name,
            "position": position,
            "active": True,
        }
        for position, (place, role_name, server_name) in enumerate(offered)
    ]
