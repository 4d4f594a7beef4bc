"""Today: who covers what in every workspace of a guild, posted or not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.errors import ProviderError
from bot.models import Session, Workspace
from bot.services.catalog import SessionCatalog
from bot.services.people import People
from bot.services.permits import require_admin
from bot.services.ports import Actor
from bot.services.schedules import to_zone
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.guild_settings import GuildSettingsStore


@dataclass(frozen=True, slots=True)
class Cover:
    """One role of a session on one server, and who has it."""

    role_name: str
    server_name: str  # empty where there is only one
    capacity: int | None
    holders: tuple[str, ...]  # "<@id>" of linked members, else Roblox names; display only


@dataclass(frozen=True, slots=True)
class Plan:
    """One session of the day."""

    session: Session
    workspace: Workspace
    several: bool  # the guild has more than one workspace
    covers: tuple[Cover, ...]
    channel_id: int | None = None  # where it is posted
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class Today:
    """The sessions of one day in a guild's own time zone."""

    guild_id: int
    day: date
    zone: ZoneInfo
    plans: tuple[Plan, ...]  # by start
    unreachable: tuple[str, ...]  # workspaces that could not be asked


class TodayService:
    """Reads the platforms; what they list is what there is."""

    def __init__(
        self,
        settings: GuildSettingsStore,
        workspaces: WorkspaceService,
        catalog: SessionCatalog,
        announcements: AnnouncementStore,
        people: People,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._workspaces = workspaces
        self._catalog = catalog
        self._announcements = announcements
        self._people = people
        self._clock = clock

    async def get_zone(self, guild_id: int) -> ZoneInfo:
        """The guild's time zone."""
        return await self._settings.get_time_zone(guild_id)

    async def set_zone(self, actor: Actor, typed: str) -> None:
        """Set the guild's time zone; admins only. Refusal when there is no such zone."""
        require_admin(actor)
        await self._settings.set_time_zone(actor.guild_id, to_zone(typed))

    async def get(self, guild_id: int, day: date | None = None) -> Today:
        """The given day, else today, in the guild's time zone."""
        zone = await self._settings.get_time_zone(guild_id)
        day = day or self._clock().astimezone(zone).date()
        begin, end = bounds(day, zone)
        workspaces = await self._workspaces.list_all(guild_id)
        readings = await asyncio.gather(
            *(self._catalog.fetch_sessions(one.workspace_id) for one in workspaces),
            return_exceptions=True,
        )
        found: list[tuple[Workspace, Session]] = []
        unreachable: list[str] = []
        for workspace, sessions in zip(workspaces, readings, strict=True):
            if isinstance(sessions, ProviderError):
                unreachable.append(workspace.name)
            elif isinstance(sessions, BaseException):
                raise sessions
            else:
                found += [
                    (workspace, s) for s in sessions if s.starts_at < end and s.ends_at > begin
                ]
        found.sort(key=lambda pair: (pair[1].starts_at, pair[1].name))
        plans = await self._plans(guild_id, found, several=len(workspaces) > 1)
        return Today(guild_id, day, zone, plans, tuple(unreachable))

    async def _plans(
        self, guild_id: int, found: list[tuple[Workspace, Session]], *, several: bool
    ) -> tuple[Plan, ...]:
        claims = (c for _, s in found for server in s.servers for c in server.claims)
        labels = await self._people.labels(guild_id, {claim.roblox_id for claim in claims})
        live = await self._announcements.list_live(guild_id)
        posted = {(one.workspace_id, one.session_id): one for one in live}
        plans = []
        for workspace, session in found:
            one = posted.get((workspace.workspace_id, session.session_id))
            plans.append(
                Plan(
                    session,
                    workspace,
                    several,
                    _covers(session, labels),
                    one.channel_id if one else None,
                    one.message_id if one else None,
                )
            )
        return tuple(plans)


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From this midnight to the next, in UTC: 23, 24 or 25 hours."""
    begin = datetime.combine(day, time.min, zone)
    end = datetime.combine(day + timedelta(days=1), time.min, zone)
    return begin.astimezone(UTC), end.astimezone(UTC)


def _covers(session: Session, labels: dict[int, str]) -> tuple[Cover, ...]:
    return tuple(
        Cover(
            role.name,
            server.name if len(session.servers) > 1 else "",
            role.capacity,
            tuple(labels[one] for one in session.holders(server.server_id, role.role_id)),
        )
        for server in session.servers
        for role in session.roles
    )
