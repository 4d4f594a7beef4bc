"""The recorded ReAdmin exchanges: the state before the first, and how to compare answers."""

import json
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.sandbox.platforms.readmin_world import ReAdminWorld, Workspace
from tests.sandbox.contracts import DATA

Json = Any
Exchange = dict[str, Any]

RECORDING: dict[str, Any] = json.loads((DATA / "readmin.json").read_text(encoding="utf-8"))
RANDOM: dict[str, Any] = json.loads((DATA / "readmin-random.json").read_text(encoding="utf-8"))
EXCHANGES: list[Exchange] = RECORDING["exchanges"]
ANSWERS: dict[str, Json] = {e["id"]: e["response"].get("body") for e in EXCHANGES}
MOMENT = datetime(2026, 11, 22, 20, 10, 6, tzinfo=UTC)
BULK_SESSIONS = 120
RACE_SESSION = "65f0a1b2c3d4e5f60000012c"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class LeftOut:
    """A call that the recording leaves out although a later answer shows its trace."""

    before: str
    method: str
    path: str
    body: Json
    made_server: str | None = None


LEFT_OUT = (
    # v1-list shows this claim gone; the recorded attempt to release it was refused (release-ctype-
    # empty), so one of the calls between 206 and 209 released it.
    LeftOut(
        "v1-list",
        "DELETE",
        "/sessions/v2/65f0a1b2c3d4e5f600000066/servers"
        "/00000000-0000-4000-8000-000000010201/claims/1000000003",
        None,
    ),
    # The burst claims on a server that no recorded call made.
    LeftOut(
        "burst-max1-1",
        "POST",
        f"/sessions/v2/{RACE_SESSION}/servers",
        {"nickname": "max1"},
        "1f14dc36-2e5f-437c-b664-016a7bc11b35",
    ),
)


class TickingClock:
    """The moment of the recording; a millisecond passes at every look."""

    def __init__(self) -> None:
        self.now = MOMENT

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


def seeded_world(clock: Callable[[], datetime]) -> ReAdminWorld:
    """The state before the first exchange.

    The file's seed has keys, role groups and ids. What it lacks comes from the answers: sessions
    and claims from the first v2 list; raw fields, templates and games from the raw v1 answers,
    which no call in between changes.
    """
    seed, world = deepcopy(RECORDING["seed"]), ReAdminWorld(clock)
    for name, known in seed["workspaces"].items():
        workspace = world.add_workspace(known["loader"], int(known["groupId"]), name)
        workspace.role_groups = list(seed["roleGroups"].get(name, {}).values())
    main, bulk, race = world.workspaces.values()
    records = deepcopy([*ANSWERS["v1-upcoming"]["sessions"], *ANSWERS["v1-list"]["sessions"]])
    games = [record.pop("game") for record in records if "game" in record]
    main.games = [games[0]]
    templates = {r["template"]["_id"]: r["template"] for r in records if "_id" in r["template"]}
    main.templates = list(templates.values())
    raw = {record["_id"]: record for record in records}
    for view in ANSWERS["list-default"]["data"]:
        _add(main, view, raw.get(view["id"]))
    _fill_bulk(bulk, ANSWERS["list-limit-1-bulk"]["data"][0])
    _add(race, {**ANSWERS["burst-max1-get"]["data"], "servers": []}, None)
    return world


def _add(workspace: Workspace, view: Json, record: Json | None) -> None:
    """Store a session: the raw record, or one made from its v2 view, with the view's claims."""
    record = record or _record(view)
    servers = {}
    for server in view["servers"]:
        raw = record["servers"].get(server["id"], {"linkedToServer": False, "attendees": {}})
        as_list = isinstance(raw.get("claims"), list)
        servers[server["id"]] = {**raw, "claims": _claims(server["claims"], as_list)}
    record["servers"] = servers
    holders = list(dict.fromkeys(c["userId"] for s in view["servers"] for c in s["claims"]))
    # Only the records that later calls change differ here; the others keep their own order.
    if set(record["claims"]) != set(holders):
        record["claims"] = holders
    workspace.sessions[record["_id"]] = record


