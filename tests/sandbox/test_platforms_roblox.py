"""The Roblox sandbox: names, ids, ranks, pictures."""

from collections.abc import AsyncIterator

import httpx
import pytest

from bot.sandbox.platforms import seeds
from bot.sandbox.platforms.roblox import RobloxPlatform

SABLE = seeds.STAFF[1]


@pytest.fixture
async def api(roblox: RobloxPlatform) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=roblox.base_url, trust_env=False) as client:
        yield client


async def test_names_unknown_and_previous(api: httpx.AsyncClient) -> None:
    names = ["sableorchard", "SableInTheTrees", "NobodyAtAll"]
    answer = await api.post("/v1/usernames/users", json={"usernames": names})
    found = [(entry["requestedUsername"], entry["name"]) for entry in answer.json()["data"]]
    assert found == [("sableorchard", SABLE.name), ("SableInTheTrees", SABLE.name)]


async def test_banned_accounts_can_be_left_out(
    api: httpx.AsyncClient, roblox: RobloxPlatform
) -> None:
    roblox.world.users[SABLE.user_id].banned = True
    body = {"usernames": [SABLE.name], "excludeBannedUsers": True}
    assert (await api.post("/v1/usernames/users", json=body)).json() == {"data": []}
    ids = {"userIds": [SABLE.user_id, 4], "excludeBannedUsers": False}
    bulk = (await api.post("/v1/users", json=ids)).json()["data"]
    assert [entry["id"] for entry in bulk] == [SABLE.user_id]
    assert (await api.get(f"/v1/users/{SABLE.user_id}")).json()["isBanned"] is True


async def test_profile_text(api: httpx.AsyncClient, roblox: RobloxPlatform) -> None:
    roblox.world.users[SABLE.user_id].description = "apple river stone"
    user = (await api.get(f"/v1/users/{SABLE.user_id}")).json()
    assert (user["name"], user["description"]) == (SABLE.name, "apple river stone")


@pytest.mark.parametrize("path", ["/v1/users/4", "/v1/users/x", "/v2/users/4/groups/roles"])
async def test_unknown_ids(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(path)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, 3)


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/v1/usernames/users", {"usernames": ["x"] * 101}, 2),
        ("/v1/usernames/users", {}, 0),
        ("/v1/users", {"userIds": ["x"]}, 0),
        ("/v1/users", {"userIds": [1] * 101}, 1),
        ("/v1/users", [], 0),
    ],
)
async def test_refused_bodies(api: httpx.AsyncClient, path: str, body: object, code: int) -> None:
    answer = await api.post(path, json=body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)


async def test_ranks(api: httpx.AsyncClient) -> None:
    path = f"/v2/users/{seeds.TRAINEE.user_id}/groups/roles"
    ranks = {e["group"]["id"]: e["role"]["rank"] for e in (await api.get(path)).json()["data"]}
    assert ranks[seeds.NORTHGATE_GROUP] == 5


async def test_pictures(api: httpx.AsyncClient, roblox: RobloxPlatform) -> None:
    roblox.world.users[SABLE.user_id].headshot = None
    wanted = {"userIds": f"{SABLE.user_id},{seeds.TRAINEE.user_id},4", "size": "150x150"}
    data = (await api.get("/v1/users/avatar-headshot", params=wanted)).json()["data"]
    assert data[0] == {"targetId": SABLE.user_id, "state": "Pending", "imageUrl": None}
    assert [entry["state"] for entry in data] == ["Pending", "Completed"]
    none = await api.get("/v1/users/avatar-headshot")
    assert none.status_code == 400


async def test_unknown_route_and_state(api: httpx.AsyncClient) -> None:
    assert (await api.get("/v1/nothing")).status_code == 404
    users = (await api.get("/sandbox/state")).json()["users"]
    assert len(users) == 9
