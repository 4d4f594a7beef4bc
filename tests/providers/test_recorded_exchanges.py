"""Every recorded answer of a real ReAdmin server, served back over HTTP to the provider."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import (
    KeyRefused,
    OutcomeUnknown,
    ProviderError,
    Unavailable,
    UpstreamNotFound,
    UpstreamRefused,
)
from bot.models import ClaimsForm, Place, Server, Session, SessionState

from .conftest import GROUP, HELPER_ROLE, MAIN, SOON, http

DATA = Path(__file__).parent.parent / "data" / "readmin.json"
EXCHANGES = {one["id"]: one for one in json.loads(DATA.read_text())["exchanges"]}
USER = 1_000_000_001
NOW = datetime(2026, 11, 22, 20, 10, tzinfo=UTC)
PLACE = Place(SOON, MAIN, GROUP, HELPER_ROLE)

_SESSION, _SERVER = (UpstreamNotFound, "session"), (UpstreamNotFound, "server")
_GROUP, _ROLE = (UpstreamNotFound, "role group"), (UpstreamNotFound, "role")
_KEY, _REFUSED = (KeyRefused, None), (UpstreamRefused, None)
_UNKNOWN, _DOWN = (OutcomeUnknown, None), (Unavailable, None)
# Exchange: the error its answer becomes. All others are a yes, and read as what they tell.
ERRORS: dict[str, tuple[type[ProviderError], str | None]] = {
    "auth-missing-v2": _KEY, "auth-unknown-v2": _KEY, "auth-missing-v1": _KEY,
    "auth-unknown-v1": _KEY, "auth-missing-claim": _KEY, "auth-other-workspace": _SESSION,
    "get-unknown": _SESSION, "get-bad-id": _SESSION, "get-notCreated": _SESSION,
    "server-empty-json": _REFUSED, "server-malformed": _REFUSED, "server-form": _REFUSED,
    "server-unknown": _SESSION, "server-bad-id": _SESSION,
    "claim-missing-userId": _REFUSED, "claim-missing-roleGroupId": _REFUSED,
    "claim-missing-roleId": _REFUSED, "claim-empty-object": _REFUSED, "claim-no-body": _REFUSED,
    "claim-empty-json": _REFUSED, "claim-malformed": _REFUSED, "claim-form": _REFUSED,
    "claim-unknown-session": _SESSION, "claim-bad-session": _SESSION, "claim-notCreated": _SESSION,
    "claim-unknown-server": _SERVER, "claim-unknown-group": _GROUP, "claim-unknown-role": _ROLE,
    "claim-role-of-other-group": _ROLE,
    "claim-array-server": _UNKNOWN, "claim-array-empty": _UNKNOWN,
    "release-unknown-server": _SERVER, "release-unknown-session": _SESSION,
    "release-bad-session": _SESSION, "release-ctype-empty": _REFUSED,
    "v1-get-unknown": _SESSION, "v1-get-bad": _DOWN, "v1-server-unknown": _SESSION,
    "v1-claim-missing": _REFUSED, "v1-claim-nobody": _UNKNOWN,
}  # fmt: skip
LISTS, GROUPS = "GET /sessions/v2", "GET /sessions/v2/roles"
READ, ADD = "GET /sessions/v2/{sessionId}", "POST /sessions/v2/{sessionId}/servers"
CLAIM, RELEASE = f"{ADD}/{{serverId}}/claims", f"DELETE{ADD[4:]}/{{serverId}}/claims/{{userId}}"
V1_READ, V1_ADD = "GET /sessions/{sessionId}", "POST /sessions/{sessionId}/servers"
V1_CLAIM = f"{V1_ADD}/{{serverId}}/roles"
V1_LISTS, V1_UPCOMING, V1_GROUPS = "GET /sessions", "GET /sessions/upcoming", "GET /sessions/roles"


def body_of(name):
    return EXCHANGES[name]["response"]["body"]


def recorded(name):
    return http(EXCHANGES[name]["response"]["status"], body_of(name))


def _serve(odd, name):
    """The recorded answer at its own route; elsewhere what a quiet workspace would say."""
    route = EXCHANGES[name]["route"]
    bare = {"data": [], "sessions": [], "roles": body_of("v1-roles")["roles"]}

    def respond(seen):
        path, _, query = seen.target.partition("?")
        first_list = "status=live" in query and "cursor" not in query
        if _route(seen.method, path) == route and (route != LISTS or first_list):
            return recorded(name)
        if path == "/sessions/v2/roles":
            return recorded("roles")
        if route == READ and path.startswith("/sessions/"):  # the storage forms
            return http(200, {"success": True, "session": None})
        return http(200, {"success": True, **bare})

    odd.respond = respond


def _route(method, path):
    parts = path.split("/")[1:]
    v2 = len(parts) > 1 and parts[1] == "v2"
    names = {2: "{sessionId}", 4: "{serverId}", 6: "{userId}"}
    fixed = ("roles", "upcoming")
    shift = 1 if v2 else 0
    shown = [
        part if part in fixed or index - shift not in (1, 3, 5) or (v2 and index == 1)
        else names[index - shift + 1]
        for index, part in enumerate(parts)
    ]  # fmt: skip
    return f"{method} /{'/'.join(shown)}"


async def _call(name, odd, connect):
    """The provider's call whose answer this is."""
    route = EXCHANGES[name]["route"]
    legacy = "/v2" not in route
    provider = connect("readmin-v1" if legacy else "readmin-v2", odd.base_url)
    data = body_of(name).get("data") or body_of(name).get("session")
    session_id = (data.get("id") if isinstance(data, dict) else None) or SOON
    if legacy and isinstance(data, dict):
        session_id = data["_id"]
    there = Session(SOON, "", "", SessionState.LIVE, NOW, NOW, (Server(MAIN, "Main"),), ())
    match route:
        case "GET /sessions/v2" | "GET /sessions" | "GET /sessions/upcoming":
            return await provider.list_sessions()
        case "GET /sessions/v2/roles" | "GET /sessions/roles":
            return await provider.probe()
        case "GET /sessions/v2/{sessionId}" | "GET /sessions/{sessionId}":
            return await provider.fetch_session(session_id)
        case "POST /sessions/v2/{sessionId}/servers" | "POST /sessions/{sessionId}/servers":
            return await provider.create_server(SOON, "asked for")
        case _ if route == RELEASE:
            return await provider.release(PLACE, USER, by_host=False)
        case _:
            return await provider.claim(there, PLACE, USER)


