"""What a guild set for all of its workspaces together."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select

from bot.store.database import Database
from bot.store.hosting_tables import guild_settings

UTC = ZoneInfo("UTC")


class GuildSettingsStore:
    """Rows of `guild_settings`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get_time_zone(self, guild_id: int) -> ZoneInfo:
        """The guild's own zone; UTC where none was set, or none that this system knows."""
        query = select(guild_settings.c.time_zone).where(guild_settings.c.guild_id == guild_id)
        async with self._database.read() as connection:
            name = await connection.scalar(query)
        try:
            return ZoneInfo(name) if name else UTC
        except (ZoneInfoNotFoundError, ValueError):  # its zone data can be older than ours was
            return UTC

    async def set_time_zone(self, guild_id: int, zone: ZoneInfo) -> None:
        """Remember the zone, in place of an earlier one."""
        insert = self._database.insert(guild_settings).values(guild_id=guild_id, time_zone=zone.key)
        change = insert.on_conflict_do_update(
            index_elements=[guild_settings.c.guild_id], set_={"time_zone": zone.key}
        )
        async with self._database.write() as connection:
            await connection.execute(change)
