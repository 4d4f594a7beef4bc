"""News that nobody asked for: to the hosts about a board, to a member about their role."""

from __future__ import annotations

import logging

from bot.errors import ChannelLost, MessageGone, MessengerError, MusterError
from bot.models import NOBODY, Announcement, Opening
from bot.services.ports import Messenger
from bot.services.workspaces import WorkspaceService
from bot.store.preferences import PreferenceStore
from bot.text import safe

log = logging.getLogger(__name__)


class Tidings:
    """Says each thing once, where it is welcome, or not at all; never raises."""

    def __init__(
        self, workspaces: WorkspaceService, preferences: PreferenceStore, messenger: Messenger
    ) -> None:
        self._workspaces = workspaces
        self._preferences = preferences
        self._messenger = messenger

    async def wants_direct(self, guild_id: int, discord_id: int) -> bool:
        """Whether this member asked for direct messages."""
        return (await self._preferences.get(guild_id, discord_id)).direct

    async def tell_member(self, guild_id: int, discord_id: int, text: str) -> bool:
        """A member, about themselves; False unless they asked for direct messages and got it."""
        if not await self.wants_direct(guild_id, discord_id):
            return False
        return await self._messenger.send_direct(discord_id, text)

    async def tell_lost(self, announcement: Announcement, error: ChannelLost) -> None:
        """The hosts: this board is no longer kept true. In the log channel, else to the host."""
        where = f"“{safe(announcement.title)}” in <#{announcement.channel_id}>"
        if isinstance(error, MessageGone):
            text = f"⚠ The board of {where} was deleted. Post it again with `/session repost`."
        else:
            text = (
                f"⚠ Muster may no longer edit the board of {where}, so it may be out of date. An"
                " admin can grant Muster View Channel, Send Messages, Embed Links and Read Message"
                " History there; then Muster corrects it by itself."
            )
        workspace = await self._workspaces.get_anywhere(announcement.workspace_id)
        if workspace is not None and workspace.log_channel_id is not None:
            try:
                await self._messenger.post_notice(workspace.log_channel_id, text)
            except MessengerError as trouble:
                log.warning("log channel of workspace %s: %s", workspace.workspace_id, trouble)
            else:
                return
        host_id = announcement.host_id
        if host_id != NOBODY and await self.wants_direct(announcement.guild_id, host_id):
            await self._messenger.send_direct(host_id, text)

    async def tell_taken(self, announcement: Announcement, opening: Opening, member: int) -> None:
        """A member (Discord id): the platform no longer holds their role."""
        try:
            workspace = await self._workspaces.get(announcement.guild_id, announcement.workspace_id)
        except MusterError:  # removed in this moment: its boards mean nothing any more
            return
        text = (
            f"You no longer hold **{safe(opening.role_name)}** in “{safe(announcement.title)}”"
            f" (<t:{int(announcement.starts_at.timestamp())}:f>): {workspace.kind.label} does not"
            " have your claim any more, and it was not released through this Discord server. If"
            " that surprises you, ask the session's host. You can claim again while there is room."
        )
        await self._messenger.send_direct(member, text)
