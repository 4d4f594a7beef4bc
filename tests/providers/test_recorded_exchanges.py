"""Every reading in the recorded exchanges with a real ReAdmin server is understood."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.models import ClaimsForm

from .conftest import http

DATA = Path(__file__).parent.parent / "data" / "readmin.json"
EXCHANGES = {one["id"]: one for one in json.loads(DATA.read_text())["exchanges"]}


def recorded(name):
    answer = EXCHANGES[name]["response"]
    return http(answer["status"], answer["body"])


SESSIONS = [
    name
    for name, one in EXCHANGES.items()
    if one["route"] == "GET /sessions/v2/:sessionId" or name.startswith("get-")
    if one["response"]["status"] == 200
]


@pytest.mark.parametrize("name", SESSIONS)
async def test_sessions(odd, connect, caplog, name):
    body = EXCHANGES[name]["response"]["body"]["data"]
    raw = {"_id": body["id"], "date": body["startsAt"], "servers": {}}
    odd.answers = [recorded(name), recorded("roles"), http(200, {"success": True, "session": raw})]
    session = await connect("readmin-v2", odd.base_url).fetch_session(body["id"])
    assert session.name == body["name"]
    assert session.state.value == body["status"]
    assert len(session.servers) == body["counts"]["servers"]
    assert sum(len(server.claims) for server in session.servers) == body["counts"]["claims"]
    assert {role.group_id for role in session.roles} <= set(body["roleGroupIds"])
    assert "left out" not in caplog.text


async def test_the_deleted_role_of_a_list_form_server(odd, connect):
    odd.answers = [recorded("get-arrayForm"), recorded("roles"), recorded("v1-get-array")]
    session_id = EXCHANGES["get-arrayForm"]["response"]["body"]["data"]["id"]
    session = await connect("readmin-v2", odd.base_url).fetch_session(session_id)
    assert [server.form for server in session.servers] == [ClaimsForm.LIST, ClaimsForm.LIST]
    found = [(claim.roblox_id, claim.role_name) for claim in session.servers[0].claims]
    assert found == [(1845512207, "Cabin Crew"), (7433120918, None), (1845512207, "Ramp Agent")]
    assert session.held_by(7433120918)[0][1].role_id is None


async def test_lists(odd, connect, caplog):
    lists = ["list-status-live", "list-status-scheduled", "roles", "v1-upcoming"]
    odd.answers = [recorded(name) for name in lists]
    sessions = await connect("readmin-v2", odd.base_url).list_sessions()
    told = [one for name in lists[:2] for one in EXCHANGES[name]["response"]["body"]["data"]]
    assert {one["id"] for one in told} <= {session.session_id for session in sessions}
    assert "left out" not in caplog.text


async def test_v1_lists(odd, connect, caplog):
    odd.answers = [recorded("v1-roles"), recorded("v1-list"), recorded("v1-upcoming")]
    probe = await connect("readmin-v1", odd.base_url).probe()
    lists = [EXCHANGES[name]["response"]["body"]["sessions"] for name in ("v1-list", "v1-upcoming")]
    records = {one["_id"] for sessions in lists for one in sessions} - {"notCreated"}
    assert probe.sessions == len(records)
    assert "left out" not in caplog.text
