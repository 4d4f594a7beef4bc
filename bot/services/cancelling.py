"""Cancelling a session here: the board says so, who holds a role hears of it, claims may go too."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from bot.background import Background
from bot.errors import MessengerError, MusterError, Refusal, UpstreamNotFound
from bot.models import AccountLink, Announcement, AnnouncementState, Session
from bot.services.boards import BoardService
from bot.services.claims import ClaimService, Press
from bot.services.outcomes import Code
from bot.services.pages import in_pages
from bot.services.ports import Messenger
from bot.services.rounds import Rounds
from bot.services.running import RunningService
from bot.store.announcements import AnnouncementStore
from bot.store.hosting import HostingStore
from bot.store.links import LinkStore
from bot.store.preferences import PreferenceStore
from bot.text import safe

log = logging.getLogger(__name__)

FINISH = 30.0  # seconds between two looks for cancellings that not all were told of
AT_ONCE = 40  # members pinged by one message, so that its text stays short enough


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What became of it."""

    announcement: Announcement
    told: int  # holders who were pinged or written to
    not_told: int  # holders who hear of it from the board only
    released: int
    kept: int  # claims that still stand on the platform
    unread: bool = False  # the platform did not say who holds what


class Cancelling:
    """Cancels announcements for hosts.

    That the holders are still to be told is stored with the cancelling itself. Whom a killed
    process had told already is told again: it says the same, and that is better than silence.
    """

    def __init__(
        self,
        running: RunningService,
        store: HostingStore,
        announcements: AnnouncementStore,
        boards: BoardService,
        links: LinkStore,
        claims: ClaimService,
        preferences: PreferenceStore,
        messenger: Messenger,
        background: Background,
        clock: Callable[[], datetime],
    ) -> None:
        self._running = running
        self._store = store
        self._announcements = announcements
        self._boards = boards
        self._links = links
        self._claims = claims
        self._preferences = preferences
        self._messenger = messenger
        self._clock = clock
        self._rounds = Rounds(background, "who is told of a cancelling")
        self._telling: set[int] = set()  # announcements

    def start(self, background: Background) -> None:
        """Tell whom the last run did not, and whoever could not be found out."""
        background.spawn(self.finish(), "tell of what the last run cancelled")
        background.every(FINISH, self.finish, "tell of what was cancelled")

    async def finish(self) -> None:
        """Go on telling where that was cut short, until the session would be over."""
        owed: dict[int, list[Announcement]] = {}
        async for one in in_pages(
            lambda after: self._store.list_untold(self._clock(), after),
            0, lambda one: one.announcement_id,
        ):  # fmt: skip
            owed.setdefault(one.workspace_id, []).append(one)
        for workspace_id, announcements in owed.items():
            self._rounds.start(workspace_id, self._finish, announcements)

    async def cancel(self, press: Press, choice: str, *, release_all: bool) -> Cancelled:
        """Cancel with the press's reason. With `release_all` the platform's claims are given back.

        As far as it can release and the holders are linked. What is cancelled already can be
        cancelled with `release_all` once more, if that was forgotten or cut short. Raises Refusal
        when it may not be.
        """
        if release_all and await self._is_cancelled(press, choice):
            return await self.give_back(press, choice)
        found, _ = await self._running.get_hosted(press.actor, choice)
        with self._alone(found.announcement_id):
            announcement = await self._running.cancel(press.actor, choice, press.reason)
            try:
                session = await self._boards.fetch(announcement)
            except MusterError as error:
                log.warning("holders of %s unknown: %s", announcement.announcement_id, error)
                return Cancelled(announcement, 0, 0, 0, 0, unread=True)
            everybody, links = await self._holders(announcement, session)
            told = await self._tell(announcement, list(links.values()))
        held = sum(len(server.claims) for server in session.servers)
        released = await self._release(press, announcement, session, links) if release_all else 0
        return Cancelled(announcement, told, len(everybody) - told, released, held - released)

    async def give_back(self, press: Press, choice: str) -> Cancelled:
        """Give back the claims of a cancelled session; nobody is told again that it is cancelled.

        Raises Refusal when it is not cancelled or this member may not, and ProviderErrors.
        """
        announcement, _ = await self._running.get_hosted(press.actor, choice)
        if announcement.state is not AnnouncementState.CANCELLED:
            raise Refusal("Claims are given back once a session is cancelled: `/session cancel`.")
        session = await self._boards.fetch(announcement)
        _, links = await self._holders(announcement, session)
        await self._finish([announcement])  # for afterwards they hold nothing
        held = sum(len(server.claims) for server in session.servers)
        released = await self._release(press, announcement, session, links)
        return Cancelled(announcement, 0, 0, released, held - released)

    async def _is_cancelled(self, press: Press, choice: str) -> bool:
        announcement, _ = await self._running.get_hosted(press.actor, choice)
        return announcement.state is AnnouncementState.CANCELLED

    async def _finish(self, announcements: Sequence[Announcement]) -> None:
        for announcement in announcements:
            number = announcement.announcement_id
            if number in self._telling:
                continue
            with self._alone(number):
                if not await self._store.is_untold(number):
                    continue  # somebody has told it since it was listed
                try:
                    session = await self._boards.fetch(announcement)
                    _, links = await self._holders(announcement, session)
                    await self._tell(announcement, list(links.values()))
                except UpstreamNotFound:
                    await self._store.mark_told(number)  # nobody holds anything there any more
                except MusterError as error:
                    log.warning("holders of %s still unknown: %s", number, error)

    @contextmanager
    def _alone(self, announcement_id: int) -> Iterator[None]:
        """Nobody else tells of it within."""
        self._telling.add(announcement_id)
        try:
            yield
        finally:
            self._telling.discard(announcement_id)

    async def _holders(
        self, announcement: Announcement, session: Session
    ) -> tuple[set[int], dict[int, AccountLink]]:
        """The Roblox ids of everybody who holds a role, and the links of those who have one."""
        everybody = {claim.roblox_id for server in session.servers for claim in server.claims}
        return everybody, await self._links.map_by_roblox(announcement.guild_id, everybody)

    async def _tell(self, announcement: Announcement, links: Sequence[AccountLink]) -> int:
        """How many were reached: in the thread where there is one, and by direct message."""
        ids = sorted(link.discord_id for link in links)
        reason = announcement.cancel_reason
        why = f" Reason: “{safe(reason, 300)}”" if reason else ""
        start = int(announcement.starts_at.timestamp())
        text = f"✖ “{safe(announcement.title)}” (<t:{start}:f>) is cancelled.{why}"
        reached = await self._tell_in_thread(announcement, text, ids)
        for discord_id in ids:
            wants = await self._preferences.get(announcement.guild_id, discord_id)
            if wants.direct and await self._messenger.send_direct(discord_id, text):
                reached.add(discord_id)
        await self._store.mark_told(announcement.announcement_id)
        return len(reached)

    async def _tell_in_thread(
        self, announcement: Announcement, text: str, ids: Sequence[int]
    ) -> set[int]:
        reached: set[int] = set()
        if announcement.thread_id is None:
            return reached
        try:
            for start in range(0, len(ids), AT_ONCE):
                some = ids[start : start + AT_ONCE]
                named = " ".join(f"<@{discord_id}>" for discord_id in some)
                await self._messenger.say(announcement.thread_id, f"{named}\n{text}", some)
                reached |= set(some)
        except MessengerError as error:
            log.warning("thread of %s: %s", announcement.announcement_id, error)
        return reached

    async def _release(
        self,
        press: Press,
        announcement: Announcement,
        session: Session,
        links: dict[int, AccountLink],
    ) -> int:
        """How many claims were given back, each through the engine, one after the other."""
        released = 0
        for opening in await self._announcements.list_openings(announcement.announcement_id):
            place = opening.place
            for roblox_id in session.holders(place.server_id, place.role_id):
                link = links.get(roblox_id)
                if link is None:
                    continue
                one = replace(
                    press, opening_id=opening.opening_id, subject_id=link.discord_id,
                    interaction_id=None, interaction_token="", journalled=asyncio.Event(),
                )  # fmt: skip
                outcome = await self._claims.release(one)
                released += outcome.code is Code.RELEASED
        return released
