"""An admin links a member: what the card shows, and what its confirmation does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import MusterError, ProviderError, Refusal
from bot.models import AccountLink, LinkNotice, LinkSource, LinkWish, NoticeKind, RobloxProfile
from bot.providers.identity.headshots import Headshots
from bot.providers.identity.roblox import Roblox
from bot.services.catalog import SessionCatalog
from bot.services.guild_log import GuildLog
from bot.services.link_notices import LinkNotices
from bot.services.linking import LinkingService
from bot.services.permits import require_admin
from bot.services.ports import Actor
from bot.services.workspaces import WorkspaceService
from bot.store.link_wishes import LinkWishStore
from bot.store.links import LinkStore
from bot.text import safe

log = logging.getLogger(__name__)

UNANSWERED = timedelta(days=1)  # then a card is forgotten
BRIEFLY = 2.0  # seconds that ranks may take; a card without them will do
MOST_GROUPS = 3


@dataclass(frozen=True, slots=True)
class Card:
    """Everything that the admin looks at before they say yes. Names are untrusted."""

    wish: LinkWish
    profile: RobloxProfile
    picture: str = ""  # its address; empty when there is none
    ranks: tuple[tuple[str, int], ...] = ()  # (workspace, rank in its Roblox group)
    had: AccountLink | None = None  # the member's present link
    holder: AccountLink | None = None  # of the member who has this account


@dataclass(frozen=True, slots=True)
class Linked:
    """What a confirmation came to."""

    link: AccountLink
    shown_as: str  # the name on the card
    had: AccountLink | None
    holder_id: int | None


class LinkCards:
    """Asks before it links; the Roblox id decides, names only label."""

    def __init__(
        self,
        linking: LinkingService,
        links: LinkStore,
        wishes: LinkWishStore,
        roblox: Roblox,
        headshots: Headshots,
        workspaces: WorkspaceService,
        catalog: SessionCatalog,
        notices: LinkNotices,
        guild_log: GuildLog,
        clock: Callable[[], datetime],
    ) -> None:
        self._linking = linking
        self._links = links
        self._wishes = wishes
        self._roblox = roblox
        self._headshots = headshots
        self._workspaces = workspaces
        self._catalog = catalog
        self._notices = notices
        self._guild_log = guild_log
        self._clock = clock

    async def show(self, actor: Actor, discord_id: int, account: str) -> Card | AccountLink:
        """The card for a Roblox username or id; the link itself when it stands already.

        Raises Refusal for an account that is none, ProviderErrors when Roblox is silent.
        """
        require_admin(actor)
        user = await self._linking.find_account(account)
        return await self._show(actor, discord_id, user.roblox_id)

    async def cancel(self, actor: Actor, wish_id: int) -> None:
        """The admin said no."""
        await self._wishes.remove((await self._get(actor, wish_id)).wish_id)

    async def confirm(self, actor: Actor, wish_id: int) -> Linked | Card:
        """Link as shown; a new card when something was linked otherwise in the meantime."""
        wish = await self._get(actor, wish_id)
        name, read_at = await self._name_now(wish)
        had = await self._links.get(actor.guild_id, wish.discord_id)
        now = self._clock()
        link = AccountLink(
            actor.guild_id, wish.discord_id, wish.roblox_id, name, read_at, LinkSource.ADMIN,
            actor.discord_id, now,
        )  # fmt: skip
        notices = [_notice(link, wish.discord_id, NoticeKind.LINKED)]
        if wish.holder_id is not None:
            notices.append(_notice(link, wish.holder_id, NoticeKind.TAKEN))
        if not await self._wishes.grant(wish, link, notices):
            again = await self._show(actor, wish.discord_id, wish.roblox_id)
            return again if isinstance(again, Card) else Linked(again, wish.username, had, None)
        log.info("member %s linked to %s in %s", wish.discord_id, wish.roblox_id, actor.guild_id)
        await self._tell(link, had, wish.holder_id)
        return Linked(link, wish.username, had, wish.holder_id)

    async def _get(self, actor: Actor, wish_id: int) -> LinkWish:
        require_admin(actor)
        wish = await self._wishes.get(actor.guild_id, wish_id)
        if wish is None:
            raise Refusal(
                "This question was answered already, or is older than a day. Use `/links add`"
                " again."
            )
        if wish.asked_by != actor.discord_id:
            raise Refusal("Another admin was asked this. Use `/links add` yourself.")
        return wish

    async def _show(self, actor: Actor, discord_id: int, roblox_id: int) -> Card | AccountLink:
        had = await self._links.get(actor.guild_id, discord_id)
        if had is not None and had.roblox_id == roblox_id:
            return had
        holder = await self._links.get_by_roblox(actor.guild_id, roblox_id)
        profile = await self._roblox.fetch_profile(roblox_id)
        if profile is None:
            raise Refusal(f"Roblox has no account {roblox_id} any more.")
        picture, ranks = await asyncio.gather(
            self._headshots.fetch(roblox_id), self._ranks(actor.guild_id, roblox_id)
        )
        now = self._clock()
        await self._wishes.remove_before(now - UNANSWERED)
        wish = LinkWish(
            0, actor.guild_id, actor.discord_id, discord_id, roblox_id, profile.user.username,
            had.roblox_id if had else None, holder.discord_id if holder else None, now,
        )  # fmt: skip
        number = await self._wishes.add(wish)
        kept = await self._wishes.get(actor.guild_id, number)
        assert kept is not None  # it was stored a moment ago
        return Card(kept, profile, picture, ranks, had, holder)

    async def _ranks(self, guild_id: int, roblox_id: int) -> tuple[tuple[str, int], ...]:
        """In the groups of the guild's workspaces, as far as sessions in memory name them."""
        ranks: list[tuple[str, int]] = []
        try:
            async with asyncio.timeout(BRIEFLY):
                for name, group_id in (await self._groups(guild_id))[:MOST_GROUPS]:
                    ranks.append((name, await self._roblox.fetch_rank(roblox_id, group_id)))
        except (MusterError, TimeoutError) as error:
            log.info("ranks of %s were left out: %r", roblox_id, error)
        return tuple(ranks)

    async def _groups(self, guild_id: int) -> list[tuple[str, int]]:
        found: dict[int, str] = {}
        for workspace in await self._workspaces.list_all(guild_id):
            for session in self._catalog.peek(workspace.workspace_id):
                if session.group_id is not None:
                    found.setdefault(session.group_id, workspace.name)
        return [(name, group_id) for group_id, name in found.items()]

    async def _name_now(self, wish: LinkWish) -> tuple[str, datetime]:
        """The account's name and when it was read: it may have been renamed since the card."""
        try:
            user = await self._roblox.fetch_user(wish.roblox_id)
        except ProviderError:
            return wish.username, wish.created_at
        if user is None:
            raise Refusal("Roblox no longer has this account. Nothing was changed.")
        return user.username, self._clock()

    async def _tell(self, link: AccountLink, had: AccountLink | None, holder: int | None) -> None:
        name, guild_id = safe(link.username), link.guild_id
        await self._notices.send_direct(
            guild_id, link.discord_id,
            f"An admin linked you to the Roblox account **{name}**. If that is wrong, use any"
            " command of Muster in that server, such as `/claims`: it asks you then, and one press"
            " undoes it.",
        )  # fmt: skip
        proved = had is not None and had.source is LinkSource.PROOF
        if holder is not None:
            await self._notices.tell_taken(
                guild_id, holder,
                f"An admin moved the Roblox account **{name}** from you to another member. You can"
                " no longer claim with it. If that is wrong, ask an admin.",
            )  # fmt: skip
            await self._guild_log.say(
                guild_id,
                f"✎ <@{link.linked_by}> moved the Roblox account **{name}** ({link.roblox_id}) from"
                f" <@{holder}> to <@{link.discord_id}>.",
            )
        elif proved and had is not None:
            await self._guild_log.say(
                guild_id,
                f"✎ <@{link.linked_by}> linked <@{link.discord_id}> to **{name}**"
                f" ({link.roblox_id}), although they had proved **{safe(had.username)}**"
                f" ({had.roblox_id}).",
            )


def _notice(link: AccountLink, discord_id: int, kind: NoticeKind) -> LinkNotice:
    return LinkNotice(
        0, link.guild_id, discord_id, kind, link.roblox_id, link.username, link.linked_by,
        link.linked_at,
    )  # fmt: skip
