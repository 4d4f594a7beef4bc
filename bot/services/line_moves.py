"""What the ending of a claim or a release means for those who wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.background import Background
from bot.models import (
    Announcement,
    Attempt,
    AttemptKind,
    AttemptState,
    ClashPolicy,
    Door,
    WaitEnd,
    Waiter,
    WaitState,
)
from bot.services.engine import ClaimEngine
from bot.services.offers import Offers
from bot.services.outcomes import Code
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.waitlist import WaitlistStore

# Answers to an accepted offer that another try would not change: the next one is asked. After any
# other the offer stands until its time is up.
_FINAL = frozenset(
    {
        Code.NOT_LINKED, Code.NOT_ELIGIBLE_DISCORD, Code.NOT_ELIGIBLE_RANK, Code.CLAIM_ONCE,
        Code.CLOSED, Code.NOT_OPEN, Code.LIST_FORM, Code.GONE, Code.PLAN, Code.UPSTREAM_SAID,
    }
)  # fmt: skip
_HOLDS = frozenset({Code.CLAIMED, Code.ALREADY_SAME})


class LineMoves:
    """Follows the engine. What it misses in a crash, the next look at the line finds."""

    def __init__(
        self,
        store: WaitlistStore,
        announcements: AnnouncementStore,
        workspaces: WorkspaceService,
        engine: ClaimEngine,
        offers: Offers,
        background: Background,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._announcements = announcements
        self._workspaces = workspaces
        self._offers = offers
        self._background = background
        self._clock = clock
        engine.on_settled(self.on_settled)

    def on_settled(self, attempt: Attempt) -> None:
        """An attempt got its ending."""
        self._background.spawn(self._follow(attempt), "what a claim means for who waits")

    async def answered(self, waiter: Waiter, code: Code, *, final: bool = False) -> None:
        """Somebody accepted an offer, and this came of it; `final`: another try is in vain."""
        if code is Code.FULL:  # the place is gone again: they are still the next
            moved = await self._store.take_back(waiter, self._clock())
        elif final or code in _FINAL or code in _HOLDS:
            moved = await self._store.remove(waiter)
        else:
            return
        if moved:
            await self._offers.changed(waiter)

    async def _follow(self, attempt: Attempt) -> None:
        line = await self._store.list_line(attempt.upstream, attempt.place.session_id)
        claimed = attempt.kind is AttemptKind.CLAIM and attempt.state is AttemptState.CONFIRMED
        for waiter in [one for one in line if one.place == attempt.place]:
            if claimed and waiter.roblox_id == attempt.roblox_id:
                await self.answered(waiter, Code.CLAIMED)
            elif _is_answer(attempt, waiter):
                await self.answered(waiter, Code(attempt.reason))
        if claimed:
            await self._end_clashing(attempt)
        if line:
            self._offers.wake(attempt.upstream, attempt.place.session_id)

    async def _end_clashing(self, attempt: Attempt) -> None:
        """Who claims a role waits for none at the same time, where the guild minds clashes."""
        mine = await self._store.list_for_member(attempt.guild_id, attempt.subject_id)
        if not mine:
            return
        claimed = await self._announcements.get(attempt.guild_id, attempt.announcement_id)
        for waiter in mine:
            here = waiter.announcement_id == attempt.announcement_id
            if claimed is None or here or waiter.state is WaitState.ENDED:
                continue
            other = await self._announcements.get(waiter.guild_id, waiter.announcement_id)
            workspace = await self._workspaces.get_anywhere(waiter.workspace_id)
            minds = workspace is not None and workspace.clash is not ClashPolicy.OFF
            if other is not None and minds and _overlap(claimed, other):
                await self._offers.end(waiter, WaitEnd.CLASH)


def _is_answer(attempt: Attempt, waiter: Waiter) -> bool:
    """Whether this refused attempt was the answer to the waiter's offer."""
    theirs = (attempt.opening_id, attempt.subject_id) == (waiter.opening_id, waiter.discord_id)
    refused = attempt.state is AttemptState.REFUSED and attempt.door is Door.WAITLIST
    return theirs and refused and waiter.state is WaitState.OFFERED


def _overlap(one: Announcement, other: Announcement) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at
