"""Account links: which Roblox account a member claims with."""

from __future__ import annotations

import logging
import re

from bot.errors import Refusal
from bot.models import AccountLink, RobloxUser
from bot.providers.identity.roblox import Roblox
from bot.services.permits import require_admin
from bot.services.ports import Actor
from bot.store.links import LinkStore
from bot.text import safe

log = logging.getLogger(__name__)

_USERNAME = re.compile(r"\w{3,20}", re.ASCII)  # Roblox: letters, digits, underscores
MAX_ROBLOX_ID = 2**63 - 1


class LinkingService:
    """One link of a guild, as its admins look at it. `LinkCards` makes them."""

    def __init__(self, links: LinkStore, roblox: Roblox) -> None:
        self._links = links
        self._roblox = roblox

    async def get(self, actor: Actor, discord_id: int) -> AccountLink | None:
        """A member's link in this guild; admins may ask for anybody, members for themselves."""
        if discord_id != actor.discord_id:
            require_admin(actor)
        return await self._links.get(actor.guild_id, discord_id)

    async def remove(self, actor: Actor, discord_id: int) -> AccountLink:
        """Forget a member's link in this guild. Claims on the platform stay."""
        require_admin(actor)
        link = await self._links.remove(actor.guild_id, discord_id)
        if link is None:
            raise Refusal(f"<@{discord_id}> is not linked here.")
        log.info("member %s unlinked in guild %s", discord_id, actor.guild_id)
        return link

    async def find_account(self, account: str) -> RobloxUser:
        """The Roblox account of this username or id, as typed; Refusal when there is none."""
        text = account.strip().removeprefix("@")
        if text.isascii() and text.isdecimal() and len(text) <= 20:
            user = await self._by_number(text)
        elif _USERNAME.fullmatch(text):
            user = await self._roblox.fetch_user_by_name(text)
        else:
            raise Refusal(_RULE)
        if user is None:
            raise Refusal(
                f"Roblox knows no account “{safe(text)}”. Check the spelling on the member's"
                " profile, or use the number from the address of that profile."
            )
        return user

    async def _by_number(self, text: str) -> RobloxUser | None:
        """An id first, since admins paste ids; a username may consist of digits as well."""
        if 0 < int(text) <= MAX_ROBLOX_ID and not text.startswith("0"):
            user = await self._roblox.fetch_user(int(text))
            if user is not None:
                return user
        return await self._roblox.fetch_user_by_name(text) if len(text) >= 3 else None


_RULE = (
    "`roblox` must be a Roblox username (3 to 20 letters, digits or underscores) or the number of"
    " a Roblox account, for example `Builderman` or `156`."
)
