"""Claims and releases as people ask for them: cheap checks, the journal, and who joins whom."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.background import Background
from bot.models import (
    AccountLink,
    Announcement,
    AnnouncementState,
    Attempt,
    AttemptKind,
    AttemptState,
    Door,
    Opening,
    Workspace,
)
from bot.services.engine import Case, ClaimEngine
from bot.services.outcomes import Code, Outcome
from bot.services.ports import Actor
from bot.services.verdicts import facts
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.attempts import AttemptStore
from bot.store.links import LinkStore


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody asked for something about an opening, by whichever door."""

    actor: Actor
    opening_id: int
    door: Door
    interaction_id: int
    interaction_token: str
    move_confirmed: bool = False


class ClaimService:
    """Takes presses in and answers each with exactly one outcome."""

    def __init__(
        self,
        announcements: AnnouncementStore,
        attempts: AttemptStore,
        links: LinkStore,
        workspaces: WorkspaceService,
        engine: ClaimEngine,
        background: Background,
        clock: Callable[[], datetime],
    ) -> None:
        self._announcements = announcements
        self._attempts = attempts
        self._links = links
        self._workspaces = workspaces
        self._engine = engine
        self._background = background
        self._clock = clock
        self._running: dict[tuple[int, int], asyncio.Task[Outcome]] = {}

    async def claim(self, press: Press) -> Outcome:
        """Claim the opening for the member who pressed."""
        return await self._joined(press, self._claim)

    async def release(self, press: Press) -> Outcome:
        """Give the opening back for the member who pressed."""
        return await self._joined(press, self._release)

    async def _joined(
        self,
        press: Press,
        work: Callable[[Press, Opening, Announcement], Coroutine[Any, Any, Outcome]],
    ) -> Outcome:
        """Run the press to its end, or join the one that this member has running there."""
        found = await self._announcements.get_opening(press.actor.guild_id, press.opening_id)
        if found is None:
            return Outcome(Code.GONE, what="button")
        opening, announcement = found
        key = (announcement.announcement_id, press.actor.discord_id)
        task = self._running.get(key)
        if task is None:
            task = self._background.spawn(work(press, opening, announcement), "claim or release")
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key, None))
        return await asyncio.shield(task)

    async def _claim(self, press: Press, opening: Opening, announcement: Announcement) -> Outcome:
        workspace = await self._workspaces.get(press.actor.guild_id, announcement.workspace_id)
        base = facts(Code.CLOSED, announcement, opening, workspace)
        closed = _judge_announcement(base, announcement)
        if closed is not None:
            return closed
        link = await self._links.get(press.actor.guild_id, press.actor.discord_id)
        if link is None:
            return replace(base, code=Code.NOT_LINKED)
        allowed = workspace.claimer_role_ids
        if allowed and not allowed & press.actor.role_ids:
            return replace(base, code=Code.NOT_ELIGIBLE_DISCORD, role_ids=tuple(sorted(allowed)))
        attempt = self._to_attempt(AttemptKind.CLAIM, press, opening, announcement, workspace, link)
        return await self._journal_and_drive(attempt, press, opening, announcement, workspace)

    async def _release(self, press: Press, opening: Opening, announcement: Announcement) -> Outcome:
        workspace = await self._workspaces.get(press.actor.guild_id, announcement.workspace_id)
        link = await self._links.get(press.actor.guild_id, press.actor.discord_id)
        if link is None:
            return facts(Code.NOT_LINKED, announcement, opening, workspace)
        attempt = self._to_attempt(
            AttemptKind.RELEASE, press, opening, announcement, workspace, link
        )
        return await self._journal_and_drive(attempt, press, opening, announcement, workspace)

    async def _journal_and_drive(
        self,
        attempt: Attempt,
        press: Press,
        opening: Opening,
        announcement: Announcement,
        workspace: Workspace,
    ) -> Outcome:
        with self._engine.owning(attempt):
            earlier = await self._attempts.add(attempt)
            if earlier is not None:
                return await self._told_before(earlier, announcement, opening, workspace)
            case = Case(attempt, announcement, opening, workspace)
            return await self._engine.drive(case, move_confirmed=press.move_confirmed)

    async def _told_before(
        self, earlier: Attempt, announcement: Announcement, opening: Opening, workspace: Workspace
    ) -> Outcome:
        """What there is to say about an attempt that stands in the way of a new one."""
        found = await self._announcements.get_opening(earlier.guild_id, earlier.opening_id)
        if found is not None and earlier.guild_id == announcement.guild_id:
            opening, announcement = found
        case = Case(earlier, announcement, opening, workspace)
        return case.outcome(Code(earlier.reason) if earlier.state.settled else Code.UNKNOWN)

    def _to_attempt(
        self,
        kind: AttemptKind,
        press: Press,
        opening: Opening,
        announcement: Announcement,
        workspace: Workspace,
        link: AccountLink,
    ) -> Attempt:
        return Attempt(
            operation_id=secrets.token_hex(16), kind=kind, state=AttemptState.PENDING,
            guild_id=press.actor.guild_id, workspace_id=workspace.workspace_id,
            announcement_id=announcement.announcement_id, opening_id=opening.opening_id,
            upstream=workspace.base_url, place=opening.place, door=press.door,
            actor_id=press.actor.discord_id, subject_id=press.actor.discord_id,
            roblox_id=link.roblox_id, created_at=self._clock(),
            interaction_id=press.interaction_id, interaction_token=press.interaction_token,
        )  # fmt: skip


def _judge_announcement(base: Outcome, announcement: Announcement) -> Outcome | None:
    """Why nothing can be claimed through this announcement, or None."""
    match announcement.state:
        case AnnouncementState.OPEN:
            return None
        case AnnouncementState.GONE:
            return replace(base, code=Code.GONE, what="session")
        case AnnouncementState.CLOSED if announcement.closed_by and announcement.closed_at:
            when = int(announcement.closed_at.timestamp())
            return replace(base, why=f"closed by <@{announcement.closed_by}> <t:{when}:R>")
        case _:
            return replace(base, why=f"the announcement is {announcement.state.value}")
