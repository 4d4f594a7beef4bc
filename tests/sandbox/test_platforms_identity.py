"""The stand-ins of Bloxlink, RoVer and Roblox Open Cloud."""

from collections.abc import AsyncIterator

import httpx
import pytest

from bot.sandbox.platforms import bloxlink, roblox_cloud, rover, seeds
from bot.sandbox.platforms.bloxlink import BloxlinkPlatform
from bot.sandbox.platforms.identity_world import IdentityWorld
from bot.sandbox.platforms.platform import Platform
from bot.sandbox.platforms.roblox_cloud import RobloxCloudPlatform
from bot.sandbox.platforms.rover import RoverPlatform
from bot.sandbox.platforms.threaded import ThreadedPlatform

GUILD = 70001
SABLE = seeds.STAFF[1]
GROUP = seeds.NORTHGATE_GROUP


def some_links() -> IdentityWorld:
    world = IdentityWorld({"good": GUILD, "foreign": 70002})
    world.link(GUILD, 501, 1001, "Aria")
    world.link(GUILD, 503, 1003, "Shy")
    world.unshared.add((GUILD, 503))
    return world


async def serve(platform: Platform, path: str = "") -> AsyncIterator[httpx.AsyncClient]:
    await platform.start()
    base_url = platform.base_url + path
    async with httpx.AsyncClient(base_url=base_url, trust_env=False) as client:
        yield client
    await platform.stop()


@pytest.fixture
async def blox() -> AsyncIterator[httpx.AsyncClient]:
    async for client in serve(BloxlinkPlatform(some_links()), bloxlink.API):
        yield client


@pytest.fixture
async def rove() -> AsyncIterator[httpx.AsyncClient]:
    async for client in serve(RoverPlatform(some_links()), rover.API):
        yield client


@pytest.fixture
def open_cloud() -> RobloxCloudPlatform:
    return RobloxCloudPlatform(seeds.demo_worlds().roblox)


@pytest.fixture
async def cloud(open_cloud: RobloxCloudPlatform) -> AsyncIterator[httpx.AsyncClient]:
    async for client in serve(open_cloud, "/cloud/v2"):
        client.headers["x-api-key"] = roblox_cloud.KEY
        yield client


def look_up(member: object, guild: object = GUILD) -> str:
    return f"/guilds/{guild}/discord-to-roblox/{member}"


@pytest.mark.parametrize(
    ("path", "key", "status", "body"),
    [
        (look_up(501), "good", 200, {"robloxID": "1001", "resolved": {}}),
        (look_up(502), "good", 404, {"error": "User not found"}),
        (look_up("x"), "good", 404, {"error": "User not found"}),
        (look_up(501), "foreign", 403, {"error": "This API key cannot be used for this guild"}),
        (look_up(501), "Bearer good", 401, {"error": "Invalid API key"}),
        (look_up(501), "", 401, {"error": "Invalid API key"}),
    ],
)
async def test_bloxlink(
    blox: httpx.AsyncClient, path: str, key: str, status: int, body: object
) -> None:
    answer = await blox.get(path, headers={"Authorization": key})
    assert (answer.status_code, answer.json()) == (status, body)


@pytest.mark.parametrize(
    ("path", "key", "status", "code"),
    [
        (look_up(502), "Bearer good", 404, "user_not_found"),
        (look_up(503), "Bearer good", 403, "user_not_authorized"),
        (look_up(501), "Bearer foreign", 403, "guild_not_authorized"),
        (look_up(501), "good", 401, "unauthorized"),
        (look_up(501), "Bearer bad", 401, "unauthorized"),
    ],
)
async def test_rover_refuses(
    rove: httpx.AsyncClient, path: str, key: str, status: int, code: str
) -> None:
    answer = await rove.get(path, headers={"Authorization": key})
    assert (answer.status_code, answer.json()["errorCode"]) == (status, code)


async def test_rover_answers(rove: httpx.AsyncClient) -> None:
    answer = await rove.get(look_up(501), headers={"Authorization": "Bearer good"})
    found = answer.json()
    assert (found["robloxId"], found["cachedUsername"]) == (1001, "Aria")


async def test_another_address_is_no_api(
    blox: httpx.AsyncClient, rove: httpx.AsyncClient, cloud: httpx.AsyncClient
) -> None:
    for client in (blox, rove, cloud):
        answer = await client.get("/nothing")
        assert answer.status_code == 404
        with pytest.raises(ValueError, match="Expecting"):
            answer.json()


