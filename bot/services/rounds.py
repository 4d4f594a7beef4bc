"""Work that comes round for every workspace, so that a slow one holds up nobody else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ParamSpec

from bot.background import Background

P = ParamSpec("P")


class Rounds:
    """One round per workspace at a time; who is still busy with the last one is left out."""

    def __init__(self, background: Background, name: str) -> None:
        self._background = background
        self._name = name
        self._busy: set[int] = set()

    def start(
        self, workspace_id: int, work: Callable[P, Awaitable[None]], *args: P.args, **more: P.kwargs
    ) -> None:
        """Begin a round in the background, unless the workspace's last one still runs."""
        if workspace_id not in self._busy:
            self._busy.add(workspace_id)
            name = f"{self._name} of workspace {workspace_id}"
            self._background.spawn(self._run(workspace_id, work, *args, **more), name)

    async def _run(
        self, workspace_id: int, work: Callable[P, Awaitable[None]], *args: P.args, **more: P.kwargs
    ) -> None:
        try:
            await work(*args, **more)
        finally:
            self._busy.discard(workspace_id)
