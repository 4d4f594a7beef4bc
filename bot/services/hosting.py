"""Hosting: choose a session, preview it, post it. What comes after is in `running`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import Refusal
from bot.models import (
    Announcement,
    AnnouncementState,
    ClaimsForm,
    Session,
    SessionState,
    Workspace,
)
from bot.services.boards import BoardService
from bot.services.catalog import SessionCatalog
from bot.services.lanes import Lanes
from bot.services.permits import is_host, require_host
from bot.services.ports import Actor, Board, Messenger
from bot.services.posting import Poster
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore

MAX_NOTE = 500
DRAFT_LIFE = timedelta(hours=24)
PATIENCE = 60.0  # seconds that one host waits for another who adds a server to the same session


@dataclass(frozen=True, slots=True)
class SessionChoice:
    """One session in an autocomplete list."""

    value: str
    workspace_name: str  # empty when the guild has only one workspace
    session: Session


@dataclass(frozen=True, slots=True)
class Preview:
    """A board before it is posted, and what the host should know."""

    announcement: Announcement
    board: Board
    warnings: tuple[str, ...]
    can_create_server: bool
    postable: bool


class HostingService:
    """What hosts do with announcements."""

    def __init__(
        self,
        announcements: AnnouncementStore,
        workspaces: WorkspaceService,
        catalog: SessionCatalog,
        boards: BoardService,
        poster: Poster,
        messenger: Messenger,
        clock: Callable[[], datetime],
    ) -> None:
        self._poster = poster
        self._announcements = announcements
        self._workspaces = workspaces
        self._catalog = catalog
        self._boards = boards
        self._messenger = messenger
        self._clock = clock
        self._adding = Lanes()

    async def recover(self) -> None:
        """At start: an announcement that a crash kept from being posted becomes a draft again."""
        await self._announcements.reset_unposted()

    async def list_postable(self, actor: Actor) -> list[SessionChoice]:
        """Coming sessions without an announcement in this guild, by start; from memory."""
        workspaces = await self._workspaces.list_all(actor.guild_id)
        live = await self._announcements.list_live(actor.guild_id)
        posted = {(a.workspace_id, a.session_id) for a in live}
        choices = [
            SessionChoice(
                f"{workspace.workspace_id}:{session.session_id}",
                workspace.name if len(workspaces) > 1 else "",
                session,
            )
            for workspace in workspaces
            if is_host(actor, workspace)
            for session in self._catalog.get_sessions(workspace.workspace_id)
            if session.state in (SessionState.SCHEDULED, SessionState.LIVE, SessionState.NOT_OPEN)
            and session.ends_at > self._clock()
            and (workspace.workspace_id, session.session_id) not in posted
        ]
        return sorted(choices, key=lambda choice: choice.session.starts_at)

    async def draft(
        self, actor: Actor, choice: str, note: str, *, ping: bool, cutoff: int | None = None
    ) -> Preview:
        """A preview of the chosen session's board. `choice` is a value of `list_postable`.

        `cutoff`: claims close this many minutes before the start; None: as the workspace has it.
        """
        workspace, session_id = await self._to_session(actor, choice)
        require_host(actor, workspace)
        if workspace.announcement_channel_id is None:
            raise Refusal(
                "This workspace has no announcement channel yet. An admin sets it with"
                " `/workspace settings`."
            )
        if len(note) > MAX_NOTE:
            raise Refusal(f"`note` may have at most {MAX_NOTE} characters.")
        for listed in self._catalog.get_sessions(workspace.workspace_id):
            if listed.session_id == session_id and listed.state is SessionState.NOT_OPEN:
                _require_postable(listed)  # a template is in the lists only, it cannot be fetched
        async with self._workspaces.watch(workspace.workspace_id) as provider:
            session = await provider.fetch_session(session_id)
        _require_postable(session)
        await self._announcements.remove_drafts_before(self._clock() - DRAFT_LIFE)
        announcement = await self._announcements.add_draft(
            guild_id=actor.guild_id, workspace_id=workspace.workspace_id,
            session_id=session.session_id,  # as the platform spells it, however it was typed
            channel_id=workspace.announcement_channel_id, host_id=actor.discord_id,
            title=session.name, starts_at=session.starts_at, ends_at=session.ends_at,
            note=note.strip(), ping=ping, now=self._clock(),
            cutoff_minutes=workspace.cutoff_minutes if cutoff is None else cutoff,
        )  # fmt: skip
        return await self._preview(announcement, workspace, session)

    async def add_server(self, actor: Actor, announcement_id: int) -> Preview:
        """Create a server that takes claims from Discord, and preview again."""
        announcement, workspace = await self._hosted(actor, announcement_id)
        lane = (workspace.base_url, announcement.session_id)
        async with (
            self._adding.enter(lane, PATIENCE),  # two presses must not add two servers
            self._workspaces.watch(workspace.workspace_id) as provider,
        ):
            if not provider.capabilities.has_servers:
                raise Refusal(f"{workspace.kind.label} sessions have no servers.")
            session = await provider.fetch_session(announcement.session_id)
            _require_postable(session)
            if not _claimable_servers(session):
                name = "Main" if not session.servers else f"Server {len(session.servers) + 1}"
                await provider.create_server(session.session_id, name)
                session = await provider.fetch_session(announcement.session_id)
        return await self._preview(announcement, workspace, session)

    async def post(self, actor: Actor, announcement_id: int) -> Announcement:
        """Post the draft's board into the announcement channel."""
        announcement, workspace = await self._hosted(actor, announcement_id)
        if announcement.state is not AnnouncementState.DRAFT:
            raise Refusal("This announcement is posted already.")
        async with self._workspaces.watch(workspace.workspace_id) as provider:
            session = await provider.fetch_session(announcement.session_id)
        _require_postable(session)
        if not _claimable_servers(session):
            raise Refusal("There is no server that takes claims yet. Add one first.")
        missing = self._missing(announcement.channel_id)
        if missing:
            raise Refusal(missing)
        await self._poster.post(announcement, workspace, session)
        posted = await self._announcements.get(actor.guild_id, announcement_id)
        assert (
            posted is not None
        )  # nothing deletes a posted announcement but its workspace's removal
        return posted

    async def discard(self, actor: Actor, announcement_id: int) -> Workspace:
        """Forget a preview; its workspace. What was made on the platform stays there."""
        _, workspace = await self._hosted(actor, announcement_id)
        await self._announcements.remove_draft(announcement_id)
        return workspace

    async def _to_session(self, actor: Actor, choice: str) -> tuple[Workspace, str]:
        """A session choice, which may have been typed by hand."""
        workspace_part, _, session_id = choice.partition(":")
        if not workspace_part.isdecimal() or len(workspace_part) > 18 or not session_id:
            raise Refusal("Choose a session from the list that appears while you type.")
        return await self._workspaces.get(actor.guild_id, int(workspace_part)), session_id

    async def _hosted(self, actor: Actor, announcement_id: int) -> tuple[Announcement, Workspace]:
        announcement = await self._announcements.get(actor.guild_id, announcement_id)
        if announcement is None:
            raise Refusal("This announcement no longer exists. Start again with `/session post`.")
        workspace = await self._workspaces.get(actor.guild_id, announcement.workspace_id)
        require_host(actor, workspace, announcement.host_ids)
        return announcement, workspace

    async def _preview(
        self, announcement: Announcement, workspace: Workspace, session: Session
    ) -> Preview:
        board = await self._boards.build(announcement, session)
        warnings = [w for w in (self._missing(announcement.channel_id),) if w]
        warnings += self._ping_warnings(announcement, workspace)
        if workspace.threads and self._missing_for_thread(announcement.channel_id):
            warnings.append(self._missing_for_thread(announcement.channel_id))
        if announcement.cut_off is not None and announcement.cut_off <= self._clock():
            warnings.append(
                "Claims would be closed from the start: that cut-off has passed already. Only hosts"
                " could add people, with `/session add`."
            )
        usable = bool(_claimable_servers(session))
        return Preview(
            announcement,
            board,
            tuple(warnings),
            can_create_server=not usable,
            postable=usable,
        )

    def _ping_warnings(self, announcement: Announcement, workspace: Workspace) -> list[str]:
        role_id = workspace.ping_role_id
        if not announcement.ping:
            return []
        if role_id is None:
            return ["No ping role is set, so nobody is pinged. See `/workspace settings`."]
        if self._messenger.is_mentionable(announcement.guild_id, role_id):
            return []
        return [
            f"<@&{role_id}> cannot be pinged: nobody would hear of it. An admin can allow everybody"
            " to mention this role, or allow Muster to mention all roles."
        ]

    def _missing_for_thread(self, channel_id: int) -> str:
        held = set(self._messenger.missing_permissions(channel_id))
        needed = self._messenger.missing_permissions(channel_id, threads=True)
        lacking = [name for name in needed if name not in held]
        if not lacking:
            return ""
        return f"No thread will be opened: Muster lacks {', '.join(lacking)} in <#{channel_id}>."

    def _missing(self, channel_id: int) -> str:
        missing = self._messenger.missing_permissions(channel_id)
        if not missing:
            return ""
        return f"Muster lacks {', '.join(missing)} in <#{channel_id}>. An admin can grant it there."


def _claimable_servers(session: Session) -> bool:
    return any(server.form is ClaimsForm.MAP for server in session.servers)


def _require_postable(session: Session) -> None:
    if session.state is SessionState.NOT_OPEN:
        raise Refusal(
            "This session exists only as a template so far. Open it once in the ReAdmin panel;"
            " then it can be posted."
        )
    if session.state in (SessionState.ENDED, SessionState.CANCELLED):
        raise Refusal(f"This session is {session.state.value} and cannot be posted.")
