"""The ReAdmin sandbox beyond the recording: corrupt lists, lost updates, framework errors, v1."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from bot.sandbox.platforms import seeds
from bot.sandbox.platforms.readmin import ReAdminPlatform
from bot.sandbox.platforms.seeds import NORTHGATE_KEY, REDWOOD_KEY, record_id, stable_uuid
from tests.sandbox.contracts import checking_client

SOON, PANEL = record_id("northgate/soon"), record_id("northgate/panel-server")
MAIN = stable_uuid("northgate/soon/1")
PANEL_SERVER = stable_uuid("northgate/panel-server/1")
GROUP = stable_uuid("northgate/Flight Crew")
CAPTAIN, CREW = stable_uuid("northgate/Captain"), stable_uuid("northgate/Cabin Crew")
PIP = str(seeds.STAFF[0].user_id)
CLAIMS = f"/sessions/v2/{SOON}/servers/{MAIN}/claims"
UNKNOWN = "f" * 24


@pytest.fixture
async def api(readmin: ReAdminPlatform) -> AsyncIterator[httpx.AsyncClient]:
    """Every answer that this client gets is checked against the contract."""
    async with checking_client(readmin.base_url, "readmin", loader_id=NORTHGATE_KEY) as client:
        yield client


@pytest.fixture
async def raw(readmin: ReAdminPlatform) -> AsyncIterator[httpx.AsyncClient]:
    """For what the contract does not describe."""
    headers = {"loader-id": NORTHGATE_KEY}
    async with httpx.AsyncClient(
        base_url=readmin.base_url, headers=headers, trust_env=False
    ) as client:
        yield client


def wish(user_id: object = PIP, role_id: str = CAPTAIN) -> dict[str, object]:
    return {"userId": user_id, "roleGroupId": GROUP, "roleId": role_id}


async def holders(api: httpx.AsyncClient, session_id: str = SOON) -> dict[str, str]:
    session = (await api.get(f"/sessions/v2/{session_id}")).json()["data"]
    return {c["userId"]: c["roleName"] for s in session["servers"] for c in s["claims"]}


async def test_list_walk_gives_every_session_once(api: httpx.AsyncClient) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await api.get("/sessions/v2", params={"limit": "2", "cursor": cursor})).json()
        seen += [session["id"] for session in page["data"]]
        cursor = page["pagination"]["nextCursor"]
    assert len(seen) == len(set(seen)) == 9
    first = await api.get("/sessions/v2", params={"limit": "2", "cursor": "%%%"})
    assert [session["id"] for session in first.json()["data"]] == seen[:2]


@pytest.mark.parametrize(
    ("wanted", "limit"), [("0", 25), ("many", 25), ("-3", 1), ("7", 7), ("1000", 100)]
)
async def test_limits_are_clamped(api: httpx.AsyncClient, wanted: str, limit: int) -> None:
    page = (await api.get("/sessions/v2", params={"limit": wanted})).json()
    assert page["pagination"]["limit"] == limit


async def test_live_ignores_to_and_nonsense_filters_are_ignored(api: httpx.AsyncClient) -> None:
    live = {"status": "live", "to": "2020-01-01T00:00:00Z"}
    assert (await api.get("/sessions/v2", params=live)).json()["pagination"]["total"] == 1
    odd = {"status": "soon", "from": "1763800000000"}
    assert (await api.get("/sessions/v2", params=odd)).json()["pagination"]["total"] == 9


async def test_small_id_on_a_list_corrupts_every_read(api: httpx.AsyncClient) -> None:
    path = f"/sessions/v2/{PANEL}/servers/{PANEL_SERVER}/claims"
    assert (await api.post(path, json=wish(1_500_001))).status_code == 500
    assert len(await holders(api, PANEL)) == 2
    assert (await api.post(path, json=wish("7"))).status_code == 201
    assert (await api.get(f"/sessions/v2/{PANEL}")).status_code == 500
    assert (await api.get("/sessions/v2")).status_code == 500
    assert (await api.delete(f"{path}/7")).status_code == 500
    assert (await api.get(f"/sessions/v2/{SOON}")).status_code == 200


async def test_user_ids_reach_the_database_path(
    api: httpx.AsyncClient, readmin: ReAdminPlatform
) -> None:
    assert (await api.post(CLAIMS, json=wish("1.2"))).status_code == 201
    stored = readmin.world.get_session(SOON)["servers"][MAIN]["claims"]
    assert stored["1"]["2"]["claimedRole"] == CAPTAIN
    assert (await api.post(CLAIMS, json=wish("$set"))).status_code == 500
    assert (await api.post(CLAIMS, json=wish("1.2.claimedRole.x"))).status_code == 500
    on_list = f"/sessions/v2/{PANEL}/servers/{PANEL_SERVER}/claims"
    assert (await api.post(on_list, json=wish("somebody"))).status_code == 500
    inherited = await api.post(CLAIMS.replace(MAIN, "constructor"), json=wish())
    assert inherited.status_code == 201


async def test_claims_are_in_javascript_key_order(api: httpx.AsyncClient) -> None:
    for user_id in ("5263907741", "4490031178", "3071846620", "20"):
        await api.post(CLAIMS, json=wish(user_id, CREW))
    assert list(await holders(api)) == ["20", "3071846620", "5263907741", "4490031178"]


async def test_release_loses_a_claim_made_meanwhile() -> None:
    reading, go_on = asyncio.Event(), asyncio.Event()

    class Held(ReAdminPlatform):
        async def pause_in_release(self) -> None:
            reading.set()
            await go_on.wait()

    platform = Held(seeds.demo_worlds().readmin)
    await platform.start()
    async with checking_client(platform.base_url, "readmin", loader_id=NORTHGATE_KEY) as api:
        await api.post(CLAIMS, json=wish(PIP, CAPTAIN))
        release = asyncio.create_task(api.delete(f"{CLAIMS}/{PIP}"))
        await reading.wait()
        assert (await api.post(CLAIMS, json=wish("2204518830", CREW))).status_code == 201
        assert "2204518830" in await holders(api)
        go_on.set()
        assert (await release).json() == {"success": True}
        assert await holders(api) == {}
    assert platform.world.get_session(SOON)["claims"] == []
    await platform.stop()


async def test_release_gap_lies_between_read_and_write(
    api: httpx.AsyncClient, readmin: ReAdminPlatform
) -> None:
    readmin.release_gap = 0.15
    begun = time.monotonic()
    assert (await api.delete(f"{CLAIMS}/{PIP}")).status_code == 200
    assert time.monotonic() - begun >= 0.15


@pytest.mark.parametrize(
    ("path", "key", "status", "reason"),
    [
        ("/sessions/v2/", NORTHGATE_KEY, 400, "Session ID was not provided"),
        ("/sessions/v2/abcdefghijkl", NORTHGATE_KEY, 400, "Invalid session ID"),
        (f"/sessions/v2/{SOON}", REDWOOD_KEY, 404, "Session not found"),
        (f"/sessions/v2/{SOON.upper()}", "nobody", 401, "Workspace not found"),
        (f"/sessions/{SOON}", "", 401, "Loader ID header was not provided."),
    ],
)
async def test_refused_reads(
    raw: httpx.AsyncClient, path: str, key: str, status: int, reason: str
) -> None:
    answer = await raw.get(path, headers={"loader-id": key})
    assert (answer.status_code, answer.json()) == (status, {"success": False, "reason": reason})


async def test_session_ids_in_either_case(api: httpx.AsyncClient) -> None:
    assert (await api.get(f"/sessions/v2/{SOON.upper()}")).json()["data"]["id"] == SOON


async def test_session_without_template(api: httpx.AsyncClient, readmin: ReAdminPlatform) -> None:
    del readmin.world.get_session(SOON)["template"]
    answer = await api.post(CLAIMS, json=wish())
    assert answer.json() == {"success": False, "reason": "Session has no template"}
    assert (await holders(api)) == {}
    made = await api.post(f"/sessions/{SOON}/servers")
    assert made.json() == {"success": False, "message": "Template not found"}


@pytest.mark.parametrize(
    ("headers", "content", "status", "code"),
    [
        ({"content-type": "application/json"}, b"{", 400, "FST_ERR_CTP_INVALID_JSON_BODY"),
        ({"content-type": "application/json"}, b"", 400, "FST_ERR_CTP_EMPTY_JSON_BODY"),
        (
            {"content-type": "application/json"},
            b'{"a":{"__proto__":1}}',
            400,
            "FST_ERR_CTP_INVALID_JSON_BODY",
        ),
        ({"content-type": "text/html"}, b"x", 415, "FST_ERR_CTP_INVALID_MEDIA_TYPE"),
        (
            {"content-type": "application/json"},
            b'"' + b"x" * (25 * 1024 * 1024) + b'"',
            413,
            "FST_ERR_CTP_BODY_TOO_LARGE",
        ),
    ],
)
async def test_framework_refuses_before_the_key_check(
    api: httpx.AsyncClient, headers: dict[str, str], content: bytes, status: int, code: str
) -> None:
    headers = {"loader-id": "nobody", **headers}
    answer = await api.post(CLAIMS, headers=headers, content=content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_framework_errors_outside_the_contract(raw: httpx.AsyncClient) -> None:
    missing = await raw.get("/sessions/v2/x/y?z=1")
    assert missing.status_code == 404
    assert missing.json() == {
        "message": "Route GET:/sessions/v2/x/y?z=1 not found",
        "error": "Not Found",
        "statusCode": 404,
    }
    assert (await raw.put(CLAIMS)).json()["message"] == f"Route PUT:{CLAIMS} not found"
    assert (await raw.get("/sessions/v2/")).status_code == 400
    assert (await raw.get("/sessions/upcoming/")).status_code == 404
    bad = await raw.get(httpx.URL(raw.base_url).copy_with(raw_path=b"/sessions/v2/%zz"))
    assert (bad.status_code, bad.json()["code"]) == (400, "FST_ERR_BAD_URL")
    alive = await raw.get("/", headers={"loader-id": ""})
    assert alive.status_code == 200
    assert alive.json()["success"] is True


async def test_text_body_is_only_missing_fields(api: httpx.AsyncClient) -> None:
    answer = await api.post(CLAIMS, content="hello", headers={"content-type": "text/plain"})
    assert answer.json()["reason"] == "userId, roleGroupId and roleId are all required"


V1_CLAIM = {"userId": PIP, "roleId": GROUP, "subroleId": CAPTAIN}


@pytest.mark.parametrize(
    ("session_id", "server_id", "change", "status", "body"),
    [
        (SOON, MAIN, {}, 200, {"success": True}),
        (SOON, MAIN, {"userId": ""}, 400, {"success": False, "message": "Invalid request"}),
        (UNKNOWN, MAIN, {}, 400, {"success": False, "message": "Session not found"}),
        (SOON, "gone", {}, 400, {"success": False, "message": "Server not found"}),
        (SOON, MAIN, {"roleId": "x"}, 400, {"success": False, "message": "Role not found"}),
        (SOON, MAIN, {"subroleId": "x"}, 400, {"success": False, "message": "Subrole not found"}),
        ("notCreated", MAIN, {}, 500, {"success": False}),
        (PANEL, PANEL_SERVER, {}, 500, {"success": False}),
    ],
)
async def test_v1_claims(
    api: httpx.AsyncClient,
    session_id: str,
    server_id: str,
    change: dict[str, str],
    status: int,
    body: dict[str, object],
) -> None:
    path = f"/sessions/{session_id}/servers/{server_id}/roles"
    answer = await api.post(path, json={**V1_CLAIM, **change})
    assert (answer.status_code, answer.json()) == (status, body)


async def test_v1_placeholder_hides_behind_a_record(
    api: httpx.AsyncClient, readmin: ReAdminPlatform
) -> None:
    now = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
    readmin.world = seeds.demo_worlds(lambda: now).readmin
    shown = (await api.get("/sessions/upcoming")).json()["sessions"]
    waiting = [session for session in shown if session["_id"] == "notCreated"]
    assert [session["name"] for session in waiting] == ["Charter Shuttle"]
    assert record_id("northgate/ended") in [session["_id"] for session in shown]
    assert record_id("northgate/tomorrow") not in [session["_id"] for session in shown]
    readmin.world.get_session(SOON)["date"] = waiting[0]["date"]
    shown = (await api.get("/sessions/upcoming")).json()["sessions"]
    assert "notCreated" not in [session["_id"] for session in shown]


async def test_panel_changes_and_state(
    api: httpx.AsyncClient, raw: httpx.AsyncClient, readmin: ReAdminPlatform
) -> None:
    readmin.world.panel_claim(PANEL, PANEL_SERVER, int(PIP), CREW)
    readmin.world.panel_claim(PANEL, PANEL_SERVER, int(PIP), CAPTAIN)
    readmin.world.panel_claim(SOON, MAIN, int(PIP), CAPTAIN)
    assert await holders(api) == {PIP: "Captain"}
    state = (await raw.get("/sandbox/state")).json()
    sessions = {session["id"]: session for session in state["workspaces"][0]["sessions"]}
    panel = sessions[PANEL]["servers"][0]
    assert panel["form"] == "list"
    assert [c["roleName"] for c in panel["claims"] if c["userId"] == PIP] == [
        "Cabin Crew",
        "Captain",
    ]
    readmin.world.panel_release(PANEL, PANEL_SERVER, int(PIP))
    assert PIP not in await holders(api, PANEL)
    assert "Loader_ID" not in str(state)


async def test_a_new_key_makes_the_old_one_unknown(
    api: httpx.AsyncClient, readmin: ReAdminPlatform
) -> None:
    readmin.world.change_key(NORTHGATE_KEY, "new")
    assert (await api.get("/sessions/v2/roles")).status_code == 401
    answer = await api.get("/sessions/v2/roles", headers={"loader-id": "new"})
    assert [group["name"] for group in answer.json()["data"]] == ["Flight Crew", "Ground Crew"]
