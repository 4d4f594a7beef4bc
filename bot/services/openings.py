"""What staff can choose from: posted sessions, their openings, and what they hold already."""

from __future__ import annotations

import asyncio
import difflib
from dataclasses import dataclass
from datetime import datetime

from bot.errors import ProviderError, Refusal
from bot.models import Announcement, AnnouncementState, Claim, Opening, Session, Workspace
from bot.providers import capabilities_of
from bot.services.boards import BoardService
from bot.services.catalog import SessionCatalog
from bot.services.ports import Actor, Board, BoardLine
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.links import LinkStore
from bot.text import safe


@dataclass(frozen=True, slots=True)
class Holding:
    """One claim that a member holds on the platform."""

    session_title: str
    starts_at: datetime
    role_name: str
    server_name: str
    platform: str
    opening_id: int | None  # None: the session is not posted here
    can_release: bool


@dataclass(frozen=True, slots=True)
class Holdings:
    """A member's claims, and the workspaces that could not be asked."""

    claims: tuple[Holding, ...]
    unreachable: tuple[str, ...]


class OpeningsService:
    """Lists for staff. Autocomplete answers come from memory alone."""

    def __init__(
        self,
        announcements: AnnouncementStore,
        links: LinkStore,
        workspaces: WorkspaceService,
        catalog: SessionCatalog,
        boards: BoardService,
    ) -> None:
        self._announcements = announcements
        self._links = links
        self._workspaces = workspaces
        self._catalog = catalog
        self._boards = boards

    async def list_open(self, guild_id: int) -> list[tuple[Announcement, Board | None]]:
        """Announcements that take claims, by start, each with its board as last seen."""
        live = await self._announcements.list_live(guild_id)
        return [
            (announcement, self._boards.get_board(announcement.announcement_id))
            for announcement in live
            if announcement.state is AnnouncementState.OPEN
        ]

    async def get_board(self, actor: Actor, announcement_id: int, *, fresh: bool = False) -> Board:
        """The board of an announcement of the actor's guild, live or over.

        As last seen, unless it should be `fresh` and the platform answers. Raises Refusal, and
        ProviderErrors when there is nothing to show.
        """
        announcement = await self._announcements.get(actor.guild_id, announcement_id)
        if announcement is None:
            raise Refusal("This session is not posted here any more. See what is: `/open`")
        seen = self._boards.peek(announcement_id)
        if seen is not None and not fresh:
            return seen
        try:
            session = await self._boards.fetch(announcement)
        except ProviderError:
            if seen is None:
                raise
            return seen
        return await self._boards.build(announcement, session)

    async def list_lines(self, guild_id: int, session: str) -> tuple[BoardLine, ...]:
        """The openings of a session choice, as last seen; empty when the choice means nothing."""
        for announcement, board in await self.list_open(guild_id):
            if session in (str(announcement.announcement_id), announcement.title) and board:
                return board.lines
        return ()

    async def get(self, guild_id: int, opening_id: int) -> tuple[Opening, Announcement]:
        """An opening of this guild; Refusal when there is none with this id."""
        found = await self._announcements.get_opening(guild_id, opening_id)
        if found is None:
            raise Refusal("This role is no longer on offer. See what is open with `/open`.")
        return found

    async def find(self, guild_id: int, session: str, role: str, server: str) -> Opening:
        """The opening that was chosen or typed; Refusal names what there is instead."""
        announcement = await self._find_announcement(guild_id, session)
        every = await self._announcements.list_openings(announcement.announcement_id)
        openings = [opening for opening in every if not opening.hidden]
        chosen = next((o for o in openings if str(o.opening_id) == role.strip()), None)
        wanted = (chosen.role_name if chosen else role.strip()).casefold()
        matching = [o for o in openings if o.role_name.casefold() == wanted]
        if server.strip():
            named = server.strip().casefold()
            matching = [o for o in matching if o.server_name.casefold() == named]
        elif chosen is not None:
            return chosen
        if not matching:
            there = dict.fromkeys(_label(o, openings) for o in openings)
            raise Refusal(
                f"“{safe(announcement.title)}” has no such role."
                f" It has: {safe(', '.join(there) or 'none', 500)}."
            )
        if len(matching) > 1:
            names = ", ".join(o.server_name for o in matching)
            raise Refusal(f"Which server? Choose one with the option `server`: {safe(names, 300)}.")
        return matching[0]

    async def list_mine(self, actor: Actor) -> Holdings:
        """What the member holds on every workspace of the guild, as the platforms say it now."""
        link = await self._links.find(actor.guild_id, actor.discord_id)
        if link is None:
            raise Refusal(
                "I do not know your Roblox account here. Link it with `/verify`, or ask an admin:"
                " `/links add`."
            )
        return await self.list_held(actor.guild_id, link.roblox_id)

    async def list_held(self, guild_id: int, roblox_id: int) -> Holdings:
        """What a Roblox account holds on every workspace of the guild, as read now."""
        workspaces = await self._workspaces.list_all(guild_id)
        readings = await asyncio.gather(
            *(self._catalog.fetch_sessions(one.workspace_id) for one in workspaces),
            return_exceptions=True,
        )
        claims: list[Holding] = []
        unreachable: list[str] = []
        for workspace, sessions in zip(workspaces, readings, strict=True):
            if isinstance(sessions, ProviderError):
                unreachable.append(workspace.name)
            elif isinstance(sessions, BaseException):
                raise sessions
            else:
                claims += await self._held(workspace, sessions, roblox_id)
        claims.sort(key=lambda holding: holding.starts_at)
        return Holdings(tuple(claims), tuple(unreachable))

    async def list_recent(self, actor: Actor) -> list[Holding]:
        """The same, as recent as a list can wait for; empty for a member who is not linked."""
        link = await self._links.find(actor.guild_id, actor.discord_id)
        if link is None:
            return []
        workspaces = await self._workspaces.list_all(actor.guild_id)
        readings = await asyncio.gather(
            *(self._catalog.get_recent(one.workspace_id) for one in workspaces)
        )
        claims: list[Holding] = []
        for workspace, sessions in zip(workspaces, readings, strict=True):
            claims += await self._held(workspace, sessions, link.roblox_id)
        return claims

    async def _held(
        self, workspace: Workspace, sessions: tuple[Session, ...], roblox_id: int
    ) -> list[Holding]:
        openings = await self._openings_of(workspace.guild_id, workspace.workspace_id)
        return [
            _to_holding(session, server_id, claim, workspace, openings)
            for session in sessions
            for server_id, claim in session.held_by(roblox_id)
        ]

    async def _openings_of(
        self, guild_id: int, workspace_id: int
    ) -> dict[tuple[str, str, str], Opening]:
        """(session, server, role) -> opening, over the workspace's live announcements."""
        live = await self._announcements.list_live(guild_id)
        return {
            (opening.place.session_id, opening.place.server_id, opening.place.role_id): opening
            for announcement in live
            if announcement.workspace_id == workspace_id
            for opening in await self._announcements.list_openings(announcement.announcement_id)
        }

    async def _find_announcement(self, guild_id: int, session: str) -> Announcement:
        live = await self._announcements.list_live(guild_id)
        wanted = session.strip()
        for announcement in live:
            if wanted == str(announcement.announcement_id):
                return announcement
        for announcement in live:
            if wanted.casefold() == announcement.title.casefold():
                return announcement
        titles = [a.title for a in live if a.state is AnnouncementState.OPEN]
        if not titles:
            raise Refusal("No session is posted here right now. A host posts one: `/session post`.")
        near = difflib.get_close_matches(wanted, titles, n=5, cutoff=0.0)
        posted = ", ".join(safe(title, 60) for title in dict.fromkeys(near))
        raise Refusal(f"No posted session is called that. Posted: {posted}.")


def _to_holding(
    session: Session,
    server_id: str,
    claim: Claim,
    workspace: Workspace,
    openings: dict[tuple[str, str, str], Opening],
) -> Holding:
    server = session.server(server_id)
    opening = openings.get((session.session_id, server_id, claim.role_id or ""))
    return Holding(
        session.name,
        session.starts_at,
        claim.role_name or "a role that no longer exists",
        server.name if server and len(session.servers) > 1 else "",
        workspace.kind.label,
        opening.opening_id if opening else None,
        capabilities_of(workspace.kind).can_release,
    )


def _label(opening: Opening, openings: list[Opening]) -> str:
    several = len({o.place.server_id for o in openings}) > 1
    return f"{opening.role_name} ({opening.server_name})" if several else opening.role_name
