"""Holders who have left the guild: asked after shortly before a session, one by one."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.background import Background
from bot.errors import MusterError
from bot.models import (
    NOBODY,
    Announcement,
    Door,
    Leavers,
    Opening,
    Session,
    SessionState,
)
from bot.services.claims import ClaimService, Press
from bot.services.hostlog import HostLog
from bot.services.outcomes import DONE
from bot.services.pages import in_pages
from bot.services.ports import Actor, Messenger
from bot.services.rounds import Rounds
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.departures import Departure, DepartureStore
from bot.store.links import LinkStore
from bot.text import safe

log = logging.getLogger(__name__)

AHEAD = timedelta(hours=1)  # before the start: early enough to find somebody else
MOST_ASKED = 200  # holders of one session
BATCH = 100  # departures of one round
REASON = "left this server"
_COMING = (SessionState.SCHEDULED, SessionState.LIVE)

Left = Callable[[int, int], Awaitable[object]]  # (guild id, Discord id)


class Departures:
    """Discord tells no bot without a privileged intent who leaves; so it is asked, once a start."""

    def __init__(
        self,
        store: DepartureStore,
        announcements: AnnouncementStore,
        links: LinkStore,
        workspaces: WorkspaceService,
        claims: ClaimService,
        messenger: Messenger,
        host_log: HostLog,
        background: Background,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._announcements = announcements
        self._links = links
        self._workspaces = workspaces
        self._claims = claims
        self._messenger = messenger
        self._host_log = host_log
        self._clock = clock
        self._rounds = Rounds(background, "who left")
        self._checking: set[int] = set()  # announcements
        self._listeners: list[Left] = []

    def on_left(self, listener: Left) -> None:
        """Call `listener` for everybody who left. It may hear of the same person again."""
        self._listeners.append(listener)

    async def list_gone(self, announcement_id: int) -> frozenset[int]:
        """Discord ids of holders who had left the guild when they were asked after."""
        return await self._store.list_gone(announcement_id)

    async def look(self) -> None:
        """Ask after the holders of every session that starts soon, once for each start."""
        for departure in await self._store.list_undealt(BATCH):  # what a stop interrupted
            if departure.announcement_id not in self._checking:
                await self._deal_again(departure)
        now = self._clock()
        coming: dict[int, list[Announcement]] = {}
        async for one in in_pages(
            lambda after: self._store.list_unchecked(now, now + AHEAD, after),
            0, lambda one: one.announcement_id,
        ):  # fmt: skip
            coming.setdefault(one.workspace_id, []).append(one)
        for workspace_id, group in coming.items():
            self._rounds.start(workspace_id, self._round, group)

    async def _round(self, coming: list[Announcement]) -> None:
        for announcement in coming:
            number = announcement.announcement_id
            self._checking.add(number)
            try:
                await self._check(announcement)
            except MusterError as error:  # what is not noted yet, the next round asks again
                log.warning("holders of %s unchecked: %s", number, error)
            finally:
                self._checking.discard(number)

    async def _check(self, announcement: Announcement) -> None:
        number, starts_at = announcement.announcement_id, announcement.starts_at
        if await self._store.is_checked(number, starts_at):
            return
        now = self._clock()  # what is stored is as old as the question: an erasure covers it
        session = await self._read(announcement)
        if session.state not in _COMING:
            return
        holders = {claim.roblox_id for server in session.servers for claim in server.claims}
        links = await self._links.map_by_roblox(announcement.guild_id, holders)
        here: set[int] = set()
        gone: set[int] = set()
        for link in sorted(links.values(), key=lambda one: one.discord_id)[:MOST_ASKED]:
            there = await self._is_there(announcement.guild_id, link.discord_id)
            (here if there else gone).add(link.discord_id)
        await self._store.note(number, starts_at, gone=gone, here=here, now=now)
        for discord_id in sorted(gone):
            await self._deal_with(Departure(number, discord_id, now))

    async def _deal_again(self, departure: Departure) -> None:
        """What a stop or a silent platform left; nothing more once they are back, or it is over."""
        try:
            announcement = await self._announcements.get_anywhere(departure.announcement_id)
            if announcement is None or announcement.ends_at <= self._clock():
                await self._store.mark_dealt(departure)
                return
            guild_id, who = announcement.guild_id, departure.discord_id
            if await self._is_there(guild_id, who):
                await self._store.note(
                    announcement.announcement_id, announcement.starts_at,
                    gone=(), here={who}, now=self._clock(),
                )  # fmt: skip
            else:
                await self._deal_with(departure)
        except MusterError as error:
            log.warning("departure from %s: %s", departure.announcement_id, error)

    async def _is_there(self, guild_id: int, discord_id: int) -> bool:
        return await self._messenger.fetch_member_roles(guild_id, discord_id) is not None

    async def _deal_with(self, departure: Departure) -> None:
        """Do what the workspace chose, then tell the hosts; begun anew after a crash halfway."""
        announcement = await self._announcements.get_anywhere(departure.announcement_id)
        if announcement is None:
            return
        guild_id, who = announcement.guild_id, departure.discord_id
        for listener in self._listeners:
            await listener(guild_id, who)
        workspace = await self._workspaces.get(guild_id, announcement.workspace_id)
        if workspace.leavers is Leavers.RELEASE:
            done = await self._release(announcement, who)
        else:
            done = f"Their claim stands in {workspace.kind.label}; look for somebody else in time."
        if await self._store.mark_dealt(departure):
            self._host_log.say(workspace, _flag(announcement, who, done))

    async def _release(self, announcement: Announcement, discord_id: int) -> str:
        """Give back what they hold in this session; a sentence about what came of it."""
        guild_id = announcement.guild_id
        link = await self._links.get(guild_id, discord_id)
        if link is None:
            return "They were unlinked in the meantime."
        session = await self._read(announcement)
        words = []
        for opening in await self._announcements.list_openings(announcement.announcement_id):
            if link.roblox_id in _holders(session, opening):
                outcome = await self._claims.release(_press(guild_id, opening, discord_id))
                ended = "was given back" if outcome.code in DONE else "could not be given back"
                words.append(f"**{safe(opening.role_name)}** {ended}.")
        return " ".join(words) or "They hold nothing any more."

    async def _read(self, announcement: Announcement) -> Session:
        async with self._workspaces.watch(announcement.workspace_id) as provider:
            return await provider.fetch_session(announcement.session_id)


def _holders(session: Session, opening: Opening) -> tuple[int, ...]:
    return session.holders(opening.place.server_id, opening.place.role_id)


def _press(guild_id: int, opening: Opening, discord_id: int) -> Press:
    """Muster's own act, which needs what a host needs; nobody is behind it."""
    muster = Actor(guild_id, NOBODY, frozenset(), is_admin=True)
    return Press(
        muster, opening.opening_id, Door.HOST, None, "", subject_id=discord_id, reason=REASON
    )


def _flag(announcement: Announcement, discord_id: int, done: str) -> str:
    start = int(announcement.starts_at.timestamp())
    return (
        f"⚠ <@{discord_id}> had a role in “{safe(announcement.title)}” (<t:{start}:R>) and has left"
        f" this server. {done}"
    )
