"""Reminders: who holds a role hears of it before the start, once for each lead time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from bot.background import Background
from bot.errors import MessengerError, MusterError, UpstreamNotFound
from bot.models import Announcement, Preferences, Session, SessionState, Workspace
from bot.services.pages import in_pages
from bot.services.ports import Messenger
from bot.services.rounds import Rounds
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.links import LinkStore
from bot.store.preferences import PreferenceStore
from bot.store.reminders import ReminderStore
from bot.text import safe, size, when

log = logging.getLogger(__name__)

MOST_AT_ONCE = 50  # members in one message; Discord lets it ping 100
AHEAD = timedelta(minutes=1440)  # the longest lead time that can be set
LONGEST = 1800  # of Discord's 2,000 characters
_COMING = (SessionState.SCHEDULED, SessionState.LIVE)


class ReminderService:
    """Looks what is due, asks the platform who holds a role now, and tells them."""

    def __init__(
        self,
        store: ReminderStore,
        preferences: PreferenceStore,
        links: LinkStore,
        announcements: AnnouncementStore,
        workspaces: WorkspaceService,
        messenger: Messenger,
        background: Background,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._preferences = preferences
        self._links = links
        self._announcements = announcements
        self._workspaces = workspaces
        self._messenger = messenger
        self._clock = clock
        self._rounds = Rounds(background, "reminders")
        self._taken: set[tuple[int, int | None, datetime]] = set()  # turns known to be over

    async def remind_due(self) -> None:
        """Look once at what starts soon enough for any reminder."""
        now = self._clock()
        self._taken = {turn for turn in self._taken if turn[2] > now}
        due: dict[int, list[int]] = {}
        async for one in in_pages(lambda after: self._store.list_coming(now, now + AHEAD, after),
                                  0, lambda one: one.announcement_id):  # fmt: skip
            minutes = self._due(one.reminder_minutes, one.starts_at)
            turn = (one.announcement_id, minutes, one.starts_at)
            if minutes is not None and turn not in self._taken:
                due.setdefault(one.workspace_id, []).append(one.announcement_id)
        for workspace_id, numbers in due.items():
            self._rounds.start(workspace_id, self._round, workspace_id, numbers)

    async def _round(self, workspace_id: int, numbers: list[int]) -> None:
        workspace = await self._workspaces.get_anywhere(workspace_id)
        if workspace is None or not workspace.reminder_minutes:
            return
        for number in numbers:
            announcement = await self._announcements.get_anywhere(number)
            if announcement is None:
                continue
            try:
                await self._remind(announcement, workspace)
            except UpstreamNotFound:
                log.info("announcement %s: nothing to remind of", number)
            except MusterError as error:  # nothing is noted yet: the next round tries again
                log.warning("no reminder for %s: %s", number, error)

    async def _remind(self, announcement: Announcement, workspace: Workspace) -> None:
        number = announcement.announcement_id
        minutes = self._due(workspace.reminder_minutes, announcement.starts_at)
        if minutes is None:
            return
        if await self._store.is_taken(number, minutes, announcement.starts_at):
            self._taken.add((number, minutes, announcement.starts_at))
            return
        async with self._workspaces.watch(workspace.workspace_id) as provider:
            session = await provider.fetch_session(announcement.session_id)
        minutes = self._due(workspace.reminder_minutes, session.starts_at)  # it may have moved
        if minutes is None or session.state not in _COMING:
            return
        holders = await self._holders(announcement.guild_id, session)
        still = await self._store.take(announcement, minutes, session.starts_at, holders)
        if still:
            told = {one: roles for one, roles in holders.items() if one in still}
            await self._send(announcement, session, told)

    def _due(self, lead_minutes: Iterable[int], starts_at: datetime) -> int | None:
        """The shortest lead time that has come; longer ones say nothing new beside it."""
        now = self._clock()
        if starts_at <= now:
            return None
        come = (m for m in lead_minutes if starts_at - timedelta(minutes=m) <= now)
        return min(come, default=None)

    async def _holders(self, guild_id: int, session: Session) -> dict[int, tuple[str, ...]]:
        """Discord id -> the names of the roles, of who is linked in this guild."""
        roblox_ids = {claim.roblox_id for server in session.servers for claim in server.claims}
        links = await self._links.map_by_roblox(guild_id, roblox_ids)
        return {
            link.discord_id: tuple(
                claim.role_name for _, claim in session.held_by(roblox_id) if claim.role_name
            )
            for roblox_id, link in links.items()
        }

    async def _send(
        self, announcement: Announcement, session: Session, holders: dict[int, tuple[str, ...]]
    ) -> None:
        in_thread: dict[int, tuple[str, ...]] = {}
        for discord_id, roles in sorted(holders.items()):
            chosen = await self._preferences.get(announcement.guild_id, discord_id)
            if chosen.reminders:
                in_thread[discord_id] = roles
            if chosen.direct:
                await self._messenger.send_direct(discord_id, _direct(session, roles))
        if announcement.thread_id is None:
            return
        try:
            for text, members in _thread_messages(session, in_thread):
                await self._messenger.say(announcement.thread_id, text, members)
        except MessengerError as error:  # noted as sent: rather missed than sent twice
            log.warning("reminder in thread %s: %s", announcement.thread_id, error)


class ReminderChoices:
    """What a member wants to hear, and where."""

    def __init__(
        self, preferences: PreferenceStore, workspaces: WorkspaceService, messenger: Messenger
    ) -> None:
        self._preferences = preferences
        self._workspaces = workspaces
        self._messenger = messenger

    async def list_reminding(self, guild_id: int) -> list[Workspace]:
        """The guild's workspaces that remind anybody, by name."""
        workspaces = await self._workspaces.list_all(guild_id)
        return [workspace for workspace in workspaces if workspace.reminder_minutes]

    async def get(self, guild_id: int, discord_id: int) -> Preferences:
        """The present choice."""
        return await self._preferences.get(guild_id, discord_id)

    async def change(
        self, guild_id: int, discord_id: int, *, thread: bool | None, direct: bool | None
    ) -> tuple[Preferences, bool]:
        """The new choice, and whether direct messages reach the member, if they just asked."""
        old = await self._preferences.get(guild_id, discord_id)
        new = Preferences(
            guild_id,
            discord_id,
            reminders=old.reminders if thread is None else thread,
            direct=old.direct if direct is None else direct,
        )
        await self._preferences.save(new)
        reached = True
        if direct and not old.direct:
            words = "✔ Muster will remind you here of your roles. To stop it, use `/reminders`."
            reached = await self._messenger.send_direct(discord_id, words)
        return new, reached


def _direct(session: Session, roles: Sequence[str]) -> str:
    held = f" You are {_names(roles)}." if roles else ""
    return f"⏰ **{safe(session.name)}** starts {when(session.starts_at)}.{held}"


def _thread_messages(
    session: Session, holders: dict[int, tuple[str, ...]]
) -> list[tuple[str, list[int]]]:
    """(text, whom it pings) of as few messages as Discord takes."""
    head = f"⏰ **{safe(session.name)}** starts {when(session.starts_at)}."
    messages: list[tuple[str, list[int]]] = []
    for discord_id, roles in holders.items():
        entry = f"\n<@{discord_id}>" + (f" · {_names(roles)}" if roles else "")
        text, members = messages[-1] if messages else ("", [])
        if not text or len(members) >= MOST_AT_ONCE or size(text) + size(entry) > LONGEST:
            text, members = head, []
            messages.append((text, members))
        messages[-1] = (text + entry, [*members, discord_id])
    return messages


def _names(roles: Sequence[str]) -> str:
    return ", ".join(f"**{safe(role, 60)}**" for role in roles[:3])
