"""Roblox's public APIs against the pretended platform."""

from __future__ import annotations

import json

import pytest

from bot.errors import Misread, ProviderError, RateLimited, Unavailable, UpstreamNotFound
from bot.models import RobloxUser
from bot.providers.identity.roblox import Roblox
from bot.sandbox.platforms import roblox as pretended

from .conftest import HASTY, PATIENT, http


@pytest.fixture
async def platform():
    world = pretended.RobloxWorld()
    world.add_user(pretended.RobloxUser(1001, "Aria", "Aria B", ranks={77: 120, 78: 1}))
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


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("error-500", Unavailable),
        ("html-502", Unavailable),
        ("cut-before", Unavailable),
        ("hang", Unavailable),
        ("truncated", Misread),
        ("wrong-shape", Misread),
        ("empty-200", Misread),
        ("rate-limit-bare", RateLimited),
        ("revoked-key", ProviderError),
        ("redirect", ProviderError),
    ],
)
async def test_what_could_not_be_asked_is_an_error(platform, fault, kind):
    bounds = HASTY if fault == "hang" else PATIENT
    roblox = Roblox(platform.base_url, platform.base_url, bounds=bounds)
    platform.faults.add(fault)
    for call in (
        roblox.fetch_user_by_name("Aria"),
        roblox.fetch_user(1001),
        roblox.fetch_users([1001]),
        roblox.fetch_rank(1001, 77),
    ):
        with pytest.raises(kind):
            await call
    platform.faults.clear()
    await roblox.aclose()


async def test_a_wrong_address_is_not_a_missing_user(platform):
    roblox = Roblox(platform.base_url + "/x", platform.base_url + "/x", bounds=PATIENT)
    for call in (roblox.fetch_user(1001), roblox.fetch_rank(1001, 77)):
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
        roblox.fetch_rank(1, 2),
    ):
        with pytest.raises(Misread):
            await call
    await roblox.aclose()
