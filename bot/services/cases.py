"""An attempt with everything around it, as the claim engine passes it on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.models import Announcement, Attempt, AttemptKind, Door, Opening, Place, Session, Workspace
from bot.services.outcomes import Code, Outcome
from bot.services.rules import OPEN_POLICY, Applicant, Policy
from bot.services.verdicts import facts


@dataclass(frozen=True, slots=True)
class Case:
    """An attempt with what it is about, and what its maker brought along."""

    attempt: Attempt
    announcement: Announcement
    opening: Opening
    workspace: Workspace
    can_release: bool = True  # known once the provider was asked
    wishes: Applicant | None = None  # None: whoever pressed is no longer here to say
    policy: Policy = OPEN_POLICY

    @property
    def applicant(self) -> Applicant:
        """Who the claim is for, as the rules see them."""
        attempt = self.attempt
        wishes = self.wishes or Applicant(attempt.roblox_id)
        return replace(wishes, roblox_id=attempt.roblox_id, by_host=self.attempt.door is Door.HOST)

    @property
    def claiming(self) -> bool:
        """A claim, else a release."""
        return self.attempt.kind is AttemptKind.CLAIM

    @property
    def done(self) -> Code:
        """The good ending."""
        return Code.CLAIMED if self.claiming else Code.RELEASED

    def outcome(self, code: Code) -> Outcome:
        """An outcome of this attempt with the common facts."""
        outcome = facts(code, self.announcement, self.opening, self.workspace, self.attempt)
        return replace(outcome, can_release=self.can_release)


def holds(attempt: Attempt, session: Session) -> bool:
    """Whether the session shows that the person has the place."""
    place = attempt.place
    return attempt.roblox_id in session.holders(place.server_id, place.role_id)


def place_held(session: Session, server_id: str, roblox_id: int) -> Place | None:
    """What the person holds on this server, if it is a role that the session offers."""
    for held_on, claim in session.held_by(roblox_id):
        if held_on == server_id:
            for role in session.roles:
                if role.role_id == claim.role_id:
                    return Place(session.session_id, server_id, role.group_id, role.role_id)
    return None
