"""Settles what a crash or an unclear answer left open, and tells the member."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.background import Background
from bot.errors import MusterError
from bot.models import Attempt, AttemptState
from bot.services.engine import Case, ClaimEngine
from bot.services.outcomes import Code, Outcome
from bot.services.ports import Messenger
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.attempts import AttemptStore

log = logging.getLogger(__name__)

EVERY = 10.0  # seconds between two looks
BATCH = 100
RESUME_WITHIN = timedelta(minutes=14)  # an interaction lives 15; after that nobody waits for it


class Reconciler:
    """Every unsettled journal row reaches its ending here."""

    def __init__(
        self,
        attempts: AttemptStore,
        announcements: AnnouncementStore,
        workspaces: WorkspaceService,
        engine: ClaimEngine,
        messenger: Messenger,
        background: Background,
        clock: Callable[[], datetime],
    ) -> None:
        self._attempts = attempts
        self._announcements = announcements
        self._workspaces = workspaces
        self._engine = engine
        self._messenger = messenger
        self._background = background
        self._busy: set[int] = set()  # workspaces whose last look has not come back
        self._clock = clock

    async def settle_all(self) -> None:
        """Look at every unsettled row once; rows that run in this process are left alone.

        Workspaces are asked side by side, so that a hanging one delays no other.
        """
        by_workspace: dict[int, list[Attempt]] = {}
        for attempt in await self._attempts.list_unsettled(BATCH):
            by_workspace.setdefault(attempt.workspace_id, []).append(attempt)
        for workspace_id in by_workspace.keys() - self._busy:
            work = self._settle_workspace(workspace_id, by_workspace[workspace_id])
            self._background.spawn(work, f"settle claims of workspace {workspace_id}")

    async def _settle_workspace(self, workspace_id: int, attempts: list[Attempt]) -> None:
        self._busy.add(workspace_id)
        try:
            for attempt in attempts:
                if not self._engine.is_running(attempt):
                    with self._engine.owning(attempt):
                        await self._settle_quietly(attempt.operation_id)
        finally:
            self._busy.discard(workspace_id)

    async def _settle_quietly(self, operation_id: str) -> None:
        try:
            await self._settle(operation_id)
        except MusterError as error:
            log.warning("attempt %s not settled: %s", operation_id, error)
        except Exception:  # one odd row must not keep the others from their endings
            log.exception("attempt %s not settled", operation_id)

    async def _settle(self, operation_id: str) -> None:
        attempt = await self._attempts.get(operation_id)
        if attempt is None or attempt.state.settled:  # its own press finished since it was listed
            return
        found = await self._announcements.get_opening_anywhere(attempt.opening_id)
        workspace = await self._workspaces.get_anywhere(attempt.workspace_id)
        if found is None or workspace is None:
            await self._give_up(attempt)
            return
        opening, announcement = found
        case = Case(attempt, announcement, opening, workspace)
        if attempt.state is not AttemptState.PENDING:
            outcome = await self._engine.look_again(case)
        elif self._clock() - attempt.created_at < RESUME_WITHIN:
            outcome = await self._engine.drive(case)  # nothing was sent: carry it on
        else:
            outcome = await self._engine.settle(case, case.outcome(Code.INTERRUPTED))
        if outcome.code is not Code.UNKNOWN:
            await self._messenger.tell(attempt, outcome)

    async def _give_up(self, attempt: Attempt) -> None:
        """The workspace was removed in the meantime: nothing is left to read."""
        given_up = replace(attempt, state=AttemptState.REFUSED, reason=Code.GONE.value)
        await self._attempts.save(replace(given_up, settled_at=self._clock()))
        gone = Outcome(Code.GONE, what="workspace", reference=attempt.operation_id[:8])
        await self._messenger.tell(attempt, gone)
