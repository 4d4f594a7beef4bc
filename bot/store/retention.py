"""History that is old is deleted."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.store.bulk import delete_all
from bot.store.database import Database
from bot.store.personal_data import HOLDINGS


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
