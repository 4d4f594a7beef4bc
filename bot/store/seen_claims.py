"""Who held what when the boards were last read."""

from __future__ import annotations

from collections.abc import Set

from sqlalchemy import delete, select, tuple_
from sqlalchemy.exc import IntegrityError

from bot.store.database import Database
from bot.store.hosting_tables import seen_claims
from bot.store.tables import openings

Seen = tuple[int, int]  # (opening id, Roblox id)

_c = seen_claims.c
_MOST_AT_ONCE = 200  # pairs in one deletion, well below both databases' limits


class SeenClaimStore:
    """Rows of `seen_claims`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_seen(self, announcement_id: int) -> set[Seen]:
        """What was held at the last look, through any opening of the announcement."""
        query = (
            select(_c.opening_id, _c.roblox_id)
            .join(openings, openings.c.opening_id == _c.opening_id)
            .where(openings.c.announcement_id == announcement_id)
        )
        async with self._database.read() as connection:
            return {(row.opening_id, row.roblox_id) for row in await connection.execute(query)}

    async def change(self, added: Set[Seen], removed: Set[Seen]) -> None:
        """Remember these and forget those. Openings that are gone by now are passed over."""
        insert = self._database.insert(seen_claims).on_conflict_do_nothing()
        rows = [{"opening_id": one, "roblox_id": who} for one, who in sorted(added)]
        gone = sorted(removed)
        try:
            async with self._database.write() as connection:
                if rows:
                    await connection.execute(insert, rows)
                for start in range(0, len(gone), _MOST_AT_ONCE):
                    part = gone[start : start + _MOST_AT_ONCE]
                    pair = tuple_(_c.opening_id, _c.roblox_id)
                    await connection.execute(delete(seen_claims).where(pair.in_(part)))
        except IntegrityError:  # the workspace was removed since the reading, with all of this
            return
