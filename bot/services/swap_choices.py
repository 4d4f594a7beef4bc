"""What can be swapped: roles that members hold in posted sessions, where they can be released."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from bot.errors import Refusal
from bot.models import Announcement, Opening, Session, Workspace
from bot.providers import capabilities_of
from bot.services.catalog import SessionCatalog
from bot.services.ports import Actor
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.links import LinkStore
from bot.text import safe


@dataclass(frozen=True, slots=True)
class Held:
    """One role that a linked member holds in a posted session."""

    discord_id: int
    roblox_id: int
    opening: Opening
    announcement: Announcement
    workspace: Workspace

    @property
    def value(self) -> str:
        """The choice's own key."""
        return str(self.opening.opening_id)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody wants to swap with whom."""

    actor: Actor
    partner_id: int
    mine: str = ""  # choices, which may have been typed; "" when there is only one
    theirs: str = ""
    member_id: int | None = None  # for whom a host acts; None: for the actor
    interaction_token: str = ""


class SwapChoices:
    """Lists from memory, and finds what was chosen or typed."""

    def __init__(
        self,
        announcements: AnnouncementStore,
        links: LinkStore,
        workspaces: WorkspaceService,
        catalog: SessionCatalog,
    ) -> None:
        self._announcements = announcements
        self._links = links
        self._workspaces = workspaces
        self._catalog = catalog

    async def list_held(self, guild_id: int, discord_id: int) -> list[Held]:
        """What a member holds and could swap, by start; as recent as a list can wait for."""
        return [held for held in await self._list(guild_id, discord_id) if _can_swap(held)]

    async def list_theirs(self, guild_id: int, mine: Held) -> list[Held]:
        """What others hold in the same workspace, for a role of somebody's own."""
        everything = await self._list(guild_id, None, mine.workspace.workspace_id)
        return [held for held in everything if held.discord_id != mine.discord_id]

    async def names(self, guild_id: int, held: Iterable[Held]) -> dict[int, str]:
        """The Roblox names that the links know, by Roblox id: menus cannot show a mention."""
        links = await self._links.map_by_roblox(guild_id, {one.roblox_id for one in held})
        return {roblox_id: link.username for roblox_id, link in links.items()}

    async def find(self, wanted: Proposal) -> tuple[Held, Held]:
        """The two roles that are meant. Refusal when there is none, or it is not clear which."""
        guild_id, other = wanted.actor.guild_id, wanted.partner_id
        me = wanted.actor.discord_id if wanted.member_id is None else wanted.member_id
        if me == other:
            raise Refusal("A swap needs two people. Choose another member.")
        for discord_id in (me, other):
            await self._require_linked(guild_id, discord_id, wanted.actor.discord_id)
        mine = await self._offered(guild_id, me, wanted)
        theirs = await self._offered(guild_id, other, wanted)
        pairs = [
            (one, two)
            for one in _chosen(mine, wanted.mine)
            for two in _chosen(theirs, wanted.theirs)
            if one.workspace.workspace_id == two.workspace.workspace_id
            and one.opening.opening_id != two.opening.opening_id
        ]
        if len(pairs) == 1:
            return pairs[0]
        raise Refusal(_unclear(pairs, mine, theirs, wanted))

    async def _offered(self, guild_id: int, discord_id: int, wanted: Proposal) -> list[Held]:
        """What the member holds that can be swapped; Refusal says why there is nothing."""
        held = await self._list(guild_id, discord_id)
        able = [one for one in held if _can_swap(one)]
        who = _subject(discord_id, wanted)
        if able:
            return able
        if held:
            platform = held[0].workspace.kind.label
            raise Refusal(
                f"{who} only roles on {platform}, and these cannot be released from Discord, so"
                " they cannot be swapped either. Nothing was changed. Both of you can exchange"
                " them in its panel, or ask the host."
            )
        raise Refusal(
            f"{who} no role in a session that is posted here. See what is held with **Roster**"
            " under a session, and what is free with `/open`."
        )

    async def _require_linked(self, guild_id: int, discord_id: int, actor_id: int) -> None:
        if await self._links.get(guild_id, discord_id) is None:
            whose = "your" if discord_id == actor_id else f"<@{discord_id}>'s"
            raise Refusal(
                f"I do not know {whose} Roblox account here, so nothing can be swapped. An admin"
                " can link it: `/links add`."
            )

    async def _list(
        self, guild_id: int, discord_id: int | None, workspace_id: int | None = None
    ) -> list[Held]:
        """Everything held by the member, or by any linked member, in the sessions posted here."""
        workspaces = {w.workspace_id: w for w in await self._workspaces.list_all(guild_id)}
        if workspace_id is not None:
            workspaces = {n: one for n, one in workspaces.items() if n == workspace_id}
        readings = await asyncio.gather(*(self._catalog.get_recent(n) for n in workspaces))
        sessions = {
            (number, session.session_id): session
            for number, listed in zip(workspaces, readings, strict=True)
            for session in listed
        }
        found: list[Held] = []
        for posted in await self._announcements.list_live(guild_id):
            session = sessions.get((posted.workspace_id, posted.session_id))
            if session is not None:
                workspace = workspaces[posted.workspace_id]
                found += await self._held(posted, workspace, session, discord_id)
        return found

    async def _held(
        self, announcement: Announcement, workspace: Workspace, session: Session,
        discord_id: int | None,
    ) -> list[Held]:  # fmt: skip
        everybody = {claim.roblox_id for server in session.servers for claim in server.claims}
        links = await self._links.map_by_roblox(announcement.guild_id, everybody)
        openings = await self._announcements.list_openings(announcement.announcement_id)
        return [
            Held(links[roblox_id].discord_id, roblox_id, opening, announcement, workspace)
            for opening in openings
            for roblox_id in session.holders(opening.place.server_id, opening.place.role_id)
            if roblox_id in links and discord_id in (None, links[roblox_id].discord_id)
        ]


