"""Why two roles are not swapped: the rules' and the platforms' reasons as one sentence.

It names the members by mention, so that everybody who reads it knows who is meant.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import ProviderError
from bot.models import Opening
from bot.services.outcomes import Code, Outcome
from bot.services.rules import Verdict
from bot.services.verdicts import from_error
from bot.text import safe


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a swap is not made: for the journal, and for people."""

    code: Code
    words: str  # a whole sentence, safe to show


def by_rule(
    verdict: Verdict, discord_id: int, what: str, rank: int = 0, *, back: bool = False
) -> Reason:
    """A refusal by our own rules of `what` (words of a role) for a member.

    `back`: the member had it before.
    """
    cannot = f"cannot have {what} back" if back else f"cannot take {what}"
    return Reason(verdict.code, f"<@{discord_id}> {cannot}: {_because(verdict, rank)}.")


def by_platform(error: ProviderError, discord_id: int, opening: Opening) -> Reason:
    """A failure or refusal of the platform."""
    outcome = from_error(Outcome(Code.DOWN), error)
    platform = error.facts.platform or "The platform"
    said = f": “{safe(outcome.words.strip().rstrip('.'), 200)}”" if outcome.words else ""
    role = f"**{safe(opening.role_name)}** for <@{discord_id}>"
    match outcome.code:
        case Code.KEY:
            words = f"{platform} refuses this workspace's key{said}; an admin can enter a new one."
        case Code.LIMITED:
            words = f"{platform} is busy."
        case Code.DOWN | Code.UNKNOWN:
            words = f"{platform} does not answer{said}."
        case Code.FULL:
            words = f"{role}: the place was taken by somebody else{said}."
        case Code.GONE:
            words = f"{role}: this {outcome.what or 'role'} no longer exists on {platform}."
        case _:
            words = f"{role}: {platform} says no{said}."
    return Reason(outcome.code, words)


def not_held(discord_id: int, what: str) -> Reason:
    """One of the two has lost the role."""
    return Reason(Code.NOT_HELD, f"<@{discord_id}> does not hold {what} any more.")


def not_linked(discord_id: int) -> Reason:
    """One of the two is no longer who they were."""
    words = f"<@{discord_id}> is not linked to the Roblox account that holds the role any more."
    return Reason(Code.NOT_LINKED, words)


def closed(outcome: Outcome) -> Reason:
    """An announcement takes no claims."""
    why = outcome.why or "it no longer exists"
    return Reason(outcome.code, f"“{safe(outcome.session_title)}” takes no claims: {why}.")


def _because(verdict: Verdict, rank: int) -> str:
    role = verdict.role
    match verdict.code:
        case Code.NOT_ELIGIBLE_RANK:
            needed = role.min_rank if role else 0
            return f"it needs group rank {needed} or higher, and theirs is {rank}"
        case Code.NOT_ELIGIBLE_DISCORD if verdict.barred_role_ids:
            roles = " and ".join(f"<@&{role_id}>" for role_id in verdict.barred_role_ids)
            return f"their Discord role {roles} forbids it"
        case Code.NOT_ELIGIBLE_DISCORD:
            roles = " or ".join(f"<@&{role_id}>" for role_id in verdict.allowed_role_ids)
            return f"it needs the Discord role {roles}"
        case Code.CLAIM_ONCE:
            return "they hold it on another server of this session, and may hold it only once"
        case Code.FULL:
            return "no place is left there"
        case Code.ALREADY_SAME:
            return "they hold it already"
        case Code.MOVE:
            held = safe(verdict.held_role_name)
            return f"they would lose **{held}**, which they hold on the same server"
        case Code.CLASH:
            title = verdict.clash.title if verdict.clash else "another session of theirs"
            return f"it is at the same time as “{safe(title)}”, in which they hold a role"
        case _:
            return _WHY.get(verdict.code) or verdict.why or "claims are closed"


_WHY = {
    Code.GONE: "it no longer exists on the platform",
    Code.NOT_OPEN: "its session is only planned so far",
    Code.LIST_FORM: "its server was made in the platform's panel, and only the panel can change it",
}
