"""The one pure function that decides whether a claim may be sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.models import (
    Capabilities,
    ClaimsForm,
    ClashPolicy,
    Place,
    Role,
    Session,
    SessionState,
)
from bot.services.outcomes import Code


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who wants the role, as far as the rules care."""

    roblox_id: int
    rank: int | None = None  # Roblox group rank; None = nobody asked, as the role needs none
    move_confirmed: bool = False  # the member was asked and said "Move"
    discord_role_ids: frozenset[int] | None = None  # None: they were looked at before a restart
    clash_confirmed: bool = False  # the member was asked and said "Claim anyway"
    by_host: bool = False  # a host decides over cut-off, Discord roles and clashes


@dataclass(frozen=True, slots=True)
class OtherClaim:
    """Another session in which the applicant holds a role. Times are UTC."""

    title: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Policy:
    """What the guild has set for this place, and what it has to be held against."""

    cut_off: datetime | None = None  # UTC; from then on only hosts may claim for somebody
    allowed_role_ids: frozenset[int] = frozenset()  # one of these is needed; empty: none is
    barred_role_ids: frozenset[int] = frozenset()  # who has one of these may not
    clash: ClashPolicy = ClashPolicy.OFF
    other_claims: tuple[OtherClaim, ...] = ()  # in other sessions than this, by start


