"""Claims and releases as people ask for them: cheap checks, the journal, and who joins whom."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.background import Background
from bot.models import (
    Announcement,
    Attempt,
    AttemptKind,
    AttemptState,
    Door,
    Opening,
    Workspace,
)
from bot.services.cases import Case
from bot.services.engine import ClaimEngine
from bot.services.former import find_former_account
from bot.services.late_releases import needs_reason
from bot.services.observing import Observer, Unobserved
from bot.services.outcomes import Code, Outcome
from bot.services.permits import require_host
from bot.services.policies import Policies
from bot.services.ports import Actor
from bot.services.rules import Applicant, judge_policy
from bot.services.verdicts import facts, from_announcement, from_verdict
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.attempts import AttemptStore
from bot.store.links import LinkStore
from bot.store.refusals import RefusedPress

log = logging.getLogger(__name__)

# Presses that are looked up and journalled at once. That part never waits for a platform; were it
# all started at once in a rush, acknowledgements would have to wait behind it.
AT_ONCE = 20
ANSWER_IN_FLIGHT = timedelta(seconds=30)  # until then a settled press may still be answered itself
_QUESTIONS = frozenset({Code.MOVE.value, Code.CLASH.value})  # nobody waits for those later


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody asked for something about an opening, by whichever door."""

    actor: Actor
    opening_id: int
    door: Door
    interaction_id: int | None  # None: no interaction of its own
    interaction_token: str
    move_confirmed: bool = False
    clash_confirmed: bool = False
    subject_id: int | None = None  # Discord id of whom it is for; None = the actor
    reason: str = ""  # for the log channel, and the member for whom a host acts; never kept
    at: datetime | None = field(default=None, compare=False)  # UTC: when it was taken up
    # Set once a killed process would answer this interaction after its next start.
    journalled: asyncio.Event = field(default_factory=asyncio.Event, compare=False)

    @property
    def for_whom(self) -> int:
        """Discord id of the member whose claim it is."""
        return self.actor.discord_id if self.subject_id is None else self.subject_id


@dataclass(frozen=True, slots=True)
class _Running:
    """What somebody's press is being carried out for."""

    wish: tuple[AttemptKind, int]  # and the opening
    task: asyncio.Task[Outcome]


