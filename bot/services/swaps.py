"""Swaps as people ask for them: who may propose what to whom, and what pressing an answer does."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.background import Background
from bot.errors import MessengerError, ProviderError, Refusal
from bot.models import News, Swap, SwapSide, SwapState, Workspace
from bot.services.observing import Observer
from bot.services.permits import require_host
from bot.services.ports import Actor, Messenger
from bot.services.swap_cases import Part, SwapCase, SwapCases, expiry
from bot.services.swap_checks import Roles, SwapChecks, View, fetch_roles
from bot.services.swap_choices import Held, Proposal, SwapChoices
from bot.services.swap_news import SwapNews, as_question
from bot.services.swap_outcomes import SwapCode, SwapOutcome
from bot.services.swap_reasons import by_platform
from bot.services.swapping import SwapEngine
from bot.services.workspaces import WorkspaceService
from bot.store.swaps import SwapStore, Taken

log = logging.getLogger(__name__)

ANSWER_WITHIN = timedelta(minutes=30)

_GONE = "This question no longer leads anywhere. Ask anew with `/swap`."
_NOT_YOURS = (
    "This question is for somebody else; only they can answer it. To swap a role of your own:"
    " `/swap`"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """Somebody pressed a button of a swap, here or in a direct message."""

    swap_id: int
    discord_id: int
    guild_id: int | None  # None: in a direct message
    role_ids: frozenset[int] | None  # None: likewise, not known
    interaction_token: str = ""
    journalled: asyncio.Event = field(default_factory=asyncio.Event, compare=False)


class SwapService:
    """Takes proposals and answers in; each comes to one outcome."""

    def __init__(
        self,
        store: SwapStore,
        choices: SwapChoices,
        cases: SwapCases,
        checks: SwapChecks,
        engine: SwapEngine,
        news: SwapNews,
        workspaces: WorkspaceService,
        messenger: Messenger,
        background: Background,
        clock: Callable[[], datetime],
        observer: Observer,
    ) -> None:
        self._observer = observer
        self.choices = choices
        self.news = news
        self._store = store
        self._cases = cases
        self._checks = checks
        self._engine = engine
        self._workspaces = workspaces
        self._messenger = messenger
        self._background = background
        self._clock = clock
        self._accepting: dict[int, asyncio.Task[SwapOutcome]] = {}

    async def forget_words(self, discord_id: int) -> None:
        """Erase the sentences about this person's ended swaps; the rest goes with their data."""
        await self._store.forget_words(discord_id)

    async def propose(self, proposal: Proposal) -> SwapOutcome:
        """Ask the partner; a host's swap is carried out at once, without asking anybody.

        Raises Refusal when it is not clear what is meant, and NotPermitted.
        """
        actor = proposal.actor
        by_host = proposal.member_id is not None
        mine, theirs = await self.choices.find(proposal)
        case = self._case(proposal, mine, theirs)
        if by_host:
            _require_host(actor, mine, theirs)
        roles = {} if by_host else {actor.discord_id: actor.role_ids}
        if (refused := await self._first_look(case, roles)) is not None:
            return self._counted(refused)
        if by_host:
            return self._counted(await self._order(case, proposal))
        stored = await self._store.add(case.swap)
        if isinstance(stored, Taken):
            return await self._in_the_way(case)
        reach = await self.news.ask(stored)
        return replace(case.with_swap(stored).outcome(), reach=reach)

    async def accept(self, answer: Answer) -> SwapOutcome:
        """The partner says yes; a second press joins the first."""
        swap = await self._for_partner(answer)
        running = self._accepting.get(swap.swap_id)
        if running is not None:
            answer.journalled.set()  # what it joins is, or will be in a moment
        else:
            work = self._accept(swap, answer)
            running = self._background.spawn(work, "swap")
            self._accepting[swap.swap_id] = running
            running.add_done_callback(lambda _: self._accepting.pop(swap.swap_id, None))
        return await asyncio.shield(running)

    async def decline(self, answer: Answer) -> SwapOutcome:
        """The partner says no."""
        swap = await self._for_partner(answer)
        ended = swap.with_news(News.DUE, News.NONE)
        return await self._close(replace(ended, state=SwapState.DECLINED))

    async def withdraw(self, answer: Answer) -> SwapOutcome:
        """The proposer thinks better of it."""
        swap = await self._get(answer)
        if answer.discord_id != swap.proposer.discord_id:
            raise Refusal(f"Only <@{swap.proposer.discord_id}> can take this question back.")
        ended = swap.with_news(News.NONE, News.NONE)
        return await self._close(replace(ended, state=SwapState.WITHDRAWN))

    async def _accept(self, swap: Swap, answer: Answer) -> SwapOutcome:
        if swap.state is not SwapState.ASKED:
            return await self._cases.outcome(swap)
        if swap.expires_at <= self._clock():
            ended = swap.with_news(News.DUE, News.NONE)
            return await self._close(replace(ended, state=SwapState.EXPIRED))
        case = await self._cases.load(swap)
        if case is None:
            raise Refusal("These roles are not posted here any more, so nothing was changed.")
        try:
            roles = await fetch_roles(self._messenger, swap, answer.role_ids)
        except MessengerError as error:
            return case.outcome(SwapCode.NOT_NOW, str(error))
        if roles is None:
            return await self._left(case)
        with self._engine.owning(swap.swap_id):
            rows = case.attempts(self._clock())
            taken = await self._store.accept(
                swap.swap_id, rows, answer.interaction_token, self._clock()
            )
            answer.journalled.set()  # a killed process would finish it after its next start
            latest = await self._store.get(swap.swap_id)
            if taken is Taken.BUSY:
                return self._counted(case.outcome(SwapCode.BUSY))
            if taken is Taken.OVER or latest is None:
                return await self._cases.outcome(latest or swap)
            outcome = self._counted(await self._engine.carry(latest, roles))
            await self.news.tell(swap.swap_id, besides=(answer.discord_id,))
        return outcome

    async def _order(self, case: SwapCase, proposal: Proposal) -> SwapOutcome:
        """A host's swap."""
        now = self._clock()
        ordered = replace(
            case.swap, state=SwapState.RUNNING, accepted_at=now,
            interaction_token=proposal.interaction_token,
        ).with_news(News.NONE, News.NONE)  # fmt: skip
        case = case.with_swap(ordered)
        stored = await self._store.add(ordered, case.attempts(now))
        if stored is Taken.BUSY:
            return case.outcome(SwapCode.BUSY)
        if isinstance(stored, Taken):
            return await self._in_the_way(case)
        with self._engine.owning(stored.swap_id):
            work = self._background.spawn(self._engine.carry(stored), "swap by a host")
            outcome = await asyncio.shield(work)
            await self.news.tell(stored.swap_id)
        return outcome

    async def _first_look(self, case: SwapCase, roles: Roles) -> SwapOutcome | None:
        """What forbids the swap by a fresh reading, before anybody is asked."""
        views: dict[str, View] = {}
        try:
            async with self._workspaces.watch(case.workspace.workspace_id) as provider:
                for number in case.session_ids:
                    session = await provider.fetch_session(number)
                    views[number] = View(session, provider.capabilities)
            policies = await self._checks.policies(case)
            reason = await self._checks.check(case, views, policies, roles)
        except ProviderError as error:
            part = case.proposer
            reason = by_platform(error, part.side.discord_id, part.opening)
            return case.outcome(SwapCode.NOT_NOW, reason.words)
        return case.outcome(SwapCode.REFUSED, reason.words) if reason else None

    async def _in_the_way(self, case: SwapCase) -> SwapOutcome:
        """One of the two claims is in a swap already: the same one the other way round?"""
        for part in case.parts:
            other = await self._store.get_live(part.opening.opening_id, part.side.roblox_id)
            if other is None:
                continue
            if other.state is SwapState.ASKED and other.expires_at <= self._clock():
                await self._close(replace(other.with_news(News.DUE, News.NONE),
                                          state=SwapState.EXPIRED))  # fmt: skip
                raise Refusal("An older question about one of these roles ended. Ask again now.")
            if _same_claims(other, case.swap):
                outcome = await self._cases.outcome(other)
                asked = other.state is SwapState.ASKED
                is_mine = other.partner.discord_id == case.swap.actor_id
                return as_question(outcome) if asked and is_mine else outcome
            raise Refusal(
                f"<@{part.side.discord_id}>'s role is in another swap that is not decided yet."
                " Try again when it is, or ask about another role."
            )
        raise Refusal("Another swap of one of these roles has just ended. Ask again now.")

    async def _close(self, swap: Swap) -> SwapOutcome:
        ended = replace(swap, settled_at=self._clock())
        if not await self._store.close(ended):
            latest = await self._store.get(swap.swap_id)
            return await self._cases.outcome(latest or swap)
        await self.news.tell(swap.swap_id)
        return self._counted(await self._cases.outcome(ended))

    def _counted(self, outcome: SwapOutcome) -> SwapOutcome:
        self._observer.swapped(outcome.code, outcome.platform)
        return outcome

    async def _get(self, answer: Answer) -> Swap:
        """The swap, for one of its two members: anybody can make a button with any number."""
        swap = await self._store.get(answer.swap_id)
        if swap is None or swap.by_host or answer.guild_id not in (None, swap.guild_id):
            raise Refusal(_GONE)
        if swap.side_of(answer.discord_id) is None:
            # In a direct message nobody else's guild is known.
            raise Refusal(_GONE if answer.guild_id is None else _NOT_YOURS)
        return swap

    async def _for_partner(self, answer: Answer) -> Swap:
        swap = await self._get(answer)
        if answer.discord_id != swap.partner.discord_id:
            raise Refusal(
                f"This question is for <@{swap.partner.discord_id}>; only they can answer it."
                " To swap a role of your own: `/swap`"
            )
        return swap

    async def _left(self, case: SwapCase) -> SwapOutcome:
        """The proposer has: nobody is there to swap with."""
        why = f"<@{case.swap.proposer.discord_id}> has left the Discord server."
        ended = replace(case.swap.with_news(News.NONE, News.NONE), why=why)
        return await self._close(replace(ended, state=SwapState.REFUSED))

    def _case(self, proposal: Proposal, mine: Held, theirs: Held) -> SwapCase:
        """The swap that is wanted, not stored yet."""
        now, actor = self._clock(), proposal.actor
        sides = [SwapSide(h.discord_id, h.roblox_id, h.opening.opening_id) for h in (mine, theirs)]
        swap = Swap(
            0, secrets.token_hex(12), actor.guild_id, mine.workspace.workspace_id, sides[0],
            replace(sides[1], news=News.DUE), actor.discord_id, proposal.member_id is not None,
            SwapState.ASKED, now,
            expiry((mine.announcement, theirs.announcement), now, ANSWER_WITHIN),
        )  # fmt: skip
        parts = [
            Part(side, held.opening, held.announcement)
            for side, held in zip(swap.sides, (mine, theirs), strict=True)
        ]
        return SwapCase(swap, mine.workspace, parts[0], parts[1])


def _require_host(actor: Actor, mine: Held, theirs: Held) -> None:
    workspace: Workspace = mine.workspace
    for held in (mine, theirs):
        require_host(actor, workspace, held.announcement.host_ids)
    if not workspace.host_swaps:
        raise Refusal(
            "In this workspace members are asked before their roles are swapped: they can do it"
            " with `/swap`. An admin can let hosts decide: `/workspace settings host_swaps:True`."
        )


def _same_claims(one: Swap, other: Swap) -> bool:
    """Whether both are about the same two roles of the same two members."""
    claims = [{(s.opening_id, s.roblox_id) for s in swap.sides} for swap in (one, other)]
    return claims[0] == claims[1]
