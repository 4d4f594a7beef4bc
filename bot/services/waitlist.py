"""What members do about a full role: wait for it, leave, accept, pass."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime

from bot.errors import Refusal
from bot.models import Announcement, Opening, Session, Waiter, WaitState
from bot.services.boards import YOUNG, BoardService
from bot.services.candidates import Candidate, Candidates
from bot.services.claims import ClaimService, Press
from bot.services.line_moves import LineMoves
from bot.services.offer_news import News, OfferNews
from bot.services.offers import Offers
from bot.services.outcomes import Code, Outcome
from bot.services.permits import may_host
from bot.services.ports import Actor, Messenger
from bot.services.verdicts import facts, from_announcement, from_verdict
from bot.services.waiting_line import LAST_MINUTES, is_claiming, may_wait, number_of
from bot.services.waitlist_words import ended_words
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.attempts import AttemptStore
from bot.store.links import LinkStore
from bot.store.waitlist import WaitlistStore

log = logging.getLogger(__name__)

GONE = "This place in a waitlist is no longer yours. See yours, and what you hold: `/claims`"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A member's place in a line."""

    waiter: Waiter
    opening: Opening
    announcement: Announcement
    number: int  # from 1; 0: there is a free place, and nothing to wait for
    heard: bool = True  # an offer reaches them at once, else at their next visit


