"""ReAdmin Sessions v2, with the v1 routes of the same server where v2 does not tell enough."""

from __future__ import annotations

import functools
import logging
from collections import OrderedDict
from datetime import timedelta

from bot.errors import ProviderError, UpstreamNotFound
from bot.models import (
    Capabilities,
    Claim,
    ClaimsForm,
    Health,
    Place,
    Probe,
    Server,
    Session,
    SessionState,
)
from bot.providers import ids, readmin
from bot.providers.bounds import Clock, utc_now
from bot.providers.http import Wire
from bot.providers.payloads import parse, parse_each
from bot.providers.readings import Readings
from bot.providers.readmin_payloads import (
    ClaimPayload,
    RawSession,
    ServerPayload,
    SessionPayload,
)
from bot.providers.verdicts import Json, misread, unclear

log = logging.getLogger(__name__)

PAGE = "50"
MOST_PAGES = 20
MOST_FORMS = 10_000
SLACK = timedelta(hours=1)  # their clock may differ from ours

_STATES = {
    "scheduled": SessionState.SCHEDULED,
    "live": SessionState.LIVE,
    "ended": SessionState.ENDED,
}


class ReAdminV2:
    """One workspace on ReAdmin, through its v2 routes."""

    capabilities = Capabilities(
        can_release=True, has_servers=True, enforces_limits=False, one_claim_per_server=True,
        loses_writes=True,
    )  # fmt: skip

    def __init__(self, wire: Wire, *, clock: Clock = utc_now) -> None:
        self._wire = wire
        self._clock = clock
        self._groups = readmin.RoleGroups(self._fetch_groups, wire.monotonic)
        self._readings = Readings(wire.monotonic)
        # How a server stores its claims never changes.
        self._forms: OrderedDict[tuple[str, str], ClaimsForm] = OrderedDict()

    def health(self) -> Health:
        """How the line does."""
        return self._wire.health()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()

    async def probe(self) -> Probe:
        """Read the role groups and the live and coming sessions."""
        self._wire.look_again()
        groups = await self._groups.covering(())
        sessions = await self._list_records()
        return Probe(self.capabilities, len(sessions), sum(map(len, groups.values())))

    async def list_sessions(self) -> list[Session]:
        """Live and coming sessions by start, and those that exist only as a template.

        The storage form of servers not seen by `fetch_session` is not asked here, and told as MAP.
        """
        records = await self._list_records()
        wanted = {group for one in records for group in readmin.group_ids_in(one.role_group_ids)}
        groups = await self._groups.covering(wanted)
        sessions = [self._to_session(record, groups) for record in records]
        return readmin.by_start([*sessions, *await self._list_placeholders(groups)])

    async def fetch_session(self, session_id: str, max_age: float = 0.0) -> Session:
        """A reading with the storage form of each server."""
        return await self._readings.share(
            session_id, max_age, functools.partial(self._fetch, session_id)
        )

    async def forget_roles(self) -> None:
        """The role groups are read anew with the next session."""
        await self._groups.forget()

    async def _fetch(self, session_id: str) -> Session:
        session_id = readmin.session_id(session_id, self._wire.dialect.platform)
        answer = await self._wire.get(ids.path("sessions", "v2", session_id))
        record = parse(SessionPayload, answer.get("data"), self._wire.dialect)
        groups = await self._groups.covering(readmin.group_ids_in(record.role_group_ids))
        servers = self._servers(record)
        if any((record.id, server.id) not in self._forms for server in servers):
            await self._learn_forms(record.id)
        return self._to_session(record, groups)

    async def claim(self, session: Session, place: Place, roblox_id: int) -> None:
        """Claim in one call. A claim of the same person on that server is replaced by it."""
        platform = self._wire.dialect.platform
        readmin.check_server(session, place, platform)
        if (place.session_id, place.server_id) not in self._forms:
            readmin.check_unknown_form(roblox_id, platform)
        path = self._claims_path(place)
        body: Json = {
            "userId": ids.roblox_text(roblox_id, platform),
            "roleGroupId": ids.plain_id(place.group_id, "role group", platform),
            "roleId": ids.plain_id(place.role_id, "role", platform),
        }
        with self._readings.writing(place.session_id):
            await self._wire.send("POST", path, body)

    async def release(self, place: Place, roblox_id: int, *, by_host: bool) -> None:
        """Give back whatever this person holds on the place's server; yes also when nothing."""
        user = ids.roblox_text(roblox_id, self._wire.dialect.platform)
        path = self._claims_path(place) + ids.path(user)
        with self._readings.writing(place.session_id):
            await self._wire.send("DELETE", path)

    async def create_server(self, session_id: str, name: str) -> Server:
        """Add a server that stores its claims as a map."""
        session_id = readmin.session_id(session_id, self._wire.dialect.platform)
        path = ids.path("sessions", "v2", session_id, "servers")
        with self._readings.writing(session_id):
            answer = await self._wire.send("POST", path, {"nickname": name})
        made = parse_each(ServerPayload, [answer.get("data")], self._wire.dialect)
        if not made:
            raise unclear(self._wire.dialect)
        self._remember(session_id, made[0].id, ClaimsForm.MAP)
        return Server(made[0].id, readmin.server_name(made[0].nickname or name, 1))

    def _claims_path(self, place: Place) -> str:
        platform = self._wire.dialect.platform
        session_id = readmin.session_id(place.session_id, platform)
        server_id = ids.plain_id(place.server_id, "server", platform)
        return ids.path("sessions", "v2", session_id, "servers", server_id, "claims")

    async def _fetch_groups(self) -> readmin.Groups:
        answer = await self._wire.get("/sessions/v2/roles")
        items = answer.get("data")
        if not isinstance(items, list):
            raise misread(self._wire.dialect)
        return readmin.to_groups(items, self._wire.dialect)

    async def _list_records(self) -> list[SessionPayload]:
        """Live and coming records, each once, the oldest first."""
        records: dict[str, SessionPayload] = {}
        # A server that does not know `status` would begin with the oldest session it ever had.
        start = f"{self._clock() - SLACK:%Y-%m-%dT%H:%M:%SZ}"
        self._wire.left_out = await self._read_pages(records, {"status": "live"})
        query = {"status": "scheduled", "from": start}
        self._wire.left_out += await self._read_pages(records, query)
        return list(records.values())

    async def _read_pages(self, records: dict[str, SessionPayload], wanted: dict[str, str]) -> int:
        """Add the records that are wanted; how many of them were malformed.

        A broken cursor means page one again: a page that brings nothing new is the last.
        """
        query = {**wanted, "limit": PAGE}
        left_out = 0
        for page in range(MOST_PAGES):
            answer = await self._wire.get("/sessions/v2", query)
            items = answer.get("data")
            if not isinstance(items, list):
                raise misread(self._wire.dialect)
            found = parse_each(SessionPayload, items, self._wire.dialect)
            new = {record.id: record for record in found if record.id not in records}
            records |= new
            if new or not page:
                left_out += len(items) - len(found)
            pagination = answer.get("pagination")
            cursor = pagination.get("nextCursor") if isinstance(pagination, dict) else None
            if not isinstance(cursor, str) or not cursor or not new:
                return left_out
            query["cursor"] = cursor
        log.warning("%s: more than %d pages of sessions", self._wire.dialect.platform, MOST_PAGES)
        return left_out

    async def _list_placeholders(self, groups: readmin.Groups) -> list[Session]:
        """Today's sessions that nobody opened yet: only v1 tells them, and they are an extra."""
        try:
            answer = await self._wire.get("/sessions/upcoming")
        except ProviderError as error:
            log.info("%s: no list of upcoming sessions: %s", self._wire.dialect.platform, error)
            return []
        items = answer.get("sessions")
        found = parse_each(
            RawSession, items if isinstance(items, list) else [], self._wire.dialect, "_id"
        )
        return readmin.placeholders(found, groups, self._clock(), self._wire.dialect)

    async def _learn_forms(self, session_id: str) -> None:
        """Ask v1 how the session's servers store their claims: v2 hides it."""
        try:
            answer = await self._wire.get(ids.path("sessions", session_id))
        except UpstreamNotFound:
            log.warning("%s: v1 is missing, storage forms unknown", self._wire.dialect.platform)
            return
        if answer.get("session") is None:
            return
        raw = parse(RawSession, answer["session"], self._wire.dialect)
        for server_id, server in readmin.raw_servers(raw, self._wire.dialect).items():
            self._remember(session_id, server_id, readmin.to_form(server))

    def _remember(self, session_id: str, server_id: str, form: ClaimsForm) -> None:
        self._forms[session_id, server_id] = form
        if len(self._forms) > MOST_FORMS:
            self._forms.popitem(last=False)

    def _servers(self, record: SessionPayload) -> list[ServerPayload]:
        return parse_each(ServerPayload, record.servers, self._wire.dialect)

    def _to_session(self, record: SessionPayload, groups: readmin.Groups) -> Session:
        ends_at = readmin.end_of(record.starts_at, record.ends_at, record.duration_minutes)
        told = _STATES.get(record.status or "")
        names = readmin.role_names(groups)
        servers = tuple(
            Server(
                server.id,
                readmin.server_name(server.nickname, number),
                self._claims(server, names),
                self._forms.get((record.id, server.id), ClaimsForm.MAP),
            )
            for number, server in enumerate(self._servers(record), start=1)
        )
        return Session(
            session_id=record.id,
            name=record.name or "Session",
            description=record.description or "",
            state=told or readmin.state_at(self._clock(), record.starts_at, ends_at),
            starts_at=record.starts_at,
            ends_at=ends_at,
            servers=servers,
            roles=readmin.offered(groups, readmin.group_ids_in(record.role_group_ids)),
            group_id=record.group_id,
            game=readmin.to_game(record.game),
        )

    def _claims(self, server: ServerPayload, names: dict[str, str]) -> tuple[Claim, ...]:
        claims = []
        dialect = self._wire.dialect
        for claim in parse_each(ClaimPayload, server.claims, dialect, "userId", logging.DEBUG):
            if claim.user_id is not None:
                known = claim.role_name is not None or claim.role_id in names
                name = claim.role_name or names.get(claim.role_id or "")
                role_id = claim.role_id if known else None
                claims.append(Claim(claim.user_id, role_id, name, claim.claimed_at))
        return tuple(claims)
