"""Boards show the platform's truth: built from a reading, edited rarely, never twice the same."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.background import Background
from bot.errors import ChannelLost, MessageGone, MusterError, UpstreamNotFound
from bot.models import (
    Announcement,
    AnnouncementState,
    ClaimsForm,
    Opening,
    Place,
    Session,
    SessionState,
    Workspace,
)
from bot.providers import capabilities_of
from bot.services.lanes import Lanes
from bot.services.people import People
from bot.services.ports import Board, BoardLine, Messenger
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore

log = logging.getLogger(__name__)

YOUNG = 1.0  # seconds: how old a shared reading may be that a board is built from
PATIENCE = 60.0  # seconds to wait for another refresh of the same board
PACE = 2.5  # seconds from the first change to the edit that shows it and all since
_NO_BOARD = (AnnouncementState.DRAFT, AnnouncementState.LOST)


class BoardService:
    """Keeps every posted board true."""

    def __init__(
        self,
        announcements: AnnouncementStore,
        workspaces: WorkspaceService,
        people: People,
        messenger: Messenger,
        background: Background,
        clock: Callable[[], datetime],
    ) -> None:
        self._announcements = announcements
        self._workspaces = workspaces
        self._people = people
        self._messenger = messenger
        self._background = background
        self._clock = clock
        self._lanes = Lanes()  # one refresh of a board at a time: an older reading never wins
        self._polling: set[int] = set()  # workspaces whose last poll has not come back
        self._due: set[int] = set()
        self._latest: dict[int, Board] = {}  # last built, for lists that must answer from memory

    def mark_dirty(self, announcement_id: int) -> None:
        """Refresh this board soon; many marks become one edit."""
        if announcement_id in self._due:
            return
        self._due.add(announcement_id)

        async def refresh() -> None:
            self._due.discard(announcement_id)
            await self._refresh_quietly(announcement_id)

        self._background.after(PACE, refresh, f"refresh board {announcement_id}")

    def get_board(self, announcement_id: int) -> Board | None:
        """The board as last built, from memory; asks for a first one when there is none."""
        if announcement_id not in self._latest:
            self.mark_dirty(announcement_id)
        return self._latest.get(announcement_id)

    async def refresh(
        self, announcement_id: int, max_age: float = 0.0, *, always: bool = False
    ) -> None:
        """Read the session and edit the board, unless it shows that already (or `always`).

        A reading of up to `max_age` seconds may be shared with others who read the session.
        Raises ProviderErrors and ChannelLost.
        """
        async with self._lanes.enter(("board", str(announcement_id)), PATIENCE):
            announcement = await self._announcements.get_anywhere(announcement_id)
            if announcement is None or announcement.state in _NO_BOARD:
                return
            if always:
                announcement = replace(announcement, rendered_hash="")
            try:
                async with self._workspaces.watch(announcement.workspace_id) as provider:
                    session = await provider.fetch_session(announcement.session_id, max_age)
            except UpstreamNotFound as error:
                if error.what != "session":
                    raise
                await self._show_gone(announcement)
            else:
                await self._show(announcement, session)

    async def _show(self, announcement: Announcement, session: Session) -> None:
        await self._announcements.refresh_facts(
            announcement.announcement_id, session.name, session.starts_at, session.ends_at
        )
        board = await self.build(announcement, session)
        if session.state in (SessionState.ENDED, SessionState.CANCELLED):
            await self._finish(announcement, board, AnnouncementState.ENDED)
        else:
            await self._edit(announcement, board)

    async def build(self, announcement: Announcement, session: Session) -> Board:
        """The board of this reading, its openings recorded so that buttons have stable ids."""
        announcement = replace(announcement, starts_at=session.starts_at)  # the cut-off follows it
        workspace = await self._workspaces.get(announcement.guild_id, announcement.workspace_id)
        openings = await self._announcements.sync_openings(
            announcement.announcement_id, _places(session)
        )
        state = _state(announcement, session, self._clock())
        holders = {claim.roblox_id for server in session.servers for claim in server.claims}
        labels = await self._people.labels(announcement.guild_id, holders)
        lines = tuple(
            _line(opening, session, labels, usable=state in ("open", "live now"))
            for opening in openings
        )
        board = Board(
            title=session.name, description=session.description, note=announcement.note,
            state=state, platform=workspace.kind.label, workspace_name=workspace.name,
            starts_at=session.starts_at, ends_at=session.ends_at, host_id=announcement.host_id,
            game_name=session.game.name if session.game else None,
            place_id=session.game.place_id if session.game else None,
            lines=lines, warning=_warning(session, workspace),
            closed_by=announcement.closed_by, closed_at=announcement.closed_at,
            cut_off=announcement.cut_off, can_release=capabilities_of(workspace.kind).can_release,
        )  # fmt: skip
        self._latest[announcement.announcement_id] = board
        return board

    async def poll(self) -> None:
        """Look at every workspace with posted sessions, once; correct the boards that changed."""
        live = await self._announcements.list_live_anywhere()
        shown = {announcement.announcement_id for announcement in live}
        self._latest = {number: board for number, board in self._latest.items() if number in shown}
        by_workspace: dict[int, list[Announcement]] = {}
        for announcement in live:
            by_workspace.setdefault(announcement.workspace_id, []).append(announcement)
        for workspace_id in by_workspace.keys() - self._polling:
            work = self._poll_workspace(workspace_id, by_workspace[workspace_id])
            self._background.spawn(work, f"poll workspace {workspace_id}")

    async def _poll_workspace(self, workspace_id: int, announcements: list[Announcement]) -> None:
        self._polling.add(workspace_id)
        try:
            for announcement in announcements:
                await self._refresh_quietly(announcement.announcement_id)
        finally:
            self._polling.discard(workspace_id)

    async def _refresh_quietly(self, announcement_id: int) -> None:
        try:
            await self.refresh(announcement_id, YOUNG)
        except MusterError as error:
            log.warning("board %s not refreshed: %s", announcement_id, error)

    async def show_closed(self, announcement: Announcement) -> None:
        """Take the buttons away without asking the platform. Raises ChannelLost.

        For when it cannot be asked: the board is the one in memory, else our own facts.
        """
        board = self._latest.get(announcement.announcement_id)
        if board is None:
            workspace = await self._workspaces.get(announcement.guild_id, announcement.workspace_id)
            board = _bare(announcement, workspace, "closed", "Who holds a role is not shown now.")
        board = replace(
            board, state="closed", closed_by=announcement.closed_by,
            closed_at=announcement.closed_at,
            lines=tuple(replace(line, usable=False) for line in board.lines),
        )  # fmt: skip
        await self._edit(announcement, board)

    async def _show_gone(self, announcement: Announcement) -> None:
        """The platform no longer has the session: say so, and take the buttons away."""
        workspace = await self._workspaces.get(announcement.guild_id, announcement.workspace_id)
        warning = f"{workspace.kind.label} no longer has this session."
        board = _bare(announcement, workspace, "gone", warning)
        await self._finish(announcement, board, AnnouncementState.GONE)

    async def _finish(
        self, announcement: Announcement, board: Board, state: AnnouncementState
    ) -> None:
        """The last edit. It is tried again by the next poll unless the message is lost for good."""
        try:
            await self._edit(announcement, board)
        except MessageGone:
            return  # it is lost now, which is final as well
        except ChannelLost:
            log.warning("the last board %s is lost", announcement.announcement_id)
        await self._announcements.set_state(announcement.announcement_id, state, now=self._clock())

    async def _edit(self, announcement: Announcement, board: Board) -> None:
        if announcement.message_id is None:
            return
        shown = fingerprint(board)
        if shown == announcement.rendered_hash:
            return
        try:
            await self._messenger.edit_board(
                announcement.channel_id, announcement.message_id, board
            )
        except MessageGone as error:
            await self._announcements.set_state(
                announcement.announcement_id, AnnouncementState.LOST, now=self._clock()
            )
            raise MessageGone(f"{error} Post the session again: `/session post`.") from error
        except ChannelLost:
            log.warning("board %s can no longer be edited", announcement.announcement_id)
            raise
        await self._announcements.set_rendered(announcement.announcement_id, shown)


def fingerprint(board: Board) -> str:
    """Equal for boards that look the same."""
    return hashlib.sha256(repr(board).encode()).hexdigest()


def _bare(announcement: Announcement, workspace: Workspace, state: str, warning: str) -> Board:
    """A board of what we know ourselves, without a reading."""
    return Board(
        title=announcement.title, description="", note=announcement.note, state=state,
        platform=workspace.kind.label, workspace_name=workspace.name,
        starts_at=announcement.starts_at, ends_at=announcement.ends_at,
        host_id=announcement.host_id, game_name=None, place_id=None, lines=(), warning=warning,
    )  # fmt: skip


def _places(session: Session) -> list[tuple[Place, str, str]]:
    """Every claimable place with its role's and its server's name, in display order."""
    return [
        (
            Place(session.session_id, server.server_id, role.group_id, role.role_id),
            role.name,
            server.name,
        )
        for server in session.servers
        if server.form is ClaimsForm.MAP
        for role in session.roles
    ]


def _state(announcement: Announcement, session: Session, now: datetime) -> str:
    if session.state in (SessionState.ENDED, SessionState.CANCELLED):
        return "ended" if session.state is SessionState.ENDED else "cancelled"
    if announcement.state is AnnouncementState.CLOSED:
        return "closed"
    if not session.claimable:
        return "not claimable"
    if all(server.form is ClaimsForm.LIST for server in session.servers):  # or there is none
        return "waiting"
    if announcement.cut_off is not None and announcement.cut_off <= now:
        return "cut off"
    return "live now" if session.state is SessionState.LIVE else "open"


def _line(opening: Opening, session: Session, labels: dict[int, str], *, usable: bool) -> BoardLine:
    place = opening.place
    role = session.role(place.group_id, place.role_id)
    assert role is not None  # openings were just made from this session
    holders = session.holders(place.server_id, place.role_id)
    return BoardLine(
        opening_id=opening.opening_id, role_name=role.name, group_name=role.group_name,
        server_name=opening.server_name if len(session.servers) > 1 else "",
        taken=len(holders), capacity=role.capacity, min_rank=role.min_rank,
        holders=tuple(labels[h] for h in holders), usable=usable,
    )  # fmt: skip


def _warning(session: Session, workspace: Workspace) -> str:
    """Why there is nothing to claim, when there is nothing."""
    if not session.servers:
        return "This session has no server yet. The host can add one with `/session post`."
    if all(server.form is ClaimsForm.LIST for server in session.servers):
        return (
            f"Its server was made in the {workspace.kind.label} panel and cannot take claims from"
            " Discord. Claim in the panel, or ask the host to add a server from here."
        )
    if not session.roles:
        return "No role can be claimed in this session."
    return ""
