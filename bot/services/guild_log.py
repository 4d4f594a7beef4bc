"""What concerns a whole guild, not one workspace, in the log channel that its admins read."""

from __future__ import annotations

import logging

from bot.background import Background
from bot.errors import MessengerError
from bot.services.ports import Messenger
from bot.services.workspaces import WorkspaceService

log = logging.getLogger(__name__)


class GuildLog:
    """Speaks in the first log channel of the guild's workspaces, by name, without being waited for.

    Where no workspace has one, it is only logged.
    """

    def __init__(
        self, workspaces: WorkspaceService, messenger: Messenger, background: Background
    ) -> None:
        self._workspaces = workspaces
        self._messenger = messenger
        self._background = background

    async def say(self, guild_id: int, text: str, question_id: int | None = None) -> bool:
        """Post a line, safe to show, and with a question the buttons by which an admin decides.

        False when the guild has no log channel.
        """
        channel_id = await self.find_channel(guild_id)
        if channel_id is None:
            log.info("guild %s has no log channel for a line about a link", guild_id)
            return False
        self._background.spawn(self._post(channel_id, text, question_id), "line for the admins")
        return True

    async def find_channel(self, guild_id: int) -> int | None:
        """Where the admins of this guild are spoken to."""
        workspaces = await self._workspaces.list_all(guild_id)
        channels = (one.log_channel_id for one in workspaces if one.log_channel_id is not None)
        return next(channels, None)

    async def _post(self, channel_id: int, text: str, question_id: int | None) -> None:
        try:
            if question_id is None:
                await self._messenger.post_notice(channel_id, text)
            else:
                await self._messenger.post_question(channel_id, text, question_id)
        except MessengerError as error:
            log.warning("log channel %s: %s", channel_id, error)
