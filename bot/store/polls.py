"""When each workspace was polled last, and with what result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bot.store.database import Database
from bot.store.operating_tables import polls
from bot.store.tables import workspaces

_c = polls.c


@dataclass(frozen=True, slots=True)
class PolledWorkspace:
    """One workspace's last poll."""

    workspace_id: int
    polled_at: datetime
    result: str  # ok, or the class of what went wrong


class PollStore:
    """Rows of `polls`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, polled: Sequence[PolledWorkspace]) -> None:
        """Put these in place of earlier ones; workspaces removed meanwhile are left out."""
        known = select(workspaces.c.workspace_id)
        numbers = [one.workspace_id for one in polled]
        async with self._database.write() as connection:
            still = known.where(workspaces.c.workspace_id.in_(numbers)).with_for_update()
            there = set(await connection.scalars(still))
            rows = [
                {"workspace_id": one.workspace_id, "polled_at": one.polled_at, "result": one.result}
                for one in polled
                if one.workspace_id in there
            ]
            if rows:
                insert = self._database.insert(polls)
                new = {"polled_at": insert.excluded.polled_at, "result": insert.excluded.result}
                await connection.execute(
                    insert.on_conflict_do_update(index_elements=[_c.workspace_id], set_=new), rows
                )
