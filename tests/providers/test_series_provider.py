"""Series HR against the pretended platform, and the words it might use."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import (
    AlreadyHeld,
    KeyRefused,
    NotClaimable,
    PlanTooLow,
    RankTooLow,
    SlotTaken,
    UpstreamNotFound,
    UpstreamRefused,
)
from bot.models import Place, SessionState
from bot.sandbox.platforms.series_world import CustomRole, SeriesSession

from .conftest import KEY, http

ODD_NAME = "Überprüfer / 2"


@pytest.fixture
def provider(series, connect):
    return connect("series", series.base_url)


@pytest.fixture
def place(series):
    return Place(series.session.session_id, "", "", "Trainer")


async def test_probe(series, provider):
    probe = await provider.probe()
    assert (probe.sessions, probe.roles) == (1, 2)
    assert probe.capabilities.can_release
    assert probe.capabilities.enforces_limits
    assert not probe.capabilities.has_servers
    assert not probe.capabilities.one_claim_per_server
    for seen in series.platform.requests:
        headers = {name.lower(): value for name, value in seen.headers.items()}
        assert seen.path.startswith("/sessions/list?")
        assert headers["apikey"] == KEY
        assert KEY not in seen.path


async def test_a_wrong_key(series, connect):
    with pytest.raises(KeyRefused):
        await connect("series", series.base_url, key="wrong").probe()


async def test_a_wrong_base_url(series, connect):
    with pytest.raises(UpstreamNotFound) as caught:
        await connect("series", series.base_url + "/v2").probe()
    assert caught.value.what == "route"


async def test_list_reads_all_pages(series, provider):
    now = series.world.clock()
    for number in range(5):
        series.workspace.add_session(SeriesSession(f"S{number}", now + timedelta(days=number + 1)))
    series.workspace.add_session(SeriesSession("On", now - timedelta(minutes=5), status="ongoing"))
    series.workspace.add_session(SeriesSession("Old", now - timedelta(days=1), status="completed"))
    sessions = await provider.list_sessions()
    names = [session.name for session in sessions]
    assert names == ["On", "Cashier training", "S0", "S1", "S2", "S3", "S4"]
    assert sessions[0].state is SessionState.LIVE
    assert sessions[1].state is SessionState.SCHEDULED


async def test_fetch(series, provider):
    session = await provider.fetch_session(series.session.session_id)
    trainer, odd_one = session.roles
    assert (trainer.role_id, trainer.group_id, trainer.group_name) == ("Trainer", "", "")
    assert (trainer.capacity, trainer.min_rank) == (3, 100)
    assert trainer.vacant_slots == ("VACANT_1", "VACANT_2")
    assert (odd_one.name, odd_one.capacity) == (ODD_NAME, 1)
    assert session.holders("", "Trainer") == (1001,)
    assert [(server.server_id, server.name) for server in session.servers] == [("", "")]
    assert session.ends_at - session.starts_at == timedelta(minutes=45)
    assert (session.host_roblox_id, session.claimable) == (1001, True)


async def test_claim_and_release(series, provider, place):
    session = await provider.fetch_session(place.session_id)
    series.platform.requests.clear()
    await provider.claim(session, place, 1002)
    [request] = series.platform.requests
    assert json.loads(request.body) == {
        "UserId": "1002", "RoleName": "Trainer", "SlotKey": "VACANT_1",
    }  # fmt: skip
    odd_place = replace(place, role_id=ODD_NAME)
    await provider.claim(session, odd_place, 1002)
    session = await provider.fetch_session(place.session_id)
    assert session.holders("", "Trainer") == (1001, 1002)
    assert session.holders("", ODD_NAME) == (1002,)
    series.platform.requests.clear()
    await provider.release(odd_place, 1002, by_host=False)
    await provider.release(place, 1002, by_host=True)
    quit_role, remove = series.platform.requests
    assert quit_role.path.endswith("/custom-roles/quit")
    assert json.loads(quit_role.body) == {"UserId": "1002", "RoleName": ODD_NAME}
    assert remove.path.endswith("/custom-roles/remove")
    assert json.loads(remove.body) == {"TargetUserId": "1002", "RoleName": "Trainer"}
    session = await provider.fetch_session(place.session_id)
    assert session.held_by(1002) == ()


async def test_the_next_vacant_slot_after_a_lost_race(series, provider, place):
    session = await provider.fetch_session(place.session_id)
    series.world.panel_claim(place.session_id, "Trainer", "VACANT_1", 4001)
    await provider.claim(session, place, 1002)
    session = await provider.fetch_session(place.session_id)
    assert set(session.holders("", "Trainer")) == {1001, 1002, 4001}


async def test_none_left_after_a_lost_race(series, provider, place):
    session = await provider.fetch_session(place.session_id)
    series.world.panel_claim(place.session_id, "Trainer", "VACANT_1", 4001)
    series.world.panel_claim(place.session_id, "Trainer", "VACANT_2", 4002)
    with pytest.raises(SlotTaken):
        await provider.claim(session, place, 1002)
    series.platform.requests.clear()
    with pytest.raises(SlotTaken):
        await provider.claim(await provider.fetch_session(place.session_id), place, 1002)
    assert [seen.method for seen in series.platform.requests] == ["GET"]


def _reading(*slots):
    role = {"R": {"Slots": {slot: {} for slot in slots}}}
    data = {"SessionId": "s", "Scheduled": "2999-01-01T00:00:00Z", "CustomRoles": role}
    return http(200, {"success": True, "data": data})


async def test_three_lost_races_are_enough(odd, connect):
    taken = http(400, {"success": False, "error": {"code": 400, "message": "Already filled"}})
    odd.answers = [
        _reading("VACANT_0"),
        taken,
        _reading("VACANT_1"),
        taken,
        _reading("VACANT_2"),
        taken,
    ]
    provider = connect("series", odd.base_url)
    session = await provider.fetch_session("s")
    with pytest.raises(SlotTaken):
        await provider.claim(session, Place("s", "", "", "R"), 1002)
    tried = [json.loads(seen.body)["SlotKey"] for seen in odd.seen if seen.method == "PATCH"]
    assert tried == ["VACANT_0", "VACANT_1", "VACANT_2"]
    assert len(odd.seen) == 6


async def test_a_lost_race_against_oneself(odd, connect):
    taken = http(400, {"success": False, "error": {"code": 400, "message": "Already filled"}})
    odd.answers = [_reading("VACANT_0", "VACANT_1"), taken, _reading("1002", "VACANT_1")]
    provider = connect("series", odd.base_url)
    session = await provider.fetch_session("s")
    with pytest.raises(AlreadyHeld):
        await provider.claim(session, Place("s", "", "", "R"), 1002)
    assert [seen.method for seen in odd.seen] == ["GET", "PATCH", "GET"]


async def test_a_slot_that_was_taken_is_not_tried_again(odd, connect):
    reading = _reading("VACANT_0", "VACANT_1")  # the second time it is outdated
    taken = http(400, {"success": False, "error": {"code": 400, "message": "Already filled"}})
    odd.answers = [reading, taken, reading, http(200, {"success": True})]
    provider = connect("series", odd.base_url)
    await provider.claim(await provider.fetch_session("s"), Place("s", "", "", "R"), 1002)
    tried = [json.loads(seen.body)["SlotKey"] for seen in odd.seen if seen.method == "PATCH"]
    assert tried == ["VACANT_0", "VACANT_1"]


async def test_what_the_platform_refuses(series, provider, place):
    session = await provider.fetch_session(place.session_id)
    with pytest.raises(AlreadyHeld):
        await provider.claim(session, place, 1001)
    with pytest.raises(RankTooLow):
        await provider.claim(session, place, 1003)
    with pytest.raises(UpstreamRefused) as caught:
        await provider.claim(session, place, 5555)
    assert caught.value.facts.words == "User is not a member of this workspace"
    series.session.claimable = False
    assert not (await provider.fetch_session(place.session_id)).claimable
    with pytest.raises(NotClaimable):
        await provider.claim(session, place, 1002)
    series.workspace.premium = False
    with pytest.raises(PlanTooLow):
        await provider.claim(session, place, 1002)
    assert (await provider.fetch_session(place.session_id)).roles == ()


async def test_what_is_not_there(series, provider, place):
    session = await provider.fetch_session(place.session_id)
    gone = replace(place, session_id="session_1_gone")
    for call in (
        provider.fetch_session("session_1_gone"),
        provider.claim(session, gone, 1002),
        provider.release(gone, 1002, by_host=True),
    ):
        with pytest.raises(UpstreamNotFound) as caught:
            await call
        assert caught.value.what == "session"
    del series.session.custom_roles["Trainer"]
    with pytest.raises(UpstreamNotFound) as caught:
        await provider.claim(session, place, 1002)
    assert caught.value.what == "role"
    with pytest.raises(UpstreamNotFound):
        await provider.claim(session, replace(place, role_id="Nobody"), 1002)
    with pytest.raises(UpstreamRefused):
        await provider.release(replace(place, role_id=ODD_NAME), 1002, by_host=False)


async def test_what_is_never_sent(series, provider, place):
    session = await provider.fetch_session(place.session_id)
    series.platform.requests.clear()
    bad = replace(place, session_id="../list")
    for call in (
        provider.fetch_session("a/b"),
        provider.claim(session, bad, 1002),
        provider.release(bad, 1002, by_host=False),
        provider.release(replace(place, role_id="__proto__"), 1002, by_host=False),
    ):
        with pytest.raises(UpstreamNotFound):
            await call
    with pytest.raises(UpstreamRefused):
        await provider.claim(session, place, -1)
    with pytest.raises(UpstreamRefused, match="no servers"):
        await provider.create_server(place.session_id, "x")
    assert series.platform.requests == []


async def test_a_free_workspace_has_no_roles(series, provider):
    series.workspace.premium = False
    series.session.custom_roles = {"Trainer": CustomRole.with_slots(1)}
    [session] = await provider.list_sessions()
    assert session.roles == ()
