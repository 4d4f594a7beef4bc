"""Small facts that the process keeps across restarts, such as the hash of the synced commands."""

from __future__ import annotations

from sqlalchemy import select

from bot.store.database import Database
from bot.store.tables import app_state


class AppState:
    """A few named texts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def share(self) -> str:
        """Names the guilds that are this process's, for what each process does for its own."""
        return str(self._database.share)

    async def get(self, key: str) -> str | None:
        """The value last set, or None."""
        async with self._database.read() as connection:
            return await connection.scalar(select(app_state.c.value).where(app_state.c.key == key))

    async def set(self, key: str, value: str) -> None:
        """Remember `value`, in place of an earlier one."""
        insert = self._database.insert(app_state).values(key=key, value=value)
        async with self._database.write() as connection:
            await connection.execute(
                insert.on_conflict_do_update(
                    index_elements=[app_state.c.key], set_={"value": value}
                )
            )