class WaitlistService:
    """For members, each acting for themselves. Every answer tells the state that is stored."""

    def __init__(
        self,
        store: WaitlistStore,
        attempts: AttemptStore,
        announcements: AnnouncementStore,
        links: LinkStore,
        workspaces: WorkspaceService,
        boards: BoardService,
        candidates: Candidates,
        offers: Offers,
        moves: LineMoves,
        news: OfferNews,
        claims: ClaimService,
        messenger: Messenger,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._attempts = attempts
        self._announcements = announcements
        self._links = links
        self._workspaces = workspaces
        self._boards = boards
        self._candidates = candidates
        self._offers = offers
        self._moves = moves
        self._news = news
        self._claims = claims
        self._messenger = messenger
        self._clock = clock

    async def join(self, actor: Actor, opening_id: int) -> Waiting | Outcome:
        """Put the member at the end of the line; an outcome says why they could not claim either.

        Raises Refusal when there is no line any more, and ProviderErrors.
        """
        found = await self._announcements.get_opening(actor.guild_id, opening_id)
        if found is None:
            return Outcome(Code.GONE, what="button")
        opening, announcement = found
        workspace = await self._workspaces.get(actor.guild_id, announcement.workspace_id)
        base = facts(Code.CLOSED, announcement, opening, workspace)
        if closed := from_announcement(base, announcement, by_host=False):
            return closed
        link = await self._links.find(actor.guild_id, actor.discord_id)
        if link is None:
            return replace(base, code=Code.NOT_LINKED)
        if not may_wait(announcement, self._clock()):
            minutes = int(LAST_MINUTES.total_seconds() // 60)
            raise Refusal(
                f"In the last {minutes} minutes there is no waitlist: the first press wins. Press"
                f" the role again when a place gets free, or ask the host. {announcement.url}"
            )
        waiter = Waiter(
            0, actor.guild_id, workspace.workspace_id, announcement.announcement_id, opening_id,
            workspace.upstream, opening.place, actor.discord_id, link.roblox_id, self._clock(),
        )  # fmt: skip
        session = await self._boards.fetch(announcement, YOUNG)
        candidate = await self._candidates.find(waiter, session, actor.role_ids)
        if candidate is None:
            return replace(base, code=Code.GONE, what="button")
        if refused := self._refusal(candidate, session, base):
            return refused
        return await self._stand(candidate, session)

    async def leave(self, actor: Actor, waitlist_id: int) -> Waiting:
        """Take the member out; the next is asked if it was their turn. Raises Refusal."""
        waiter = await self._own(actor.guild_id, actor.discord_id, waitlist_id)
        await self._store.remove(waiter)
        await self._offers.changed(waiter)
        return await self._shown(waiter)

    async def list_mine(self, actor: Actor) -> list[Waiting]:
        """Where the member waits in this guild, the longest wait first."""
        mine = await self._store.list_for_member(actor.guild_id, actor.discord_id)
        places = [await self._look(one) for one in mine if one.state is not WaitState.ENDED]
        return [one for one in places if one is not None]

    async def list_line(self, actor: Actor, announcement_id: int) -> list[Waiting]:
        """Who of this guild waits in an announced session, in order; for its hosts alone."""
        announcement = await self._announcements.get(actor.guild_id, announcement_id)
        if announcement is None:
            return []
        workspace = await self._workspaces.get(announcement.guild_id, announcement.workspace_id)
        if not may_host(actor, workspace, announcement.host_ids):
            return []
        line = await self._store.list_line(workspace.upstream, announcement.session_id)
        here = [one for one in line if one.announcement_id == announcement_id]
        places = [await self._look(one, line) for one in here]
        return [one for one in places if one is not None]

    async def accept(self, press: Press, waitlist_id: int, *, known_roles: bool) -> Outcome:
        """Claim the place that was offered, with all checks.

        `press` names the member; its guild is 0 in a direct message, which tells none, and no
        Discord roles (`known_roles` False). Raises Refusal when the offer does not stand, or is
        somebody else's.
        """
        actor = press.actor
        waiter = await self._offered(actor.guild_id, actor.discord_id, waitlist_id)
        roles: frozenset[int] | None = actor.role_ids
        if not known_roles:
            roles = await self._messenger.fetch_member_roles(waiter.guild_id, actor.discord_id)
        if roles is None:
            await self.forget_member(waiter.guild_id, actor.discord_id)
            raise Refusal("You are no longer in the Discord server that this offer is from.")
        actor = replace(actor, guild_id=waiter.guild_id, role_ids=roles)
        outcome = await self._claims.claim(
            replace(press, actor=actor, opening_id=waiter.opening_id)
        )
        forbidden = outcome.code is Code.CLASH and not outcome.clash_may_be_confirmed
        await self._moves.answered(waiter, outcome.code, final=forbidden)
        return outcome

    async def decline(self, guild_id: int, discord_id: int, waitlist_id: int) -> Waiting:
        """Pass: the member is out of the line, and the next is asked. Raises as `accept`."""
        waiter = await self._offered(guild_id, discord_id, waitlist_id)
        await self._store.remove(waiter)
        await self._offers.changed(waiter)
        return await self._shown(waiter)

    async def list_news(self, guild_id: int, discord_id: int) -> list[News]:
        """Offers and endings that did not reach this member; `mark_told` once they did."""
        mine = await self._store.list_for_member(guild_id, discord_id)
        return await self._news.list_untold(mine)

    async def mark_told(self, waiters: Collection[Waiter]) -> None:
        """These offers and endings were shown to whom they are for."""
        await self._store.mark_told(waiters)

    async def forget_member(self, guild_id: int, discord_id: int) -> None:
        """Delete a member's places, offers and endings in this guild; the next are asked."""
        for waiter in await self._store.forget_member(guild_id, discord_id):
            await self._offers.changed(waiter)

    async def forget_everywhere(self, discord_id: int) -> None:
        """The same in all guilds."""
        for waiter in await self._store.forget_everywhere(discord_id):
            await self._offers.changed(waiter)

    def _refusal(self, candidate: Candidate, session: Session, base: Outcome) -> Outcome | None:
        """Why waiting would be in vain."""
        capabilities = candidate.capabilities
        verdict = candidate.judge(session, capabilities, self._clock())
        if verdict is None:
            return None
        base = replace(base, can_release=capabilities.can_release)
        outcome = from_verdict(base, verdict, (), candidate.applicant.rank or 0)
        return replace(outcome, clash_may_be_confirmed=False)

    async def _stand(self, candidate: Candidate, session: Session) -> Waiting:
        """Their place in the line, unless nobody has to wait."""
        wish, place = candidate.waiter, candidate.waiter.place
        role = session.role(place.group_id, place.role_id)
        line = await self._store.list_line(wish.upstream, place.session_id)
        waits = any(one.place == place for one in line)
        held = set(session.holders(place.server_id, place.role_id))
        unsettled = await self._attempts.list_doubtful(wish.upstream, place.session_id)
        held |= {one.roblox_id for one in unsettled if one.place == place and is_claiming(one)}
        if not waits and (role is None or role.capacity is None or len(held) < role.capacity):
            return Waiting(wish, candidate.opening, candidate.announcement, 0)
        waiter = await self._store.join(wish)
        log.info("member %s waits as %s", waiter.discord_id, waiter.waitlist_id)
        await self._offers.changed(waiter)  # it may have got free in this moment
        return await self._shown(waiter)

    async def _shown(self, waiter: Waiter) -> Waiting:
        found = await self._look(waiter)
        if found is None:
            raise Refusal(GONE)
        return found

    async def _look(self, waiter: Waiter, line: list[Waiter] | None = None) -> Waiting | None:
        """None when the workspace was removed in this moment."""
        found = await self._announcements.get_opening(waiter.guild_id, waiter.opening_id)
        if found is None:
            return None
        if line is None:
            line = await self._store.list_line(waiter.upstream, waiter.place.session_id)
        heard = await self._news.is_heard(waiter, found[1])
        return Waiting(waiter, *found, number_of(line, waiter), heard)

    async def _own(self, guild_id: int, discord_id: int, waitlist_id: int) -> Waiter:
        """The member's row; guild 0 is a direct message. Refusal for anybody else's."""
        waiter = await self._store.get(waitlist_id)
        if waiter is None or guild_id not in (0, waiter.guild_id):
            raise Refusal(GONE)
        if waiter.discord_id != discord_id and not guild_id:
            raise Refusal(GONE)  # nobody else's guild is known here
        if waiter.discord_id != discord_id:
            raise Refusal(
                f"This is for <@{waiter.discord_id}> alone. To be asked yourself, press the role on"
                " the board and join its waitlist."
            )
        if waiter.state is WaitState.ENDED:
            found = await self._announcements.get_opening(waiter.guild_id, waiter.opening_id)
            raise Refusal(ended_words(waiter, *(found or (None, None))))
        return waiter

    async def _offered(self, guild_id: int, discord_id: int, waitlist_id: int) -> Waiter:
        waiter = await self._own(guild_id, discord_id, waitlist_id)
        if waiter.state is WaitState.OFFERED and waiter.until and self._clock() < waiter.until:
            return waiter
        raise Refusal("The time for this offer is up. See whether you still wait: `/claims`")
