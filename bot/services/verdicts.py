"""From verdicts and platform errors to outcomes: the one table that maps them."""

from __future__ import annotations

from dataclasses import replace

from bot.errors import (
    AlreadyHeld,
    KeyErased,
    KeyRefused,
    NotClaimable,
    OutcomeUnknown,
    PlanTooLow,
    ProviderError,
    RankTooLow,
    RateLimited,
    SlotTaken,
    UpstreamNotFound,
    UpstreamRefused,
)
from bot.models import (
    Announcement,
    AnnouncementState,
    Attempt,
    AttemptKind,
    Door,
    Opening,
    Workspace,
)
from bot.services.outcomes import DONE, Code, Outcome
from bot.services.rules import Verdict

_CODES: tuple[tuple[type[ProviderError], Code], ...] = (
    (KeyRefused, Code.KEY),
    (PlanTooLow, Code.PLAN),
    (RankTooLow, Code.NOT_ELIGIBLE_RANK),
    (AlreadyHeld, Code.ALREADY_SAME),
    (SlotTaken, Code.FULL),
    (NotClaimable, Code.CLOSED),
    (RateLimited, Code.LIMITED),
    (UpstreamNotFound, Code.GONE),
    (OutcomeUnknown, Code.UNKNOWN),
    (UpstreamRefused, Code.UPSTREAM_SAID),
)  # anything else (unavailable, misread) is DOWN


def facts(
    code: Code,
    announcement: Announcement,
    opening: Opening,
    workspace: Workspace,
    attempt: Attempt | None = None,
) -> Outcome:
    """An outcome with everything that is the same for all endings of one press."""
    return Outcome(
        code,
        opening_id=opening.opening_id,
        session_title=announcement.title,
        starts_at=announcement.starts_at,
        role_name=opening.role_name,
        server_name=opening.server_name,
        platform=workspace.kind.label,
        reference=attempt.operation_id[:8] if attempt else "",
        operation_id=attempt.operation_id if attempt and not _is_anothers(attempt, code) else "",
        releasing=attempt is not None and attempt.kind is AttemptKind.RELEASE,
        subject_id=attempt.subject_id
        if attempt and attempt.subject_id != attempt.actor_id
        else None,
    )


def from_verdict(base: Outcome, verdict: Verdict, holders: tuple[str, ...], rank: int) -> Outcome:
    """The outcome of a refusal by our own rules."""
    return replace(
        base,
        code=verdict.code,
        why=verdict.why,
        what=verdict.what,
        holders=holders,
        capacity=verdict.role.capacity if verdict.role else None,
        needed_rank=verdict.role.min_rank if verdict.role else 0,
        rank=rank,
        held_role_name=verdict.held_role_name,
        role_ids=verdict.allowed_role_ids,
        barred_role_ids=verdict.barred_role_ids,
        clash_title=verdict.clash.title if verdict.clash else "",
        clash_starts_at=verdict.clash.starts_at if verdict.clash else None,
        clash_until=verdict.clash.ends_at if verdict.clash else None,
        clash_may_be_confirmed=verdict.clash_may_be_confirmed,
    )


def from_error(base: Outcome, error: ProviderError) -> Outcome:
    """The outcome of a platform's (or Roblox's) failure or refusal."""
    code = next((code for kind, code in _CODES if isinstance(error, kind)), Code.DOWN)
    return replace(
        base,
        code=code,
        words=error.facts.words,
        what=_what(error),
        until=error.until if isinstance(error, RateLimited) else None,
        platform=error.facts.platform or base.platform,
    )


def _what(error: ProviderError) -> str:
    if isinstance(error, KeyErased):
        return "key"
    return error.what if isinstance(error, UpstreamNotFound) else ""


def _is_anothers(attempt: Attempt, code: Code) -> bool:
    """Whether the ending is for somebody else to hear than who gets this answer."""
    return attempt.door is Door.HOST and code in DONE


def from_announcement(
    base: Outcome, announcement: Announcement, *, by_host: bool
) -> Outcome | None:
    """Why nothing can be claimed through this announcement, or None. A close binds no host."""
    match announcement.state:
        case AnnouncementState.OPEN | AnnouncementState.LOST:  # a lost board hinders no claim
            return None
        case AnnouncementState.GONE:
            return replace(base, code=Code.GONE, what="session")
        case AnnouncementState.CLOSED if by_host:
            return None
        case AnnouncementState.CLOSED if announcement.closed_by and announcement.closed_at:
            when = int(announcement.closed_at.timestamp())
            return replace(base, why=f"closed by <@{announcement.closed_by}> <t:{when}:R>")
        case _:
            return replace(base, why=f"the announcement is {announcement.state.value}")