def role_text(held: Held) -> str:
    """A held role in one plain line."""
    server = f" on {held.opening.server_name}" if held.opening.server_name else ""
    return f"{held.opening.role_name} in “{held.announcement.title}”{server}"


def _can_swap(held: Held) -> bool:
    return capabilities_of(held.workspace.kind).can_release


def _chosen(held: list[Held], typed: str) -> list[Held]:
    """Those that a choice means: by its key, or by the name of the role."""
    wanted = typed.strip()
    by_key = [one for one in held if one.value == wanted]
    if not wanted or by_key:
        return by_key or held
    return [one for one in held if one.opening.role_name.casefold() == wanted.casefold()]


def _subject(discord_id: int, wanted: Proposal) -> str:
    return "You hold" if discord_id == wanted.actor.discord_id else f"<@{discord_id}> holds"


def _unclear(
    pairs: list[tuple[Held, Held]], mine: list[Held], theirs: list[Held], wanted: Proposal
) -> str:
    if pairs:
        ours = {one.value: one for one, _ in pairs}
        which = "`mine`" if len(ours) > 1 else "`theirs`"
        there = ours or {}
        if len(ours) == 1:
            there = {two.value: two for _, two in pairs}
        names = "; ".join(safe(role_text(one), 120) for one in list(there.values())[:5])
        return f"Which role? Choose it with the option {which}: {names}."
    if not _chosen(mine, wanted.mine) or not _chosen(theirs, wanted.theirs):
        return "Choose the roles from the lists that appear while you type `mine` and `theirs`."
    if {one.opening.opening_id for one in mine} & {two.opening.opening_id for two in theirs}:
        return "You both hold the same role in the same place, so there is nothing to swap."
    return (
        "Roles can be swapped within one workspace only, and these are in two. Release yours with"
        " `/release` and claim the other with `/claim`."
    )
