"""What we last read of each workspace's sessions: memory for autocomplete, lists and boards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from bot.background import Background
from bot.models import Session
from bot.services.workspaces import WorkspaceService

FRESH = 2.0  # seconds: a reading this young is shown without asking again
BRIEFLY = 0.7  # seconds that a list may wait for a newer reading; Discord gives it 3 in all


@dataclass(frozen=True, slots=True)
class Listing:
    """All sessions of a workspace as one reading told them."""

    sessions: tuple[Session, ...]
    begun: float  # monotonic seconds: what it tells is at least as new as this


class SessionCatalog:
    """The sessions of each workspace, read at most once at a time."""

    def __init__(
        self,
        workspaces: WorkspaceService,
        background: Background,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workspaces = workspaces
        self._background = background
        self._monotonic = monotonic
        self._readings: dict[int, Listing] = {}
        self._expired: dict[int, float] = {}  # workspace -> when what we knew became old
        self._running: dict[int, asyncio.Task[Listing]] = {}

    def get_sessions(self, workspace_id: int) -> tuple[Session, ...]:
        """From memory, at once; asks for a newer reading in the background when it has aged."""
        if not self._is_fresh(workspace_id):
            self.warm(workspace_id)
        reading = self._readings.get(workspace_id)
        return reading.sessions if reading else ()

    def peek(self, workspace_id: int) -> tuple[Session, ...]:
        """From memory, however old; asks nobody."""
        reading = self._readings.get(workspace_id)
        return reading.sessions if reading else ()

    async def get_recent(self, workspace_id: int) -> tuple[Session, ...]:
        """Like `get_sessions`, but waits a moment for the newer reading if one is needed."""
        if not self._is_fresh(workspace_id):
            await asyncio.wait({self._start(workspace_id)}, timeout=BRIEFLY)
        reading = self._readings.get(workspace_id)
        return reading.sessions if reading else ()

    async def get_within(
        self, workspace_id: int, age: float, *, wait: bool = True
    ) -> tuple[Session, ...] | None:
        """A reading of at most `age` seconds, also if a claim of ours has changed something since.

        Asks for a newer one if it has to, and with `wait` waits a moment for it; None without one.
        """
        if not self._is_within(workspace_id, age):
            asking = self._start(workspace_id)
            if wait:
                await asyncio.wait({asking}, timeout=BRIEFLY)
        reading = self._readings.get(workspace_id)
        return reading.sessions if reading and self._is_within(workspace_id, age) else None

    def expire(self, workspace_id: int) -> None:
        """A claim changed what the platform holds: readings begun before this moment are old."""
        self._expired[workspace_id] = self._monotonic()
        self._running.pop(workspace_id, None)  # it may have begun before; the next list asks anew

    def warm(self, workspace_id: int) -> None:
        """Start a reading unless one runs."""
        self._start(workspace_id)

    async def fetch_sessions(self, workspace_id: int) -> tuple[Session, ...]:
        """A reading that starts now, or the one under way. Raises ProviderErrors."""
        return (await self.fetch_listing(workspace_id)).sessions

    async def fetch_listing(self, workspace_id: int) -> Listing:
        """The same with the time when it began. Raises ProviderErrors."""
        return await asyncio.shield(self._start(workspace_id))

    def forget(self, workspace_id: int) -> None:
        """Drop what is known of a removed workspace."""
        self._running.pop(workspace_id, None)
        self._expired.pop(workspace_id, None)
        self._readings.pop(workspace_id, None)

    def _is_fresh(self, workspace_id: int) -> bool:
        reading = self._readings.get(workspace_id)
        if reading is None or reading.begun <= self._expired.get(workspace_id, float("-inf")):
            return False
        return self._monotonic() - reading.begun <= FRESH

    def _is_within(self, workspace_id: int, age: float) -> bool:
        reading = self._readings.get(workspace_id)
        return reading is not None and self._monotonic() - reading.begun <= age

    def _start(self, workspace_id: int) -> asyncio.Task[Listing]:
        task = self._running.get(workspace_id)
        if task is None:
            work = self._read(workspace_id)
            task = self._background.spawn(work, f"list sessions of workspace {workspace_id}")
            self._running[workspace_id] = task
            task.add_done_callback(lambda done: self._done(workspace_id, done))
        return task

    def _done(self, workspace_id: int, task: asyncio.Task[Listing]) -> None:
        if self._running.get(workspace_id) is task:
            del self._running[workspace_id]

    async def _read(self, workspace_id: int) -> Listing:
        begun = self._monotonic()
        async with self._workspaces.watch(workspace_id) as provider:
            listing = Listing(tuple(await provider.list_sessions()), begun)
        known = self._readings.get(workspace_id)
        if known is None or known.begun <= begun:  # never over a reading that began later
            self._readings[workspace_id] = listing
        return listing
