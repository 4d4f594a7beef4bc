"""The swaps' part of the model: proposals and answers at random, and what must hold afterwards.

What a swap changed is in the journal like any claim and release, so that the model's own equality
covers it; here is what people are told, and that nothing stays half done.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable

from bot.errors import Refusal
from bot.models import Swap, SwapState
from bot.services.swap_choices import Proposal
from bot.services.swap_outcomes import CODES, SwapCode, SwapOutcome
from bot.services.swaps import Answer
from tests.services.bench import GUILD, Bench, actor

SWAP_ACTIONS = {"swap": 7, "swap_twice": 2, "swap_no": 1, "swap_cross": 1, "swap_by_host": 3}
OPEN_CODES = (SwapCode.ASKED, SwapCode.ASKS, SwapCode.UNKNOWN, SwapCode.BUSY, SwapCode.NOT_NOW)
HOST = 2
Who = tuple[str, int]  # base URL, Roblox id


class Untold(AssertionError):
    """Somebody does not know, or knows something wrong."""


class Swapping:
    """Swaps in the first guild; a story mixes it in."""

    bench: Bench

    def __init__(self) -> None:
        self.swapping: dict[asyncio.Task[None], tuple[Who, ...]] = {}
        self.swap_answers: dict[int, list[tuple[int, SwapCode]]] = {}  # by swap: who read what
        self.swaps_seen = 0  # id of the last one that was looked at

    def holdings(self) -> list[tuple[str, int, int, str]]:
        """(base URL, member, Roblox id, choice) of what members hold where it can be swapped."""
        raise NotImplementedError

    def note(self, who: Who) -> None:
        """Something begins that concerns this person."""
        raise NotImplementedError

    async def _swap(self, one: int, two: int, _: int) -> None:
        self._begin(one, two, presses=1)

    async def _swap_twice(self, one: int, two: int, _: int) -> None:
        self._begin(one, two, presses=2)

    async def _swap_no(self, one: int, two: int, _: int) -> None:
        self._begin(one, two, presses=0)

    async def _swap_cross(self, one: int, two: int, _: int) -> None:
        """Both ask each other at once, and both accept."""
        self._begin(one, two, presses=1)
        self._begin(two, one, presses=1)

    async def _swap_by_host(self, one: int, two: int, _: int) -> None:
        self._begin(one, two, presses=1, by_host=True)

    def _begin(self, one: int, two: int, *, presses: int, by_host: bool = False) -> None:
        held = self.holdings()
        if not held:
            return
        mine = held[one % len(held)]
        others = [h for h in held if h[0] == mine[0] and h[1] != mine[1]]
        if not others:
            return
        theirs = others[two % len(others)]
        who = ((mine[0], mine[2]), (theirs[0], theirs[2]))
        for person in who:
            self.note(person)
        by, member = (HOST, mine[1]) if by_host else (mine[1], None)
        proposal = Proposal(actor(by, GUILD), theirs[1], mine[3], theirs[3], member, "token")
        work = self._carry_on(proposal, presses)
        self.swapping[asyncio.create_task(work)] = who

    async def _carry_on(self, proposal: Proposal, presses: int) -> None:
        swaps = self.bench.swaps
        with contextlib.suppress(Refusal):  # nothing there to swap any more: said, and that is all
            asked = await swaps.propose(proposal)
            self._read(proposal.actor.discord_id, asked)
            if asked.host_id is not None or not asked.swap_id:
                return
            partner = asked.partner.discord_id
            answer = Answer(asked.swap_id, partner, GUILD, frozenset(), f"token-{partner}")
            if not presses:
                self._read(partner, await swaps.decline(answer))
            answers = (swaps.accept(answer) for _ in range(presses))
            for outcome in await asyncio.gather(*answers):
                self._read(partner, outcome)
                if outcome.code not in OPEN_CODES:
                    await swaps.news.heard(outcome.swap_id, partner)  # as the cog does

    def _read(self, discord_id: int, outcome: SwapOutcome) -> None:
        if outcome.swap_id:
            self.swap_answers.setdefault(outcome.swap_id, []).append((discord_id, outcome.code))

    def forget_swaps(self) -> None:
        """Drop the tasks that are done. Raises what they raised."""
        for task in [task for task in self.swapping if task.done()]:
            del self.swapping[task]
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    def swaps_with(self, who: Who) -> bool:
        """Whether a swap of this person is under way right now."""
        return any(who in people for people in self.swapping.values())

    async def check_swaps(self, members: Iterable[int]) -> None:
        """Nothing is half done, and everybody knows how each swap ended."""
        store = self.bench.swap_store
        if left := await store.list_carried():
            raise Untold(f"swaps without an ending: {left}")
        kept: dict[tuple[int, int], SwapCode] = {}
        for member in members:
            for outcome in await self.bench.swaps.news.list_news(GUILD, member):
                kept[outcome.swap_id, member] = outcome.code
                if outcome.code is not SwapCode.ASKS:
                    await self.bench.swaps.news.heard(outcome.swap_id, member)
        number = self.swaps_seen + 1
        while (swap := await store.get(number)) is not None:
            self._check_told(swap, kept)
            number += 1
        self._check_known_later(kept)

    def _check_told(self, swap: Swap, kept: dict[tuple[int, int], SwapCode]) -> None:
        ending = CODES[swap.state]
        if swap.state is SwapState.ASKED:
            return
        silent = swap.by_host and swap.state is SwapState.REFUSED
        for side in swap.sides:
            direct = [
                code for who, code in self.swap_answers.get(swap.swap_id, ())
                if who == side.discord_id and code not in OPEN_CODES
            ]  # fmt: skip
            if any(code is not ending for code in direct):
                raise Untold(f"{side.discord_id} read {direct} of {swap}")
            later = kept.get((swap.swap_id, side.discord_id))
            if later not in (None, ending):
                raise Untold(f"{side.discord_id} was told {later} of {swap}")
            asked_only = swap.state in (SwapState.EXPIRED, SwapState.WITHDRAWN)
            reached = direct or later or asked_only or silent or self._told_late(side.discord_id)
            if not reached and side.news.value != "none":
                raise Untold(f"{side.discord_id} was told nothing of {swap}")

    def _told_late(self, discord_id: int) -> bool:
        tokens = {token for token, _ in self.bench.messenger.late}
        return bool(tokens & {f"token-{discord_id}", "token"})

    def _check_known_later(self, kept: dict[tuple[int, int], SwapCode]) -> None:
        if SwapCode.UNKNOWN in kept.values():
            raise Untold(f"at rest somebody is told that it is under way: {kept}")
