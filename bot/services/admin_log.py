"""Lines for the admins of a whole guild: in the log channels of its workspaces, each once."""

from __future__ import annotations

import logging

from bot.services.hostlog import HostLog
from bot.services.workspaces import WorkspaceService

log = logging.getLogger(__name__)


class AdminLog:
    """For what belongs to no single workspace."""

    def __init__(self, workspaces: WorkspaceService, host_log: HostLog) -> None:
        self._workspaces = workspaces
        self._host_log = host_log

    async def say(self, guild_id: int, text: str) -> bool:
        """Post a line; `text` is safe to show. False when no log channel is set."""
        channels = set()
        for workspace in await self._workspaces.list_all(guild_id):
            channel = workspace.log_channel_id
            if channel is not None and channel not in channels:
                channels.add(channel)
                self._host_log.say(workspace, text)
        return bool(channels)
