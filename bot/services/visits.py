"""One turn at a session: what is read and written there while nobody else of ours does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.models import Attempt, Door, Place, Session
from bot.services.lanes import Lane, Reading
from bot.services.workspaces import WorkspaceService
from bot.store.attempts import AttemptStore
from bot.store.database import ALONE

YOUNG = 1.0  # seconds: how old a shared reading may be that a claim is judged by


class Turn:
    """One turn at a session. Errors are those of the provider, Refusal and LockLost."""

    def __init__(
        self,
        upstream: str,
        session_id: str,
        workspace_id: int,
        lane: Lane,
        workspaces: WorkspaceService,
        attempts: AttemptStore,
        monotonic: Callable[[], float],
    ) -> None:
        self._upstream = upstream
        self._session_id = session_id
        self._workspace_id = workspace_id
        self._lane = lane
        self._workspaces = workspaces
        self._attempts = attempts
        self._monotonic = monotonic
        self._hold = ALONE

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Keep other processes from writing to the session. Needed around every write."""
        async with self._attempts.session_lock(f"{self._upstream} {self._session_id}") as hold:
            self._hold = hold
            yield

    async def read(self) -> Reading:
        """The session as it stands: the requests begin now. Kept for the next in the lane."""
        began = self._monotonic()
        async with self._workspaces.watch(self._workspace_id) as provider:
            session = await provider.fetch_session(self._session_id)
            capabilities = provider.capabilities
        unsettled = await self._attempts.list_doubtful(self._upstream, self._session_id)
        line = await self._attempts.waitlist.list_line(self._upstream, self._session_id)
        reading = Reading(session, capabilities, tuple(unsettled), began, self._hold, tuple(line))
        self._lane.readings[self._workspace_id] = reading
        return reading

    async def check(self) -> None:
        """See that other processes are still kept away. Raises LockLost."""
        await self._hold.check()

    def outdate(self) -> None:
        """What the journal or a line says has changed: earlier readings tell it no longer."""
        self._lane.outdate(self._monotonic())


class Visit(Turn):
    """What one attempt does in its lane."""

    def __init__(
        self,
        attempt: Attempt,
        lane: Lane,
        workspaces: WorkspaceService,
        attempts: AttemptStore,
        monotonic: Callable[[], float],
    ) -> None:
        place = attempt.place
        super().__init__(
            attempt.upstream, place.session_id, attempt.workspace_id, lane, workspaces, attempts,
            monotonic,
        )  # fmt: skip
        self._attempt = attempt

    def shared(self, since: float) -> Reading | None:
        """A reading that another turn made after `since` (monotonic), still young, or None."""
        reading = self._lane.readings.get(self._attempt.workspace_id)
        newest = max(since, self._lane.written_at, self._monotonic() - YOUNG)
        return reading if reading is not None and reading.began >= newest else None

    def may_write_by(self, reading: Reading) -> bool:
        """Whether no process can have written since this reading."""
        return reading.hold is self._hold

    def settle(self) -> None:
        """The attempt has its ending now: to the next in the lane no reading says otherwise."""
        for workspace_id, reading in self._lane.readings.items():
            others = (o for o in reading.unsettled if o.operation_id != self._attempt.operation_id)
            self._lane.readings[workspace_id] = replace(reading, unsettled=tuple(others))

    async def claim(self, session: Session, place: Place, roblox_id: int) -> None:
        """Write a claim; `session` is what it was decided by."""
        await self._hold.check()
        async with self._writing(), self._workspaces.watch(self._attempt.workspace_id) as provider:
            await provider.claim(session, place, roblox_id)

    async def release(self, place: Place | None = None, roblox_id: int | None = None) -> None:
        """Take the attempt's place from the person; or this place of the session from this one."""
        attempt = self._attempt
        place, person = place or attempt.place, roblox_id or attempt.roblox_id
        await self._hold.check()
        async with self._writing(), self._workspaces.watch(attempt.workspace_id) as provider:
            await provider.release(place, person, by_host=attempt.door is Door.HOST)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[None]:
        """What was read before the end of a write proves nothing afterwards."""
        self._lane.readings.clear()
        try:
            yield
        finally:
            self._lane.outdate(self._monotonic())
