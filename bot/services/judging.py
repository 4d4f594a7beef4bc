"""Puts the question to the rules: with the reading, the rank, and who else waits for the place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.models import Attempt, AttemptKind, AttemptState, Door, Session, Waiter
from bot.providers.identity.roblox import Roblox
from bot.services.cases import Case, holds
from bot.services.lanes import Reading
from bot.services.outcomes import Code, Outcome
from bot.services.people import People
from bot.services.rules import Verdict, judge_claim, needs_rank
from bot.services.verdicts import from_announcement, from_verdict
from bot.services.waiting_line import kept_from, kept_until, reserved_at
from bot.store.announcements import AnnouncementStore
from bot.store.links import LinkStore

HIGHEST_RANK = 255
UNSURE = "a release on this server is still being confirmed"


@dataclass(frozen=True, slots=True)
class Judged:
    """Why nothing is sent, and the rank that was looked at."""

    verdict: Verdict
    rank: int = 0
    kept: tuple[Waiter, ...] = ()  # FULL: those for whom places are kept


class Judge:
    """Decides by a reading whether an attempt may write."""

    def __init__(
        self,
        announcements: AnnouncementStore,
        links: LinkStore,
        roblox: Roblox,
        people: People,
        clock: Callable[[], datetime],
    ) -> None:
        self._announcements = announcements
        self._links = links
        self._roblox = roblox
        self._people = people
        self._clock = clock

    async def judge(self, case: Case, reading: Reading) -> Judged | None:
        """Why the attempt may not write, or None. Raises ProviderError when Roblox is silent."""
        if not case.claiming:
            return _judge_release(case, reading) or _judge_overwriting(case, reading)
        session, place = reading.session, case.attempt.place
        # Roblox is asked only about who has a chance; in a rush most have none.
        refused = self._by_rank(case, reading, HIGHEST_RANK)
        asks = refused is not None and refused.code in (Code.MOVE, Code.CLASH)  # not in vain
        if not needs_rank(session, place, reading.capabilities) or (refused and not asks):
            if refused:
                return self._judged(case, reading, refused)
            return _judge_overwriting(case, reading)
        group_id = session.group_id
        rank = 0
        if group_id is not None:
            rank = await self._roblox.fetch_rank(case.attempt.roblox_id, group_id)
            verdict = self._by_rank(case, reading, rank)
            if verdict is not None and verdict.code is Code.NOT_ELIGIBLE_RANK:
                # Promoted a moment ago? A remembered rank is good enough only to let somebody in.
                rank = await self._roblox.fetch_rank(case.attempt.roblox_id, group_id, max_age=0)
        verdict = self._by_rank(case, reading, rank)
        if verdict:
            return self._judged(case, reading, verdict, rank)
        return _judge_overwriting(case, reading)

    async def warm(self, attempt: Attempt, sessions: Iterable[Session]) -> None:
        """Read the rank ahead, for a role that lately had room and needs one.

        Raises ProviderError when Roblox is silent.
        """
        place = attempt.place
        for session in sessions:
            role = session.role(place.group_id, place.role_id)
            if session.session_id != place.session_id or role is None or not role.min_rank:
                continue
            held = len(session.holders(place.server_id, place.role_id))
            if session.group_id is not None and (role.capacity is None or held < role.capacity):
                await self._roblox.fetch_rank(attempt.roblox_id, session.group_id)

    async def recheck(self, case: Case) -> Outcome | None:
        """What was closed or unlinked while the attempt waited for its turn, or None."""
        attempt = case.attempt
        found = await self._announcements.get_opening(attempt.guild_id, attempt.opening_id)
        if found is None:
            return replace(case.outcome(Code.GONE), what="button")
        link = await self._links.get(attempt.guild_id, attempt.subject_id)
        if link is None and not case.claiming:  # unlinked: it is theirs to give back nevertheless
            holder = await self._links.get_by_roblox(attempt.guild_id, attempt.roblox_id)
            return case.outcome(Code.NOT_LINKED) if holder is not None else None
        if link is None or link.roblox_id != attempt.roblox_id:
            return case.outcome(Code.NOT_LINKED)
        if not case.claiming:
            return None
        by_host = attempt.door is Door.HOST
        return from_announcement(case.outcome(Code.CLOSED), found[1], by_host=by_host)

    async def word(self, case: Case, session: Session, judged: Judged) -> Outcome:
        """The outcome of a refusal, with names for the holders."""
        verdict = judged.verdict
        holders = await self._people.labels(case.attempt.guild_id, verdict.holders)
        base = case.outcome(verdict.code)
        outcome = from_verdict(base, verdict, tuple(holders.values()), judged.rank)
        if judged.kept and len(outcome.holders) < (outcome.capacity or 0):
            outcome = replace(outcome, kept=True, kept_until=kept_until(judged.kept))
        return replace(outcome, held_server_name=_server_name(session, verdict))

    def _kept(self, case: Case, reading: Reading) -> tuple[Waiter, ...]:
        return kept_from(case.attempt, reading.line, self._clock())

    def _judged(self, case: Case, reading: Reading, verdict: Verdict, rank: int = 0) -> Judged:
        return Judged(verdict, rank, self._kept(case, reading))

    def _by_rank(self, case: Case, reading: Reading, rank: int) -> Verdict | None:
        attempt, now = case.attempt, self._clock()
        reserved = reserved_at(reading, attempt.place, now, (attempt.operation_id,))
        return judge_claim(
            reading.session,
            attempt.place,
            replace(case.applicant, rank=rank),
            reserved | {one.roblox_id for one in self._kept(case, reading)},
            reading.capabilities,
            now,
            case.policy,
        )


def _judge_release(case: Case, reading: Reading) -> Judged | None:
    if not holds(case.attempt, reading.session):
        return Judged(Verdict(Code.NOT_HELD))
    if not reading.capabilities.can_release:
        return Judged(Verdict(Code.CANNOT_RELEASE))
    return None


def _judge_overwriting(case: Case, reading: Reading) -> Judged | None:
    """A release that may yet arrive writes all claims of its server back as they were before."""
    if not reading.capabilities.loses_writes:
        return None
    for other in reading.unsettled:
        releases = other.kind is AttemptKind.RELEASE or other.repaired  # a claim that gives way
        if (
            releases
            and other.state is not AttemptState.PENDING
            and other.operation_id != case.attempt.operation_id
            and other.place.server_id == case.attempt.place.server_id
            and holds(other, reading.session)  # else it has arrived
        ):
            return Judged(Verdict(Code.LIMITED, why=UNSURE))
    return None


def _server_name(session: Session, verdict: Verdict) -> str:
    server = session.server(verdict.held_server_id)
    return server.name if server and len(session.servers) > 1 else ""
