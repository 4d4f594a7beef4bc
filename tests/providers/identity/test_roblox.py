"""Roblox's public APIs against the pretended platform."""

from __future__ import annotations

import asyncio
import json

import pytest

from bot.errors import Misread, RateLimited, Unavailable, UpstreamNotFound, UpstreamRefused
from bot.models import RobloxUser
from bot.providers.identity.roblox import Roblox
from bot.sandbox.platforms import roblox as pretended
from tests.providers.conftest import HASTY, PATIENT, http


@pytest.fixture
async def platform():
    world = pretended.RobloxWorld()
    about = "river stone apple"
    world.add_user(pretended.RobloxUser(1001, "Aria", "Aria B", about, ranks={77: 120, 78: 1}))
    world.add_user(pretended.RobloxUser(1002, "Ben", previous_names=["OldBen"]))
    made = pretended.RobloxPlatform(world)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def roblox(platform):
    client = Roblox(platform.base_url + "/", platform.base_url, bounds=PATIENT)
    yield client
    await client.aclose()


async def test_by_name(roblox):
    assert await roblox.fetch_user_by_name("aria") == RobloxUser(1001, "Aria", "Aria B")
    assert await roblox.fetch_user_by_name("OldBen") == RobloxUser(1002, "Ben", "Ben")
    assert await roblox.fetch_user_by_name("Nobody") is None


async def test_names_in_bulk(platform, roblox):
    names = [
        "aria",
        "ARIA",
        "OldBen",
        "Nobody",
        "Аria",
        "",
        "x" * 51,
        *(f"no_{n}" for n in range(150)),
    ]
    assert await roblox.fetch_users_by_name(names) == {
        "aria": RobloxUser(1001, "Aria", "Aria B"),
        "ARIA": RobloxUser(1001, "Aria", "Aria B"),
        "OldBen": RobloxUser(1002, "Ben", "Ben"),
    }
    asked = [json.loads(seen.body)["usernames"] for seen in platform.requests]
    assert [len(names) for names in asked] == [100, 53]
    assert asked[0][:3] == ["ARIA", "OldBen", "Nobody"]  # each once, and nothing impossible
    assert await roblox.fetch_users_by_name([]) == {}


async def test_an_answer_for_a_name_that_was_not_asked_for(odd):
    user = {"requestedUsername": "Ben", "id": 1, "name": "Ben", "displayName": "Ben"}
    odd.answers = [http(200, {"data": [user]})]
    roblox = Roblox(odd.base_url, odd.base_url, bounds=PATIENT)
    with pytest.raises(Misread):
        await roblox.fetch_user_by_name("Aria")
    await roblox.aclose()


async def test_profile_text(roblox):
    assert await roblox.fetch_profile_text(1001) == "river stone apple"
    assert await roblox.fetch_profile_text(1002) == ""
    for nobody in (9, 0, 2**63):
        with pytest.raises(UpstreamNotFound) as caught:
            await roblox.fetch_profile_text(nobody)
        assert caught.value.what == "user"


@pytest.mark.parametrize(
    ("profile", "text"),
    [({"description": None}, ""), ({}, Misread), ({"description": 7}, Misread)],
)
async def test_a_profile_that_lost_its_text_is_not_an_empty_one(odd, profile, text):
    odd.answers = [http(200, {"id": 1, "name": "Aria"} | profile)]
    roblox = Roblox(odd.base_url, odd.base_url, bounds=PATIENT)
    if isinstance(text, str):
        assert await roblox.fetch_profile_text(1) == text
    else:
        with pytest.raises(text):
            await roblox.fetch_profile_text(1)
    await roblox.aclose()


async def test_by_id(platform, roblox):
    assert await roblox.fetch_user(1001) == RobloxUser(1001, "Aria", "Aria B")
    assert await roblox.fetch_user(9) is None
    platform.requests.clear()
    assert await roblox.fetch_user(0) is None
    assert await roblox.fetch_user(2**63) is None
    assert platform.requests == []


async def test_in_bulk(platform, roblox):
    wanted = [1002, 1001, 1001, -1, *range(5000, 5150)]
    found = await roblox.fetch_users(wanted)
    assert found == {
        1001: RobloxUser(1001, "Aria", "Aria B"), 1002: RobloxUser(1002, "Ben", "Ben"),
    }  # fmt: skip
    sizes = [len(json.loads(seen.body)["userIds"]) for seen in platform.requests]
    assert sizes == [100, 52]
    assert await roblox.fetch_users([]) == {}


