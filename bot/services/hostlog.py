"""Lines for the hosts and admins of a workspace, in its log channel."""

from __future__ import annotations

import logging

from bot.background import Background
from bot.errors import MessengerError
from bot.models import Announcement, Opening, Workspace
from bot.services.ports import Messenger
from bot.text import safe

log = logging.getLogger(__name__)


def act_line(
    host_id: int, did: str, subject_id: int, announcement: Announcement, opening: Opening,
    reason: str, reference: str,
) -> str:  # fmt: skip
    """What the log channel reads of a host's act; `reason` is a whole safe sentence or ''."""
    where = f" on {safe(opening.server_name)}" if opening.server_name else ""
    return (
        f"✎ <@{host_id}> {did} <@{subject_id}>:"
        f" **{safe(opening.role_name)}** in “{safe(announcement.title)}”{where}."
        f"{' ' if reason else ''}{reason}\n-# Reference {reference}"
    )


class HostLog:
    """Says things in log channels without making anybody wait for Discord."""

    def __init__(self, messenger: Messenger, background: Background) -> None:
        self._messenger = messenger
        self._background = background

    def say(self, workspace: Workspace, text: str) -> None:
        """Post a line; `text` is safe to show. Without a log channel it is only logged."""
        log.warning("workspace %s: %s", workspace.workspace_id, text)
        if workspace.log_channel_id is not None:
            work = self._post(workspace, workspace.log_channel_id, text)
            self._background.spawn(work, "line for the hosts")

    async def _post(self, workspace: Workspace, channel_id: int, text: str) -> None:
        try:
            await self._messenger.post_notice(channel_id, text)
        except MessengerError as error:
            log.warning("log channel of workspace %s: %s", workspace.workspace_id, error)
