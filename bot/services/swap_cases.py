"""A swap with everything around it, and what the journal of claims says about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.models import (
    Announcement,
    Attempt,
    AttemptKind,
    AttemptState,
    Door,
    Opening,
    Stands,
    Swap,
    SwapSide,
    Workspace,
)
from bot.services.outcomes import Code
from bot.services.swap_outcomes import CODES, SwapCode, SwapOutcome, SwapPart
from bot.services.swap_steps import Exchange
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.swaps import operation_ids

A_MOMENT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Part:
    """One member's role as it is posted here."""

    side: SwapSide
    opening: Opening
    announcement: Announcement


@dataclass(frozen=True, slots=True)
class SwapCase:
    """A swap with what it is about."""

    swap: Swap
    workspace: Workspace
    proposer: Part
    partner: Part

    @property
    def parts(self) -> tuple[Part, Part]:
        """Both, the proposer first."""
        return (self.proposer, self.partner)

    @property
    def exchanges(self) -> tuple[Exchange, Exchange]:
        """What both give and take."""
        one, two = self.proposer.opening.place, self.partner.opening.place
        return (
            Exchange(self.swap.proposer.roblox_id, one, two),
            Exchange(self.swap.partner.roblox_id, two, one),
        )

    @property
    def session_ids(self) -> tuple[str, ...]:
        """One session or two, in the one order in which everybody enters their lanes."""
        return tuple(sorted({part.opening.place.session_id for part in self.parts}))

    def takes(self, number: int) -> Part:
        """The other's role, which this side takes."""
        return self.parts[1 - number]

    def attempts(self, now: datetime) -> list[Attempt]:
        """The rows that keep both members, and everybody else, off the two places.

        One for each member and session, as the journal allows no more: where both roles are in one
        session, the claim of the new role stands for the release of the old one, too.
        """
        both = len(self.session_ids) > 1
        return [
            attempt
            for number in (0, 1)
            for attempt in (self._claim(number, now), self.release(number, now))
            if both or attempt.kind is AttemptKind.CLAIM
        ]

    def endings(
        self, rows: Iterable[Attempt], now: datetime
    ) -> tuple[list[Attempt], list[Attempt]]:
        """(the rows with their endings, further rows for releases that had none of their own)."""
        ended = [
            replace(row, state=self._state(row), reason=self._reason(row), settled_at=now)
            for row in rows
        ]
        known = {row.operation_id for row in ended}
        told = [self.release(number, now - A_MOMENT) for number in (0, 1)]
        more = [
            replace(row, state=AttemptState.CONFIRMED, reason=Code.RELEASED.value,
                    sent_at=row.created_at, settled_at=row.created_at)
            for row in told
            if row.operation_id not in known and self._happened(row)
        ]  # fmt: skip
        return ended, more

    def _claim(self, number: int, now: datetime) -> Attempt:
        return self._attempt(number, AttemptKind.CLAIM, self.takes(number), now)

    def release(self, number: int, now: datetime) -> Attempt:
        """The journal's row about a side's release of its old role."""
        return self._attempt(number, AttemptKind.RELEASE, self.parts[number], now)

    def _attempt(self, number: int, kind: AttemptKind, about: Part, now: datetime) -> Attempt:
        swap, side = self.swap, self.parts[number].side
        return Attempt(
            operation_id=operation_ids(swap)[2 * number + (kind is AttemptKind.RELEASE)],
            kind=kind, state=AttemptState.PENDING, guild_id=swap.guild_id,
            workspace_id=swap.workspace_id,
            announcement_id=about.announcement.announcement_id,
            opening_id=about.opening.opening_id, upstream=self.workspace.upstream,
            place=about.opening.place, door=Door.SWAP,
            actor_id=swap.actor_id if swap.by_host else side.discord_id,
            subject_id=side.discord_id, roblox_id=side.roblox_id, created_at=now,
            told=True,  # swaps have news of their own
        )  # fmt: skip

    def _happened(self, row: Attempt) -> bool:
        """Whether the platform shows what the row asked for."""
        side = self.swap.side_of(row.subject_id)
        stands = side.stands if side else Stands.UNREAD
        if row.kind is AttemptKind.CLAIM:
            return stands in (Stands.NEW, Stands.BOTH)
        return stands in (Stands.NEW, Stands.NEITHER)

    def _state(self, row: Attempt) -> AttemptState:
        return AttemptState.CONFIRMED if self._happened(row) else AttemptState.REFUSED

    def _reason(self, row: Attempt) -> str:
        if not self._happened(row):
            return self.swap.reason or Code.INTERRUPTED.value
        return (Code.CLAIMED if row.kind is AttemptKind.CLAIM else Code.RELEASED).value

    def outcome(self, code: SwapCode | None = None, why: str = "") -> SwapOutcome:
        """Where the swap stands, with the facts for its words."""
        swap = self.swap
        return SwapOutcome(
            code or CODES[swap.state], _to_part(self.proposer), _to_part(self.partner),
            swap_id=swap.swap_id, platform=self.workspace.kind.label, reference=swap.reference,
            host_id=swap.actor_id if swap.by_host else None, expires_at=swap.expires_at,
            why=why or swap.why,
        )  # fmt: skip

    def with_swap(self, swap: Swap) -> SwapCase:
        """The same about a swap that went on."""
        one, two = (
            replace(self.proposer, side=swap.proposer),
            replace(self.partner, side=swap.partner),
        )
        return replace(self, swap=swap, proposer=one, partner=two)


class SwapCases:
    """Looks up what a swap is about."""

    def __init__(self, announcements: AnnouncementStore, workspaces: WorkspaceService) -> None:
        self._announcements = announcements
        self._workspaces = workspaces

    async def load(self, swap: Swap) -> SwapCase | None:
        """The case; None when the workspace was removed, and its boards with it."""
        workspace = await self._workspaces.get_anywhere(swap.workspace_id)
        parts = []
        for side in swap.sides:
            found = await self._announcements.get_opening(swap.guild_id, side.opening_id)
            if workspace is None or found is None:
                return None
            parts.append(Part(side, *found))
        assert workspace is not None  # there are two sides
        return SwapCase(swap, workspace, parts[0], parts[1])

    async def outcome(self, swap: Swap) -> SwapOutcome:
        """Where the swap stands; without names for what is not known here any more."""
        case = await self.load(swap)
        if case is not None:
            return case.outcome()
        parts = [
            SwapPart(side.discord_id, "a role", "a session", stands=side.stands)
            for side in swap.sides
        ]
        return SwapOutcome(
            CODES[swap.state], parts[0], parts[1], swap.swap_id, "The platform", swap.reference,
            swap.actor_id if swap.by_host else None, swap.expires_at, swap.why,
        )  # fmt: skip


def expiry(parts: Iterable[Announcement], now: datetime, at_most: timedelta) -> datetime:
    """When a question about these sessions ends: with their cut-off or start, if that is sooner."""
    ends = [now + at_most]
    for one in parts:
        until = one.cut_off or (one.starts_at if one.starts_at > now else one.ends_at)
        ends.append(max(until, now))
    return min(ends)


def _to_part(part: Part) -> SwapPart:
    return SwapPart(
        part.side.discord_id, part.opening.role_name, part.announcement.title,
        part.announcement.starts_at, part.opening.server_name, part.side.stands,
    )  # fmt: skip
