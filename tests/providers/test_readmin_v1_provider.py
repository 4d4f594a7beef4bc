"""ReAdmin v1 against the pretended platform."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import (
    KeyRefused,
    Misread,
    NotClaimable,
    OutcomeUnknown,
    UpstreamNotFound,
    UpstreamRefused,
)
from bot.models import ClaimsForm, Place, Server, SessionState
from bot.sandbox.platforms.documents import utcnow

from .conftest import GROUP, HELPER_ROLE, HOST_ROLE, LISTED, MAIN, RUNNING, SOON, http

PLACE = Place(SOON, MAIN, GROUP, HELPER_ROLE)


@pytest.fixture
def provider(readmin, connect):
    # Noon, so that the day of the pretended platform has an earlier and a later part.
    noon = utcnow().replace(hour=12, minute=0, second=0, microsecond=0)
    shift = noon - utcnow()
    readmin.world.clock = readmin.workspace.clock = lambda: utcnow() + shift
    readmin.workspace.sessions.pop("65f0a1b2c3d4e5f600000003")
    for session_id, minutes in ((SOON, 30), (RUNNING, -5)):
        record = readmin.workspace.sessions[session_id]
        fresh = readmin.workspace.add_session(
            readmin.workspace.templates[0], timedelta(minutes=minutes), session_id=session_id
        )
        readmin.workspace.sessions[session_id] = {**fresh, "servers": record["servers"]}
    return connect("readmin-v1", readmin.base_url, clock=readmin.world.clock)


async def test_probe(provider):
    probe = await provider.probe()
    assert (probe.sessions, probe.roles) == (2, 2)
    assert not probe.capabilities.can_release
    assert probe.capabilities.has_servers
    assert not probe.capabilities.enforces_limits


async def test_a_wrong_key(readmin, connect):
    with pytest.raises(KeyRefused):
        await connect("readmin-v1", readmin.base_url, key="wrong").probe()


async def test_list(readmin, provider):
    template = readmin.workspace.templates[0]
    readmin.workspace.add_session(template, timedelta(hours=-3))  # over, and still "upcoming"
    readmin.workspace.add_session(template, timedelta(days=2), session_id="6" * 24)
    running, soon, later = await provider.list_sessions()
    assert (running.session_id, running.state) == (RUNNING, SessionState.LIVE)
    assert (soon.session_id, soon.state) == (SOON, SessionState.SCHEDULED)
    assert later.session_id == "6" * 24
    assert (soon.name, soon.description, soon.group_id) == ("Training", "Weekly", 7700112)
    assert soon.game.place_id == 112233
    assert [role.name for role in soon.roles] == ["Host", "Helper"]
    assert [(s.name, s.form) for s in soon.servers] == [
        ("Main", ClaimsForm.MAP), ("Server 2", ClaimsForm.LIST),
    ]  # fmt: skip


async def test_placeholders(readmin, provider):
    schedule = {"type": "daily", "hour": 13, "minute": 17}
    group = readmin.workspace.role_groups[0]
    template = readmin.workspace.add_template("Shift", [group], "Two hours", schedule=schedule)
    over = {"type": "daily", "hour": 9, "minute": 17}
    readmin.workspace.add_template("Morning", [group], schedule=over)
    found = [one for one in await provider.list_sessions() if one.state is SessionState.NOT_OPEN]
    assert [one.session_id for one in found] == [f"notCreated:{template['id']}"]
    assert (found[0].description, found[0].claimable) == ("Two hours", False)


async def test_fetch(readmin, provider):
    session = await provider.fetch_session(SOON)
    assert session.holders(MAIN, HOST_ROLE) == (1001,)
    assert session.servers[0].claims[0].role_name == "Host"
    readmin.world.panel_claim(SOON, LISTED, 1002, "deleted-role")
    readmin.world.panel_claim(SOON, LISTED, 1002, HELPER_ROLE)
    session = await provider.fetch_session(SOON)
    assert session.server(LISTED).form is ClaimsForm.LIST
    assert [one.role_id for _, one in session.held_by(1002)] == [None, HELPER_ROLE]


async def test_odd_records(odd, connect):
    raw = {
        "_id": SOON,
        "date": "2026-11-28T18:00:00.000Z",
        "endsAt": "2026-11-28T18:45:00.000Z",
        "template": {"name": 7, "roles": None, "sessionDuration": 0},
        "servers": {
            "a": {"claims": {"5": {}, "x": {}, "1": {"2": {"claimedRole": "r"}}, "6": None}},
            "b": {"claims": [None, {"userId": "7"}, {"userId": 8, "claimedAt": "x"}]},
            "c": {"nickname": 12},
            "d": None,
        },
    }
    odd.answers = [
        http(200, {"success": True, "session": raw}), http(200, {"success": True, "roles": []}),
    ]  # fmt: skip
    session = await connect("readmin-v1", odd.base_url).fetch_session(SOON)
    assert session.name == "Session"
    assert session.ends_at - session.starts_at == timedelta(minutes=45)
    shown = {s.server_id: [claim.roblox_id for claim in s.claims] for s in session.servers}
    assert shown == {"a": [5, 1], "b": [7, 8], "c": []}
    assert session.server("c").name == "Server 3"


async def test_a_record_without_template_or_servers(odd, connect):
    raw = {"_id": SOON, "date": "2026-11-28T18:00:00.000Z", "templateId": None}
    odd.answers = [
        http(200, {"success": True, "session": raw}), http(200, {"success": True, "roles": []}),
    ]  # fmt: skip
    session = await connect("readmin-v1", odd.base_url).fetch_session(SOON)
    assert (session.name, session.servers, session.roles) == ("Session", (), ())
    assert session.ends_at - session.starts_at == timedelta(hours=1)


async def test_a_malformed_session_hides_no_other(odd, connect):
    good = {"_id": SOON, "date": "2999-11-28T18:00:00.000Z", "servers": {}}
    bad = [None, {}, {"_id": 7, "date": "x"}, {**good, "_id": "6" * 24, "servers": []}]
    odd.answers = [
        http(200, {"success": True, "sessions": [*bad, good]}),
        http(200, {"success": True, "sessions": [*bad, good]}),
        http(200, {"success": True, "roles": []}),
    ]
    sessions = await connect("readmin-v1", odd.base_url).list_sessions()
    assert [session.session_id for session in sessions] == [SOON]


async def test_claim(readmin, provider):
    session = await provider.fetch_session(SOON)
    readmin.platform.requests.clear()
    await provider.claim(session, PLACE, 1002)
    [request] = readmin.platform.requests
    assert json.loads(request.body) == {
        "userId": "1002", "roleId": GROUP, "subroleId": HELPER_ROLE,
    }  # fmt: skip
    session = await provider.fetch_session(SOON)
    assert session.holders(MAIN, HELPER_ROLE) == (1002,)
    with pytest.raises(NotClaimable):
        await provider.claim(session, replace(PLACE, server_id=LISTED), 1002)


async def test_release_is_refused_without_a_call(readmin, provider):
    with pytest.raises(UpstreamRefused, match="panel"):
        await provider.release(PLACE, 1001, by_host=True)
    assert readmin.platform.requests == []


async def test_create_server(readmin, provider):
    server = await provider.create_server(SOON, "ignored")
    assert server.name == "Server 3"
    session = await provider.fetch_session(SOON)
    assert session.server(server.server_id) == server
    await provider.claim(session, replace(PLACE, server_id=server.server_id), 1002)


async def test_a_new_server_without_an_id_may_exist(odd, connect):
    odd.answers = [http(200, {"success": True})]
    with pytest.raises(OutcomeUnknown):
        await connect("readmin-v1", odd.base_url).create_server(SOON, "x")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"session_id": "65f0a1b2c3d4e5f6ffffffff"}, "session"),
        ({"server_id": "00000000-0000-4000-8000-00000000dead"}, "server"),
        ({"group_id": "00000000-0000-4000-8000-00000000dead"}, "role group"),
        ({"role_id": "00000000-0000-4000-8000-00000000dead"}, "role"),
    ],
)
async def test_claims_of_what_is_not_there(readmin, provider, change, what):
    place = replace(PLACE, **change)
    session = await provider.fetch_session(SOON)
    stale = replace(session, servers=(Server(place.server_id, "gone"),))
    readmin.platform.requests.clear()
    with pytest.raises(UpstreamNotFound) as caught:
        await provider.claim(stale, place, 1002)
    assert caught.value.what == what
    assert len(readmin.platform.requests) == 1


async def test_a_session_without_a_template(readmin, provider):
    session = await provider.fetch_session(SOON)
    del readmin.world.get_session(SOON)["template"]
    with pytest.raises(NotClaimable):
        await provider.claim(session, PLACE, 1002)


async def test_unknown_and_malformed_sessions(readmin, provider):
    with pytest.raises(UpstreamNotFound) as caught:
        await provider.fetch_session("65f0a1b2c3d4e5f6ffffffff")
    assert caught.value.what == "session"
    readmin.platform.requests.clear()
    for bad in ("not-an-id", "notCreated:x", ""):
        with pytest.raises(UpstreamNotFound):
            await provider.fetch_session(bad)
        with pytest.raises(UpstreamNotFound):
            await provider.create_server(bad, "x")
    assert readmin.platform.requests == []


@pytest.mark.parametrize("answer", [{}, {"session": 7}, {"session": {"_id": SOON}}])
async def test_an_unreadable_session_is_a_misreading(odd, connect, answer):
    odd.answers = [http(200, {"success": True, **answer})]
    with pytest.raises(Misread):
        await connect("readmin-v1", odd.base_url).fetch_session(SOON)
