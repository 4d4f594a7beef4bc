"""One turn in the lane of a session: whom of those who wait a free place is kept for.

Decided under the lock that other processes respect, by a fresh reading: no place is offered twice,
and none that somebody may yet come to hold.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.errors import Refusal
from bot.models import (
    Place,
    Session,
    WaitEnd,
    Waiter,
    WaitState,
    Workspace,
    WorkspaceState,
)
from bot.services.candidates import Candidate, Candidates, to_end
from bot.services.engine import ClaimEngine
from bot.services.lanes import Reading
from bot.services.offer_news import OfferNews
from bot.services.waiting_line import (
    is_claiming,
    is_excused,
    is_promised,
    last_call,
    may_move,
    may_wait,
    offer_until,
    room_in,
)
from bot.services.waitlist_words import MOST_SILENCES
from bot.services.workspaces import WorkspaceService
from bot.store.waitlist import WaitlistStore

log = logging.getLogger(__name__)

YOUNG = 1.0  # seconds: how old a reading may be that a round is begun by

Line = tuple[str, str]  # (upstream, session id)


@dataclass
class Round:
    """What one turn in a lane came to."""

    news: list[Waiter] = field(default_factory=list)  # who has to be told something
    changed: set[int] = field(default_factory=set)  # announcements whose boards show another count
    offered: bool = False
    more: bool = False  # somebody was taken out or cannot be asked now, and the next may be

    def note(self, waiter: Waiter) -> None:
        """Somebody is out, or at the end of the line."""
        self.changed.add(waiter.announcement_id)
        self.more = True
        if waiter.state is WaitState.ENDED:
            self.news.append(waiter)


class Offering:
    """Makes offers, and takes out whom a reading shows to wait in vain."""

    def __init__(
        self,
        store: WaitlistStore,
        workspaces: WorkspaceService,
        engine: ClaimEngine,
        candidates: Candidates,
        news: OfferNews,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._workspaces = workspaces
        self._engine = engine
        self._candidates = candidates
        self._news = news
        self._clock = clock
        self._begun = clock()  # this process: nobody could answer an offer before

    async def round(self, line: Line, workspace_id: int, before: int = 0) -> Round:
        """One turn in the lane of (upstream, session id), with this workspace's key.

        As many rounds came just `before` without an end: so many more of the line are looked at.
        Raises what a platform does, LaneBusy and LockLost; Refusal when the workspace is gone.
        """
        workspace = await self._workspaces.get_anywhere(workspace_id)
        waiters = await self._store.list_line(*line)
        if workspace is None:
            raise Refusal("This workspace is not connected any more.")
        async with self._workspaces.watch(workspace_id) as provider:
            session = await provider.fetch_session(line[1], YOUNG)
        if not may_move(waiters, session, self._clock()):
            return Round()
        usable = self._usable_since(workspace)
        found = await self._find(waiters, session, before)
        done = Round()
        async with self._engine.turn(workspace, line[1]) as turn, turn.locked():
            reading = await turn.read()
            for place in dict.fromkeys(waiter.place for waiter in reading.line):
                waiting, taken = await self._clear(reading, place, usable, done)
                await turn.check()
                await self._ask_next(reading, waiting, taken, found, done)
            if done.offered:
                turn.outdate()
        return done

    async def _find(
        self, waiters: list[Waiter], session: Session, more: int
    ) -> dict[int, Candidate | None]:
        """Those who are likely to be asked, and `more` behind them, by the id of their row."""
        found: dict[int, Candidate | None] = {}
        now = self._clock()
        for place in dict.fromkeys(waiter.place for waiter in waiters):
            here = [waiter for waiter in waiters if waiter.place == place]
            waiting = [one for one in here if not is_promised(one, now)]
            asked = len(here) - len(waiting)
            likely = max(room_in(session, place, len(waiting)) - asked, 1)
            for waiter in waiting[: likely + more]:
                found[waiter.waitlist_id] = await self._candidates.find(waiter, session)
        return found

    def _usable_since(self, workspace: Workspace) -> datetime:
        """From when on whoever was asked could accept; `workspace` as it was before it was read."""
        if workspace.state is not WorkspaceState.OK:
            return self._clock()  # it has answered just now
        return max(workspace.state_since or self._begun, self._begun)

    async def _clear(
        self, reading: Reading, place: Place, usable: datetime, done: Round
    ) -> tuple[list[Waiter], set[int]]:
        """Take out who holds the place, and end what got no answer since it was `usable`.

        Returns who waits, and the accounts for which a place is taken or kept.
        """
        now, holders = self._clock(), reading.session.holders(place.server_id, place.role_id)
        taken = set(holders) | {
            attempt.roblox_id
            for attempt in reading.unsettled
            if attempt.place == place and is_claiming(attempt)
        }
        waiting: list[Waiter] = []
        for waiter in [one for one in reading.line if one.place == place]:
            if waiter.roblox_id in holders:
                if await self._store.remove(waiter):
                    done.changed.add(waiter.announcement_id)
            elif is_promised(waiter, now):
                taken.add(waiter.roblox_id)
            elif waiter.state is WaitState.WAITING:
                waiting.append(waiter)
            elif is_excused(waiter, usable) and waiter.roblox_id not in taken:
                if await self._store.take_back(waiter, now):
                    done.changed.add(waiter.announcement_id)
                    waiting.append(replace(waiter, state=WaitState.WAITING, until=None, told=True))
            elif (after := await self._store.silence(waiter, MOST_SILENCES, now)) is not None:
                done.note(after)
        return waiting, taken

    async def _ask_next(
        self,
        reading: Reading,
        waiting: list[Waiter],
        taken: set[int],
        found: dict[int, Candidate | None],
        done: Round,
    ) -> None:
        """Keep what is free for the first who could claim it."""
        for waiter in waiting:
            if room_in(reading.session, waiter.place, len(waiting), len(taken)) <= 0:
                return
            if waiter.roblox_id in taken:
                continue  # asked through another guild, or the place may be theirs already
            if waiter.waitlist_id not in found:
                done.more = True
                return
            candidate = found[waiter.waitlist_id]
            if candidate is None or not may_wait(candidate.announcement, self._clock()):
                continue  # the timer takes them out
            if candidate.left:
                await self._store.remove(waiter)
                done.note(waiter)
            elif (reason := self._why_not(candidate, reading)) is not None:
                ended = await self._store.end(waiter, reason, self._clock())
                if ended is not None:
                    done.note(ended)
            elif await self._ask(candidate, done):
                taken.add(waiter.roblox_id)

    def _why_not(self, candidate: Candidate, reading: Reading) -> WaitEnd | None:
        """Why they could not claim the place."""
        if not candidate.linked:
            return WaitEnd.NOT_LINKED
        verdict = candidate.judge(reading.session, reading.capabilities, self._clock())
        return to_end(verdict, reading.session) if verdict else None

    async def _ask(self, candidate: Candidate, done: Round) -> bool:
        """Whether the place is kept for them now."""
        waiter, announcement, now = candidate.waiter, candidate.announcement, self._clock()
        ends = last_call(announcement.starts_at, announcement.cutoff_minutes)
        heard = await self._news.is_heard(waiter, announcement)
        offered = await self._store.offer(waiter, offer_until(now, ends, heard=heard), now)
        if offered is None:  # they have left meanwhile, or claim something there right now
            return False
        log.info("waitlist %s: offered until %s", waiter.waitlist_id, offered.until)
        done.news.append(offered)
        done.changed.add(waiter.announcement_id)
        done.offered = True
        return True