async def test_open_cloud_users(cloud: httpx.AsyncClient, open_cloud: RobloxCloudPlatform) -> None:
    open_cloud.world.users[SABLE.user_id].description = "apple river stone"
    user = (await cloud.get(f"/users/{SABLE.user_id}")).json()
    assert (user["id"], user["name"]) == (str(SABLE.user_id), SABLE.name)
    assert user["about"] == "apple river stone"
    missing = await cloud.get("/users/4")
    assert (missing.status_code, missing.json()["code"]) == (404, "NOT_FOUND")
    refused = await cloud.get("/users/4", headers={"x-api-key": "other"})
    assert (refused.status_code, list(refused.json())) == (401, ["errors"])


async def test_open_cloud_groups(cloud: httpx.AsyncClient, open_cloud: RobloxCloudPlatform) -> None:
    user_id = seeds.TRAINEE.user_id
    wanted = {"filter": f"user == 'users/{user_id}'"}
    found = (await cloud.get(f"/groups/{GROUP}/memberships", params=wanted)).json()
    (member,) = found["groupMemberships"]
    assert (member["user"], found["nextPageToken"]) == (f"users/{user_id}", "")
    roles = (await cloud.get(f"/groups/{GROUP}/roles", params={"maxPageSize": "20"})).json()
    ranks = {role["path"]: role["rank"] for role in roles["groupRoles"]}
    assert ranks[member["role"]] == 5
    stranger = {"filter": "user == 'users/4'"}
    none = await cloud.get(f"/groups/{GROUP}/memberships", params=stranger)
    assert none.json()["groupMemberships"] == []
    assert (await cloud.get(f"/groups/{GROUP}/memberships")).status_code == 400
    assert (await cloud.get("/groups/4/roles")).status_code == 404
    open_cloud.reads_groups = False
    denied = await cloud.get(f"/groups/{GROUP}/roles")
    assert (denied.status_code, denied.json()["code"]) == (403, "PERMISSION_DENIED")


async def test_open_cloud_roles_come_in_pages(
    cloud: httpx.AsyncClient, open_cloud: RobloxCloudPlatform
) -> None:
    whole: list[int] = []
    query = {"maxPageSize": "2"}
    for _ in range(100):
        page = (await cloud.get(f"/groups/{GROUP}/roles", params=query)).json()
        assert len(page["groupRoles"]) <= 2
        whole += [role["rank"] for role in page["groupRoles"]]
        if not page["nextPageToken"]:
            break
        query["pageToken"] = page["nextPageToken"]
    held = {u.ranks[GROUP] for u in open_cloud.world.users.values() if GROUP in u.ranks}
    assert whole == sorted(held | {255})
    assert open_cloud.state()["groups"][str(GROUP)] == whole


@pytest.mark.parametrize(
    ("platform", "path", "key"),
    [
        (BloxlinkPlatform(some_links()), bloxlink.API + look_up(501), {"authorization": "good"}),
        (RoverPlatform(some_links()), rover.API + look_up(501), {"authorization": "Bearer good"}),
        (
            RobloxCloudPlatform(seeds.demo_worlds().roblox),
            f"/cloud/v2/users/{SABLE.user_id}",
            {"x-api-key": roblox_cloud.KEY},
        ),
    ],
    ids=["bloxlink", "rover", "open cloud"],
)
def test_faults_and_control_routes(platform: Platform, path: str, key: dict[str, str]) -> None:
    with (
        ThreadedPlatform(platform) as threaded,
        httpx.Client(base_url=threaded.base_url, headers=key, trust_env=False, timeout=20) as api,
    ):
        for fault, status in (("error-500", 500), ("revoked-key", 401), ("rate-limit", 429)):
            armed = {"fault": fault, "match": "read", "times": 1}
            assert api.post("/sandbox/faults", json=armed).status_code == 200
            failed = api.get(path)
            assert failed.status_code == status
            assert isinstance(failed.json(), dict)
            assert ("retry-after" in failed.headers) is (fault == "rate-limit")
        assert api.get(path).status_code == 200
        state = api.get("/sandbox/state")
        assert state.json()
        assert not [value for value in key.values() if value.split()[-1] in state.text]
