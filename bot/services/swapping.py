"""Carries swaps out: both sessions' lanes in one order, the rules once more, then step by step."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from bot.errors import LockLost, ProviderError, Refusal
from bot.models import Attempt, News, Stands, Swap, SwapState
from bot.services.aftermath import Aftermath
from bot.services.boards import BoardService
from bot.services.catalog import SessionCatalog
from bot.services.doubts import GIVE_UP_AFTER
from bot.services.lanes import LaneBusy, Lanes
from bot.services.outcomes import Code
from bot.services.rules import Policy
from bot.services.swap_cases import SwapCase, SwapCases
from bot.services.swap_checks import Roles, SwapChecks, View
from bot.services.swap_outcomes import SwapCode, SwapOutcome
from bot.services.swap_reasons import Reason, by_platform
from bot.services.swap_run import Halted, SwapRun
from bot.services.visits import Visit
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.attempts import AttemptStore
from bot.store.swaps import SwapStore

log = logging.getLogger(__name__)

PATIENCE = 600.0  # seconds in both lanes; the interaction itself lives 900
RESUME_WITHIN = timedelta(minutes=14)  # of an acceptance for which nothing was sent yet
_RESTARTED = Reason(Code.INTERRUPTED, "Muster was restarted before anything was sent.")
_WAITED = Reason(Code.LIMITED, "Too many people are claiming in this session.")


class SwapEngine:
    """Brings an accepted swap to its ending, or as far as it goes now."""

    def __init__(
        self,
        store: SwapStore,
        attempts: AttemptStore,
        cases: SwapCases,
        checks: SwapChecks,
        workspaces: WorkspaceService,
        announcements: AnnouncementStore,
        aftermath: Aftermath,
        boards: BoardService,
        catalog: SessionCatalog,
        lanes: Lanes,
        tell_settled: Callable[[Attempt], None],
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        steady: Callable[[], datetime] | None = None,
    ) -> None:
        self._steady = steady or clock
        self._store = store
        self._attempts = attempts
        self._cases = cases
        self._checks = checks
        self._workspaces = workspaces
        self._announcements = announcements
        self._aftermath = aftermath
        self._boards = boards
        self._catalog = catalog
        self._lanes = lanes
        self._tell_settled = tell_settled
        self._clock = clock
        self._monotonic = monotonic
        self._running: set[int] = set()

    def is_running(self, swap_id: int) -> bool:
        """Whether this process is carrying the swap out, or answering about it, right now."""
        return swap_id in self._running

    @contextmanager
    def owning(self, swap_id: int) -> Iterator[None]:
        """Mark the swap as this process's own, from before its acceptance to its answer."""
        self._running.add(swap_id)
        try:
            yield
        finally:
            self._running.discard(swap_id)

    async def carry(self, swap: Swap, roles: Roles | None = None) -> SwapOutcome:
        """Carry an accepted swap on, from wherever it stands. Raises nothing of a platform's.

        `roles` are the members' Discord roles, as far as they are known.
        """
        case = await self._cases.load(swap)
        if case is None:
            return await self._lose(swap)
        if not swap.step and self._is_stale(swap):
            return await self._drop(case, _RESTARTED)
        policies = None if swap.step else await self._checks.policies(case)
        try:
            async with self._visits(case) as visits:
                run = SwapRun(case, visits, self._store, self._aftermath, self._clock, self._steady)
                outcome = await self._carry(run, policies, roles or {})
                for visit in visits.values():
                    visit.outdate()  # to the next in the lane the last reading tells of open rows
                return outcome
        except (LaneBusy, LockLost) as error:
            log.warning("swap %s: %s", swap.reference, error)
            busy = isinstance(error, LaneBusy)
            return await self._pause(case, _WAITED if busy else _RESTARTED)

    @asynccontextmanager
    async def _visits(self, case: SwapCase) -> AsyncIterator[Mapping[str, Visit]]:
        """Both sessions, to ourselves: lanes first, then the locks, each in the order of ids."""
        rows = {row.place.session_id: row for row in case.attempts(self._clock())}
        upstream, visits = case.workspace.upstream, {}
        async with AsyncExitStack() as stack:
            for number in case.session_ids:
                lane = await stack.enter_async_context(
                    self._lanes.enter((upstream, number), PATIENCE)
                )
                visits[number] = Visit(
                    rows[number], lane, self._workspaces, self._attempts, self._monotonic
                )
            for number in case.session_ids:
                await stack.enter_async_context(visits[number].locked())
            yield visits

    async def _carry(
        self, run: SwapRun, policies: tuple[Policy, Policy] | None, roles: Roles
    ) -> SwapOutcome:
        try:
            if policies is not None and (reason := await self._refused(run, policies, roles)):
                return await self._end(run.case, SwapState.REFUSED, reason=reason)
            state = await run.go_on()
        except Halted as error:
            return await self._halt(run, error.reason)
        except ProviderError as error:
            part = run.case.proposer
            return await self._halt(run, by_platform(error, part.side.discord_id, part.opening))
        except Refusal:  # the workspace was removed in the meantime
            return await self._lose(run.case.swap)
        if state is None:
            return run.case.outcome(SwapCode.UNKNOWN)
        return await self._end(run.case, state, run.stands, why=run.why)

    async def _refused(
        self, run: SwapRun, policies: tuple[Policy, Policy], roles: Roles
    ) -> Reason | None:
        """Why the swap is not begun, by what the platform and the database say now."""
        await run.read()
        views = {
            number: View(reading.session, reading.capabilities, reading)
            for number, reading in run.readings.items()
            if reading is not None
        }
        latest = await self._cases.load(run.case.swap)
        if latest is None or len(views) < len(run.readings):
            return Reason(Code.GONE, "A session of the two no longer exists.")
        run.case = latest
        return await self._checks.check(latest, views, policies, roles)

    async def _halt(self, run: SwapRun, reason: Reason) -> SwapOutcome:
        """It cannot go on: at once over if both have what they had, else tried again later."""
        if run.case.swap.step and run.readings and run.untouched:
            return await self._end(run.case, SwapState.UNDONE, reason=reason)
        if run.case.swap.step and not run.doubtful:
            run.case = run.case.with_swap(replace(run.case.swap, wrote_at=None))
        return await self._pause(run.case, reason)

    async def _pause(self, case: SwapCase, reason: Reason) -> SwapOutcome:
        swap, now = case.swap, self._clock()
        if not swap.step:
            return await self._drop(case, reason)
        since = swap.unread_since or now
        if now - since >= GIVE_UP_AFTER:
            unread = (Stands.UNREAD, Stands.UNREAD)
            return await self._end(case, SwapState.GAVE_UP, unread, reason=reason)
        log.warning("swap %s waits: %s", swap.reference, reason.words)
        await self._store.pause(replace(swap, unread_since=since))
        return case.outcome(SwapCode.UNKNOWN)

    async def _drop(self, case: SwapCase, reason: Reason) -> SwapOutcome:
        """Nothing was sent, and nothing is wrong with the swap itself: it may be tried again."""
        if case.swap.by_host:
            await self._end(case, SwapState.REFUSED, reason=reason)
        else:
            await self._store.ask_again(case.swap, reason.words)
        return case.outcome(SwapCode.NOT_NOW, reason.words)

    async def _lose(self, swap: Swap) -> SwapOutcome:
        """The workspace was removed: nothing can be read any more."""
        state = SwapState.GAVE_UP if swap.step else SwapState.REFUSED
        why = "This workspace was disconnected from Discord in the meantime."
        ended = self._ended(swap, state, (Stands.UNREAD, Stands.UNREAD), why)
        await self._store.settle(replace(ended, reason=Code.GONE.value))
        return await self._cases.outcome(ended)

    async def _end(
        self, case: SwapCase, state: SwapState,
        stands: tuple[Stands, Stands] = (Stands.OLD, Stands.OLD), *,
        reason: Reason | None = None, why: str = "",
    ) -> SwapOutcome:  # fmt: skip
        """Write the ending down, with the journal's rows, and let the boards follow."""
        swap = case.swap
        if reason is not None:
            swap = replace(swap, reason=swap.reason or reason.code.value)
            why = " ".join(dict.fromkeys((swap.why, reason.words))).strip()
        ended = self._ended(swap, state, stands, why or swap.why)
        case, now = case.with_swap(ended), self._clock()
        rows, more = case.endings(case.attempts(now), now)
        if not await self._store.settle(ended, rows, more):
            return case.with_swap(swap).outcome(SwapCode.UNKNOWN)  # another process has the say
        log.info(
            "swap by %s of %s and %s in guild %s, workspace %s: %s (%s), reference %s",
            swap.actor_id, swap.proposer.roblox_id, swap.partner.roblox_id, swap.guild_id,
            swap.workspace_id, state.value, ended.reason, swap.reference,
        )  # fmt: skip
        for row in (*rows, *more):
            self._tell_settled(row)
        self._catalog.expire(swap.workspace_id)
        for number in case.session_ids:
            for board in await self._announcements.list_live_for_session(
                case.workspace.base_url, number
            ):
                self._boards.mark_dirty(board.announcement_id)
        return case.outcome()

    def _ended(self, swap: Swap, state: SwapState, stands: tuple[Stands, Stands], why: str) -> Swap:
        # Of what a host tried in vain before anything was sent, the two need not hear.
        quiet = swap.by_host and state is SwapState.REFUSED
        news = News.NONE if quiet else News.DUE
        ended = swap.with_stands(*stands).with_news(news, news)
        return replace(ended, state=state, settled_at=self._clock(), why=why, noted=quiet)

    def _is_stale(self, swap: Swap) -> bool:
        begun = swap.accepted_at or swap.asked_at
        return self._clock() - begun >= RESUME_WITHIN
