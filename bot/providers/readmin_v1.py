"""ReAdmin's legacy v1 routes, for servers that have no v2 yet."""

from __future__ import annotations

import functools

from bot.errors import UpstreamFacts, UpstreamNotFound, UpstreamRefused
from bot.models import Capabilities, Health, Place, Probe, Server, Session, SessionState
from bot.providers import ids, readmin
from bot.providers.bounds import Clock, utc_now
from bot.providers.http import Wire
from bot.providers.payloads import parse, parse_each
from bot.providers.readings import Readings
from bot.providers.readmin_payloads import RawSession
from bot.providers.verdicts import Json, facts_of_answer, misread, unclear


class ReAdminV1:
    """One workspace on ReAdmin, through its v1 routes. Knows no release."""

    capabilities = Capabilities(
        can_release=False, has_servers=True, enforces_limits=False, one_claim_per_server=True,
        loses_writes=True,
    )  # fmt: skip

    def __init__(self, wire: Wire, *, clock: Clock = utc_now) -> None:
        self._wire = wire
        self._clock = clock
        self._groups = readmin.RoleGroups(self._fetch_groups, wire.monotonic)
        self._readings = Readings(wire.monotonic)

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
        sessions = [raw for raw in await self._list_records() if not raw.is_placeholder]
        return Probe(self.capabilities, len(sessions), sum(map(len, groups.values())))

    async def list_sessions(self) -> list[Session]:
        """Live and coming sessions by start, and those that exist only as a template.

        ReAdmin tells running ones only when they began on its current calendar day.
        """
        records = await self._list_records()
        wanted = {group for one in records for group in _group_ids(one)}
        groups = await self._groups.covering(wanted)
        now = self._clock()
        dialect = self._wire.dialect
        sessions = [
            readmin.from_raw(one, groups, now, dialect) for one in records if not one.is_placeholder
        ]
        current = [session for session in sessions if session.state is not SessionState.ENDED]
        return readmin.by_start([*current, *readmin.placeholders(records, groups, now, dialect)])

    async def fetch_session(self, session_id: str, max_age: float = 0.0) -> Session:
        """A reading with the storage form of each server."""
        return await self._readings.share(
            session_id, max_age, functools.partial(self._fetch, session_id)
        )

    async def forget_roles(self) -> None:
        """The role groups are read anew with the next session."""
        await self._groups.forget()

    async def _fetch(self, session_id: str) -> Session:
        """Read anew. v1 answers an unknown id with null."""
        dialect = self._wire.dialect
        session_id = readmin.session_id(session_id, dialect.platform)
        answer = await self._wire.get(ids.path("sessions", session_id))
        if "session" in answer and answer["session"] is None:
            text = f"{dialect.platform} does not have this session."
            raise UpstreamNotFound(text, facts_of_answer(dialect.platform, 200), "session")
        raw = parse(RawSession, answer.get("session"), dialect)
        groups = await self._groups.covering(_group_ids(raw))
        return readmin.from_raw(raw, groups, self._clock(), dialect)

    async def claim(self, session: Session, place: Place, roblox_id: int) -> None:
        """Claim in one call. A claim of the same person on that server is replaced by it."""
        platform = self._wire.dialect.platform
        readmin.check_server(session, place, platform)
        session_id = readmin.session_id(place.session_id, platform)
        server_id = ids.plain_id(place.server_id, "server", platform)
        body: Json = {
            "userId": ids.roblox_text(roblox_id, platform),
            "roleId": ids.plain_id(place.group_id, "role group", platform),
            "subroleId": ids.plain_id(place.role_id, "role", platform),
        }
        path = ids.path("sessions", session_id, "servers", server_id, "roles")
        with self._readings.writing(place.session_id):
            await self._wire.send("POST", path, body)

    async def release(self, place: Place, roblox_id: int, *, by_host: bool) -> None:
        """Always refused: v1 cannot release."""
        platform = self._wire.dialect.platform
        raise UpstreamRefused(
            f"{platform} cannot release a claim from here. Release it in the ReAdmin panel.",
            UpstreamFacts(platform),
        )

    async def create_server(self, session_id: str, name: str) -> Server:
        """Add a server that stores its claims as a map. v1 gives it no name of its own."""
        dialect = self._wire.dialect
        session_id = readmin.session_id(session_id, dialect.platform)
        path = ids.path("sessions", session_id, "servers")
        with self._readings.writing(session_id):
            answer = await self._wire.send("POST", path, {})
        server_id = answer.get("newServerId")
        if not isinstance(server_id, str) or not ids.is_sound(server_id):
            raise unclear(dialect)
        before = parse_each(RawSession, [answer.get("session")], dialect, "_id")
        number = 1 + (len(before[0].servers) if before else 0)
        return Server(server_id, readmin.server_name(None, number))

    async def _fetch_groups(self) -> readmin.Groups:
        answer = await self._wire.get("/sessions/roles")
        items = answer.get("roles")
        if not isinstance(items, list):
            raise misread(self._wire.dialect)
        return readmin.to_groups(items, self._wire.dialect)

    async def _list_records(self) -> list[RawSession]:
        """Coming records and today's, placeholders included; each record once."""
        records: dict[str, RawSession] = {}
        unopened = []
        left_out = 0
        for path in ("/sessions", "/sessions/upcoming"):
            answer = await self._wire.get(path)
            items = answer.get("sessions")
            if not isinstance(items, list):
                raise misread(self._wire.dialect)
            found = parse_each(RawSession, items, self._wire.dialect, "_id")
            left_out += len(items) - len(found)
            for raw in found:
                if raw.is_placeholder:
                    unopened.append(raw)
                else:
                    records.setdefault(raw.record_id, raw)
        self._wire.left_out = left_out
        return [*records.values(), *unopened]


def _group_ids(raw: RawSession) -> list[str]:
    return readmin.group_ids_in(raw.template.roles if raw.template else ())
