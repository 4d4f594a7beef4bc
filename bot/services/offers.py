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
from bot.services.offer_news import OfferNews
from bot.services.offering import Line, Offering
from bot.services.waiting_line import is_overdue, last_call
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.waitlist import Standing, WaitlistStore

log = logging.getLogger(__name__)

TICK = 10.0  # seconds between two looks for what has run out
BATCH = 50  # things told by one look
MOST_ROUNDS = 20  # in a row, each of which found somebody in front who cannot be asked
KEPT_ENDINGS = timedelta(days=14)  # of members who never used Muster again
_CLOSED = {
    AnnouncementState.CLOSED: WaitEnd.CLOSED,
    AnnouncementState.CANCELLED: WaitEnd.CANCELLED,
    AnnouncementState.ENDED: WaitEnd.OVER,
    AnnouncementState.GONE: WaitEnd.GONE,
}


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
        for standing in await self._store.list_standing():
            waiter = standing.waiter
            reason = _reason(standing, now)
            if reason is not None:
                await self.end(waiter, reason)
            elif standing.state is AnnouncementState.LOST or is_overdue(waiter, now):
                self.wake(waiter.upstream, waiter.place.session_id)  # no board reads for them
        for waiter in await self._store.list_untold(now, BATCH):
            self._background.spawn(self._news.tell(waiter), "news for who waits")
        await self._store.forget_endings(now - KEPT_ENDINGS)

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


def _reason(standing: Standing, now: datetime) -> WaitEnd | None:
    """Why somebody's wait is over whatever the platform holds, or None."""
    if standing.state is None or standing.starts_at is None or standing.ends_at is None:
        return WaitEnd.DISCONNECTED
    if standing.keyless:
        return WaitEnd.DISCONNECTED  # nobody can claim there, and others wait behind them
    if standing.state in _CLOSED:
        return _CLOSED[standing.state]
    if standing.ends_at <= now:
        return WaitEnd.OVER
    if standing.roblox_id != standing.waiter.roblox_id:
        return WaitEnd.NOT_LINKED
    if last_call(standing.starts_at, standing.cutoff_minutes) <= now:
        return WaitEnd.LAST_MINUTES
    return None
