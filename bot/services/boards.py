"""Boards show the platform's truth: built from a reading, edited rarely, never twice the same."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Set
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime

from bot.background import Background
from bot.errors import ChannelLost, MessageGone, MusterError, UpstreamNotFound
from bot.models import Announcement, AnnouncementState, Opening, Session, Workspace
from bot.services.board_edits import BoardEdits
from bot.services.board_facts import (
    OVER,
    bare_board,
    full_board,
    held_words,
    places,
    with_steady_game,
)
from bot.services.board_facts import fingerprint as fingerprint  # hosting compares boards, too
from bot.services.lanes import Lanes
from bot.services.people import People
from bot.services.ports import Board, Messenger
from bot.services.refresher import Pace, Refresher, Where
from bot.services.tidings import Tidings
from bot.services.waiting_line import may_move
from bot.services.witness import Freed, Witness
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.waitlist import WaitlistStore

log = logging.getLogger(__name__)

YOUNG = 1.0  # seconds: how old a shared reading may be that a board is built from
PATIENCE = 60.0  # seconds to wait for another refresh of the same board
_NO_BOARD = (AnnouncementState.DRAFT, AnnouncementState.LOST)


class BoardService:
    """Keeps every posted board true."""

    def __init__(
        self,
        announcements: AnnouncementStore,
        workspaces: WorkspaceService,
        people: People,
        messenger: Messenger,
        witness: Witness,
        tidings: Tidings,
        waitlist: WaitlistStore,
        background: Background,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._announcements = announcements
        self._workspaces = workspaces
        self._people = people
        self._witness = witness
        self._waitlist = waitlist
        self._room_listeners: list[Callable[[int], None]] = []
        self._clock = clock
        self._monotonic = monotonic
        self._lanes = Lanes()  # one refresh of a board at a time: an older reading never wins
        pace = Pace(clock, monotonic)
        self._edits = BoardEdits(announcements, messenger, tidings, pace, clock)
        self._refresher = Refresher(self._refresh_quietly, self._locate, pace, background)
        self._latest: dict[int, Board] = {}  # last built, for lists that must answer from memory
        self._read_at: dict[int, float] = {}  # monotonic seconds: when its last reading began

    def mark_dirty(self, announcement_id: int) -> None:
        """Refresh this board soon; many marks become one edit."""
        self._refresher.mark(announcement_id)

    def on_freed(self, listener: Freed) -> None:
        """Call `listener(announcement_id, opening_id)` when somebody lost or gave up a role there.

        By whatever door; it must not raise or take long.
        """
        self._witness.on_freed(listener)

    def on_room(self, listener: Callable[[int], None]) -> None:
        """Call `listener(announcement_id)` with every reading that concerns those who wait.

        Whoever made the room, or took the role away; it must not raise or take long.
        """
        self._room_listeners.append(listener)

    def get_board(self, announcement_id: int) -> Board | None:
        """The board as last built, from memory; asks for a first one when there is none."""
        if announcement_id not in self._latest:
            self.mark_dirty(announcement_id)
        return self._latest.get(announcement_id)

    def peek(self, announcement_id: int) -> Board | None:
        """The board as last built, from memory; asks nobody."""
        return self._latest.get(announcement_id)

    def keep_only(self, announcement_ids: Set[int]) -> None:
        """Forget what is in memory of all other boards: they are not live any more."""
        self._latest = {key: one for key, one in self._latest.items() if key in announcement_ids}
        self._read_at = {key: at for key, at in self._read_at.items() if key in announcement_ids}
        self._edits.keep_only(announcement_ids)
        self._witness.keep_only(announcement_ids)

    async def refresh(
        self, announcement_id: int, max_age: float = 0.0, *, always: bool = False
    ) -> None:
        """Read the session and edit the board, unless it shows that already.

        `always`: edit it in any case, and read the names and limits of its roles anew, too.
        A reading of up to `max_age` seconds may be shared with others who read the session.
        A cancelled board is shown without asking the platform. Raises ProviderErrors and
        MessengerErrors.
        """
        async with self.alone(announcement_id):
            announcement = await self._announcements.get_anywhere(announcement_id)
            if announcement is None or announcement.state in _NO_BOARD:
                return
            if always:
                announcement = replace(announcement, rendered_hash="")
            if announcement.state is AnnouncementState.CANCELLED:
                workspace = await self._workspace(announcement)
                await self._edits.show(
                    announcement, bare_board(announcement, workspace, "cancelled")
                )
                return
            self._read_at[announcement_id] = self._monotonic() - max_age
            try:
                session = await self.fetch(announcement, max_age, anew=always)
            except UpstreamNotFound as error:
                if error.what != "session":
                    raise
                await self._show_gone(announcement)
            else:
                await self._show(announcement, session, always=always)

    def alone(self, announcement_id: int) -> AbstractAsyncContextManager[object]:
        """No refresh of this board runs within; waits for the one under way. Raises LaneBusy."""
        return self._lanes.enter(("board", str(announcement_id)), PATIENCE)

    async def fetch(
        self, announcement: Announcement, max_age: float = 0.0, *, anew: bool = False
    ) -> Session:
        """A reading of the announced session by itself. Raises ProviderErrors.

        `anew`: nothing that is kept of its roles will do.
        """
        async with self._workspaces.watch(announcement.workspace_id) as provider:
            if anew:
                await provider.forget_roles()
            return await provider.fetch_session(announcement.session_id, max_age)

    async def compare(self, announcement: Announcement, session: Session, begun: float) -> None:
        """Mark the board if it does not show this reading, which began at `begun` (monotonic).

        A reading from before the last one of the board tells nothing.
        """
        number = announcement.announcement_id
        if self._refresher.is_marked(number) or self._read_at.get(number, begun) > begun:
            return
        board, openings = await self._build(announcement, session)
        over = session.state in OVER
        if not over and self._edits.is_refused(announcement):
            return
        same = fingerprint(board) == announcement.rendered_hash
        if over or not same or not await self._witness.agrees(announcement, session, openings):
            self.mark_dirty(number)

    async def build(self, announcement: Announcement, session: Session) -> Board:
        """The board of this reading, its openings recorded so that buttons have stable ids."""
        return (await self._build(announcement, session))[0]

    async def _build(
        self, announcement: Announcement, session: Session
    ) -> tuple[Board, list[Opening]]:
        number = announcement.announcement_id
        facts = (session.name, session.starts_at, session.ends_at)
        if facts != (announcement.title, announcement.starts_at, announcement.ends_at):
            await self._announcements.refresh_facts(number, *facts)
            title, starts_at, ends_at = facts
            announcement = replace(announcement, title=title, starts_at=starts_at, ends_at=ends_at)
        workspace = await self._workspace(announcement)
        openings = await self._announcements.sync_openings(number, places(session))
        holders = {claim.roblox_id for server in session.servers for claim in server.claims}
        labels = await self._people.labels(announcement.guild_id, holders)
        steady = with_steady_game(session, self._latest.get(number))
        line = await self._waitlist.list_line(workspace.upstream, session.session_id)
        board = full_board(announcement, workspace, steady, openings, labels, self._clock(), line)
        self._latest[number] = board
        if may_move(line, session, self._clock()):
            for listener in self._room_listeners:
                listener(number)
        return board, openings

    async def _show(self, announcement: Announcement, session: Session, *, always: bool) -> None:
        board, openings = await self._build(announcement, session)
        workspace = await self._workspace(announcement)
        await self._witness.note(announcement, workspace, session, openings)
        if session.state in OVER:
            await self._finish(announcement, board, AnnouncementState.ENDED)
        elif always or not self._edits.is_refused(announcement):
            await self._edits.show(announcement, board)

    async def show_closed(self, announcement: Announcement) -> None:
        """Take the buttons away without asking the platform. Raises MessengerErrors.

        For when it cannot be asked: the board is the one in memory, else our own facts.
        """
        board = self._latest.get(announcement.announcement_id)
        if board is None:
            workspace = await self._workspace(announcement)
            warning = "Who holds a role is not shown now."
            board = bare_board(announcement, workspace, "closed", warning)
        board = replace(
            board, state="closed", closed_by=announcement.closed_by,
            closed_at=announcement.closed_at,
            lines=tuple(replace(line, usable=False) for line in board.lines),
        )  # fmt: skip
        await self._edits.show(announcement, board)

    async def _show_gone(self, announcement: Announcement) -> None:
        """The platform no longer has the session: say so, and take the buttons away."""
        workspace = await self._workspace(announcement)
        if announcement.ends_at <= self._clock():  # it took place; some platforms then forget it
            board = await self._as_it_was(announcement, workspace)
            await self._finish(announcement, board, AnnouncementState.ENDED)
            return
        warning = f"{workspace.kind.label} no longer has this session."
        board = bare_board(announcement, workspace, "gone", warning)
        await self._finish(announcement, board, AnnouncementState.GONE)

    async def _as_it_was(self, announcement: Announcement, workspace: Workspace) -> Board:
        """The final roster by what was seen last, of a session that cannot be read any more."""
        number = announcement.announcement_id
        if (board := self._latest.get(number)) is not None:
            lines = tuple(replace(line, usable=False) for line in board.lines)
            return replace(board, state="ended", lines=lines)
        seen = await self._witness.last_seen(announcement)
        openings = await self._announcements.list_openings(number)
        holders = {roblox_id for _, roblox_id in seen}
        labels = await self._people.labels(announcement.guild_id, holders)
        return bare_board(announcement, workspace, "ended", held_words(openings, seen, labels))

    async def _finish(
        self, announcement: Announcement, board: Board, state: AnnouncementState
    ) -> None:
        """The last edit. It is tried again by the next poll unless the message is lost for good."""
        try:
            await self._edits.show(announcement, board)
        except MessageGone:
            return  # it is lost now, which is final as well
        except ChannelLost:
            log.warning("the last board %s is lost", announcement.announcement_id)
        await self._announcements.set_state(announcement.announcement_id, state, now=self._clock())

    async def _refresh_quietly(self, announcement_id: int) -> None:
        try:
            await self.refresh(announcement_id, YOUNG)
        except MusterError as error:
            log.warning("board %s not refreshed: %s", announcement_id, error)

    async def _locate(self, announcement_id: int) -> Where | None:
        announcement = await self._announcements.get_anywhere(announcement_id)
        if announcement is None or announcement.message_id is None:
            return None
        return announcement.channel_id, announcement.message_id

    async def _workspace(self, announcement: Announcement) -> Workspace:
        return await self._workspaces.get(announcement.guild_id, announcement.workspace_id)
