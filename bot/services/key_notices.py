"""Lines in a workspace's log channel about its key: refused, or working again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import MessengerError
from bot.models import Workspace, WorkspaceState
from bot.services.ports import Messenger
from bot.store.workspaces import WorkspaceStore
from bot.text import safe

log = logging.getLogger(__name__)

PAUSE = timedelta(minutes=5)  # between two tries to post the same line


@dataclass(slots=True)
class _Notice:
    text: str
    due: datetime | None  # None: it was posted, or is being posted


class KeyNotices:
    """Posts each line once; one that Discord did not take is tried again, but not at once."""

    def __init__(
        self, store: WorkspaceStore, messenger: Messenger, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._messenger = messenger
        self._clock = clock
        self._notices: dict[int, _Notice] = {}  # the latest of each workspace

    def owe(self, workspace: Workspace, state: WorkspaceState) -> None:
        """The key was refused just now, or works again: `post_due` says so."""
        text = (
            f"⚠ {workspace.kind.label} refuses the key of the workspace **{safe(workspace.name)}**."
            " Claims cannot go through until an admin enters a valid key: `/workspace key`."
            if state is WorkspaceState.KEY_REFUSED
            else f"✔ The key of the workspace **{safe(workspace.name)}** works again."
        )
        self._notices[workspace.workspace_id] = _Notice(text, due=self._clock())

    def forget(self, workspace_id: int) -> None:
        """Whoever must know does."""
        self._notices.pop(workspace_id, None)

    async def post_due(self, workspace_id: int) -> None:
        """Post what is owed, if its time has come."""
        notice = self._notices.get(workspace_id)
        if notice is None or notice.due is None or notice.due > self._clock():
            return
        notice.due = None  # before the first wait, so that one call posts it
        workspace = await self._store.get_anywhere(workspace_id)
        if workspace is None or workspace.log_channel_id is None:
            return
        try:
            await self._messenger.post_notice(workspace.log_channel_id, notice.text)
        except MessengerError as error:
            log.warning("log channel of workspace %s: %s", workspace_id, error)
            notice.due = self._clock() + PAUSE
