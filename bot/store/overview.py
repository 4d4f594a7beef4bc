"""What the database knows of how Muster does, in a few queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select

from bot.models import ProviderKind, WorkspaceState
from bot.store.database import Database
from bot.store.operating_tables import polls
from bot.store.tables import IS_LIVE, IS_RUNNING, announcements, claim_attempts, workspaces


@dataclass(frozen=True, slots=True)
class WorkspaceLine:
    """One workspace: how its connection does, and when it was polled last."""

    guild_id: int
    name: str
    kind: ProviderKind
    state: WorkspaceState
    state_since: datetime | None
    boards: int  # that are live
    polled_at: datetime | None  # None: not since this is noted
    result: str  # of that poll: ok, or the class of what went wrong


@dataclass(frozen=True, slots=True)
class Overview:
    """The numbers of one screen."""

    guilds: int  # that have a workspace
    workspaces: int
    states: dict[WorkspaceState, int]
    boards: int  # that are live
    unsettled: int
    oldest_unsettled: datetime | None
    lines: list[WorkspaceLine]  # those that need somebody first, then those polled longest ago


class OverviewStore:
    """Looks across all guilds, for the operator."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def look(self, most: int) -> Overview:
        """The numbers, and at most `most` workspaces."""
        w, a, j = workspaces.c, announcements.c, claim_attempts.c
        by_state = select(w.state, func.count()).group_by(w.state)
        boards = select(func.count()).select_from(announcements).where(IS_LIVE)
        running = select(func.count(), func.min(j.created_at)).where(IS_RUNNING)
        live = (
            select(a.workspace_id, func.count().label("boards"))
            .where(IS_LIVE)
            .group_by(a.workspace_id)
            .subquery()
        )
        lines = (
            select(
                *(w.guild_id, w.name, w.kind, w.state, w.state_since),
                func.coalesce(live.c.boards, 0).label("boards"),
                polls.c.polled_at,
                func.coalesce(polls.c.result, "").label("result"),
            )
            .outerjoin(live, live.c.workspace_id == w.workspace_id)
            .outerjoin(polls, polls.c.workspace_id == w.workspace_id)
            .order_by(
                case((w.state == WorkspaceState.OK, 1), else_=0), polls.c.polled_at, w.workspace_id
            )
            .limit(most)
        )
        async with self._database.read() as connection:
            states = {row[0]: int(row[1]) for row in await connection.execute(by_state)}
            unsettled, oldest = (await connection.execute(running)).one()
            return Overview(
                guilds=await connection.scalar(select(func.count(w.guild_id.distinct()))) or 0,
                workspaces=sum(states.values()),
                states=states,
                boards=await connection.scalar(boards) or 0,
                unsettled=unsettled,
                oldest_unsettled=oldest,
                lines=[WorkspaceLine(**row._mapping) for row in await connection.execute(lines)],
            )
