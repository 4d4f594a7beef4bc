"""When each workspace was polled last, written down now and then for whoever operates Muster."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.store.polls import PolledWorkspace, PollStore


class PollNotes:
    """Collects the results of polls; one write keeps those of all workspaces."""

    def __init__(self, store: PollStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._latest: dict[int, PolledWorkspace] = {}

    def add(self, workspace_id: int, result: str) -> None:
        """A poll ended just now: `ok`, or the class of what went wrong."""
        self._latest[workspace_id] = PolledWorkspace(workspace_id, self._clock(), result)

    async def flush(self) -> None:
        """Write what came since the last time; what could not be written is lost, not repeated."""
        latest, self._latest = self._latest, {}
        if latest:
            await self._store.save(list(latest.values()))
