"""Settles what a crash or an unclear answer left open, and tells the member."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.background import Background
from bot.errors import MusterError
from bot.models import Attempt, AttemptKind, AttemptState, Door
from bot.services.cases import Case
from bot.services.engine import ClaimEngine
from bot.services.hostlog import HostLog, act_line
from bot.services.late_answers import LateAnswers
from bot.services.late_releases import NOT_KEPT, LateReleases, Release
from bot.services.observing import Observer, Unobserved
from bot.services.outcomes import Code, Outcome
from bot.services.ports import Messenger
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.attempts import AttemptStore
from bot.text import safe

log = logging.getLogger(__name__)

BATCH = 200  # rows of one workspace in one look
NOTE_AFTER = timedelta(seconds=30)  # until then whoever waits for the act tells hosts of it
RESUME_WITHIN = timedelta(minutes=14)  # an interaction lives 15; after that nobody waits for it


class Reconciler:
    """Every unsettled journal row reaches its ending here, and every ending its member."""

    def __init__(
        self,
        attempts: AttemptStore,
        announcements: AnnouncementStore,
        workspaces: WorkspaceService,
        engine: ClaimEngine,
        messenger: Messenger,
        late_answers: LateAnswers,
        late_releases: LateReleases,
        host_log: HostLog,
        background: Background,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        observer: Observer | None = None,
    ) -> None:
        self._observer = observer or Unobserved()
        self._attempts = attempts
        self._announcements = announcements
        self._workspaces = workspaces
        self._engine = engine
        self._messenger = messenger
        self._late_answers = late_answers
        self._late_releases = late_releases
        self._host_log = host_log
        self._background = background
        self._busy: set[int] = set()  # workspaces whose last look has not come back
        self._clock = clock
        self._monotonic = monotonic

    async def settle_all(self) -> None:
        """Look at every unsettled row once; rows that a living process carries are left alone.

        Workspaces are asked side by side, so that a hanging one delays no other.
        """
        live = await self._attempts.live_owners()
        by_workspace: dict[int, list[Attempt]] = {}
        for attempt in await self._attempts.list_unsettled(BATCH):
            if self._is_ours(attempt, live):
                by_workspace.setdefault(attempt.workspace_id, []).append(attempt)
        for workspace_id in by_workspace.keys() - self._busy:
            work = self._settle_workspace(workspace_id, by_workspace[workspace_id])
            self._background.spawn(work, f"settle claims of workspace {workspace_id}")
        since = self._clock() - RESUME_WITHIN
        for attempt in await self._attempts.list_unanswered(since, BATCH):
            # The endings of our own presses are being said by whoever waits for them.
            if attempt.owner not in live and await self._attempts.take(attempt):
                await self._tell_quietly(attempt)
        for attempt in await self._attempts.list_unnoted(self._clock() - NOTE_AFTER, BATCH):
            await self._note(attempt)

    def _is_ours(self, attempt: Attempt, live: set[int]) -> bool:
        if attempt.door is Door.SWAP or self._engine.is_running(attempt):
            return False  # swaps are settled as a whole, by their own
        return self._attempts.owns(attempt) or attempt.owner not in live

    async def _settle_workspace(self, workspace_id: int, attempts: list[Attempt]) -> None:
        self._busy.add(workspace_id)
        since = self._monotonic()  # one reading of a session serves all rows of this look
        try:
            with self._engine.staying(attempts):
                await asyncio.gather(*(self._settle_quietly(one, since) for one in attempts))
        finally:
            self._busy.discard(workspace_id)

    async def _settle_quietly(self, attempt: Attempt, since: float) -> None:
        if self._engine.is_running(attempt):
            return
        try:
            with self._engine.owning(attempt):
                if await self._attempts.take(attempt):
                    await self._settle(attempt.operation_id, since)
        except MusterError as error:
            log.warning("attempt %s not settled: %s", attempt.operation_id, error)
        except Exception:  # one odd row must not keep the others from their endings
            log.exception("attempt %s not settled", attempt.operation_id)

    async def _settle(self, operation_id: str, since: float) -> None:
        attempt = await self._attempts.get(operation_id)
        if attempt is None or attempt.state.settled:  # its own press finished since it was listed
            return
        case = await self._case(attempt)
        if case is None:
            outcome = await self._give_up(attempt)
            self._observer.settled(attempt.kind, outcome.code, outcome.platform)
            await self._tell(attempt, outcome, None)
            return
        if attempt.state is not AttemptState.PENDING:
            outcome = await self._engine.look_again(case, since)
        elif self._clock() - attempt.created_at < RESUME_WITHIN:
            outcome = await self._engine.drive(case)  # nothing was sent: carry it on
        else:
            outcome = await self._engine.settle(case, case.outcome(Code.INTERRUPTED))
        if outcome.code is Code.GAVE_UP:
            self._hand_over(case)
        if outcome.code is not Code.UNKNOWN:
            self._observer.settled(attempt.kind, outcome.code, outcome.platform)
            await self._tell(attempt, outcome, case)

    async def _case(self, attempt: Attempt) -> Case | None:
        found = await self._announcements.get_opening_anywhere(attempt.opening_id)
        workspace = await self._workspaces.get_anywhere(attempt.workspace_id)
        if found is None or workspace is None:
            return None
        opening, announcement = found
        return Case(attempt, announcement, opening, workspace)

    async def _give_up(self, attempt: Attempt) -> Outcome:
        """The workspace was removed in the meantime: nothing is left to read."""
        given_up = replace(attempt, state=AttemptState.REFUSED, reason=Code.GONE.value)
        await self._attempts.save(replace(given_up, settled_at=self._clock()))
        return Outcome(Code.GONE, what="workspace", reference=attempt.operation_id[:8])

    def _hand_over(self, case: Case) -> None:
        """Nobody can be reached who knows: the hosts have to look."""
        attempt = case.attempt
        what = "claim of" if case.claiming else "release of"
        self._host_log.say(
            case.workspace,
            f"⚠ Whether the {what} **{safe(case.opening.role_name)}** in"
            f" “{safe(case.announcement.title)}” by <@{attempt.subject_id}> (Roblox id"
            f" {attempt.roblox_id}) went through could not be found out for a day. Look in"
            f" {case.workspace.kind.label}. Reference {attempt.operation_id[:8]}",
        )

    async def _note(self, attempt: Attempt) -> None:
        """What hosts have to read of an act whose own process could not tell them."""
        case = await self._case(attempt)
        number = attempt.interaction_id
        if number is None or not await self._attempts.note(number) or case is None:
            return
        if attempt.door is not Door.HOST:
            release = Release(
                case.workspace, case.announcement, case.opening, attempt.subject_id,
                attempt.created_at, attempt.operation_id[:8],
            )  # fmt: skip
            await self._late_releases.tell(release, NOT_KEPT)
            return
        did = "removed" if attempt.kind is AttemptKind.RELEASE else "added"
        reason = NOT_KEPT if attempt.with_reason else ""
        text = act_line(
            attempt.actor_id, did, attempt.subject_id, case.announcement, case.opening, reason,
            attempt.operation_id[:8],
        )  # fmt: skip
        self._host_log.say(case.workspace, text)

    async def _tell_quietly(self, attempt: Attempt) -> None:
        """Say an ending that was settled, but whose process died before its answer."""
        try:
            case = await self._case(attempt)
            code = Code(attempt.reason)
            outcome = case.outcome(code) if case else Outcome(code, what="workspace")
            await self._tell(attempt, outcome, case)
        except MusterError as error:
            log.warning("attempt %s not told: %s", attempt.operation_id, error)

    async def _tell(self, attempt: Attempt, outcome: Outcome, case: Case | None) -> None:
        """Through the interaction while it lives, else elsewhere, else at their next one."""
        reached = await self._messenger.tell(attempt, outcome)
        if not reached:
            announcement = case.announcement if case else None
            reached = await self._late_answers.tell(attempt, outcome, announcement)
        if reached and outcome.operation_id:
            await self._attempts.mark_told([attempt.operation_id])
        else:  # a host heard of what is for somebody else, or nobody heard anything
            await self._attempts.erase_token(attempt.operation_id)