OPEN_POLICY = Policy()  # nothing is set


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a claim is not sent, with the facts for the answer."""

    code: Code
    why: str = ""
    what: str = ""
    role: Role | None = None
    holders: tuple[int, ...] = ()
    held_role_name: str = ""
    held_server_id: str = ""
    allowed_role_ids: tuple[int, ...] = ()  # NOT_ELIGIBLE_DISCORD: one of these is needed
    barred_role_ids: tuple[int, ...] = ()  # NOT_ELIGIBLE_DISCORD: these of the member's forbid it
    clash: OtherClaim | None = None
    clash_may_be_confirmed: bool = True


def judge_claim(
    session: Session,
    place: Place,
    applicant: Applicant,
    reserved: frozenset[int],
    capabilities: Capabilities,
    now: datetime,
    policy: Policy = OPEN_POLICY,
) -> Verdict | None:
    """Why this claim must not be sent, or None when it may.

    `session` is a fresh reading; `reserved` are the Roblox ids whose own claims on this place are
    not settled yet and therefore count as holders. `now` is UTC.
    """
    return (
        _judge_session(session, now)
        or _judge_place(session, place)
        or _judge_held(session, place, applicant)
        or judge_policy(policy, applicant, session.starts_at, now)
        or _judge_applicant(session, place, applicant, capabilities)
        or _judge_capacity(session, place, applicant, reserved)
        or _judge_clash(session, applicant, policy)  # before the move: its "yes" answers this too
        or _judge_move(session, place, applicant, capabilities)
    )


def judge_waiting(
    session: Session,
    place: Place,
    applicant: Applicant,
    capabilities: Capabilities,
    now: datetime,
    policy: Policy = OPEN_POLICY,
) -> Verdict | None:
    """Why this person need not wait for the place: all rules but whether there is room."""
    return (
        _judge_session(session, now)
        or _judge_place(session, place)
        or _judge_held(session, place, applicant)
        or judge_policy(policy, applicant, session.starts_at, now)
        or _judge_applicant(session, place, applicant, capabilities)
        or _judge_clash(session, applicant, policy)
    )


def judge_policy(
    policy: Policy, applicant: Applicant, starts_at: datetime, now: datetime
) -> Verdict | None:
    """Cut-off and Discord roles: what can be judged without reading the session."""
    if applicant.by_host:
        return None
    if policy.cut_off is not None and policy.cut_off <= now:
        span = _span(int((starts_at - policy.cut_off).total_seconds() // 60))
        when = int(policy.cut_off.timestamp())
        why = f"claims closed {span} the start, <t:{when}:R>; a host can still add you"
        return Verdict(Code.CLOSED, why=why)
    held = applicant.discord_role_ids
    if held is None:
        return None
    if barred := held & policy.barred_role_ids:
        return Verdict(Code.NOT_ELIGIBLE_DISCORD, barred_role_ids=tuple(sorted(barred)))
    allowed = policy.allowed_role_ids
    if allowed and not held & allowed:
        return Verdict(Code.NOT_ELIGIBLE_DISCORD, allowed_role_ids=tuple(sorted(allowed)))
    return None


def _judge_session(session: Session, now: datetime) -> Verdict | None:
    if session.state is SessionState.NOT_OPEN:
        return Verdict(Code.NOT_OPEN)
    if session.state is SessionState.CANCELLED:
        return Verdict(Code.CLOSED, why="the session was cancelled")
    if session.state is SessionState.ENDED or session.ends_at <= now:
        return Verdict(Code.CLOSED, why="the session is over")
    if not session.claimable:
        return Verdict(Code.CLOSED, why="claiming is switched off for this session")
    return None


def _judge_place(session: Session, place: Place) -> Verdict | None:
    server = session.server(place.server_id)
    if server is None:
        return Verdict(Code.GONE, what="server")
    if server.form is ClaimsForm.LIST:
        return Verdict(Code.LIST_FORM)
    if session.role(place.group_id, place.role_id) is None:
        return Verdict(Code.GONE, what="role")
    return None


def _judge_held(session: Session, place: Place, applicant: Applicant) -> Verdict | None:
    if applicant.roblox_id in session.holders(place.server_id, place.role_id):
        return Verdict(Code.ALREADY_SAME, role=session.role(place.group_id, place.role_id))
    return None


def _judge_applicant(
    session: Session, place: Place, applicant: Applicant, capabilities: Capabilities
) -> Verdict | None:
    role = session.role(place.group_id, place.role_id)
    assert role is not None  # _judge_place has looked
    if not capabilities.enforces_limits and (applicant.rank or 0) < role.min_rank:
        return Verdict(Code.NOT_ELIGIBLE_RANK, role=role)
    if role.claim_once:
        # ReAdmin does not say what "claim once" means on its API (unknown). We read it as: nobody
        # holds the same role on two servers of one session.
        for server_id, claim in session.held_by(applicant.roblox_id):
            if claim.role_id == role.role_id:
                return Verdict(
                    Code.CLAIM_ONCE,
                    role=role,
                    held_role_name=role.name,
                    held_server_id=server_id,
                )
    return None


def _judge_capacity(
    session: Session, place: Place, applicant: Applicant, reserved: frozenset[int]
) -> Verdict | None:
    role = session.role(place.group_id, place.role_id)
    assert role is not None  # _judge_place has looked
    holders = session.holders(place.server_id, place.role_id)
    others = (frozenset(holders) | reserved) - {applicant.roblox_id}
    if role.capacity is not None and len(others) >= role.capacity:
        return Verdict(Code.FULL, role=role, holders=holders)
    return None


def _judge_clash(session: Session, applicant: Applicant, policy: Policy) -> Verdict | None:
    may_be_confirmed = policy.clash is ClashPolicy.WARN
    if policy.clash is ClashPolicy.OFF or applicant.by_host:
        return None
    if may_be_confirmed and applicant.clash_confirmed:
        return None
    if session.held_by(applicant.roblox_id):  # in it already: another role adds no clash
        return None
    for other in policy.other_claims:
        if other.starts_at < session.ends_at and session.starts_at < other.ends_at:
            return Verdict(Code.CLASH, clash=other, clash_may_be_confirmed=may_be_confirmed)
    return None


def _judge_move(
    session: Session, place: Place, applicant: Applicant, capabilities: Capabilities
) -> Verdict | None:
    if not capabilities.one_claim_per_server or applicant.move_confirmed:
        return None
    for server_id, claim in session.held_by(applicant.roblox_id):
        if server_id == place.server_id:
            name = claim.role_name or "a role that no longer exists"
            return Verdict(Code.MOVE, held_role_name=name, held_server_id=server_id)
    return None


def needs_rank(session: Session, place: Place, capabilities: Capabilities) -> bool:
    """Whether the person's Roblox group rank has to be read before judging."""
    role = session.role(place.group_id, place.role_id)
    return bool(role and role.min_rank > 0 and not capabilities.enforces_limits)


def _span(minutes: int) -> str:
    """How long before something, as in "30 minutes before"; "at" for no time at all."""
    if minutes <= 0:
        return "at"
    hours, rest = divmod(minutes, 60)
    count, unit = (hours, "hour") if hours and not rest else (minutes, "minute")
    return f"{count} {unit}{'' if count == 1 else 's'} before"
