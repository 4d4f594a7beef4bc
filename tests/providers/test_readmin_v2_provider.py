"""ReAdmin v2 against the pretended platform, and its odd records."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import (
    KeyRefused,
    NotClaimable,
    Unavailable,
    UpstreamNotFound,
    UpstreamRefused,
)
from bot.models import ClaimsForm, Place, Server, SessionState
from bot.sandbox.platforms.readmin_world import Role

from .conftest import (
    GROUP,
    HELPER_ROLE,
    HOST_ROLE,
    KEY,
    LISTED,
    MAIN,
    RUNNING,
    SOON,
)

PLACE = Place(SOON, MAIN, GROUP, HELPER_ROLE)


@pytest.fixture
def provider(readmin, connect):
    return connect("readmin-v2", readmin.base_url)


def paths(readmin):
    return [f"{seen.method} {seen.path}" for seen in readmin.platform.requests]


async def test_probe(readmin, provider):
    probe = await provider.probe()
    assert (probe.sessions, probe.roles) == (2, 2)
    assert probe.capabilities.can_release
    assert probe.capabilities.has_servers
    assert probe.capabilities.one_claim_per_server
    assert not probe.capabilities.enforces_limits
    assert all(line.startswith("GET ") for line in paths(readmin))


async def test_a_wrong_key(readmin, connect):
    provider = connect("readmin-v2", readmin.base_url, key="wrong")
    for call in (provider.probe(), provider.list_sessions(), provider.fetch_session(SOON)):
        with pytest.raises(KeyRefused) as caught:
            await call
        assert caught.value.facts.words == "Workspace not found"


async def test_a_wrong_base_url(readmin, connect):
    provider = connect("readmin-v2", readmin.base_url + "/panel")
    with pytest.raises(UpstreamNotFound) as caught:
        await provider.probe()
    assert caught.value.what == "route"


async def test_list(readmin, provider):
    running, soon = await provider.list_sessions()
    assert (running.session_id, running.state) == (RUNNING, SessionState.LIVE)
    assert (soon.session_id, soon.state) == (SOON, SessionState.SCHEDULED)
    assert (soon.name, soon.description, soon.group_id) == ("Training", "Weekly", 7700112)
    assert (soon.game.name, soon.game.place_id) == ("Harbour Cafe", 112233)
    assert soon.starts_at.tzinfo is UTC
    assert soon.ends_at - soon.starts_at == timedelta(hours=1)
    assert [server.name for server in soon.servers] == ["Main", "Server 2"]
    assert running.servers == ()
    readmin.platform.requests.clear()
    await provider.list_sessions()
    assert len(readmin.platform.requests) == 3  # live, scheduled, upcoming; the roles are kept


async def test_the_roles_of_a_session(readmin, provider):
    session = await provider.fetch_session(SOON)
    host, helper = session.roles
    assert (host.group_id, host.group_name, host.role_id, host.name) == (
        GROUP, "Crew", HOST_ROLE, "Host",
    )  # fmt: skip
    assert (host.capacity, host.min_rank, host.claim_once) == (1, 120, True)
    assert (helper.capacity, helper.min_rank, helper.claim_once) == (None, 0, False)
    assert session.holders(MAIN, HOST_ROLE) == (1001,)


async def test_the_form_of_each_server_is_asked_once(readmin, provider):
    session = await provider.fetch_session(SOON)
    assert [server.form for server in session.servers] == [ClaimsForm.MAP, ClaimsForm.LIST]
    assert f"GET /sessions/{SOON}" in paths(readmin)
    readmin.platform.requests.clear()
    await provider.fetch_session(SOON)
    assert paths(readmin) == [f"GET /sessions/v2/{SOON}"]
    listed = {session.session_id: session for session in await provider.list_sessions()}
    assert listed[SOON].servers[1].form is ClaimsForm.LIST


async def test_a_session_whose_form_cannot_be_learnt_is_not_read(readmin, provider):
    await provider.probe()
    readmin.platform.requests.clear()
    readmin.platform.faults.add("slow", "read", times=1, seconds=0)  # lets v2 answer
    readmin.platform.faults.add("error-500", "read")
    with pytest.raises(Unavailable):
        await provider.fetch_session(SOON)
    assert paths(readmin) == [f"GET /sessions/v2/{SOON}", *[f"GET /sessions/{SOON}"] * 4]


async def test_a_new_role_group_is_found_at_once(readmin, provider):
    await provider.fetch_session(SOON)
    group = readmin.workspace.add_role_group("Pilots", [Role("Captain", 2)])
    readmin.world.get_session(SOON)["template"]["roles"].append(group["id"])
    session = await provider.fetch_session(SOON)
    assert [role.name for role in session.roles] == ["Host", "Helper", "Captain"]


async def test_a_deleted_role_group_is_not_asked_for_again_and_again(readmin, connect):
    now = [0.0]
    provider = connect("readmin-v2", readmin.base_url, monotonic=lambda: now[0])
    readmin.world.get_session(SOON)["template"]["roles"].append("gone")
    for _ in range(3):
        session = await provider.fetch_session(SOON)
        assert [role.name for role in session.roles] == ["Host", "Helper"]
    assert paths(readmin).count("GET /sessions/v2/roles") == 1
    now[0] += 61
    await provider.fetch_session(SOON)
    assert paths(readmin).count("GET /sessions/v2/roles") == 2


async def test_claim_and_release(readmin, provider):
    session = await provider.fetch_session(SOON)
    readmin.platform.requests.clear()
    await provider.claim(session, PLACE, 1002)
    assert len(readmin.platform.requests) == 1
    assert json.loads(readmin.platform.requests[0].body) == {
        "userId": "1002", "roleGroupId": GROUP, "roleId": HELPER_ROLE,
    }  # fmt: skip
    session = await provider.fetch_session(SOON)
    [(server_id, claim)] = session.held_by(1002)
    assert (server_id, claim.role_id, claim.role_name) == (MAIN, HELPER_ROLE, "Helper")
    assert claim.claimed_at.tzinfo is UTC
    readmin.platform.requests.clear()
    await provider.release(PLACE, 1002, by_host=False)
    [delete] = readmin.platform.requests
    assert (delete.method, delete.body) == ("DELETE", "")
    assert "content-type" not in delete.headers
    assert (await provider.fetch_session(SOON)).held_by(1002) == ()
    await provider.release(PLACE, 1002, by_host=True)  # nothing held: also a yes


async def test_create_server(readmin, provider):
    server = await provider.create_server(RUNNING, "Gate B")
    assert (server.name, server.claims, server.form) == ("Gate B", (), ClaimsForm.MAP)
    readmin.platform.requests.clear()
    session = await provider.fetch_session(RUNNING)
    assert session.servers == (server,)
    assert f"GET /sessions/{RUNNING}" not in paths(readmin)
    await provider.claim(session, Place(RUNNING, server.server_id, GROUP, HOST_ROLE), 1003)


async def test_a_list_form_server_is_never_written_to(readmin, provider):
    session = await provider.fetch_session(SOON)
    readmin.platform.requests.clear()
    with pytest.raises(NotClaimable, match="panel"):
        await provider.claim(session, replace(PLACE, server_id=LISTED), 1002)
    assert readmin.platform.requests == []


async def test_a_short_id_never_reaches_a_server_of_unknown_form(readmin, provider, odd, connect):
    """On a list it would be an index, and the session unreadable from then on."""
    session = await provider.fetch_session(SOON)
    other = connect("readmin-v2", readmin.base_url)  # has not asked for the form
    readmin.platform.requests.clear()
    for roblox_id in (1, 1002, 1_500_000):
        with pytest.raises(NotClaimable, match="does not tell"):
            await other.claim(session, PLACE, roblox_id)
    assert readmin.platform.requests == []
    await other.claim(session, PLACE, 1_500_001)
    await provider.claim(session, PLACE, 1002)


async def test_nothing_old_is_listed(readmin, provider):
    await provider.list_sessions()
    [live, scheduled] = [line for line in paths(readmin) if "/sessions/v2?" in line]
    assert "status=live" in live
    assert "status=scheduled" in scheduled
    assert "&from=20" in scheduled


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
        await provider.claim(stale, place, 1_000_000_002)
    assert caught.value.what == what
    assert len(readmin.platform.requests) == 1  # so the platform said it


async def test_a_session_without_a_template(readmin, provider):
    session = await provider.fetch_session(SOON)
    del readmin.world.get_session(SOON)["template"]
    with pytest.raises(NotClaimable):
        await provider.claim(session, PLACE, 1002)


async def test_a_release_of_what_is_not_there(provider):
    for change in ({"session_id": "65f0a1b2c3d4e5f6ffffffff"}, {"server_id": "gone"}):
        with pytest.raises(UpstreamNotFound):
            await provider.release(replace(PLACE, **change), 1002, by_host=False)


async def test_unknown_and_malformed_sessions(readmin, provider):
    with pytest.raises(UpstreamNotFound) as caught:
        await provider.fetch_session("65f0a1b2c3d4e5f6ffffffff")
    assert caught.value.what == "session"
    readmin.platform.requests.clear()
    for bad in ("notCreated", "notCreated:x", "", "../roles", "constructor"):
        for call in (provider.fetch_session(bad), provider.create_server(bad, "x")):
            with pytest.raises(UpstreamNotFound) as caught:
                await call
            assert caught.value.what == "session"
    assert readmin.platform.requests == []


@pytest.mark.parametrize(
    "change",
    [{"session_id": "x"}, {"server_id": "constructor"}, {"group_id": "a.b"}, {"role_id": ""}],
)
async def test_harmful_places_are_never_sent(readmin, provider, change):
    place = replace(PLACE, **change)
    session = await provider.fetch_session(SOON)
    session = replace(session, servers=(Server(place.server_id, "x"),))
    readmin.platform.requests.clear()
    with pytest.raises(UpstreamNotFound):
        await provider.claim(session, place, 1_000_000_002)
    with pytest.raises(UpstreamRefused):
        await provider.claim(replace(session, servers=(Server(MAIN, "x"),)), PLACE, 0)
    assert readmin.platform.requests == []


async def test_pages(readmin, provider):
    template = readmin.workspace.templates[0]
    for number in range(250):
        readmin.workspace.add_session(template, timedelta(days=2, minutes=number))
    sessions = await provider.list_sessions()
    assert len(sessions) == 252
    assert [one.starts_at for one in sessions] == sorted(one.starts_at for one in sessions)


async def test_placeholders(readmin, connect):
    now = datetime.now(UTC)
    readmin.workspace.templates.clear()
    group = readmin.workspace.role_groups[0]
    schedule = {"type": "daily", "hour": 23, "minute": 58}
    template = readmin.workspace.add_template("Evening shift", [group], schedule=schedule)
    readmin.world.clock = readmin.workspace.clock = lambda: now.replace(hour=18, minute=0)
    provider = connect("readmin-v2", readmin.base_url, clock=readmin.world.clock)
    [found] = [one for one in await provider.list_sessions() if one.state is SessionState.NOT_OPEN]
    assert found.session_id == f"notCreated:{template['id']}"
    assert (found.name, found.claimable, found.servers) == ("Evening shift", False, ())
    assert [role.name for role in found.roles] == ["Host", "Helper"]
    with pytest.raises(UpstreamNotFound, match="Open it in the panel"):
        await provider.fetch_session(found.session_id)
    with pytest.raises(UpstreamNotFound):
        await provider.claim(found, replace(PLACE, session_id=found.session_id), 1002)


async def test_the_key_travels_in_its_header_only(readmin, provider):
    session = await provider.fetch_session(SOON)
    await provider.claim(session, PLACE, 1002)
    await provider.list_sessions()
    for seen in readmin.platform.requests:
        headers = {name.lower(): value for name, value in seen.headers.items()}
        assert headers.pop("loader-id") == KEY
        assert KEY not in f"{seen.path}{seen.body}{headers}"