@pytest.mark.parametrize("name", EXCHANGES)
async def test_the_answer_becomes(odd, connect, caplog, name):
    caplog.set_level(logging.DEBUG, "bot")
    _serve(odd, name)
    if name in ERRORS:
        await _check_error(name, odd, connect)
        return
    told = await _call(name, odd, connect)
    _check(EXCHANGES[name]["route"], body_of(name), told)
    assert "left out" not in caplog.text


async def _check_error(name, odd, connect):
    kind, what = ERRORS[name]
    with pytest.raises(kind) as caught:
        await _call(name, odd, connect)
    error, answer = caught.value, EXCHANGES[name]["response"]
    assert type(error) is kind
    assert getattr(error, "what", None) == what
    assert error.facts.status == answer["status"]
    assert error.facts.sent_at is not None
    reason = answer["body"].get("reason") or answer["body"].get("message") or ""
    assert error.facts.words == ("" if answer["status"] >= 500 else reason)


def _check(route, body, told):
    if route in (LISTS, V1_LISTS, V1_UPCOMING):
        _check_list(route, body, told)
    elif route in (GROUPS, V1_GROUPS):
        groups = body["data"] if route == GROUPS else body["roles"]
        assert told.roles == sum(len(group["roles"]) for group in groups)
    elif route == READ:
        _check_session(body["data"], told)
    elif route == V1_READ:
        raw = body["session"]
        assert (told.session_id, told.name) == (raw["_id"], raw["template"]["name"])
        assert [one.server_id for one in told.servers] == list(raw["servers"])
        assert len(told.roles) > 0
        for server in told.servers:
            stored = raw["servers"][server.server_id]["claims"]
            assert server.form is (ClaimsForm.LIST if isinstance(stored, list) else ClaimsForm.MAP)
            assert len(server.claims) == len(stored)
    elif route in (ADD, V1_ADD):
        made = body.get("newServerId") or body["data"]["id"]
        assert (told.server_id, told.claims, told.form) == (made, (), ClaimsForm.MAP)
        assert told.name == ((body.get("data") or {}).get("nickname") or told.name)
    else:
        assert route in (CLAIM, RELEASE, V1_CLAIM)
        assert told is None  # a clear yes


