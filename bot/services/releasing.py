"""Giving a role back, as members do it for themselves: what they are asked, and who hears of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.models import Announcement, Opening
from bot.services.boards import BoardService
from bot.services.claims import ClaimService, Press
from bot.services.late_releases import LateReleases, Release, needs_reason
from bot.services.openings import OpeningsService
from bot.services.outcomes import Code, Outcome
from bot.services.ports import Actor
from bot.services.verdicts import facts
from bot.services.waiting_line import may_wait
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.text import safe


@dataclass(frozen=True, slots=True)
class Asked:
    """What a member should know before they give a role back."""

    opening: Opening
    announcement: Announcement
    waiting: int  # members who would be asked next
    late: Outcome | None = None  # REASON: they have to say why


class Releases:
    """For members, each acting for themselves."""

    def __init__(
        self,
        claims: ClaimService,
        openings: OpeningsService,
        announcements: AnnouncementStore,
        workspaces: WorkspaceService,
        boards: BoardService,
        late_releases: LateReleases,
        clock: Callable[[], datetime],
    ) -> None:
        self._claims = claims
        self._openings = openings
        self._announcements = announcements
        self._workspaces = workspaces
        self._boards = boards
        self._late_releases = late_releases
        self._clock = clock

    async def ask(self, actor: Actor, opening_id: int) -> Asked:
        """What to ask the member. Refusal for a role that is not on offer in their guild."""
        opening, announcement = await self._openings.get(actor.guild_id, opening_id)
        workspace = await self._workspaces.get(actor.guild_id, announcement.workspace_id)
        late = None
        if needs_reason(announcement, workspace, actor.discord_id, self._clock()):
            late = replace(facts(Code.REASON, announcement, opening, workspace), releasing=True)
        return Asked(opening, announcement, self._count_waiting(announcement, opening_id), late)

    async def release(self, press: Press) -> Outcome:
        """Give the role back. What the member says about it goes to the hosts and is not kept.

        The outcome is REASON when they have to say something: claims have closed.
        """
        outcome = await self._claims.release(press)
        said = press.reason.strip()
        if not said:
            return outcome
        outcome = replace(outcome, reason=said)
        if outcome.code is not Code.RELEASED or not await self._claims.note(press):
            return outcome
        found = await self._announcements.get_opening(press.actor.guild_id, press.opening_id)
        if found is None:  # the workspace was removed in this moment; the role is given back
            return outcome
        opening, announcement = found
        workspace = await self._workspaces.get_anywhere(announcement.workspace_id)
        if workspace is None:
            return outcome
        release = Release(
            workspace, announcement, opening, press.actor.discord_id, self._clock(),
            outcome.reference,
        )  # fmt: skip
        told = await self._late_releases.tell(release, f"Reason: “{safe(said, 300)}”")
        return replace(outcome, hosts_told=told)

    def _count_waiting(self, announcement: Announcement, opening_id: int) -> int:
        """By the board as last seen: it only words a question."""
        board = self._boards.peek(announcement.announcement_id)
        if board is None or not may_wait(announcement, self._clock()):
            return 0
        return next((one.waiting for one in board.lines if one.opening_id == opening_id), 0)
