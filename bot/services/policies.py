"""Gathers what a guild has set for a claim: cut-off, Discord roles, and other claims."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Set
from datetime import datetime, timedelta

from bot.models import (
    Announcement,
    Attempt,
    AttemptKind,
    AttemptState,
    ClashPolicy,
    Place,
    Session,
    SessionState,
    Workspace,
)
from bot.services.catalog import SessionCatalog
from bot.services.rules import OtherClaim, Policy
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.attempts import AttemptStore
from bot.store.role_rules import RoleRuleStore

log = logging.getLogger(__name__)

RECENT = 30.0  # seconds: how old a list of sessions may be that a clash is looked for in
RETRY = 30.0  # seconds before a claim waits again for a workspace that did not answer in a moment
LATEST = 20  # journal rows of a member; they cover more than RECENT seconds of pressing

Upstream = tuple[str, str]  # base URL and session id: one session, whichever workspace shows it


class Policies:
    """What the rules need to know besides the session itself."""

    def __init__(
        self,
        rules: RoleRuleStore,
        announcements: AnnouncementStore,
        attempts: AttemptStore,
        workspaces: WorkspaceService,
        catalog: SessionCatalog,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rules = rules
        self._announcements = announcements
        self._attempts = attempts
        self._workspaces = workspaces
        self._catalog = catalog
        self._clock = clock
        self._monotonic = monotonic
        self._silent: dict[int, float] = {}  # workspace -> when it did not answer, monotonic

    async def policy_for(
        self,
        workspace: Workspace,
        announcement: Announcement,
        place: Place,
        subject_id: int,
        roblox_id: int,
        leaving: str = "",
    ) -> Policy:
        """Everything for a claim of this place by this member (Discord id, Roblox id).

        May wait a moment for other workspaces of the guild; one that cannot be asked is left out.
        `leaving` is a session of the workspace in which the member gives a role up for this one.
        """
        local = await self.local_policy(workspace, announcement, place)
        if workspace.clash is ClashPolicy.OFF:
            return local
        here = (workspace.upstream, place.session_id)
        others = await self._other_claims(
            workspace.guild_id, {here, (workspace.upstream, leaving)}, subject_id, roblox_id
        )
        return Policy(
            local.cut_off, local.allowed_role_ids, local.barred_role_ids, workspace.clash, others
        )

    async def local_policy(
        self, workspace: Workspace, announcement: Announcement, place: Place
    ) -> Policy:
        """The part that needs no platform: cut-off and Discord roles. Clashes are left out."""
        rule = await self._rules.get(workspace.workspace_id, place.group_id, place.role_id)
        allowed, barred = workspace.claimer_role_ids, workspace.barred_role_ids
        if rule is not None:
            allowed, barred = rule.allowed_role_ids or allowed, barred | rule.barred_role_ids
        return Policy(announcement.cut_off, allowed, barred)

    async def _other_claims(
        self, guild_id: int, here: Set[Upstream], subject_id: int, roblox_id: int
    ) -> tuple[OtherClaim, ...]:
        workspaces = await self._workspaces.list_all(guild_id)
        readings = await asyncio.gather(*(self._recent(one) for one in workspaces))
        found: dict[Upstream, OtherClaim] = {
            (workspace.upstream, session.session_id): OtherClaim(
                session.name, session.starts_at, session.ends_at
            )
            for workspace, sessions in zip(workspaces, readings, strict=True)
            for session in sessions
            if session.state in (SessionState.SCHEDULED, SessionState.LIVE)
            and session.held_by(roblox_id)
        }
        await self._correct(found, guild_id, subject_id)
        elsewhere = [claim for session, claim in found.items() if session not in here]
        return tuple(sorted(elsewhere, key=lambda other: other.starts_at))

    async def _recent(self, workspace: Workspace) -> tuple[Session, ...]:
        """The workspace's sessions as recently read; none, with a line in the log, if it hangs."""
        number = workspace.workspace_id
        now = self._monotonic()
        self._silent = {key: at for key, at in self._silent.items() if now - at < RETRY}
        patient = number not in self._silent
        sessions = await self._catalog.get_within(number, RECENT, wait=patient)
        if sessions is not None:
            self._silent.pop(number, None)
            return sessions
        if patient:  # once a while, so that a broken workspace slows no other's rush
            self._silent[number] = self._monotonic()
        log.warning("workspace %s could not be asked for clashing claims", number)
        return ()

    async def _correct(
        self, found: dict[Upstream, OtherClaim], guild_id: int, subject_id: int
    ) -> None:
        """The readings may be older than what this member did through us: the journal knows."""
        since = self._clock() - timedelta(seconds=RECENT)
        rows = await self._attempts.list_for_member(guild_id, subject_id, LATEST)
        for attempt in _latest_by_session(rows, since):
            session = (attempt.upstream, attempt.place.session_id)
            if attempt.kind is AttemptKind.RELEASE:
                found.pop(session, None)
            elif session not in found:
                told = await self._announcements.get(guild_id, attempt.announcement_id)
                if told is not None:
                    found[session] = OtherClaim(told.title, told.starts_at, told.ends_at)


def _latest_by_session(rows: Iterable[Attempt], since: datetime) -> Iterable[Attempt]:
    """Of each session the attempt that was confirmed last, if that was after `since`."""
    latest: dict[Upstream, tuple[datetime, Attempt]] = {}
    for attempt in rows:
        at = attempt.settled_at
        if attempt.state is not AttemptState.CONFIRMED or at is None or at < since:
            continue
        session = (attempt.upstream, attempt.place.session_id)
        if session not in latest or latest[session][0] < at:
            latest[session] = (at, attempt)
    return [attempt for _, attempt in latest.values()]
