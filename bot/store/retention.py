"""What is old: the history that is deleted, and the names that are read again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select, update

from bot.models import AccountLink
from bot.store.bulk import delete_all
from bot.store.database import Database
from bot.store.personal_data import HOLDINGS
from bot.store.tables import links

_l = links.c


class RetentionStore:
    """Deletes by age, in batches, through indexes on the dates."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def drop_history(self, now: datetime, kept: timedelta, at_most: int) -> dict[str, int]:
        """Delete what is old and settled, about `at_most` rows of a table; how many of which.

        `kept` is the life of what has none of its own.
        """
        dropped = {}
        for holding in HOLDINGS:
            if holding.history is None:
                continue
            life = kept if holding.history.life is None else holding.history.life
            which = (holding.history.by < now - life) & holding.history.over
            count = await delete_all(self._database, holding.table, which, at_most)
            if count:
                dropped[holding.table.name] = count
        return dropped

    async def list_old_names(self, before: datetime, limit: int) -> list[AccountLink]:
        """Links whose username was read before then, the oldest first."""
        query = select(links).where(_l.username_at < before).order_by(_l.username_at).limit(limit)
        async with self._database.read() as connection:
            return [AccountLink(**row._mapping) for row in await connection.execute(query)]

    async def set_names(self, renamed: Iterable[AccountLink]) -> None:
        """Store the username of these links, and when it was read."""
        async with self._database.write() as connection:
            for link in sorted(renamed, key=lambda one: (one.guild_id, one.discord_id)):
                which = (_l.guild_id == link.guild_id) & (_l.discord_id == link.discord_id)
                which &= _l.roblox_id == link.roblox_id  # not linked anew in the meantime
                change = update(links).where(which, _l.username_at < link.username_at)
                await connection.execute(
                    change.values(username=link.username, username_at=link.username_at)
                )
