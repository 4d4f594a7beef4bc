"""The one pure function that decides whether a claim may be sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.models import Capabilities, ClaimsForm, Place, Role, Session, SessionState
from bot.services.outcomes import Code


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who wants the role, as far as the rules care."""

    roblox_id: int
    rank: int | None = None  # Roblox group rank; None = nobody asked, as the role needs none
    move_confirmed: bool = False  # the member was asked and said "Move"


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


def judge_claim(
    session: Session,
    place: Place,
    applicant: Applicant,
    reserved: frozenset[int],
    capabilities: Capabilities,
    now: datetime,
) -> Verdict | None:
    """Why this claim must not be sent, or None when it may.

    `session` is a fresh reading; `reserved` are the Roblox ids whose own claims on this place are
    not settled yet and therefore count as holders. `now` is UTC.
    """
    return (
        _judge_session(session, now)
        or _judge_place(session, place)
        or _judge_applicant(session, place, applicant, capabilities)
        or _judge_capacity(session, place, applicant, reserved)
        or _judge_move(session, place, applicant, capabilities)
    )


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


def _judge_applicant(
    session: Session, place: Place, applicant: Applicant, capabilities: Capabilities
) -> Verdict | None:
    role = session.role(place.group_id, place.role_id)
    assert role is not None  # _judge_place has looked
    if applicant.roblox_id in session.holders(place.server_id, place.role_id):
        return Verdict(Code.ALREADY_SAME, role=role)
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
