"""Who asked to be forgotten, until it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update

from bot.store.database import Database
from bot.store.privacy_tables import erasures

_c = erasures.c


@dataclass(frozen=True, slots=True)
class Erasure:
    """A promise to forget somebody."""

    discord_id: int
    requested_at: datetime
    swept_at: datetime | None  # when all was erased but what was unsettled; None: not yet


class ErasureStore:
    """Rows of `erasures`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def request(self, discord_id: int, now: datetime) -> Erasure:
        """Promise it. Asked again while it runs, all is swept once more."""
        fresh = {"requested_at": now, "swept_at": None}
        upsert = (
            self._database.insert(erasures)
            .values(discord_id=discord_id, **fresh)
            .on_conflict_do_update(index_elements=[_c.discord_id], set_=fresh)
        )
        async with self._database.write() as connection:
            await connection.execute(upsert)
        return Erasure(discord_id, now, None)

    async def mark_swept(self, erasure: Erasure, now: datetime) -> None:
        """Only what was unsettled is left. Does nothing when it was asked for anew since."""
        change = update(erasures).where(_same(erasure))
        async with self._database.write() as connection:
            await connection.execute(change.values(swept_at=now))

    async def finish(self, erasure: Erasure) -> None:
        """Nothing is left. Does nothing when it was asked for anew since."""
        async with self._database.write() as connection:
            await connection.execute(delete(erasures).where(_same(erasure)))

    async def list_open(self) -> list[Erasure]:
        """What is not finished and is ours to finish, oldest first.

        Each person falls to one process, as a guild of that number would.
        """
        query = select(erasures).where(self._database.ours(_c.discord_id))
        query = query.order_by(_c.requested_at)
        async with self._database.read() as connection:
            return [Erasure(**row._mapping) for row in await connection.execute(query)]


def _same(erasure: Erasure) -> ColumnElement[bool]:
    return (_c.discord_id == erasure.discord_id) & (_c.requested_at == erasure.requested_at)