def _check_list(route, body, told):
    items = body["data"] if route == LISTS else body["sessions"]
    found = {session.session_id: session for session in told}
    assert len(found) == len(told)
    if route == LISTS:
        assert set(found) == {item["id"] for item in items}
        for item in items:
            _check_session(item, found[item["id"]])
        return
    for item in items:
        if item["_id"] == "notCreated":
            session = found.get(f"notCreated:{item['template']['id']}")
            assert session is None or not session.claimable  # None: over by now
        else:
            session = found.get(item["_id"])  # None: it has ended since the recording
            assert session is None or session.name == item["template"]["name"]


def _check_session(data, session):
    assert (session.session_id, session.name) == (data["id"], data["name"])
    assert session.description == data["description"]
    assert session.state.value == data["status"]
    assert session.starts_at == datetime.fromisoformat(data["startsAt"])
    assert session.ends_at == datetime.fromisoformat(data["endsAt"])
    assert str(session.group_id) == data["groupId"]
    assert (session.game and session.game.place_id) == (data["game"] and data["game"]["placeId"])
    assert {role.group_id for role in session.roles} <= set(data["roleGroupIds"])
    assert [server.server_id for server in session.servers] == [s["id"] for s in data["servers"]]
    for server, told in zip(session.servers, data["servers"], strict=True):
        holders = [(str(claim.roblox_id), claim.role_name) for claim in server.claims]
        assert holders == [(str(one["userId"]), one["roleName"]) for one in told["claims"]]


def test_the_table_names_only_recorded_exchanges():
    assert set(ERRORS) <= set(EXCHANGES)
    failed = {name for name, one in EXCHANGES.items() if one["response"]["status"] >= 300}
    assert failed == set(ERRORS) - {"v1-get-unknown"}
    assert len(EXCHANGES) > 100


async def test_the_deleted_role_of_a_list_form_server(odd, connect):
    odd.answers = [recorded("get-arrayForm"), recorded("roles"), recorded("v1-get-array")]
    session_id = body_of("get-arrayForm")["data"]["id"]
    session = await connect("readmin-v2", odd.base_url).fetch_session(session_id)
    assert [server.form for server in session.servers] == [ClaimsForm.LIST, ClaimsForm.LIST]
    found = [(claim.roblox_id, claim.role_name) for claim in session.servers[0].claims]
    assert found == [(1845512207, "Cabin Crew"), (7433120918, None), (1845512207, "Ramp Agent")]
    assert session.held_by(7433120918)[0][1].role_id is None


async def test_placeholders_of_the_recording(odd, connect):
    """Seen at the moment of the recording, what nobody opened yet is shown and not claimable."""
    moment = min(
        datetime.fromisoformat(one["date"])
        for one in body_of("v1-upcoming")["sessions"] if one["_id"] == "notCreated"
    )  # fmt: skip
    _serve(odd, "v1-upcoming")
    provider = connect("readmin-v1", odd.base_url, clock=lambda: moment)
    shown = [one for one in await provider.list_sessions() if one.state is SessionState.NOT_OPEN]
    assert shown
    assert not any(one.claimable for one in shown)
