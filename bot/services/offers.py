"""Offers free places to who waits for them, and ends what has run out.

Looks at a line when there is a reason to, and at all of them now and then, which mends what a
crash has left.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.background import Background
from bot.errors import LockLost, ProviderError, Refusal
from bot.models import AnnouncementState, WaitEnd, Waiter
from bot.services.boards import BoardService
from bot.services.lanes import LaneBusy
from bot.services.line_endings import LONGEST_CUT_OFF, lost_pause, why_over
from bot.services.offer_news import OfferNews
from bot.services.offering import Line, Offering
from bot.services.pages import in_pages
from bot.services.waiting_line import GRACE, LAST_MINUTES
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.waitlist import WaitlistStore
from bot.store.waitlist_reads import BoardFacts

log = logging.getLogger(__name__)

TICK = 10.0  # seconds between two looks for what has run out
BATCH = 50  # things told by one look
LINKS = 500  # members whose link is looked at by one look
MOST_ROUNDS = 20  # in a row, each of which found somebody in front who cannot be asked
KEPT_ENDINGS = timedelta(days=14)  # of members who never used Muster again


class Offers:
    """Sees to it that nobody waits in vain."""

    def __init__(
        self,
        store: WaitlistStore,
        announcements: AnnouncementStore,
        workspaces: WorkspaceService,
        boards: BoardService,
        offering: Offering,
        news: OfferNews,
        background: Background,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._announcements = announcements
        self._workspaces = workspaces
        self._boards = boards
        self._offering = offering
        self._news = news
        self._background = background
        self._clock = clock
        self._running: set[Line] = set()
        self._again: set[Line] = set()
        self._looked: dict[int, datetime] = {}  # lost boards, and when their line was looked at
        self._linked_until = 0  # the row up to which links were looked at
        boards.on_room(self.on_room)

    def on_room(self, announcement_id: int) -> None:
        """A board's reading shows room for somebody who waits."""
        self._background.spawn(self._wake_board(announcement_id), "offers of a board")

    def wake(self, upstream: str, session_id: str) -> None:
        """Look at a session's line soon; many calls become one look after the last of them."""
        line = (upstream, session_id)
        if line in self._running:
            self._again.add(line)
            return
        self._running.add(line)
        self._background.spawn(self._run(line), "offers")

    async def tick(self) -> None:
        """End what has run out, tell what is untold, pass on what got no answer."""
        now = self._clock()
        await self._see_to_boards(now)
        async for line in in_pages(lambda after: self._store.list_overdue(now - GRACE, after),
                                   ("", ""), lambda line: line):  # fmt: skip
            self.wake(*line)
        await self._see_to_links()
        for waiter in await self._store.list_untold(now, BATCH):
            self._background.spawn(self._news.tell(waiter), "news for who waits")
        await self._store.forget_endings(now - KEPT_ENDINGS)

    async def _see_to_boards(self, now: datetime) -> None:
        """End the lines of boards that are over, and look where no board does."""
        last = (now + LAST_MINUTES, now + LAST_MINUTES + LONGEST_CUT_OFF)
        lost: set[int] = set()
        async for board in in_pages(lambda after: self._store.list_odd_boards(now, *last, after),
                                    0, lambda board: board.announcement_id):  # fmt: skip
            if (reason := why_over(board, now)) is not None:
                for waiter in await self._store.list_for_board(board.announcement_id):
                    await self.end(waiter, reason)
            elif board.state is AnnouncementState.LOST:
                lost.add(board.announcement_id)
                await self._look_at_lost(board, now)
        self._looked = {number: at for number, at in self._looked.items() if number in lost}

    async def _look_at_lost(self, board: BoardFacts, now: datetime) -> None:
        """No board reads for them: we do, the nearer the last call the oftener."""
        looked = self._looked.get(board.announcement_id)
        if looked is None or now - looked >= lost_pause(board, now):
            self._looked[board.announcement_id] = now
            for waiter in (await self._store.list_for_board(board.announcement_id))[:1]:
                self.wake(waiter.upstream, waiter.place.session_id)

    async def _see_to_links(self) -> None:
        """Take out who was unlinked; of a long line some in each round, as offers look, too."""
        unlinked, self._linked_until = await self._store.list_unlinked(self._linked_until, LINKS)
        for number in unlinked:
            if (waiter := await self._store.get(number)) is not None:
                await self.end(waiter, WaitEnd.NOT_LINKED)

    async def end(self, waiter: Waiter, reason: WaitEnd) -> None:
        """Take somebody out of the line and tell them why."""
        ended = await self._store.end(waiter, reason, self._clock())
        if ended is None:
            return
        log.info("waitlist %s ended: %s", waiter.waitlist_id, reason.value)
        self._background.spawn(self._news.tell(ended), "news for who waits")
        await self.changed(waiter)

    async def changed(self, waiter: Waiter) -> None:
        """A line moved: its boards show it, and the next may be asked."""
        self._boards.mark_dirty(waiter.announcement_id)
        line = (waiter.upstream, waiter.place.session_id)
        for other in await self._store.list_line(*line):
            if other.place == waiter.place:  # boards of other guilds count the same line
                self._boards.mark_dirty(other.announcement_id)
        self.wake(*line)

    async def look(self, upstream: str, session_id: str) -> None:
        """Offer what is free in this session now. Nothing is raised that a platform does."""
        line = await self._store.list_line(upstream, session_id)
        for workspace_id in dict.fromkeys(waiter.workspace_id for waiter in line):
            try:
                for before in range(MOST_ROUNDS):
                    done = await self._offering.round((upstream, session_id), workspace_id, before)
                    for number in done.changed:
                        self._boards.mark_dirty(number)
                    for waiter in done.news:
                        self._background.spawn(self._news.tell(waiter), "news for who waits")
                    if not done.more:
                        return
            except (ProviderError, LaneBusy, LockLost, Refusal) as error:
                log.warning("session %s not looked at for who waits: %s", session_id, error)

    async def _run(self, line: Line) -> None:
        try:
            while True:
                self._again.discard(line)
                await self.look(*line)
                if line not in self._again:
                    return
        finally:
            self._running.discard(line)

    async def _wake_board(self, announcement_id: int) -> None:
        announcement = await self._announcements.get_anywhere(announcement_id)
        if announcement is not None:
            workspace = await self._workspaces.get_anywhere(announcement.workspace_id)
            if workspace is not None:
                self.wake(workspace.upstream, announcement.session_id)
