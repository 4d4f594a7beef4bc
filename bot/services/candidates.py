"""Whether somebody who waits could claim the role now."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from bot.errors import MessengerError, ProviderError
from bot.models import (
    Announcement,
    Capabilities,
    Opening,
    Session,
    SessionState,
    WaitEnd,
    Waiter,
    Workspace,
)
from bot.providers import capabilities_of
from bot.providers.identity.roblox import Roblox
from bot.services.judging import HIGHEST_RANK
from bot.services.outcomes import Code
from bot.services.policies import Policies
from bot.services.ports import Messenger
from bot.services.rules import Applicant, Policy, Verdict, judge_waiting, needs_rank
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.links import LinkStore

log = logging.getLogger(__name__)

_ENDS = {
    Code.NOT_ELIGIBLE_DISCORD: WaitEnd.DISCORD_ROLE,
    Code.NOT_ELIGIBLE_RANK: WaitEnd.RANK,
    Code.CLAIM_ONCE: WaitEnd.CLAIM_ONCE,
    Code.CLASH: WaitEnd.CLASH,
    Code.GONE: WaitEnd.GONE,
    Code.LIST_FORM: WaitEnd.GONE,
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody in line, with all that the rules ask about them."""

    waiter: Waiter
    opening: Opening
    announcement: Announcement
    workspace: Workspace
    applicant: Applicant
    policy: Policy
    linked: bool
    left: bool  # the guild

    @property
    def capabilities(self) -> Capabilities:
        """Of the platform in question."""
        return capabilities_of(self.workspace.kind)

    def judge(self, session: Session, capabilities: Capabilities, now: datetime) -> Verdict | None:
        """Why they could not claim it even if there were room. `now` is UTC."""
        place = self.waiter.place
        return judge_waiting(session, place, self.applicant, capabilities, now, self.policy)


class Candidates:
    """Asks everybody who knows, outside of any lane. Whoever keeps silent stands in nobody's way.

    An offer is no claim: what could not be found out is judged when it is accepted.
    """

    def __init__(
        self,
        announcements: AnnouncementStore,
        links: LinkStore,
        workspaces: WorkspaceService,
        policies: Policies,
        roblox: Roblox,
        messenger: Messenger,
    ) -> None:
        self._announcements = announcements
        self._links = links
        self._workspaces = workspaces
        self._policies = policies
        self._roblox = roblox
        self._messenger = messenger

    async def find(
        self, waiter: Waiter, session: Session, role_ids: frozenset[int] | None = None
    ) -> Candidate | None:
        """The candidate; None when the opening is gone. `role_ids` are asked for unless given."""
        found = await self._announcements.get_opening(waiter.guild_id, waiter.opening_id)
        workspace = await self._workspaces.get_anywhere(waiter.workspace_id)
        if found is None or workspace is None:
            return None
        opening, announcement = found
        link = await self._links.get(waiter.guild_id, waiter.discord_id)
        left = False
        if role_ids is None:
            role_ids, left = await self._fetch_roles(waiter)
        policy = await self._policies.policy_for(
            workspace, announcement, waiter.place, waiter.discord_id, waiter.roblox_id
        )
        applicant = Applicant(
            waiter.roblox_id, await self._fetch_rank(waiter, session, workspace),
            discord_role_ids=role_ids, clash_confirmed=True,  # accepting asks about it
        )  # fmt: skip
        linked = link is not None and link.roblox_id == waiter.roblox_id
        return Candidate(waiter, opening, announcement, workspace, applicant, policy, linked, left)

    async def _fetch_roles(self, waiter: Waiter) -> tuple[frozenset[int] | None, bool]:
        """(their Discord roles if known, whether they left the guild)."""
        try:
            found = await self._messenger.fetch_member_roles(waiter.guild_id, waiter.discord_id)
        except MessengerError as error:
            log.info("roles of member %s not read: %s", waiter.discord_id, error)
            return None, False
        return found, found is None

    async def _fetch_rank(self, waiter: Waiter, session: Session, workspace: Workspace) -> int:
        capabilities = capabilities_of(workspace.kind)
        if not needs_rank(session, waiter.place, capabilities) or session.group_id is None:
            return HIGHEST_RANK
        try:
            return await self._roblox.fetch_rank(waiter.roblox_id, session.group_id)
        except ProviderError as error:
            log.info("rank of %s not read: %s", waiter.roblox_id, error)
            return HIGHEST_RANK


def to_end(verdict: Verdict, session: Session) -> WaitEnd:
    """What a verdict about somebody who waits means for them."""
    if session.state is SessionState.CANCELLED:
        return WaitEnd.CANCELLED
    if session.state is SessionState.ENDED:
        return WaitEnd.OVER
    return _ENDS.get(verdict.code, WaitEnd.CLOSED)
