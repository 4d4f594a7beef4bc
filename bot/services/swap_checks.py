"""Whether two members may exchange their roles: the rules of every claim, both ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.errors import Refusal
from bot.models import Capabilities, ClashPolicy, Place, Session, Swap
from bot.providers.identity.roblox import Roblox
from bot.services.lanes import Reading
from bot.services.outcomes import Code
from bot.services.policies import Policies
from bot.services.ports import Messenger
from bot.services.rules import Applicant, OtherClaim, Policy, Verdict, judge_claim, needs_rank
from bot.services.swap_cases import SwapCase
from bot.services.swap_outcomes import SwapPart
from bot.services.swap_reasons import Reason, by_rule, closed, not_held, not_linked
from bot.services.swap_steps import HIGHEST_RANK, emptied, holds
from bot.services.swap_words import role_words
from bot.services.verdicts import facts, from_announcement
from bot.services.waiting_line import reserved_at
from bot.store.links import LinkStore
from bot.store.swaps import operation_ids

Roles = Mapping[int, frozenset[int]]  # Discord roles by member, as far as they are known


@dataclass(frozen=True, slots=True)
class View:
    """What was read of one session."""

    session: Session
    capabilities: Capabilities
    reading: Reading | None = None  # None: read outside of the lane, so only for a first look


class SwapChecks:
    """Asks the rules about both sides."""

    def __init__(
        self,
        links: LinkStore,
        policies: Policies,
        roblox: Roblox,
        clock: Callable[[], datetime],
    ) -> None:
        self._links = links
        self._policies = policies
        self._roblox = roblox
        self._clock = clock

    async def policies(self, case: SwapCase) -> tuple[Policy, Policy]:
        """What both take their new roles by. May wait a moment for other workspaces."""
        found = []
        for number, part in enumerate(case.parts):
            taken = case.takes(number)
            policy = await self._policies.policy_for(
                case.workspace, taken.announcement, taken.opening.place, part.side.discord_id,
                part.side.roblox_id, leaving=part.opening.place.session_id,
            )  # fmt: skip
            if policy.clash is ClashPolicy.WARN:  # nobody is there to say "swap anyway"
                policy = replace(policy, clash=ClashPolicy.REFUSE)
            found.append(policy)
        return (found[0], found[1])

    async def check(
        self, case: SwapCase, views: Mapping[str, View], policies: tuple[Policy, Policy],
        roles: Roles,
    ) -> Reason | None:  # fmt: skip
        """Why the two must not swap, or None. Raises ProviderError when Roblox is silent."""
        for part in case.parts:
            base = facts(Code.CLOSED, part.announcement, part.opening, case.workspace)
            refused = from_announcement(base, part.announcement, by_host=case.swap.by_host)
            if refused is not None:
                return closed(refused)
            link = await self._links.get(case.swap.guild_id, part.side.discord_id)
            if link is None or link.roblox_id != part.side.roblox_id:
                return not_linked(part.side.discord_id)
        sessions = {number: view.session for number, view in views.items()}
        for part, exchange in zip(case.parts, case.exchanges, strict=True):
            if not holds(sessions, exchange.old, exchange.roblox_id):
                return not_held(part.side.discord_id, _words(case, part.side.discord_id))
        for number in (0, 1):
            if reason := await self._judge(case, number, views, policies[number], roles):
                return reason
        return None

    async def _judge(
        self, case: SwapCase, number: int, views: Mapping[str, View], policy: Policy, roles: Roles
    ) -> Reason | None:
        side, exchange = case.parts[number].side, case.exchanges[number]
        view = views[exchange.new.session_id]
        session = emptied(view.session, case.exchanges)
        if exchange.old.session_id == exchange.new.session_id:  # in it already: no new clash
            policy = replace(policy, clash=ClashPolicy.OFF)
        left = emptied(views[exchange.old.session_id].session, case.exchanges)
        if left.session_id != session.session_id and left.held_by(side.roblox_id):
            stays = OtherClaim(left.name, left.starts_at, left.ends_at)  # with another role
            policy = replace(policy, other_claims=(*policy.other_claims, stays))
        wishes = Applicant(
            side.roblox_id, HIGHEST_RANK, discord_role_ids=roles.get(side.discord_id),
            by_host=case.swap.by_host,
        )  # fmt: skip

        now = self._clock()

        def verdict(rank: int) -> Verdict | None:
            return judge_claim(
                session, exchange.new, replace(wishes, rank=rank),
                reserved(case, view.reading, exchange.new, now), view.capabilities, now, policy,
            )  # fmt: skip

        refused, rank = verdict(HIGHEST_RANK), 0
        if refused is None and needs_rank(session, exchange.new, view.capabilities):
            group_id = session.group_id
            for max_age in (30.0, 0.0):  # promoted a moment ago?
                if group_id is not None:
                    rank = await self._roblox.fetch_rank(side.roblox_id, group_id, max_age=max_age)
                refused = verdict(rank)
                if refused is None:
                    break
        taken = case.takes(number).side.discord_id
        return by_rule(refused, side.discord_id, _words(case, taken), rank) if refused else None


async def fetch_roles(
    messenger: Messenger, swap: Swap, partner: frozenset[int] | None
) -> Roles | None:
    """Both members' Discord roles as they are now; None when the proposer has left the guild.

    `partner` are the partner's, as their press told them, unless it came from a direct message.
    Nobody tells what the proposer lost since they asked. Raises Refusal when the partner has left,
    and MessengerError.
    """
    if partner is None:
        partner = await messenger.fetch_member_roles(swap.guild_id, swap.partner.discord_id)
    if partner is None:
        raise Refusal(
            "You are no longer in the Discord server in which you were asked, so nothing was"
            " changed."
        )
    proposer = await messenger.fetch_member_roles(swap.guild_id, swap.proposer.discord_id)
    if proposer is None:
        return None
    return {swap.proposer.discord_id: proposer, swap.partner.discord_id: partner}


def reserved(
    case: SwapCase, reading: Reading | None, place: Place, now: datetime, *, back: bool = False
) -> frozenset[int]:
    """Roblox ids of others who count as holders of a place. Without a lane nobody knows of any.

    `back`: it is for whom it belonged to, which goes before what was promised to somebody since.
    """
    if reading is None:
        return frozenset()
    if back:
        reading = replace(reading, line=())
    return reserved_at(reading, place, now, operation_ids(case.swap))


def _words(case: SwapCase, discord_id: int) -> str:
    """The role that this member held when the swap was proposed."""
    outcome = case.outcome()
    part: SwapPart = (
        outcome.proposer if outcome.proposer.discord_id == discord_id else outcome.partner
    )
    return role_words(part)