def _claims(views: list[Json], as_list: bool) -> Json:
    entries = [
        {
            "userId": view["userId"],
            "claimedRole": view["roleId"],
            "claimedBy": view["claimedBy"],
            "claimedAt": view["claimedAt"],
            "claimId": view["claimId"],
            "state": view["state"],
        }
        for view in views
    ]
    if as_list:
        return entries
    return {entry["userId"]: {k: v for k, v in entry.items() if k != "userId"} for entry in entries}


def _record(view: Json) -> Json:
    """A raw record for a session that v1 never showed; its raw-only fields are never compared."""
    known = {t["_id"]: t["id"] for t in RECORDING["seed"]["templates"].values()}
    return {
        "_id": view["id"],
        "groupId": view["groupId"],
        "templateId": view["templateId"],
        "servers": {},
        "claims": [],
        "attendees": [],
        "date": view["startsAt"],
        "endsAt": view["endsAt"],
        "notifyTime": view["appearsAt"],
        "created": view["createdAt"],
        "createdBy": view["createdBy"],
        "oneOffSession": view["oneOff"],
        "template": {
            "_id": view["templateId"],
            "id": known.get(view["templateId"], "unknown"),
            "name": view["name"],
            "description": view["description"],
            "roles": view["roleGroupIds"],
            "sessionDuration": view["durationMinutes"],
            "placeId": view["game"]["placeId"],
            "gameId": view["game"]["gameId"],
        },
    }


def _fill_bulk(workspace: Workspace, first: Json) -> None:
    """The first session is recorded; of the others only that they are there, and later."""
    for number in range(BULK_SESSIONS):
        start = datetime.fromisoformat(first["startsAt"]) + timedelta(hours=number)
        shift = {
            "id": f"{int(first['id'], 16) + number:024x}",
            "startsAt": _iso(start),
            "endsAt": _iso(start + timedelta(minutes=30)),
        }
        _add(workspace, {**first, **shift}, None)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Side:
    """One side of the comparison, the recorded one or ours: its random values get common names."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._times: dict[str, str] = {}

    def real(self, text: str, other: "Side") -> str:
        """A text of this side with its random ids as the other side has them."""
        values = {name: value for value, name in other.names.items()}
        for value, name in self.names.items():
            text = text.replace(value, values.get(name, value))
        return text

    def normal(self, exchange: Exchange, body: Json) -> str:
        """An answer as text, keys in their order, random values named.

        Raises ValueError or KeyError when a field listed as random is absent or of another shape.
        """
        body = deepcopy(body)
        fields = {
            **RANDOM["by_route"].get(exchange["route"], {}),
            **RANDOM["by_exchange"].get(exchange["id"], {}),
        }
        if exchange["response"]["status"] < 300:
            for path, kind in fields.items():
                self._learn(f"<{exchange['id']} {path}>", body, path.split("."), kind)
        return json.dumps(self._named(body))

    def _learn(self, name: str, body: Json, path: list[str], kind: str) -> None:
        holder = body
        for part in path[:-1]:
            holder = holder[int(part)] if isinstance(holder, list) else holder[part]
        value = holder[path[-1]]
        if kind == "uuid":
            if not UUID.fullmatch(value):
                raise ValueError(f"{value} is no uuid")
            self.names[value] = name
            return
        if abs(datetime.fromisoformat(value) - MOMENT) > timedelta(seconds=30):
            raise ValueError(f"{value} is not the moment of the call")
        if holder["claimId"] is None:
            holder[path[-1]] = name
        else:
            self._times[holder["claimId"]] = value

    def _named(self, value: Json) -> Json:
        if isinstance(value, list):
            return [self._named(item) for item in value]
        if isinstance(value, dict):
            claim_id = value.get("claimId")
            if claim_id in self._times and value["claimedAt"] == self._times[claim_id]:
                value = {**value, "claimedAt": f"<time of {self.names[claim_id]}>"}
            return {self.names.get(key, key): self._named(item) for key, item in value.items()}
        return self.names.get(value, value) if isinstance(value, str) else value
