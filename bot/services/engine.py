"""One attempt from the journal to its outcome: lane, fresh read, rules, one write, look again."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.errors import OutcomeUnknown, ProviderError, Refusal
from bot.models import (
    Announcement,
    Attempt,
    AttemptKind,
    AttemptState,
    Capabilities,
    Door,
    Opening,
    Session,
    Workspace,
)
from bot.providers.identity.roblox import Roblox
from bot.services.boards import BoardService
from bot.services.catalog import SessionCatalog
from bot.services.lanes import Lane, LaneBusy, Lanes
from bot.services.outcomes import DONE, Code, Outcome
from bot.services.people import People
from bot.services.rules import Applicant, Verdict, judge_claim, needs_rank
from bot.services.verdicts import facts, from_error, from_verdict
from bot.services.workspaces import WorkspaceService
from bot.store.attempts import AttemptStore

log = logging.getLogger(__name__)

PATIENCE = 600.0  # seconds in a lane; the interaction itself lives 900
YOUNG = 1.0  # seconds: a reading no older than this may refuse a claim
CERTAIN_AFTER = timedelta(seconds=90)  # ReAdmin may store a claim this long after we gave up


@dataclass(frozen=True, slots=True)
class Case:
    """An attempt with what it is about."""

    attempt: Attempt
    announcement: Announcement
    opening: Opening
    workspace: Workspace
    can_release: bool = True  # known once the provider was asked

    def outcome(self, code: Code) -> Outcome:
        """An outcome of this attempt with the common facts."""
        outcome = facts(code, self.announcement, self.opening, self.workspace, self.attempt)
        return replace(outcome, can_release=self.can_release)


class ClaimEngine:
    """Carries attempts out. Raises nothing that a platform does: that becomes the outcome."""

    def __init__(
        self,
        attempts: AttemptStore,
        workspaces: WorkspaceService,
        roblox: Roblox,
        people: People,
        boards: BoardService,
        catalog: SessionCatalog,
        lanes: Lanes,
        clock: Callable[[], datetime],
    ) -> None:
        self._attempts = attempts
        self._workspaces = workspaces
        self._roblox = roblox
        self._people = people
        self._boards = boards
        self._catalog = catalog
        self._lanes = lanes
        self._clock = clock
        self._running: set[str] = set()

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

    async def drive(self, case: Case, *, move_confirmed: bool = False) -> Outcome:
        """Carry a journalled, pending attempt to its outcome."""
        arrived = time.monotonic()
        return await self._in_lane(
            case, lambda lane: self._act(case, move_confirmed, lane, arrived)
        )

    async def look_again(self, case: Case) -> Outcome:
        """Settle an attempt whose write may or may not have happened, by reading."""
        return await self._in_lane(case, lambda _: self._read_back(case))

    async def _in_lane(self, case: Case, work: Callable[[Lane], Awaitable[Outcome]]) -> Outcome:
        attempt = case.attempt
        key = (attempt.upstream, attempt.place.session_id)
        try:
            async with self._lanes.enter(key, PATIENCE) as lane:
                return await work(lane)
        except LaneBusy:
            if attempt.state is AttemptState.PENDING:
                return await self.settle(case, case.outcome(Code.LIMITED))
            return case.outcome(Code.UNKNOWN)

    async def _act(self, case: Case, move_confirmed: bool, lane: Lane, arrived: float) -> Outcome:
        # During a rush all who wait share a reading, but never one from before their own press or
        # from before a write of this process, through whichever client.
        age = time.monotonic() - max(arrived, lane.written_at)
        try:
            session, capabilities = await self._read(case, min(age, YOUNG))
            case = replace(case, can_release=capabilities.can_release)
            refusal = await self._judge(case, session, capabilities, move_confirmed)
            if refusal is not None:
                return await self.settle(case, refusal)
            sent = replace(case.attempt, state=AttemptState.SENT, sent_at=self._clock())
            await self._attempts.save(sent)
            case = replace(case, attempt=sent)
            try:
                await self._write(case, session)
            finally:
                lane.written_at = time.monotonic()
        except OutcomeUnknown as error:
            log.warning("attempt %s: outcome unknown: %s", case.attempt.operation_id, error)
            return await self._read_back(case)
        except ProviderError as error:
            return await self.settle(case, from_error(case.outcome(Code.DOWN), error), error)
        except Refusal:  # the workspace was removed in the meantime
            return await self.settle(case, replace(case.outcome(Code.GONE), what="workspace"))
        done = Code.CLAIMED if case.attempt.kind is AttemptKind.CLAIM else Code.RELEASED
        return await self.settle(case, case.outcome(done))

    async def _read(self, case: Case, max_age: float = 0.0) -> tuple[Session, Capabilities]:
        async with self._workspaces.watch(case.workspace.workspace_id) as provider:
            session = await provider.fetch_session(case.attempt.place.session_id, max_age)
            return session, provider.capabilities

    async def _write(self, case: Case, session: Session) -> None:
        attempt = case.attempt
        async with self._workspaces.watch(case.workspace.workspace_id) as provider:
            if attempt.kind is AttemptKind.CLAIM:
                await provider.claim(session, attempt.place, attempt.roblox_id)
            else:
                by_host = attempt.door is Door.HOST
                await provider.release(attempt.place, attempt.roblox_id, by_host=by_host)

    async def _judge(
        self, case: Case, session: Session, capabilities: Capabilities, move_confirmed: bool
    ) -> Outcome | None:
        attempt = case.attempt
        if attempt.kind is AttemptKind.RELEASE:
            return self._judge_release(case, session, capabilities)
        reserved = await self._reserved(attempt)

        def judge(rank: int) -> Verdict | None:
            applicant = Applicant(attempt.roblox_id, rank, move_confirmed)
            return judge_claim(
                session, attempt.place, applicant, reserved, capabilities, self._clock()
            )

        rank = 0
        if needs_rank(session, attempt.place, capabilities) and session.group_id is not None:
            rank = await self._roblox.fetch_rank(attempt.roblox_id, session.group_id)
            if (refused := judge(rank)) and refused.code is Code.NOT_ELIGIBLE_RANK:
                # Promoted a moment ago? A remembered rank is good enough only to let somebody in.
                rank = await self._roblox.fetch_rank(attempt.roblox_id, session.group_id, max_age=0)
        verdict = judge(rank)
        if verdict is None:
            return None
        holders = await self._people.labels(attempt.guild_id, verdict.holders)
        outcome = from_verdict(case.outcome(verdict.code), verdict, tuple(holders.values()), rank)
        return replace(outcome, held_server_name=_server_name(session, verdict))

    def _judge_release(
        self, case: Case, session: Session, capabilities: Capabilities
    ) -> Outcome | None:
        if not _holds(case.attempt, session):
            return case.outcome(Code.NOT_HELD)
        if not capabilities.can_release:
            return case.outcome(Code.CANNOT_RELEASE)
        return None

    async def _reserved(self, attempt: Attempt) -> frozenset[int]:
        """Roblox ids of others whose claim on this place may yet appear."""
        unsettled = await self._attempts.list_unsettled_for(
            attempt.upstream, attempt.place.session_id
        )
        return frozenset(
            other.roblox_id
            for other in unsettled
            if other.operation_id != attempt.operation_id
            and other.kind is AttemptKind.CLAIM
            and other.place == attempt.place
            and other.state is not AttemptState.PENDING
        )

    async def _read_back(self, case: Case) -> Outcome:
        """Present is proof at once; absence only after reads over 90 s agree (I2)."""
        attempt = case.attempt
        try:
            session, capabilities = await self._read(case)
            case = replace(case, can_release=capabilities.can_release)
        except (ProviderError, Refusal) as error:
            log.warning("attempt %s could not be read back: %s", attempt.operation_id, error)
            await self._attempts.save(attempt.moved_to(AttemptState.UNKNOWN))
            return case.outcome(Code.UNKNOWN)
        if _holds(attempt, session) is (attempt.kind is AttemptKind.CLAIM):
            done = Code.CLAIMED if attempt.kind is AttemptKind.CLAIM else Code.RELEASED
            return await self.settle(case, case.outcome(done))
        now = self._clock()
        since = attempt.absent_since or now
        if now - since >= CERTAIN_AFTER:
            return await self.settle(case, case.outcome(Code.DID_NOT_ARRIVE))
        unknown = replace(attempt, state=AttemptState.UNKNOWN, absent_since=since)
        await self._attempts.save(unknown)
        return case.outcome(Code.UNKNOWN)

    async def settle(
        self, case: Case, outcome: Outcome, error: ProviderError | None = None
    ) -> Outcome:
        """Write the ending into the journal and let the board follow."""
        state = AttemptState.CONFIRMED if outcome.code in DONE else AttemptState.REFUSED
        settled = replace(
            case.attempt,
            state=state,
            settled_at=self._clock(),
            reason=outcome.code.value,
            upstream_status=error.facts.status if error else None,
        )
        await self._attempts.save(settled)
        log.info(
            "%s by %s for %s in guild %s, workspace %s, session %s: %s",
            settled.kind.value, settled.actor_id, settled.roblox_id, settled.guild_id,
            settled.workspace_id, settled.place.session_id, outcome.code.value,
        )  # fmt: skip
        if outcome.code in DONE:
            self._catalog.expire(settled.workspace_id)
        if outcome.code in DONE or outcome.code in (Code.FULL, Code.ALREADY_SAME, Code.GONE):
            self._boards.mark_dirty(settled.announcement_id)  # the reading was news to the board
        return outcome


def _holds(attempt: Attempt, session: Session) -> bool:
    place = attempt.place
    return attempt.roblox_id in session.holders(place.server_id, place.role_id)


def _server_name(session: Session, verdict: Verdict) -> str:
    server = session.server(verdict.held_server_id)
    return server.name if server and len(session.servers) > 1 else ""
