"""One attempt from the journal to its outcome: lane, fresh read, rules, one write, look again."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime

from bot.errors import LockLost, OutcomeUnknown, ProviderError, Refusal, UpstreamNotFound
from bot.models import Attempt, AttemptState, Workspace
from bot.services.aftermath import Aftermath, Ending
from bot.services.boards import BoardService
from bot.services.cases import Case, holds
from bot.services.catalog import SessionCatalog
from bot.services.doubts import absent, unread
from bot.services.judging import Judge, Judged
from bot.services.lanes import LaneBusy, Lanes, Reading
from bot.services.outcomes import DONE, Code, Outcome
from bot.services.policies import Policies
from bot.services.verdicts import from_error
from bot.services.visits import Turn, Visit
from bot.services.waiting_line import with_line
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.attempts import AttemptStore

log = logging.getLogger(__name__)

PATIENCE = 600.0  # seconds in a lane; the interaction itself lives 900
_NEWS = DONE | {Code.FULL, Code.ALREADY_SAME, Code.GONE}  # what a board may not show yet


class ClaimEngine:
    """Carries attempts out. Raises nothing that a platform does: that becomes the outcome."""

    def __init__(
        self,
        attempts: AttemptStore,
        workspaces: WorkspaceService,
        announcements: AnnouncementStore,
        policies: Policies,
        judge: Judge,
        aftermath: Aftermath,
        boards: BoardService,
        catalog: SessionCatalog,
        lanes: Lanes,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        steady: Callable[[], datetime] | None = None,
    ) -> None:
        self._steady = steady or clock  # see `doubts.steady`
        self._attempts = attempts
        self._workspaces = workspaces
        self._announcements = announcements
        self._policies = policies
        self._judge = judge
        self._aftermath = aftermath
        self._boards = boards
        self._catalog = catalog
        self._lanes = lanes
        self._clock = clock
        self._monotonic = monotonic
        self._running: set[str] = set()
        self._listeners: list[Callable[[Attempt], None]] = []

    def on_settled(self, listener: Callable[[Attempt], None]) -> None:
        """Call `listener` with every attempt that got its ending; it must not raise or take long.

        After a crash it may not hear of an ending.
        """
        self._listeners.append(listener)

    def tell_settled(self, attempt: Attempt) -> None:
        """Let the listeners hear of an attempt that got its ending here, or in a swap."""
        for listener in self._listeners:
            listener(attempt)

    @asynccontextmanager
    async def turn(self, workspace: Workspace, session_id: str) -> AsyncIterator[Turn]:
        """A turn at a session between those of the attempts on it. Raises LaneBusy."""
        key = (workspace.upstream, session_id)
        async with self._lanes.enter(key, PATIENCE) as lane:
            yield Turn(
                *key, workspace.workspace_id, lane, self._workspaces, self._attempts,
                self._monotonic,
            )  # fmt: skip

    def is_running(self, attempt: Attempt) -> bool:
        """Whether this process is carrying the attempt out right now."""
        return attempt.operation_id in self._running

    @contextmanager
    def owning(self, attempt: Attempt) -> Iterator[None]:
        """Mark the attempt as this process's own, from before it is journalled to its outcome."""
        self._running.add(attempt.operation_id)
        try:
            yield
        finally:
            self._running.discard(attempt.operation_id)

    def staying(self, attempts: Iterable[Attempt]) -> AbstractContextManager[None]:
        """Keep what is read of these attempts' sessions until all of them were looked at."""
        return self._lanes.kept({(one.upstream, one.place.session_id) for one in attempts})

    async def drive(self, case: Case) -> Outcome:
        """Carry a journalled, pending attempt to its outcome."""
        arrived = self._monotonic()
        try:
            case = await self._prepared(case)
        except ProviderError as error:  # Roblox is silent: found out here, it holds up no lane
            return await self._end(Ending(case, Code.DOWN, error=error))
        try:
            async with self._visit(case) as visit:
                ending = await self._act(case, visit, arrived)
                if ending.case.attempt.state is not AttemptState.PENDING:
                    return await self._end_in(visit, ending)
        except (LaneBusy, LockLost) as error:
            log.warning("attempt %s: %s", case.attempt.operation_id, error)
            code = Code.LIMITED if isinstance(error, LaneBusy) else Code.INTERRUPTED
            ending = Ending(case, code)
        return await self._end(ending)

    async def look_again(self, case: Case, since: float | None = None) -> Outcome:
        """Settle an attempt whose write may or may not have happened, by reading.

        A reading that began after `since` (monotonic seconds) will do.
        """
        try:
            async with self._visit(case) as visit, visit.locked():
                return await self._end_in(visit, await self._look(case, visit, since))
        except (LaneBusy, LockLost) as error:
            log.warning("attempt %s: %s", case.attempt.operation_id, error)
            return case.outcome(Code.UNKNOWN)

    @asynccontextmanager
    async def _visit(self, case: Case) -> AsyncIterator[Visit]:
        attempt = case.attempt
        key = (attempt.upstream, attempt.place.session_id)
        async with self._lanes.enter(key, PATIENCE) as lane:
            yield Visit(attempt, lane, self._workspaces, self._attempts, self._monotonic)

    async def _prepared(self, case: Case) -> Case:
        """With all that takes time and needs no lane."""
        if not case.claiming:
            return case
        attempt = case.attempt
        policy = await self._policies.policy_for(
            case.workspace, case.announcement, attempt.place, attempt.subject_id, attempt.roblox_id
        )
        await self._judge.warm(attempt, self._catalog.peek(attempt.workspace_id))
        return replace(case, policy=policy)

    async def _act(self, case: Case, visit: Visit, arrived: float) -> Ending:
        """From the reading to the ending; the attempt is still pending when nothing was sent."""
        try:
            # During a rush all who wait share a reading, but never one from before their press.
            reading = visit.shared(arrived)
            if reading is not None and (judged := await self._judge.judge(case, reading)):
                return _refused(case, reading, judged)
            async with visit.locked():
                if reading is None or not visit.may_write_by(reading):
                    reading = await visit.read()
                    if judged := await self._judge.judge(case, reading):
                        return _refused(case, reading, judged)
                if refused := await self._judge.recheck(case):
                    return Ending(case, refused.code, outcome=refused)
                sent = await self._attempts.mark_sent(case.attempt, self._clock())
                if sent is None:  # another process believed us dead, and has it now
                    return Ending(case, Code.UNKNOWN)
                return await self._send(_knowing(case, reading, sent), visit, reading)
        except ProviderError as error:
            return Ending(case, Code.DOWN, error=error)
        except Refusal:  # the workspace was removed in the meantime
            return Ending(case, Code.GONE)

    async def _send(self, case: Case, visit: Visit, reading: Reading) -> Ending:
        attempt = case.attempt
        try:
            if case.claiming:
                await visit.claim(reading.session, attempt.place, attempt.roblox_id)
            else:
                await visit.release()
        except OutcomeUnknown as error:
            log.warning("attempt %s: outcome unknown: %s", attempt.operation_id, error)
            return await self._look(case, visit)
        except ProviderError as error:
            return Ending(case, Code.DOWN, error=error)
        except (LockLost, Refusal) as error:  # either way nothing was sent
            log.warning("attempt %s: %s", attempt.operation_id, error)
            code = Code.INTERRUPTED if isinstance(error, LockLost) else Code.GONE
            return Ending(case, code)
        if not reading.capabilities.loses_writes:
            return Ending(case, case.done)
        try:
            look = self._aftermath.after_claim if case.claiming else self._aftermath.after_release
            ending = await look(case, visit, reading)
        except (ProviderError, LockLost) as error:
            return unread(case, self._steady(), error)
        except Refusal:  # removed since: the platform said yes, and nobody can be asked any more
            return Ending(case, case.done)
        return absent(ending.case, self._steady()) if ending.code is Code.UNKNOWN else ending

    async def _look(self, case: Case, visit: Visit, since: float | None = None) -> Ending:
        """Present is proof at once; absence only after reads over 90 s agree (I2)."""
        try:
            shared = visit.shared(since) if since is not None else None
            reading = shared or await visit.read()
            case = _knowing(case, reading, case.attempt)
            if holds(case.attempt, reading.session) is not case.claiming:
                return absent(case, self._steady())
            if case.claiming:
                return await self._aftermath.present(case, visit, reading)
        except UpstreamNotFound as error:
            if error.what in ("session", "server"):
                return absent(case, self._steady(), Code.GONE)
            return unread(case, self._steady(), error)
        except (ProviderError, Refusal, LockLost) as error:
            return unread(case, self._steady(), error)
        return Ending(case, case.done)

    async def _end_in(self, visit: Visit, ending: Ending) -> Outcome:
        """End it before the next one in the lane judges by the journal."""
        outcome = await self._end(ending)
        if outcome.code is not Code.UNKNOWN:
            visit.settle()
        return outcome

    async def _end(self, ending: Ending) -> Outcome:
        """Word the ending and write it down; UNKNOWN stays open in the journal."""
        case, error = ending.case, ending.error
        outcome = ending.outcome or case.outcome(ending.code)
        if ending.judged is not None and ending.session is not None:
            outcome = await self._judge.word(case, ending.session, ending.judged)
        elif error is not None:
            outcome = from_error(outcome, error)
        elif ending.code is Code.GONE and ending.outcome is None:
            outcome = replace(outcome, what="session" if _was_absent(case) else "workspace")
        if outcome.code is Code.FULL:
            outcome = await with_line(self._attempts.waitlist, case, outcome, self._clock())
        if outcome.code is Code.UNKNOWN:
            if case.attempt.state is AttemptState.UNKNOWN:
                await self._attempts.save(case.attempt)
            return outcome
        return await self.settle(case, outcome, error)

    async def settle(
        self, case: Case, outcome: Outcome, error: ProviderError | None = None
    ) -> Outcome:
        """Write the ending into the journal and let the board follow."""
        settled = replace(
            case.attempt,
            state=AttemptState.CONFIRMED if outcome.code in DONE else AttemptState.REFUSED,
            settled_at=self._clock(),
            reason=outcome.code.value,
            upstream_status=error.facts.status if error else None,
        )
        if settled.in_vain and not settled.interaction_token:
            settled = replace(settled, told=True)  # nobody waits for an answer
        await self._attempts.save(settled)
        log.info(
            "%s by %s for %s in guild %s, workspace %s, session %s: %s, reference %s",
            settled.kind.value, settled.actor_id, settled.roblox_id, settled.guild_id,
            settled.workspace_id, settled.place.session_id, outcome.code.value,
            settled.operation_id[:8],
        )  # fmt: skip
        if outcome.code in DONE:
            self._catalog.expire(settled.workspace_id)
        if outcome.code in _NEWS:  # to its board, and to those of other guilds
            self._boards.mark_dirty(settled.announcement_id)
        if outcome.code in DONE:
            for other in await self._announcements.list_live_for_session(
                case.workspace.base_url, settled.place.session_id
            ):
                self._boards.mark_dirty(other.announcement_id)
        self.tell_settled(settled)
        return outcome


def _refused(case: Case, reading: Reading, judged: Judged) -> Ending:
    case = _knowing(case, reading, case.attempt)
    return Ending(case, judged.verdict.code, judged, reading.session)


def _knowing(case: Case, reading: Reading, attempt: Attempt) -> Case:
    return replace(case, attempt=attempt, can_release=reading.capabilities.can_release)


def _was_absent(case: Case) -> bool:
    return case.attempt.absent_since is not None
