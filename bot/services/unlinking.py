"""/unlink: a member's link is gone at once, here or everywhere."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from bot.models import AccountLink
from bot.services.former import list_former_openings
from bot.services.openings import Holdings, OpeningsService
from bot.services.ports import Actor
from bot.store.attempts import AttemptStore
from bot.store.identity_services import IdentityServiceStore
from bot.store.links import LinkStore
from bot.store.pending_links import PendingLinkStore
from bot.store.profile_codes import ProfileCodeStore
from bot.store.proofs import ProofStore
from bot.store.resumes import ResumeStore

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Unlinked:
    """What was forgotten, and what the account still holds here."""

    here: AccountLink | None
    elsewhere: int  # links in other guilds that were forgotten as well
    proof: bool  # a proof was forgotten
    holdings: Holdings
    releasable: frozenset[int] = frozenset()  # openings that can be given back from here


@dataclass(frozen=True, slots=True)
class Traces:
    """Everything besides links that is kept of somebody who links themselves."""

    proofs: ProofStore
    codes: ProfileCodeStore
    services: IdentityServiceStore
    pending: PendingLinkStore
    resumes: ResumeStore

    async def forget(self, discord_id: int, guild_id: int | None = None) -> None:
        """Erase it, of one guild or, with the proof, of all."""
        await self.codes.forget(discord_id, guild_id)
        await self.services.forget(discord_id, guild_id)
        await self.pending.forget(discord_id, guild_id)
        await self.resumes.forget(discord_id, guild_id)
        if guild_id is None:
            await self.proofs.forget(discord_id)


class Unlinking:
    """Forgets first and looks around afterwards, so that no platform can hold it up."""

    def __init__(
        self,
        links: LinkStore,
        traces: Traces,
        attempts: AttemptStore,
        openings: OpeningsService,
    ) -> None:
        self._links = links
        self._traces = traces
        self._attempts = attempts
        self._openings = openings

    async def unlink(self, actor: Actor, *, everywhere: bool) -> Unlinked:
        """Forget the member's link in this guild, or all of theirs and the proof."""
        me, guild_id = actor.discord_id, actor.guild_id
        proof = await self._traces.proofs.get(me)
        here = await self._links.remove(guild_id, me)  # holds a proof back, too
        elsewhere = 0
        if everywhere:
            await self._traces.forget(me)
            elsewhere = len(await self._links.remove_everywhere(me))
        else:
            await self._traces.forget(me, guild_id)
        log.info("member %s unlinked in %s", me, "all guilds" if everywhere else guild_id)
        forgotten = Unlinked(here, elsewhere, proof is not None and everywhere, Holdings((), ()))
        if here is None:
            return forgotten
        return replace(
            forgotten,
            holdings=await self._openings.list_held(guild_id, here.roblox_id),
            releasable=await list_former_openings(self._attempts, guild_id, me, here.roblox_id),
        )
