"""A member whose link an admin changed reads of it, and can say that it is wrong."""

from __future__ import annotations

import logging

from bot.errors import Refusal
from bot.models import LinkNotice, NoticeKind
from bot.services.guild_log import GuildLog
from bot.services.ports import Actor, Messenger
from bot.store.link_notices import LinkNoticeStore
from bot.store.links import LinkStore
from bot.store.preferences import PreferenceStore
from bot.text import safe

log = logging.getLogger(__name__)


class LinkNotices:
    """Tells each change: at the member's next use, with a button; before, by direct message."""

    def __init__(
        self,
        store: LinkNoticeStore,
        links: LinkStore,
        preferences: PreferenceStore,
        messenger: Messenger,
        guild_log: GuildLog,
    ) -> None:
        self._store = store
        self._links = links
        self._preferences = preferences
        self._messenger = messenger
        self._guild_log = guild_log

    async def get_untold(self, guild_id: int, discord_id: int) -> LinkNotice | None:
        """What this member has not read yet, if it is still so."""
        notice = await self._store.get_untold(guild_id, discord_id)
        if notice is None:
            return None
        link = await self._links.get(guild_id, discord_id)
        has_it = link is not None and link.roblox_id == notice.roblox_id
        if has_it == (notice.kind is NoticeKind.LINKED):
            return notice
        await self._store.mark_told(notice.notice_id)  # undone since, or changed by themselves
        return None

    async def mark_told(self, notice: LinkNotice) -> None:
        """The member has read it."""
        await self._store.mark_told(notice.notice_id)

    async def send_direct(self, guild_id: int, discord_id: int, text: str) -> bool:
        """Tell a member at once, if they asked for direct messages and get it."""
        if not (await self._preferences.get(guild_id, discord_id)).direct:
            return False
        return await self._messenger.send_direct(discord_id, text)

    async def tell_taken(self, guild_id: int, discord_id: int, text: str) -> None:
        """Tell a member that their account was moved; told so, they do not read it again."""
        if await self.send_direct(guild_id, discord_id, text):
            notice = await self._store.get_untold(guild_id, discord_id)
            if notice is not None and notice.kind is NoticeKind.TAKEN:
                await self._store.mark_told(notice.notice_id)

    async def disown(self, actor: Actor, notice_id: int) -> LinkNotice:
        """The member says that it is not their account: their link goes at once.

        Only who the notice is for may; Refusal when the link is another one by now.
        """
        notice = await self._store.get(actor.guild_id, notice_id)
        if notice is None or notice.discord_id != actor.discord_id:
            raise Refusal("This button is about somebody else's account.")
        link = await self._links.get(actor.guild_id, actor.discord_id)
        if link is None or link.roblox_id != notice.roblox_id:
            raise Refusal(
                f"You are no longer linked to **{safe(notice.username)}** here, so nothing was"
                " changed."
            )
        await self._links.remove(actor.guild_id, actor.discord_id)
        log.info("member %s disowned a link in guild %s", actor.discord_id, actor.guild_id)
        await self._guild_log.say(
            actor.guild_id,
            f"⚠ <@{actor.discord_id}> says that **{safe(link.username)}** ({link.roblox_id}) is"
            " not their Roblox account. The link is removed; look who it belongs to.",
        )
        return notice
