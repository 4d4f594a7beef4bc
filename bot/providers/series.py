"""Series HR: sessions with custom roles, whose slots are claimed one by one."""

from __future__ import annotations

import functools
import logging
from datetime import datetime, timedelta

from bot.errors import AlreadyHeld, SlotTaken, UpstreamFacts, UpstreamNotFound, UpstreamRefused
from bot.models import (
    Capabilities,
    Claim,
    Health,
    Place,
    Probe,
    Role,
    Server,
    Session,
    SessionState,
)
from bot.providers import ids
from bot.providers.bounds import Clock, utc_now
from bot.providers.http import Wire
from bot.providers.payloads import parse, parse_each, parse_values, to_roblox_id
from bot.providers.readings import Readings
from bot.providers.series_payloads import CustomRolePayload, SeriesSession
from bot.providers.verdicts import Json, facts_of_answer, misread

log = logging.getLogger(__name__)

MOST_PAGES = 20
MOST_TRIES = 3
VACANT = "VACANT_"
SECONDS_FROM = 600  # older Series counts durations in seconds: nobody trains for ten hours

_STATES = {
    "upcoming": SessionState.SCHEDULED,
    "ongoing": SessionState.LIVE,
    "completed": SessionState.ENDED,
    "cancelled": SessionState.CANCELLED,
}


