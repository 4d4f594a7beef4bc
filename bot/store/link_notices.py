"""What members are to read about links that an admin changed, in each guild on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, bindparam, delete, false, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models import LinkNotice
from bot.store.database import Database
from bot.store.link_tables import link_notices

_UNTOLD = select(link_notices).where(
    link_notices.c.guild_id == bindparam("guild_id"),
    link_notices.c.discord_id == bindparam("discord_id"),
    link_notices.c.told == false(),
)


class LinkNoticeStore:
    """Rows of `link_notices`; a member has one at most."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, guild_id: int, notice_id: int) -> LinkNotice | None:
        """One notice of this guild, told or not."""
        query = select(link_notices).where(
            link_notices.c.notice_id == notice_id, link_notices.c.guild_id == guild_id
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return _to_notice(row) if row else None

    async def get_untold(self, guild_id: int, discord_id: int) -> LinkNotice | None:
        """What this member has not read yet."""
        rows = await self._database.look_up(_UNTOLD, guild_id=guild_id, discord_id=discord_id)
        return _to_notice(rows[0]) if rows else None

    async def mark_told(self, notice_id: int) -> None:
        """The member has read it. It stays, for its button."""
        change = update(link_notices).where(link_notices.c.notice_id == notice_id).values(told=True)
        async with self._database.write() as connection:
            await connection.execute(change)


async def put_notices(connection: AsyncConnection, notices: Sequence[LinkNotice]) -> None:
    """Note these, all of one guild, in place of what their members had not read.

    In the change's own transaction. Each gets a new id, so that the button under an older notice
    does not mean the new one.
    """
    if not notices:
        return
    older = delete(link_notices).where(
        link_notices.c.guild_id == notices[0].guild_id,
        link_notices.c.discord_id.in_([notice.discord_id for notice in notices]),
    )
    await connection.execute(older)
    rows = [asdict(notice) for notice in notices]
    for row in rows:
        del row["notice_id"]
    await connection.execute(insert(link_notices), rows)


def _to_notice(row: Row[Any]) -> LinkNotice:
    return LinkNotice(**row._mapping)
