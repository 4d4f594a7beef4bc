"""Looks at the platforms: one list per workspace tells whether its boards are still true."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.background import Background
from bot.errors import MusterError, RateLimited, Unavailable, UpstreamNotFound
from bot.models import Announcement, ClaimsForm, Session
from bot.services.boards import BoardService
from bot.services.catalog import SessionCatalog
from bot.services.observing import Observer, Unobserved
from bot.services.poll_notes import PollNotes
from bot.store.announcements import AnnouncementStore
from bot.store.live_boards import LiveBoards

log = logging.getLogger(__name__)

TICK = 5.0  # seconds between two looks at whose turn it is
TIDY = 60.0  # seconds between two looks for boards that are over
USUAL = 60.0  # seconds between two polls of a workspace
NEAR = 20.0  # the same while one of its posted sessions runs or starts soon
NEARLY = timedelta(minutes=30)  # what "soon" means there
APART = 0.1  # on average between the first polls of many workspaces, after a start
LONGEST = 600.0  # of a workspace whose platform fails
SHARE = 10.0  # a poll that takes long is followed by a pause this many times as long


@dataclass(slots=True)
class _Turn:
    """When a workspace is polled next."""

    at: float  # monotonic seconds
    failures: int = 0  # polls in a row


class Poller:
    """Polls each workspace that has live boards, by itself and at its own pace."""

    def __init__(
        self,
        announcements: AnnouncementStore,
        live: LiveBoards,
        boards: BoardService,
        catalog: SessionCatalog,
        background: Background,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,  # 0 to 1
        notes: PollNotes | None = None,
        observer: Observer | None = None,
    ) -> None:
        self._notes = notes
        self._observer = observer or Unobserved()
        self._announcements = announcements
        self._live = live
        self._boards = boards
        self._catalog = catalog
        self._background = background
        self._clock = clock
        self._monotonic = monotonic
        self._chance = chance
        self._turns: dict[int, _Turn] = {}
        self._running: set[int] = set()  # workspaces whose last poll has not come back
        # How each server stores its claims, by announcement: a list does not always tell.
        self._forms: dict[int, dict[str, ClaimsForm]] = {}

    async def tick(self) -> None:
        """Start the poll of every workspace whose turn it is; new ones are spread out."""
        guilds = await self._live.list_workspaces()
        now = self._monotonic()
        turns = self._turns
        spread = min(APART * (len(guilds.keys() - turns.keys()) - 1), NEAR)
        self._turns = {
            number: turns.get(number) or _Turn(now + spread * self._chance()) for number in guilds
        }
        self._start({n: guilds[n] for n, turn in self._turns.items() if turn.at <= now})

    async def poll_all(self) -> None:
        """Start a poll of every workspace now, whosever turn it is."""
        guilds = await self._live.list_workspaces()
        for number in guilds:
            self._turns.setdefault(number, _Turn(self._monotonic()))
        self._start(guilds)

    async def flush_notes(self) -> None:
        """Write down when the workspaces were polled last."""
        if self._notes is not None:
            await self._notes.flush()

    async def tidy(self) -> None:
        """Forget what is in memory of boards that are not live any more."""
        shown = await self._live.list_ids()
        self._boards.keep_only(shown)
        self._forms = {key: forms for key, forms in self._forms.items() if key in shown}

    def _start(self, due: dict[int, int]) -> None:
        for number in due.keys() - self._running:
            self._running.add(number)
            self._background.spawn(self._poll(number, due[number]), f"poll workspace {number}")

    async def _poll(self, workspace_id: int, guild_id: int) -> None:
        turn = self._turns[workspace_id]
        began = self._monotonic()
        announcements: list[Announcement] = []
        error: MusterError | None = None
        try:
            announcements = await self._live.list_of(guild_id, workspace_id)
            if announcements:  # not all over in this moment
                await self._look(workspace_id, announcements)
        except MusterError as failure:
            log.warning("workspace %s not polled: %s", workspace_id, failure)
            error = failure
        finally:
            self._running.discard(workspace_id)
            turn.failures = turn.failures + 1 if error else 0
            took = self._monotonic() - began
            self._note(workspace_id, took, error)
            turn.at = self._monotonic() + self._pause(turn, announcements, took, error)

    def _note(self, workspace_id: int, took: float, error: MusterError | None) -> None:
        result = type(error).__name__ if error else "ok"
        self._observer.polled(result, took)
        if self._notes is not None:
            self._notes.add(workspace_id, result)

    def _pause(
        self,
        turn: _Turn,
        announcements: list[Announcement],
        took: float,
        error: MusterError | None,
    ) -> float:
        """Seconds until the next poll."""
        soon = self._clock() + NEARLY
        near = any(announcement.starts_at <= soon for announcement in announcements)
        pause = (NEAR if near else USUAL) * 2.0 ** min(turn.failures, 10)
        pause = min(max(pause, took * SHARE), LONGEST) * (0.9 + 0.2 * self._chance())
        if isinstance(error, RateLimited):
            return max(pause, (error.until - self._clock()).total_seconds())
        return pause

    async def _look(self, workspace_id: int, announcements: list[Announcement]) -> None:
        """Compare every board with the list, or with a reading of its own where that is short.

        When the list cannot be had, each session is read by itself: one malformed session may
        spoil a platform's whole list. The first that fails, too, ends the poll.
        """
        try:
            listing = await self._catalog.fetch_listing(workspace_id)
        except RateLimited:
            raise
        except MusterError as error:
            log.info("workspace %s has no list: %s", workspace_id, error)
            for announcement in announcements:
                await self._look_alone(announcement)
            return
        listed = {session.session_id: session for session in listing.sessions}
        troubles: list[MusterError] = []
        for announcement in announcements:
            session = await self._completed(announcement, listed.get(announcement.session_id))
            try:
                if session is not None:
                    await self._boards.compare(announcement, session, listing.begun)
                else:
                    await self._look_alone(announcement)
            except (RateLimited, Unavailable):
                raise
            except MusterError as error:
                log.warning("board %s not looked at: %s", announcement.announcement_id, error)
                troubles.append(error)
        if len(troubles) == len(announcements):
            raise troubles[0]

    async def _look_alone(self, announcement: Announcement) -> None:
        begun = self._monotonic()
        try:
            session = await self._boards.fetch(announcement)
        except UpstreamNotFound as error:
            if error.what != "session":
                raise
            self._boards.mark_dirty(announcement.announcement_id)  # who finds it gone as well
            return
        forms = {server.server_id: server.form for server in session.servers}
        self._forms[announcement.announcement_id] = forms
        await self._boards.compare(announcement, session, begun)

    async def _completed(
        self, announcement: Announcement, session: Session | None
    ) -> Session | None:
        """The listed session with what is known of its servers; None if that is not enough.

        Lists may leave out how servers store their claims, or the roles of a session.
        """
        if session is None:
            return None
        number = announcement.announcement_id
        if number not in self._forms or not session.roles:
            openings = await self._announcements.list_openings(number)
            if openings and not session.roles:
                return None
            # Openings are made of servers that take claims from us, and that never changes.
            known = {opening.place.server_id: ClaimsForm.MAP for opening in openings}
            self._forms.setdefault(number, known)
        forms = self._forms[number]
        if any(server.server_id not in forms for server in session.servers):
            return None
        servers = tuple(replace(server, form=forms[server.server_id]) for server in session.servers)
        return replace(session, servers=servers)
