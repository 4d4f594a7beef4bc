"""Hosting: choose a session, preview, post, refresh and close its announcement."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import MessengerError, MusterError, Refusal
from bot.models import (
    Announcement,
    AnnouncementState,
    ClaimsForm,
    Opening,
    Session,
    SessionState,
    Workspace,
)
from bot.services.boards import BoardService, fingerprint
from bot.services.catalog import SessionCatalog
from bot.services.lanes import Lanes
from bot.services.permits import is_host, may_host, require_host
from bot.services.ports import Actor, Board, Messenger
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore

log = logging.getLogger(__name__)

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
        messenger: Messenger,
        clock: Callable[[], datetime],
    ) -> None:
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

        `cutoff`: claims close this many minutes before the start; None: they do not.
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
            note=note.strip(), ping=ping, cutoff_minutes=cutoff, now=self._clock(),
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
        board = await self._boards.build(announcement, session)
        await self._announcements.mark_open(announcement_id, now=self._clock())
        try:
            message_id = await self._messenger.post_board(
                announcement.channel_id, board,
                ping_role_id=workspace.ping_role_id if announcement.ping else None,
                nonce=f"muster-{announcement_id}",
            )  # fmt: skip
        except MessengerError:
            await self._announcements.mark_draft(announcement_id)
            raise
        await self._announcements.set_message(announcement_id, message_id, fingerprint(board))
        log.info("announcement %s posted in guild %s", announcement_id, actor.guild_id)
        posted = await self._announcements.get(actor.guild_id, announcement_id)
        assert (
            posted is not None
        )  # nothing deletes a posted announcement but its workspace's removal
        return posted

    async def list_hosted(self, actor: Actor) -> list[Announcement]:
        """Live announcements that this member may run, by start."""
        workspaces = {w.workspace_id: w for w in await self._workspaces.list_all(actor.guild_id)}
        return [
            announcement
            for announcement in await self._announcements.list_live(actor.guild_id)
            if announcement.workspace_id in workspaces  # not removed between the two readings
            and may_host(actor, workspaces[announcement.workspace_id], announcement.host_id)
        ]

    async def get_hosted(self, actor: Actor, choice: str) -> tuple[Announcement, Workspace]:
        """The chosen announcement, for somebody who may run it; Refusal for anybody else."""
        return await self._hosted(actor, _to_announcement_id(choice))

    async def list_openings(self, actor: Actor, choice: str) -> list[Opening]:
        """The roles of a chosen announcement, for who may run it; empty for anybody else."""
        hosted = {str(one.announcement_id) for one in await self.list_hosted(actor)}
        if choice not in hosted:
            return []
        return await self._announcements.list_openings(int(choice))

    async def refresh(self, actor: Actor, choice: str) -> Announcement:
        """Read the session anew and correct the board at once."""
        announcement, _ = await self.get_hosted(actor, choice)
        await self._boards.refresh(announcement.announcement_id, always=True)
        return announcement

    async def close(self, actor: Actor, choice: str) -> Announcement:
        """No more claims through this board; the roster stays."""
        announcement, _ = await self.get_hosted(actor, choice)
        if announcement.state is not AnnouncementState.OPEN:
            raise Refusal(f"This announcement is already {announcement.state.value}.")
        await self._announcements.set_state(
            announcement.announcement_id, AnnouncementState.CLOSED,
            by=actor.discord_id, now=self._clock(),
        )  # fmt: skip
        closed = await self._announcements.get(actor.guild_id, announcement.announcement_id)
        assert closed is not None  # read a moment ago
        try:
            await self._boards.refresh(closed.announcement_id)
        except MusterError as error:  # closed all the same; the board follows with the next poll
            log.warning("board %s not refreshed on close: %s", closed.announcement_id, error)
            await self._take_buttons_away(closed)
        return closed

    async def _take_buttons_away(self, closed: Announcement) -> None:
        try:
            await self._boards.show_closed(closed)
        except MusterError as error:
            log.warning("board %s not shown as closed: %s", closed.announcement_id, error)
            self._boards.mark_dirty(closed.announcement_id)

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
        require_host(actor, workspace, announced_by=announcement.host_id)
        return announcement, workspace

    async def _preview(
        self, announcement: Announcement, workspace: Workspace, session: Session
    ) -> Preview:
        board = await self._boards.build(announcement, session)
        warnings = [w for w in (self._missing(announcement.channel_id),) if w]
        if announcement.ping and workspace.ping_role_id is None:
            warnings.append("No ping role is set, so nobody is pinged. See `/workspace settings`.")
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


def _to_announcement_id(choice: str) -> int:
    if not choice.isdecimal() or len(choice) > 18:
        raise Refusal("Choose an announcement from the list that appears while you type.")
    return int(choice)