class Series:
    """One workspace on Series HR."""

    capabilities = Capabilities(
        can_release=True, has_servers=False, enforces_limits=True, one_claim_per_server=False
    )

    def __init__(self, wire: Wire, *, clock: Clock = utc_now) -> None:
        self._wire = wire
        self._clock = clock
        self._readings = Readings(wire.monotonic)

    def health(self) -> Health:
        """How the line does."""
        return self._wire.health()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()

    async def probe(self) -> Probe:
        """Read the list. The route that checks a key is not used: it puts the key into the URL."""
        self._wire.look_again()
        sessions = await self.list_sessions()
        roles = {role.role_id for session in sessions for role in session.roles}
        return Probe(self.capabilities, len(sessions), len(roles))

    async def list_sessions(self) -> list[Session]:
        """Upcoming and ongoing sessions by start."""
        records: dict[str, SeriesSession] = {}
        left_out = 0
        for status in ("upcoming", "ongoing"):
            left_out += await self._read_pages(status, records)
        self._wire.left_out = left_out
        sessions = [self._to_session(record) for record in records.values()]
        return sorted(sessions, key=lambda session: (session.starts_at, session.session_id))

    async def fetch_session(self, session_id: str, max_age: float = 0.0) -> Session:
        """A reading with the vacant slots of each role."""
        return await self._readings.share(
            session_id, max_age, functools.partial(self._fetch, session_id)
        )

    async def forget_roles(self) -> None:
        """Nothing to forget: each session tells its own."""

    async def _fetch(self, session_id: str) -> Session:
        path = ids.path("sessions", "get", self._session_id(session_id))
        answer = await self._wire.get(path)
        return self._to_session(parse(SeriesSession, answer.get("data"), self._wire.dialect))

    async def claim(self, session: Session, place: Place, roblox_id: int) -> None:
        """Claim a vacant slot of the role; when somebody was quicker, read again and try the next.

        Raises SlotTaken when no slot is left, or after three lost races.
        """
        user = ids.roblox_text(roblox_id, self._wire.dialect.platform)
        tried: set[str] = set()
        for attempt in range(MOST_TRIES):
            if attempt:
                session = await self.fetch_session(place.session_id)
                self._check_not_held(session, place, roblox_id)
            slot = self._vacant_slot(session, place, tried)
            tried.add(slot)
            body = {"UserId": user, "RoleName": self._role_name(place), "SlotKey": slot}
            try:
                await self._act(place, "claim", body)
            except SlotTaken:
                log.info("Slot %s of session %s was taken", slot, place.session_id)
            else:
                return
        raise self._none_left()

    async def release(self, place: Place, roblox_id: int, *, by_host: bool) -> None:
        """Give the slot back: as its holder, or as an administrator when a host asks."""
        user = ids.roblox_text(roblox_id, self._wire.dialect.platform)
        action, who = ("remove", "TargetUserId") if by_host else ("quit", "UserId")
        body = {who: user, "RoleName": self._role_name(place)}
        await self._act(place, action, body)

    async def create_server(self, session_id: str, name: str) -> Server:
        """Always refused: Series has no servers."""
        platform = self._wire.dialect.platform
        raise UpstreamRefused(f"{platform} has no servers to add.", UpstreamFacts(platform))

    async def _act(self, place: Place, action: str, body: Json) -> None:
        path = self._action_path(place, action)
        with self._readings.writing(place.session_id):
            await self._wire.send("PATCH", path, body)

    async def _read_pages(self, status: str, records: dict[str, SeriesSession]) -> int:
        """Add the sessions of `status`, until a page brings nothing new: there is no total.

        Returns how many were malformed.
        """
        left_out = 0
        for page in range(1, MOST_PAGES + 1):
            answer = await self._wire.get("/sessions/list", {"status": status, "page": str(page)})
            data = answer.get("data")
            items = data.get("Sessions") if isinstance(data, dict) else None
            if not isinstance(items, list):
                raise misread(self._wire.dialect)
            found = parse_each(SeriesSession, items, self._wire.dialect, "SessionId")
            new = {one.session_id: one for one in found if one.session_id not in records}
            records |= new
            if new or page == 1:
                left_out += len(items) - len(found)
            if not new:
                return left_out
        log.warning("%s: more than %d pages of sessions", self._wire.dialect.platform, MOST_PAGES)
        return left_out

    def _to_session(self, record: SeriesSession) -> Session:
        roles, claims = [], []
        found = parse_values(CustomRolePayload, record.custom_roles, self._wire.dialect)
        for name, role in found.items():
            roles.append(_to_role(name, role))
            holders = filter(None, map(to_roblox_id, role.slots))
            claims += [Claim(roblox_id, name, name) for roblox_id in holders]
        ends_at = record.scheduled + _length(record.duration)
        return Session(
            session_id=record.session_id,
            name=record.title or "Session",
            description=record.description or "",
            state=_STATES.get(record.status or "") or _by_time(self._clock(), record, ends_at),
            starts_at=record.scheduled,
            ends_at=ends_at,
            servers=(Server("", "", tuple(claims)),),
            roles=tuple(roles),
            host_roblox_id=record.host,
            claimable=record.claimable is not False,
        )

    def _session_id(self, session_id: str) -> str:
        return ids.session_id(session_id, ids.SERIES_SESSION, self._wire.dialect.platform)

    def _role_name(self, place: Place) -> str:
        return ids.role_name(place.role_id, self._wire.dialect.platform)

    def _action_path(self, place: Place, action: str) -> str:
        return ids.path("sessions", self._session_id(place.session_id), "custom-roles", action)

    def _vacant_slot(self, session: Session, place: Place, tried: set[str]) -> str:
        platform = self._wire.dialect.platform
        role = session.role(place.group_id, place.role_id)
        if role is None:
            text = f"{platform} does not have this role."
            raise UpstreamNotFound(text, facts_of_answer(platform), "role")
        for slot in role.vacant_slots:
            if slot not in tried:
                return slot
        raise self._none_left()

    def _check_not_held(self, session: Session, place: Place, roblox_id: int) -> None:
        if roblox_id in session.holders(place.server_id, place.role_id):
            platform = self._wire.dialect.platform
            text = f"{platform} says that this person already holds this role."
            raise AlreadyHeld(text, facts_of_answer(platform))

    def _none_left(self) -> SlotTaken:
        platform = self._wire.dialect.platform
        return SlotTaken(f"No place of this role is left on {platform}.", facts_of_answer(platform))


def _to_role(name: str, role: CustomRolePayload) -> Role:
    return Role(
        group_id="",
        group_name="",
        role_id=name,
        name=name,
        capacity=len(role.slots),
        min_rank=max(role.min_rank or 0, 0),
        vacant_slots=tuple(key for key in role.slots if key.startswith(VACANT)),
    )


def _length(duration: int | None) -> timedelta:
    length = min(max(duration or 60, 1), 1_000_000)
    return timedelta(seconds=length) if length >= SECONDS_FROM else timedelta(minutes=length)


def _by_time(now: datetime, record: SeriesSession, ends_at: datetime) -> SessionState:
    if now < record.scheduled:
        return SessionState.SCHEDULED
    return SessionState.LIVE if now <= ends_at else SessionState.ENDED
