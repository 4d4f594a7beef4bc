"""What a write really did, where the platform is known to lose or replace writes.

ReAdmin stores a claim without looking, and its release writes back the whole claim map as it was
read a moment before: claims made in between vanish. So on such a platform every write is read
back: a claim costs three calls there (read, write, read), in a rush two, as the next in the lane
judges by the same reading.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.errors import ProviderError
from bot.models import Attempt, Claim, Place, Session
from bot.services.cases import Case, holds, place_held
from bot.services.hostlog import HostLog
from bot.services.judging import Judge, Judged
from bot.services.lanes import Reading
from bot.services.outcomes import Code, Outcome
from bot.services.rules import Verdict
from bot.services.visits import Visit
from bot.store.attempts import AttemptStore
from bot.text import safe

log = logging.getLogger(__name__)

LATELY = timedelta(seconds=90)  # longer than a release takes between its read and its overwrite


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ends: by a code, or by a refusal of the rules with the reading behind it."""

    case: Case
    code: Code
    judged: Judged | None = None
    session: Session | None = None
    error: ProviderError | None = None
    outcome: Outcome | None = None  # when it is worded already


class Aftermath:
    """Looks after a write and mends what it can; each attempt at most once."""

    def __init__(self, attempts: AttemptStore, judge: Judge, host_log: HostLog) -> None:
        self._attempts = attempts
        self._judge = judge
        self._host_log = host_log

    async def after_claim(self, case: Case, visit: Visit, before: Reading) -> Ending:
        """The ending of a claim that the platform said yes to; UNKNOWN when it is not there."""
        after = await visit.read()
        if not holds(case.attempt, after.session):
            case, after = await self._repair(case, visit, before, after)
        if not holds(case.attempt, after.session):
            return Ending(case, Code.UNKNOWN, session=after.session)
        return await self.present(case, visit, after, before.session)

    async def present(
        self, case: Case, visit: Visit, after: Reading, before: Session | None = None
    ) -> Ending:
        """The ending of a claim that is there: it gives way if it is one too many."""
        attempt, session = case.attempt, after.session
        claimed = Ending(case, Code.CLAIMED, session=session)
        if after.capabilities.enforces_limits or not _one_too_many(attempt, session):
            return claimed
        place = attempt.place
        old = place_held(before, place.server_id, attempt.roblox_id) if before else None
        back = old if old is not None and old != place and _has_room(session, old) else None
        if attempt.repaired or (back is None and not after.capabilities.can_release):
            self._host_log.say(
                case.workspace,
                f"⚠ More people hold **{safe(case.opening.role_name)}** in"
                f" “{safe(case.announcement.title)}”"
                " than may: two claimed at the same moment, and Muster cannot take the later one"
                f" back. Reference {attempt.operation_id[:8]}",
            )
            return claimed
        case = await self._mark(case)
        log.warning("attempt %s gives way: one too many", attempt.operation_id)
        if back is not None:
            await visit.claim(session, back, attempt.roblox_id)
        else:
            await visit.release()
        after = await visit.read()
        if holds(attempt, after.session):
            return Ending(case, Code.UNKNOWN, session=after.session)
        role = after.session.role(place.group_id, place.role_id)
        holders = after.session.holders(place.server_id, place.role_id)
        full = Judged(Verdict(Code.FULL, role=role, holders=holders))
        return Ending(case, Code.FULL, full, after.session)

    async def after_release(self, case: Case, visit: Visit, before: Reading) -> Ending:
        """The ending of a release; what it took from others is put back once."""
        after = await visit.read()
        server_id = case.attempt.place.server_id
        lost = _lost(before.session, after.session, case.attempt)
        for claim in lost:
            place = place_held(before.session, server_id, claim.roblox_id)
            if place is None or not _has_room(after.session, place):
                log.warning("the claim of %s went with a release and has no room", claim.roblox_id)
                continue
            log.warning("the claim of %s went with a release: put back", claim.roblox_id)
            await visit.claim(after.session, place, claim.roblox_id)
        if lost:
            after = await visit.read()
        gone = not holds(case.attempt, after.session)
        return Ending(case, Code.RELEASED if gone else Code.UNKNOWN, session=after.session)

    async def _repair(
        self, case: Case, visit: Visit, before: Reading, after: Reading
    ) -> tuple[Case, Reading]:
        """Claim once more what vanished in somebody's release, if the place is still free."""
        attempt = case.attempt
        server_id = attempt.place.server_id
        unchanged = place_held(after.session, server_id, attempt.roblox_id) == place_held(
            before.session, server_id, attempt.roblox_id
        )  # else the person chose something else in the meantime
        wishes = replace(case.applicant, move_confirmed=unchanged, clash_confirmed=True)
        place = attempt.place
        if await self._judge.judge(replace(case, wishes=wishes), after) is not None:
            old = place_held(before.session, server_id, attempt.roblox_id)
            empty_handed = not _holds_anything(after.session, server_id, attempt.roblox_id)
            if old is None or not empty_handed or not _has_room(after.session, old):
                return case, after
            place = old  # a move that lost both: what the person had is what we can give back
        case = await self._mark(case)
        log.warning("attempt %s vanished after the write: written again", attempt.operation_id)
        await visit.claim(after.session, place, attempt.roblox_id)
        return case, await visit.read()

    async def _mark(self, case: Case) -> Case:
        """One more write goes out for this attempt, and no other after it."""
        marked = replace(case.attempt, repaired=True)
        await self._attempts.save(marked)
        return replace(case, attempt=marked)


def _one_too_many(attempt: Attempt, session: Session) -> bool:
    """Whether more hold the place than may, and this claim is among the later ones."""
    place = attempt.place
    role, server = session.role(place.group_id, place.role_id), session.server(place.server_id)
    if role is None or server is None or role.capacity is None:
        return False
    there = [claim for claim in server.claims if claim.role_id == place.role_id]
    ours = next(claim for claim in there if claim.roblox_id == attempt.roblox_id)
    earlier = {c.roblox_id for c in there if c.roblox_id != ours.roblox_id and not _after(c, ours)}
    return len(earlier) >= role.capacity


def _after(claim: Claim, ours: Claim) -> bool:
    """Whether a claim was certainly made after ours."""
    if claim.claimed_at is None or ours.claimed_at is None:
        return False
    return claim.claimed_at > ours.claimed_at


def _has_room(session: Session, place: Place) -> bool:
    role = session.role(place.group_id, place.role_id)
    held = len(session.holders(place.server_id, place.role_id))
    return role is not None and (role.capacity is None or held < role.capacity)


def _holds_anything(session: Session, server_id: str, roblox_id: int) -> bool:
    return any(held_on == server_id for held_on, _ in session.held_by(roblox_id))


def _lost(before: Session, after: Session, release: Attempt) -> list[Claim]:
    """Others' claims on this server that are gone, whose makers hold nothing else there now.

    Only what was claimed lately can have gone unseen, in somebody's release that had read before
    it; older claims were taken away on purpose in this moment, and are not ours to bring back.
    """
    server_id = release.place.server_id
    was, now = before.server(server_id), after.server(server_id)
    if was is None or now is None or release.sent_at is None:
        return []
    since = release.sent_at - LATELY
    there = {release.roblox_id, *(claim.roblox_id for claim in now.claims)}
    return [
        claim
        for claim in was.claims
        if claim.roblox_id not in there and (claim.claimed_at is None or claim.claimed_at >= since)
    ]
