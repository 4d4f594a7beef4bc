"""What hosts do to a roster: add, remove and move people, with the same checks as for everybody."""

from __future__ import annotations

import logging
from dataclasses import replace

from bot.background import Background
from bot.errors import MessengerError, Refusal
from bot.models import Announcement, Opening, Workspace
from bot.providers import capabilities_of
from bot.services.claims import ClaimService, Press
from bot.services.hostlog import act_line
from bot.services.outcomes import DONE, Outcome
from bot.services.ports import Messenger
from bot.services.running import RunningService
from bot.store.announcements import AnnouncementStore
from bot.text import safe

log = logging.getLogger(__name__)


class RosterService:
    """Hosts act for others through the claim engine; the log channel hears of every change."""

    def __init__(
        self,
        announcements: AnnouncementStore,
        running: RunningService,
        claims: ClaimService,
        messenger: Messenger,
        background: Background,
    ) -> None:
        self._announcements = announcements
        self._running = running
        self._claims = claims
        self._messenger = messenger
        self._background = background

    async def add(self, press: Press, announcement: str, role: str) -> Outcome:
        """Claim for somebody. `announcement` and `role` are choices, which may have been typed.

        A host decides over cut-off, Discord roles and clashes; a role that the member holds there
        already is not taken away: the outcome is MOVE then.
        """
        posted, opening, workspace = await self._chosen(press, announcement, role)
        press = replace(press, opening_id=opening.opening_id)
        outcome = await self._claims.claim(press)
        return await self._told(press, posted, opening, workspace, outcome, "added")

    async def move(self, press: Press, announcement: str, role: str) -> Outcome:
        """Give somebody another role on the server where they hold one."""
        posted, opening, workspace = await self._chosen(press, announcement, role)
        if not capabilities_of(workspace.kind).one_claim_per_server:
            raise Refusal(
                f"On {workspace.kind.label} a person can hold several roles of a session. Add the"
                " new role with `/session add`, then take the old one with `/session remove`."
            )
        press = replace(press, opening_id=opening.opening_id, move_confirmed=True)
        outcome = await self._claims.claim(press)
        return await self._told(press, posted, opening, workspace, outcome, "moved")

    async def remove(self, press: Press, announcement: str, role: str) -> Outcome:
        """Take a role from somebody."""
        posted, opening, workspace = await self._chosen(press, announcement, role)
        press = replace(press, opening_id=opening.opening_id)
        outcome = await self._claims.release(press)
        return await self._told(press, posted, opening, workspace, outcome, "removed")

    async def _chosen(
        self, press: Press, announcement: str, role: str
    ) -> tuple[Announcement, Opening, Workspace]:
        posted, workspace = await self._running.get_hosted(press.actor, announcement)
        openings = await self._announcements.list_openings(posted.announcement_id)
        typed = role.strip()
        named = [o for o in openings if o.role_name.casefold() == typed.casefold()]
        chosen = next((o for o in openings if str(o.opening_id) == typed), None)
        if chosen is None and len(named) == 1:
            chosen = named[0]
        if chosen is None:
            raise Refusal("Choose a role from the list that appears while you type.")
        return posted, chosen, workspace

    async def _told(
        self,
        press: Press,
        announcement: Announcement,
        opening: Opening,
        workspace: Workspace,
        outcome: Outcome,
        did: str,
    ) -> Outcome:
        """The outcome as the host reads it; a change is also told in the log channel."""
        subject = press.subject_id or press.actor.discord_id
        is_ours = outcome.code in DONE and await self._claims.note(press)
        if is_ours and workspace.log_channel_id is not None:
            reason = f"Reason: “{safe(press.reason, 300)}”" if press.reason else ""
            host = press.actor.discord_id
            text = act_line(host, did, subject, announcement, opening, reason, outcome.reference)
            self._background.spawn(
                self._notice(workspace.log_channel_id, text), "line for the log channel"
            )
        someone_else = subject != press.actor.discord_id
        return replace(outcome, subject_id=subject if someone_else else None, reason=press.reason)

    async def _notice(self, channel_id: int, text: str) -> None:
        try:
            await self._messenger.post_notice(channel_id, text)
        except MessengerError as error:
            log.warning("log channel %s: %s", channel_id, error)
