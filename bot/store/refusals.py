"""Presses that were refused before they became attempts: where their references lead."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from bot.models import Door
from bot.store.batching import Batch
from bot.store.columns import fits
from bot.store.database import Database
from bot.store.tables import refusals

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RefusedPress:
    """Who was refused what, and when (UTC)."""

    reference: str  # random; what the member is shown
    guild_id: int
    announcement_id: int | None  # None: the button leads nowhere
    opening_id: int | None  # None: a number that no opening can have
    actor_id: int  # Discord id of who pressed
    subject_id: int  # Discord id of whom it was for
    door: Door
    code: str
    at: datetime  # of the press


class RefusalStore:
    """Rows of `refusals`: only ever added."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._adds = Batch(self._add_all)

    async def add(self, press: RefusedPress) -> None:
        """Store it. A database that is out of order is only logged: the answer matters more."""
        try:
            await self._adds.submit(press)
        except (SQLAlchemyError, OSError) as error:
            log.warning("refusal %s was not stored: %s", press.reference, error)

    async def get(self, reference: str) -> RefusedPress | None:
        """The refusal with this reference."""
        query = select(refusals).where(refusals.c.reference == reference)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return RefusedPress(**row._mapping) if row else None

    async def _add_all(self, presses: Sequence[RefusedPress]) -> list[None]:
        insert = self._database.insert(refusals).on_conflict_do_nothing()
        async with self._database.write() as connection:
            await connection.execute(insert, [_row(press) for press in presses])
        return [None] * len(presses)


def _row(press: RefusedPress) -> dict[str, object]:
    asked = press.opening_id
    opening_id = asked if asked is not None and fits(asked) else None  # anybody can make a button
    return asdict(press) | {"opening_id": opening_id}