async def test_ranks(roblox):
    assert await roblox.fetch_rank(1001, 77) == 120
    assert await roblox.fetch_rank(1001, 79) == 0
    assert await roblox.fetch_rank(1002, 77) == 0
    assert await roblox.fetch_rank(9, 77) == 0
    assert await roblox.fetch_rank(0, 77) == 0


async def test_ranks_age(platform):
    now = [100.0]
    roblox = Roblox(platform.base_url, platform.base_url, bounds=PATIENT, monotonic=lambda: now[0])
    assert await roblox.fetch_rank(1001, 77) == 120
    platform.world.users[1001].ranks[77] = 5
    now[0] += 29
    assert await roblox.fetch_rank(1001, 77) == 120
    assert await roblox.fetch_rank(1001, 78) == 1  # another group is another question
    now[0] += 1
    assert await roblox.fetch_rank(1001, 77, max_age=60) == 120
    assert await roblox.fetch_rank(1001, 77) == 5
    platform.world.users[1001].ranks[77] = 6
    now[0] += 1
    assert await roblox.fetch_rank(1001, 77, max_age=0) == 6
    await roblox.aclose()


async def test_many_who_want_one_rank_ask_once(platform, roblox):
    ranks = await asyncio.gather(*(roblox.fetch_rank(1001, 77) for _ in range(20)))
    assert (ranks, len(platform.requests)) == ([120] * 20, 1)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("error-500", Unavailable),
        ("html-502", Unavailable),
        ("cut-before", Unavailable),
        ("hang", Unavailable),
        ("cut-after", Unavailable),
        ("huge", Misread),
        ("truncated", Misread),
        ("wrong-shape", Misread),
        ("empty-200", Misread),
        ("rate-limit", RateLimited),
        ("rate-limit-bare", RateLimited),
        ("revoked-key", UpstreamRefused),
        ("redirect", UpstreamRefused),
    ],
)
async def test_what_could_not_be_asked_is_an_error(platform, fault, kind):
    bounds = HASTY if fault == "hang" else PATIENT
    roblox = Roblox(platform.base_url, platform.base_url, bounds=bounds)
    platform.faults.add(fault)
    for call in (
        roblox.fetch_user_by_name("Aria"),
        roblox.fetch_users_by_name(["Aria", "Ben"]),
        roblox.fetch_user(1001),
        roblox.fetch_users([1001]),
        roblox.fetch_profile_text(1001),
        roblox.fetch_rank(1001, 77),
    ):
        with pytest.raises(kind) as caught:
            await call
        assert not isinstance(caught.value, UpstreamNotFound)
    platform.faults.clear()
    await roblox.aclose()


async def test_a_wrong_address_is_not_a_missing_user(platform):
    roblox = Roblox(platform.base_url + "/x", platform.base_url + "/x", bounds=PATIENT)
    calls = (roblox.fetch_user(1001), roblox.fetch_rank(1001, 77), roblox.fetch_profile_text(1001))
    for call in calls:
        with pytest.raises(UpstreamNotFound) as caught:
            await call
        assert caught.value.what == "route"
    await roblox.aclose()


@pytest.mark.parametrize("items", [None, 7, [None], [{}], [{"id": "x", "name": "y"}]])
async def test_unreadable_answers(odd, items):
    odd.answers = [http(200, {"data": items})]
    roblox = Roblox(odd.base_url, odd.base_url, bounds=PATIENT)
    for call in (
        roblox.fetch_user_by_name("Aria"),
        roblox.fetch_users([1]),
        roblox.fetch_user(1),
        roblox.fetch_profile_text(1),
        roblox.fetch_rank(1, 2),
    ):
        with pytest.raises(Misread):
            await call
    await roblox.aclose()


async def test_the_card_of_an_account(platform, roblox):
    aria = platform.world.users[1001]
    profile = await roblox.fetch_profile(1001)
    assert profile.user == RobloxUser(1001, "Aria", "Aria B")
    assert (profile.created_at, profile.banned) == (aria.created, False)
    aria.banned = True
    assert (await roblox.fetch_profile(1001)).banned
    assert await roblox.fetch_profile(9999) is None
    assert await roblox.fetch_profile(-1) is None