class ClaimService:
    """Takes presses in and answers each with exactly one outcome."""

    def __init__(
        self,
        announcements: AnnouncementStore,
        attempts: AttemptStore,
        links: LinkStore,
        workspaces: WorkspaceService,
        policies: Policies,
        engine: ClaimEngine,
        background: Background,
        clock: Callable[[], datetime],
        observer: Observer | None = None,
    ) -> None:
        self._observer = observer or Unobserved()
        self._announcements = announcements
        self._attempts = attempts
        self._links = links
        self._workspaces = workspaces
        self._policies = policies
        self._engine = engine
        self._background = background
        self._clock = clock
        self._running: dict[tuple[int, int, int], _Running] = {}
        self._front = asyncio.Semaphore(AT_ONCE)

    async def claim(self, press: Press) -> Outcome:
        """Claim the opening for the member who pressed, or for whom a host named.

        Raises NotPermitted when somebody who is no host acts for another.
        """
        return await self._joined(press, AttemptKind.CLAIM)

    async def release(self, press: Press) -> Outcome:
        """Give the opening back for the member who pressed, or for whom a host named.

        Raises NotPermitted when somebody who is no host acts for another.
        """
        return await self._joined(press, AttemptKind.RELEASE)

    async def _observed(self, kind: AttemptKind, began: float, work: Awaitable[Outcome]) -> Outcome:
        outcome = await work
        seconds = time.perf_counter() - began
        self._observer.outcome(kind, outcome.code, outcome.platform, seconds)
        return outcome

    async def untold(self, guild_id: int, discord_id: int) -> list[Outcome]:
        """Endings that never reached this member, oldest first; `mark_told` once they did.

        What a host did for the member is among them, with the host as `by_id`.
        """
        outcomes, unsaid = [], []
        for attempt in await self._attempts.list_untold(guild_id, discord_id):
            by_host = attempt.door is Door.HOST
            settled_at = attempt.settled_at or attempt.created_at
            if attempt.in_vain or (not by_host and self._clock() - settled_at < ANSWER_IN_FLIGHT):
                continue
            found = await self._announcements.get_opening(guild_id, attempt.opening_id)
            if found is None or attempt.reason in _QUESTIONS:
                unsaid.append(attempt.operation_id)
                continue
            opening, announcement = found
            workspace = await self._workspaces.get(guild_id, announcement.workspace_id)
            outcome = Case(attempt, announcement, opening, workspace).outcome(Code(attempt.reason))
            by_id = attempt.actor_id if by_host else None
            outcome = replace(outcome, subject_id=None, by_id=by_id)
            outcomes.append(replace(outcome, operation_id=attempt.operation_id))
        await self._attempts.mark_told(unsaid)
        return outcomes

    async def mark_told(self, operation_ids: Iterable[str]) -> None:
        """These endings (`Outcome.operation_id`) were shown to whom they are for."""
        await self._attempts.mark_told(operation_ids)

    async def note(self, press: Press) -> bool:
        """Whether the log channel's line about this press is the caller's to write: only once."""
        if press.interaction_id is None:
            return False
        return await self._attempts.note(press.interaction_id)

    async def _refused(
        self, press: Press, outcome: Outcome, announcement: Announcement | None = None
    ) -> Outcome:
        """A refusal that the journal does not know, with a reference that leads somewhere."""
        refused = RefusedPress(
            secrets.token_hex(4), press.actor.guild_id,
            announcement.announcement_id if announcement else None, press.opening_id,
            press.actor.discord_id, press.for_whom, press.door, outcome.code.value,
            press.at or self._clock(),  # as old as the press: an erasure since then covers it
        )  # fmt: skip
        log.info(
            "press by %s for %s in guild %s on opening %s refused: %s, reference %s",
            refused.actor_id, refused.subject_id, refused.guild_id, refused.opening_id,
            refused.code, refused.reference,
        )  # fmt: skip
        await self._attempts.refusals.add(refused)
        return replace(outcome, reference=refused.reference)

    async def _joined(self, press: Press, kind: AttemptKind) -> Outcome:
        """Run the press to its end, or join the one that the same person has running there."""
        began, press = time.perf_counter(), replace(press, at=self._clock())
        async with self._front:
            found = await self._announcements.get_opening(press.actor.guild_id, press.opening_id)
        if found is None:
            refusal = self._refused(press, Outcome(Code.GONE, what="button"))
            return await self._observed(kind, began, refusal)
        opening, announcement = found
        key = (announcement.announcement_id, press.actor.discord_id, press.for_whom)
        wish = (kind, opening.opening_id)
        while (running := self._running.get(key)) is not None and running.wish != wish:
            await asyncio.wait({running.task})  # another wish of theirs: one after the other
        if running is None:
            work = self._observed(kind, began, self._run(press, kind, opening, announcement))
            running = _Running(wish, self._background.spawn(work, "claim or release"))
            self._running[key] = running
            running.task.add_done_callback(lambda _: self._running.pop(key, None))
        return await asyncio.shield(running.task)

    async def _run(
        self, press: Press, kind: AttemptKind, opening: Opening, announcement: Announcement
    ) -> Outcome:
        async with self._front:
            accepted = await self._accept(press, kind, opening, announcement)
        if isinstance(accepted, Outcome):
            return await self._refused(press, accepted, announcement)
        with self._engine.owning(accepted.attempt):
            async with self._front:
                earlier = await self._attempts.add(accepted.attempt)
            if earlier is None or earlier.interaction_id == press.interaction_id:
                press.journalled.set()
            if earlier is not None:
                outcome = await self._told_before(earlier, accepted)
                return outcome if outcome.reference else await self._refused(press, outcome)
            return await self._engine.drive(accepted)

    async def _accept(
        self, press: Press, kind: AttemptKind, opening: Opening, announcement: Announcement
    ) -> Case | Outcome:
        """What can be refused without a platform; else the case, not journalled yet."""
        actor, by_host = press.actor, press.door is Door.HOST
        workspace = await self._workspaces.get(actor.guild_id, announcement.workspace_id)
        if by_host or press.for_whom != actor.discord_id:
            require_host(actor, workspace, announcement.host_ids)
        base = facts(Code.CLOSED, announcement, opening, workspace)
        if press.for_whom != actor.discord_id:
            base = replace(base, subject_id=press.for_whom)
        claiming = kind is AttemptKind.CLAIM
        if claiming and (closed := from_announcement(base, announcement, by_host=by_host)):
            return closed
        if not (claiming or by_host or press.reason.strip()) and needs_reason(
            announcement, workspace, actor.discord_id, self._clock()
        ):
            return replace(base, code=Code.REASON, releasing=True)
        roblox_id = await self._find_account(press, claiming)
        if roblox_id is None:
            return replace(base, code=Code.NOT_LINKED, releasing=not claiming)
        attempt = self._to_attempt(kind, press, opening, announcement, workspace, roblox_id)
        wishes = Applicant(
            roblox_id, None, press.move_confirmed,
            discord_role_ids=actor.role_ids, clash_confirmed=press.clash_confirmed,
            by_host=by_host,
        )  # fmt: skip
        if claiming:
            policy = await self._policies.local_policy(workspace, announcement, opening.place)
            refused = judge_policy(policy, wishes, announcement.starts_at, self._clock())
            if refused is not None:
                return from_verdict(base, refused, (), 0)
        return Case(attempt, announcement, opening, workspace, wishes=wishes)

    async def _find_account(self, press: Press, claiming: bool) -> int | None:
        """The Roblox id that is claimed or released with."""
        guild_id, member = press.actor.guild_id, press.for_whom
        link = await self._links.find(guild_id, member)
        if link is not None or claiming:
            return link.roblox_id if link is not None else None
        opening_id = press.opening_id
        return await find_former_account(self._attempts, self._links, guild_id, member, opening_id)

    async def _told_before(self, earlier: Attempt, case: Case) -> Outcome:
        """What there is to say about an attempt that stands in the way of a new one."""
        if earlier.guild_id != case.announcement.guild_id:  # theirs to know, not ours
            return replace(case.outcome(Code.STILL_RUNNING), reference="", operation_id="")
        found = await self._announcements.get_opening(earlier.guild_id, earlier.opening_id)
        if found is not None:
            case = replace(case, opening=found[0], announcement=found[1])
        outcome = replace(case, attempt=earlier).outcome(
            Code(earlier.reason) if earlier.state.settled else Code.STILL_RUNNING
        )
        return replace(outcome, operation_id="") if _is_anothers(earlier, case) else outcome

    def _to_attempt(
        self,
        kind: AttemptKind,
        press: Press,
        opening: Opening,
        announcement: Announcement,
        workspace: Workspace,
        roblox_id: int,
    ) -> Attempt:
        return Attempt(
            operation_id=secrets.token_hex(16), kind=kind, state=AttemptState.PENDING,
            guild_id=press.actor.guild_id, workspace_id=workspace.workspace_id,
            announcement_id=announcement.announcement_id, opening_id=opening.opening_id,
            upstream=workspace.upstream, place=opening.place, door=press.door,
            actor_id=press.actor.discord_id, subject_id=press.for_whom,
            roblox_id=roblox_id, created_at=self._clock(),
            interaction_id=press.interaction_id, interaction_token=press.interaction_token,
            with_reason=bool(press.reason.strip()),
        )  # fmt: skip


def _is_anothers(earlier: Attempt, case: Case) -> bool:
    """Whether the ending is for somebody else than who asks now."""
    asks = case.attempt
    return (earlier.guild_id, earlier.subject_id) != (asks.guild_id, asks.actor_id)
