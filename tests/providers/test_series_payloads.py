"""Series HR: likely words of refusals, and what odd answers become."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import (
    AlreadyHeld,
    KeyRefused,
    Misread,
    NotClaimable,
    PlanTooLow,
    RankTooLow,
    SlotTaken,
    UpstreamRefused,
)
from bot.models import Place, SessionState

from .conftest import http


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (400, "This slot is taken", SlotTaken),
        (400, "Slot already filled", SlotTaken),
        (400, "The slot has been filled by another user", SlotTaken),
        (400, "Slot is already claimed by someone else", SlotTaken),
        (409, "Slot VACANT_1 is no longer available", SlotTaken),
        (400, "User already holds a slot in this role", AlreadyHeld),
        (400, "USER HAS ALREADY CLAIMED THIS ROLE", AlreadyHeld),
        (400, "You already have this role", AlreadyHeld),
        (400, "Session is not claimable", NotClaimable),
        (400, "This session cannot be claimed", NotClaimable),
        (400, "Claiming is disabled for this session", NotClaimable),
        (400, "Session has been completed", NotClaimable),
        (403, "Your rank is below the minimum", RankTooLow),
        (403, "Requires a Premium plan", PlanTooLow),
        (403, "No active subscription", PlanTooLow),
        (402, "", PlanTooLow),
        (403, "Invalid API key", KeyRefused),
        (401, "", KeyRefused),
        (403, "Forbidden", UpstreamRefused),
        (403, "", UpstreamRefused),
        (400, "User is not a member", UpstreamRefused),
        (400, "Validation error: UserId is required", UpstreamRefused),
        (200, "Slot already filled", SlotTaken),
    ],
)
async def test_likely_words(odd, connect, status, words, kind):
    body = {"success": False, "error": {"code": status, "message": words}}
    odd.answers = [http(status, body)]
    provider = connect("series", odd.base_url)
    with pytest.raises(kind) as caught:
        await provider.release(Place("s", "", "", "R"), 1002, by_host=True)
    assert type(caught.value) is kind
    assert caught.value.facts.words == words


@pytest.mark.parametrize(
    ("fields", "minutes"),
    [
        ({"Duration": 45}, 45),
        ({"Duration": 599}, 599),
        ({"Duration": 3600}, 60),
        ({"Duration": 0}, 60),
        ({"Duration": -5}, 1),
        ({"Duration": "x"}, 60),
        ({}, 60),
    ],
)
async def test_durations(odd, connect, fields, minutes):
    session = await _read_one(odd, connect, fields)
    assert session.ends_at - session.starts_at == timedelta(minutes=minutes)


async def _read_one(odd, connect, fields):
    data = {"SessionId": "s", "Scheduled": "2999-01-01T00:00:00Z", **fields}
    odd.answers = [http(200, {"success": True, "data": data})]
    return await connect("series", odd.base_url).fetch_session("s")


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"Status": "completed"}, SessionState.ENDED),
        ({"Status": "cancelled"}, SessionState.CANCELLED),
        ({"Status": "archived"}, SessionState.SCHEDULED),
        ({"Status": "archived", "Scheduled": "2019-01-01T00:00:00"}, SessionState.ENDED),
        ({"Status": None}, SessionState.SCHEDULED),
    ],
)
async def test_states(odd, connect, fields, state):
    assert (await _read_one(odd, connect, fields)).state is state


async def test_odd_roles(odd, connect):
    roles = {
        "A": {"Slots": {"5": {}, "x": {}, "VACANT_7": None, "0": {}}, "MinRank": "x", "New": 1},
        "B": {"Slots": []},
        "C": None,
        "": {"Slots": {}},
        "\ud800": {"Slots": {}},
        "\x00": {"Slots": {}},
        "D": {"Slots": {}},
    }
    session = await _read_one(odd, connect, {"CustomRoles": roles, "Claimable": None, "Host": "x"})
    found = [(role.name, role.capacity, role.vacant_slots) for role in session.roles]
    assert found == [("A", 4, ("VACANT_7",)), ("D", 0, ())]
    assert session.holders("", "A") == (5,)
    assert (session.claimable, session.host_roblox_id) == (True, None)


async def test_both_spellings_of_the_id_and_malformed_sessions(odd, connect):
    good = {"sessionId": "s1", "Title": "Old spelling", "Scheduled": "2999-01-01T00:00:00Z"}
    bad = [None, {}, {"SessionId": "s2"}, {"SessionId": 3, "Scheduled": "x"}]
    page = http(200, {"success": True, "data": {"Sessions": [*bad, good]}})
    odd.answers = [page]  # every page is the same: the list ends all the same
    sessions = await connect("series", odd.base_url).list_sessions()
    assert [(one.session_id, one.name) for one in sessions] == [("s1", "Old spelling")]


@pytest.mark.parametrize("data", [None, [], {}, {"Sessions": None}])
async def test_an_unreadable_list_is_a_misreading(odd, connect, data):
    odd.answers = [http(200, {"success": True, "data": data})]
    with pytest.raises(Misread):
        await connect("series", odd.base_url).list_sessions()


async def test_endless_pages_are_capped(odd, connect):
    def respond(seen):
        number = len(odd.seen)
        item = {"SessionId": f"s{number}", "Scheduled": "2999-01-01T00:00:00Z"}
        return http(200, {"success": True, "data": {"Sessions": [item, None]}})

    odd.respond = respond
    provider = connect("series", odd.base_url)
    sessions = await provider.list_sessions()
    assert len(sessions) == len(odd.seen) == 40  # twenty pages of each status
    assert provider.health().left_out == 40
    assert "status=ongoing&page=20" in odd.seen[-1].target
