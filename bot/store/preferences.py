"""What members want to hear from Muster, in each guild on its own."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import select

from bot.models import Preferences
from bot.store.database import Database
from bot.store.hosting_tables import preferences


class PreferenceStore:
    """Rows of `preferences`; a member without a row has the defaults."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, guild_id: int, discord_id: int) -> Preferences:
        """What this member chose in this guild, else the defaults."""
        query = select(preferences).where(
            preferences.c.guild_id == guild_id, preferences.c.discord_id == discord_id
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return Preferences(guild_id, discord_id)
        return Preferences(row.guild_id, row.discord_id, row.reminders, row.direct)

    async def save(self, chosen: Preferences) -> None:
        """Store what a member chose, in place of what they chose before."""
        values = asdict(chosen)
        upsert = (
            self._database.insert(preferences)
            .values(values)
            .on_conflict_do_update(
                index_elements=[preferences.c.guild_id, preferences.c.discord_id], set_=values
            )
        )
        async with self._database.write() as connection:
            await connection.execute(upsert)
