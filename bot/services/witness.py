"""Compares who holds what with the last look, so that what others change is noticed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence, Set
from datetime import datetime, timedelta

from bot.models import Announcement, Attempt, AttemptKind, AttemptState, Opening, Session, Workspace
from bot.providers import capabilities_of
from bot.services.board_facts import OVER
from bot.services.tidings import Tidings
from bot.store.attempts import AttemptStore
from bot.store.links import LinkStore
from bot.store.seen_claims import Seen, SeenClaimStore

log = logging.getLogger(__name__)

# A release of somebody else may undo a claim for a moment; it is written again within seconds.
SURE = timedelta(seconds=15)
LATELY = 50  # attempts of a member that are looked through

Freed = Callable[[int, int], None]  # (announcement id, opening id)


class Witness:
    """Keeps `seen_claims`. One announcement is looked at by one caller at a time."""

    def __init__(
        self,
        seen: SeenClaimStore,
        attempts: AttemptStore,
        links: LinkStore,
        tidings: Tidings,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = seen
        self._attempts = attempts
        self._links = links
        self._tidings = tidings
        self._clock = clock
        self._seen: dict[int, set[Seen]] = {}  # by announcement, as stored
        self._doubted: dict[Seen, datetime] = {}  # missing since, and not known to be ours
        self._listeners: list[Freed] = []

    def on_freed(self, listener: Freed) -> None:
        """Call `listener` whenever somebody lost or gave up a role, by whatever door.

        It must not raise or take long, and hears of the same place again after a crash.
        """
        self._listeners.append(listener)

    def keep_only(self, announcement_ids: Set[int]) -> None:
        """Forget what is in memory of all others."""
        self._seen = {key: seen for key, seen in self._seen.items() if key in announcement_ids}
        kept = {pair for seen in self._seen.values() for pair in seen}
        self._doubted = {pair: at for pair, at in self._doubted.items() if pair in kept}

    async def agrees(
        self, announcement: Announcement, session: Session, openings: Iterable[Opening]
    ) -> bool:
        """Whether the reading shows what was held at the last look."""
        return await self._last(announcement) == _held(session, openings)

    async def note(
        self,
        announcement: Announcement,
        workspace: Workspace,
        session: Session,
        openings: Sequence[Opening],
    ) -> None:
        """Take the reading for the last look; tell members what others took from them."""
        seen, held = await self._last(announcement), _held(session, openings)
        for pair in held & self._doubted.keys():
            del self._doubted[pair]
        offered = {opening.opening_id: opening for opening in openings}
        lost = seen - held
        if session.state not in OVER:
            for number in {number for number, _ in lost - self._doubted.keys()} & offered.keys():
                self._tell_listeners(announcement.announcement_id, number)
        gone: set[Seen] = set()
        for pair in sorted(lost):
            opening = None if session.state in OVER else offered.get(pair[0])
            if opening is None or await self._is_settled(announcement, workspace, opening, pair):
                gone.add(pair)
        await self._store.change(held - seen, gone)
        for pair in gone:
            self._doubted.pop(pair, None)
        self._seen[announcement.announcement_id] = (seen | held) - gone

    async def _is_settled(
        self, announcement: Announcement, workspace: Workspace, opening: Opening, pair: Seen
    ) -> bool:
        """Whether there is nothing more to find out, or to say, about a claim that is missing."""
        guild_id = announcement.guild_id
        link = await self._links.get_by_roblox(guild_id, pair[1])
        if link is None or not await self._tidings.wants_direct(guild_id, link.discord_id):
            return True
        attempts = await self._attempts.list_for_member(guild_id, link.discord_id, LATELY)
        ours = _is_ours(opening, workspace, attempts)
        if ours is False:
            since = self._doubted.setdefault(pair, self._clock())
            if self._clock() - since < SURE:
                return False
            log.info("opening %s: a claim was removed by somebody else", opening.opening_id)
            await self._tidings.tell_taken(announcement, opening, link.discord_id)
        elif ours is None:
            self._doubted.setdefault(pair, self._clock())
        return ours is not None

    async def last_seen(self, announcement: Announcement) -> frozenset[Seen]:
        """(opening id, Roblox id) of everything that was held at the last look."""
        return frozenset(await self._last(announcement))

    async def _last(self, announcement: Announcement) -> set[Seen]:
        number = announcement.announcement_id
        if number not in self._seen:
            self._seen[number] = await self._store.list_seen(number)
        return self._seen[number]

    def _tell_listeners(self, announcement_id: int, opening_id: int) -> None:
        for listener in self._listeners:
            listener(announcement_id, opening_id)


def _held(session: Session, openings: Iterable[Opening]) -> set[Seen]:
    return {
        (opening.opening_id, roblox_id)
        for opening in openings
        for roblox_id in session.holders(opening.place.server_id, opening.place.role_id)
    }


def _is_ours(opening: Opening, workspace: Workspace, attempts: Iterable[Attempt]) -> bool | None:
    """Whether the member's attempts (newest first) explain the loss; None: one may, still running.

    Where a claim replaces the one before on the same server, a move explains it as well.
    """
    place = opening.place
    moves = capabilities_of(workspace.kind).one_claim_per_server
    for attempt in attempts:
        there = attempt.place
        if attempt.workspace_id != workspace.workspace_id or there.session_id != place.session_id:
            continue
        if not attempt.state.settled:
            return None
        if attempt.state is not AttemptState.CONFIRMED or there.server_id != place.server_id:
            continue
        if there == place:
            return attempt.kind is AttemptKind.RELEASE
        if moves and attempt.kind is AttemptKind.CLAIM:
            return True
    return False
