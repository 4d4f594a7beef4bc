"""Asks the partner, and tells both and the hosts what came of it: once, where it reaches them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.errors import MessengerError
from bot.models import News, Swap, SwapSide, SwapState
from bot.services.hostlog import HostLog
from bot.services.ports import Messenger, TextButton
from bot.services.swap_cases import SwapCases
from bot.services.swap_outcomes import Reach, SwapCode, SwapOutcome
from bot.services.swap_words import swap_words
from bot.services.tidings import Tidings
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.swap_reads import Member
from bot.store.swaps import SwapStore

log = logging.getLogger(__name__)

TOKEN_LIVES = timedelta(minutes=14)  # an interaction lives 15
AT_ONCE = 1000  # members looked at in one round
FIRST: Member = (0, 0)
_SILENT = (SwapState.DECLINED, SwapState.WITHDRAWN, SwapState.EXPIRED)  # nothing for the log


class SwapNews:
    """By direct message where wanted, else in a thread, else at the next use of Muster."""

    def __init__(
        self,
        store: SwapStore,
        cases: SwapCases,
        announcements: AnnouncementStore,
        workspaces: WorkspaceService,
        tidings: Tidings,
        messenger: Messenger,
        host_log: HostLog,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._cases = cases
        self._announcements = announcements
        self._workspaces = workspaces
        self._tidings = tidings
        self._messenger = messenger
        self._host_log = host_log
        self._clock = clock
        self._waiting: set[Member] = set()  # with something kept for them
        self._found: set[Member] = set()  # of those, whom the present look has met so far
        self._looked_at = FIRST

    def has_news(self, guild_id: int, discord_id: int) -> bool:
        """Whether something is kept for the member, from memory."""
        return (guild_id, discord_id) in self._waiting

    async def remember(self) -> None:
        """Look in the database who has something to hear, some of them in each round.

        What this process keeps itself it knows at once; other processes may keep something, too.
        """
        found = await self._store.list_waiting(self._looked_at, AT_ONCE)
        self._found |= set(found)
        if len(found) == AT_ONCE:
            self._waiting |= self._found
            self._looked_at = found[-1]
        else:  # all were looked at: nobody else is waiting
            self._waiting, self._found, self._looked_at = self._found, set(), FIRST

    async def list_news(self, guild_id: int, discord_id: int) -> list[SwapOutcome]:
        """What is kept for the member; `heard` once they were shown it."""
        found = []
        for swap in await self._store.list_news(guild_id, discord_id):
            outcome = await self._cases.outcome(swap)
            if swap.state is SwapState.ASKED:
                outcome = as_question(outcome)
            found.append(outcome)
        for known in (self._waiting, self._found):
            known.discard((guild_id, discord_id))
        return found

    async def heard(self, swap_id: int, discord_id: int) -> None:
        """The member was shown where the swap stands."""
        await self._store.hear(swap_id, discord_id, News.NONE)

    async def ask(self, swap: Swap) -> Reach:
        """Put the question to the partner; how it reached them."""
        outcome = as_question(await self._cases.outcome(swap))
        partner, buttons = swap.partner, answers(swap.swap_id)
        asked = swap_words(outcome, None)
        there = await self._in_thread(swap, partner, asked, [partner], buttons)
        direct = await self._tidings.wants_direct(swap.guild_id, partner.discord_id)
        if direct:
            words = swap_words(outcome, partner.discord_id)
            direct = await self._messenger.send_direct(partner.discord_id, words, buttons)
        await self._keep(swap, partner, kept=not there and not direct)
        if there and direct:
            return Reach.BOTH
        return Reach.THREAD if there else Reach.DIRECT if direct else Reach.NOT_YET

    async def tell(self, swap_id: int, besides: Collection[int] = ()) -> None:
        """Tell everybody but `besides` (Discord ids) who has not heard of it, and the hosts."""
        swap = await self._store.get(swap_id)
        if swap is None:
            return
        due = [s for s in swap.sides if s.news is News.DUE and s.discord_id not in besides]
        if swap.state is SwapState.ASKED:
            if swap.partner in due and not await self._tell_dropped(swap):
                await self.ask(swap)
            return
        outcome = await self._cases.outcome(swap)
        left = [side for side in due if not await self._tell_alone(swap, side, outcome)]
        words = swap_words(outcome, None)
        reached = False
        if left:
            reached = await self._in_thread(swap, left[0], words, left)
        for side in left:
            await self._keep(swap, side, kept=not reached)
        await self._note(swap, words)

    async def tell_dropped(self, swap: Swap, outcome: SwapOutcome) -> None:
        """The host: nothing was sent after all, and they may ask again."""
        words = swap_words(outcome, swap.answered_id)
        await self._messenger.answer_late(swap.interaction_token, words)

    async def _tell_dropped(self, swap: Swap) -> bool:
        """Whether who accepted was told in their own answer that nothing was sent after all."""
        begun, partner = swap.accepted_at, swap.partner
        if begun is None or self._clock() - begun >= TOKEN_LIVES:
            return False  # nobody has accepted, or the answer is out of reach
        outcome = replace(await self._cases.outcome(swap), code=SwapCode.NOT_NOW)
        words = swap_words(outcome, partner.discord_id)
        told = await self._messenger.answer_late(swap.interaction_token, words)
        if told:
            await self._keep(swap, partner, kept=False)
        return told

    async def _tell_alone(self, swap: Swap, side: SwapSide, outcome: SwapOutcome) -> bool:
        """Whether the member was told in their own answer, or by direct message."""
        words = swap_words(outcome, side.discord_id)
        told = False
        begun = swap.accepted_at or swap.asked_at
        if side.discord_id == swap.answered_id and self._clock() - begun < TOKEN_LIVES:
            told = await self._messenger.answer_late(swap.interaction_token, words)
        if not told and await self._tidings.wants_direct(swap.guild_id, side.discord_id):
            told = await self._messenger.send_direct(side.discord_id, words)
        if told:
            await self._keep(swap, side, kept=False)
        return told

    async def _note(self, swap: Swap, words: str) -> None:
        """The hosts' line: of all that was tried, as something may be left for them to do."""
        if swap.noted or not await self._store.note(swap.swap_id):
            return
        workspace = await self._workspaces.get_anywhere(swap.workspace_id)
        if workspace is not None and swap.state not in _SILENT:
            self._host_log.say(workspace, words)

    async def _in_thread(
        self, swap: Swap, near: SwapSide, text: str, pinged: Iterable[SwapSide],
        buttons: Collection[TextButton] = (),
    ) -> bool:  # fmt: skip
        """Whether it stands in the thread of a session of theirs, the one of `near` if it has."""
        for side in sorted(swap.sides, key=lambda one: one is not near):
            found = await self._announcements.get_opening(swap.guild_id, side.opening_id)
            if found is None or found[1].thread_id is None:
                continue
            ids = [one.discord_id for one in pinged]
            unnamed = [f"<@{one}>" for one in ids if f"<@{one}>" not in text]
            text = " ".join((*unnamed, text))
            try:
                await self._messenger.say(found[1].thread_id, text, ids, tuple(buttons))
            except MessengerError as error:
                log.warning("swap %s: its thread: %s", swap.reference, error)
            else:
                return True
        return False

    async def _keep(self, swap: Swap, side: SwapSide, *, kept: bool) -> None:
        await self._store.hear(swap.swap_id, side.discord_id, News.KEPT if kept else News.NONE)
        if kept:
            for known in (self._waiting, self._found):
                known.add((swap.guild_id, side.discord_id))


def as_question(outcome: SwapOutcome) -> SwapOutcome:
    """The swap as the partner is asked about it."""
    return replace(outcome, code=SwapCode.ASKS)


def answers(swap_id: int) -> tuple[TextButton, ...]:
    """The partner's buttons."""
    return (
        TextButton("swapyes", swap_id, "Accept", "green"),
        TextButton("swapno", swap_id, "Decline"),
    )
