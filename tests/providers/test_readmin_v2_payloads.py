"""ReAdmin v2: what odd pages, sessions, servers, claims and roles become."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from bot.errors import Misread, OutcomeUnknown
from bot.models import Session, SessionState

from .conftest import SOON, http


def _session(number, **fields):
    return {
        "id": f"65f0a1b2c3d4e5f6000{number:05}",
        "groupId": "1",
        "name": f"Session {number}",
        "description": "",
        "status": "scheduled",
        "startsAt": "2026-11-28T18:00:00.000Z",
        "endsAt": "2026-11-28T19:00:00.000Z",
        "durationMinutes": 60,
        "game": None,
        "roleGroupIds": [],
        "servers": [],
        **fields,
    }


def _page(sessions, cursor=None):
    pagination = {"hasMore": cursor is not None, "nextCursor": cursor}
    return http(200, {"success": True, "data": sessions, "pagination": pagination})


NO_ROLES = http(200, {"success": True, "data": []})
NO_V1 = http(404, {"message": "Route GET:/sessions/upcoming not found"})


@pytest.mark.parametrize("cursor", ["same", "", 7, {"a": 1}, None])
async def test_cursors_that_lead_nowhere_do_not_loop(odd, connect, cursor):
    # Every page is the first one again, as ReAdmin answers to a cursor it cannot read.
    odd.answers = [_page([_session(1)], cursor)] * 3 + [NO_ROLES, NO_V1]
    if cursor != "same":
        del odd.answers[0]
    sessions = await connect("readmin-v2", odd.base_url).list_sessions()
    assert [session.name for session in sessions] == ["Session 1"]


async def test_endless_pages_are_capped(odd, connect):
    pages = [_page([_session(number)], f"c{number}") for number in range(60)]
    odd.answers = [*pages[:40], NO_ROLES, NO_V1]
    sessions = await connect("readmin-v2", odd.base_url).list_sessions()
    assert len(sessions) == 40  # twenty pages of each status


async def test_a_malformed_session_hides_no_other(odd, connect, caplog):
    bad = [
        None, 7, [], {}, {**_session(2), "startsAt": "soon"}, {**_session(3), "servers": "x"},
        {**_session(4), "id": None}, {**_session(5), "startsAt": None},
        {**_session(6), "id": "\ud800"}, {**_session(9), "id": ""},
        {**_session(7), "startsAt": "0001-01-01T00:00:00+14:00"},
    ]  # fmt: skip
    odd.answers = [_page([]), _page([bad[0], _session(1), *bad[1:], _session(8)]), NO_ROLES, NO_V1]
    caplog.set_level(logging.WARNING)
    provider = connect("readmin-v2", odd.base_url)
    sessions = await provider.list_sessions()
    assert [session.name for session in sessions] == ["Session 1", "Session 8"]
    [line] = [one.message for one in caplog.records if "left out" in one.message]
    assert f"left out {len(bad)} malformed" in line
    assert provider.health().left_out == len(bad)
    assert _session(2)["id"] in caplog.text
    assert "Session 2" not in caplog.text  # ids only


async def _read_one(odd, connect, session, groups=()):
    raw = {"_id": session["id"], "date": session["startsAt"], "servers": {}}
    odd.answers = [
        http(200, {"success": True, "data": session}),
        http(200, {"success": True, "data": list(groups)}),
        http(200, {"success": True, "session": raw}),
    ]
    return await connect("readmin-v2", odd.base_url).fetch_session(session["id"])


async def test_odd_servers_and_claims(odd, connect):
    claims = [
        {"userId": "5"}, {"userId": 6, "roleId": "r", "roleName": "R", "state": "new state"},
        None, "x", {}, {"userId": "1.2"}, {"userId": "0"}, {"userId": "9" * 30},
        {"userId": "7", "roleId": "deleted", "roleName": None, "claimedAt": "garbage"},
        {"userId": "5", "roleId": 12, "roleName": {}, "claimedAt": None},
        {"userId": "8", "roleId": "q", "roleName": None},
    ]  # fmt: skip
    servers = [
        {"id": "s1", "nickname": "x" * 3000, "claims": claims, "extra": 1},
        {"id": "s2", "nickname": {"a": 1}, "claims": None},
        {"id": "s3", "nickname": "  "},
        {"id": "s4", "nickname": "a\x00b"},
    ]
    groups = [{"id": "g", "name": "G", "roles": [{"id": "q", "name": "Q"}]}]
    session = await _read_one(odd, connect, _session(1, servers=servers), groups)
    names = [server.name for server in session.servers]
    assert names == ["x" * 80, "Server 2", "Server 3", "ab"]
    found = [(one.roblox_id, one.role_id, one.role_name) for one in session.servers[0].claims]
    assert found == [
        (5, None, None), (6, "r", "R"), (7, None, None), (5, None, None), (8, "q", "Q"),
    ]  # fmt: skip
    assert session.servers[0].claims[2].claimed_at is None


@pytest.mark.parametrize(
    ("fields", "minutes"),
    [
        ({"durationMinutes": 0}, 60),
        ({"durationMinutes": 5}, 60),  # the end is told, and goes before
        ({"endsAt": None, "durationMinutes": 0}, 60),
        ({"endsAt": "x", "durationMinutes": 30}, 30),
        ({"endsAt": None, "durationMinutes": "x"}, 60),
        ({"endsAt": None, "durationMinutes": 22.7}, 22),
    ],
)
async def test_the_end(odd, connect, fields, minutes):
    session = await _read_one(odd, connect, _session(1, **fields))
    assert session.ends_at - session.starts_at == timedelta(minutes=minutes)


async def test_an_unknown_status_follows_from_the_times(odd, connect):
    for year, state in ((2019, SessionState.ENDED), (2119, SessionState.SCHEDULED)):
        times = {"startsAt": f"{year}-01-01T00:00:00Z", "endsAt": f"{year}-01-01T01:00:00Z"}
        session = await _read_one(odd, connect, _session(1, status="paused", **times))
        assert session.state is state
        odd.seen.clear()


async def test_odd_roles(odd, connect):
    roles = [
        {"id": "a", "name": "A", "maxUsers": -1, "minRank": -5},
        {"id": "b", "name": "B", "maxUsers": 2.0, "minRank": 3.9, "claimOnce": True, "new": 1},
        {"id": "c", "name": "C", "maxUsers": "many"}, None, {"id": 1, "name": "D"},
    ]  # fmt: skip
    groups = [
        None,
        {"id": "x", "name": "X", "roles": None},
        {"id": "g", "name": "G", "roles": roles},
    ]
    session = await _read_one(odd, connect, _session(1, roleGroupIds=["g", 7, "x", "g"]), groups)
    found = [(role.role_id, role.capacity, role.min_rank) for role in session.roles]
    assert found == [("a", None, 0), ("b", 2, 3)]


@pytest.mark.parametrize("data", [None, 7, [], {}, {"id": "x"}])
async def test_an_unreadable_session_is_a_misreading(odd, connect, data):
    odd.answers = [http(200, {"success": True, "data": data})]
    with pytest.raises(Misread):
        await connect("readmin-v2", odd.base_url).fetch_session(SOON)


@pytest.mark.parametrize("data", [None, {}, [], {"id": None}])
async def test_an_unreadable_new_server_may_exist(odd, connect, data):
    odd.answers = [http(201, {"success": True, "data": data})]
    with pytest.raises(OutcomeUnknown):
        await connect("readmin-v2", odd.base_url).create_server(SOON, "x")


async def test_the_list_lives_without_placeholders(odd, connect):
    for extra in (NO_V1, http(500), http(200, b"<html>"), http(200, {"success": True})):
        odd.seen.clear()
        odd.answers = [_page([]), _page([_session(1)]), NO_ROLES, extra]
        sessions = await connect("readmin-v2", odd.base_url).list_sessions()
        assert isinstance(sessions[0], Session)
