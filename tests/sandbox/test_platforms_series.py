"""The Series sandbox: contract, enforced rules, slots with gaps, pages."""

from collections.abc import AsyncIterator

import httpx
import pytest

from bot.sandbox.platforms import seeds
from bot.sandbox.platforms.seeds import HARBOUR_KEY, series_id
from bot.sandbox.platforms.series import SeriesPlatform
from tests.sandbox.contracts import checking_client

SOON = series_id("harbour/soon")
PIP, SABLE = (str(user.user_id) for user in seeds.STAFF[:2])
WREN = str(seeds.TRAINEE.user_id)
NOBODY = "999"


@pytest.fixture
async def api(series: SeriesPlatform) -> AsyncIterator[httpx.AsyncClient]:
    """Every answer that this client gets is checked against the contract."""
    async with checking_client(series.base_url, "series", apikey=HARBOUR_KEY) as client:
        yield client


async def act(
    api: httpx.AsyncClient, verb: str, session_id: str = SOON, **fields: str
) -> tuple[int, str]:
    answer = await api.patch(f"/sessions/{session_id}/custom-roles/{verb}", json=fields)
    body = answer.json()
    return answer.status_code, (body.get("error") or body["data"])["message"]


async def slots(api: httpx.AsyncClient, role: str, session_id: str = SOON) -> list[str]:
    session = (await api.get(f"/sessions/get/{session_id}")).json()["data"]
    return list(session["CustomRoles"][role]["Slots"])


async def test_pages_until_one_is_empty(api: httpx.AsyncClient) -> None:
    titles: list[str] = []
    page = 1
    while True:
        data = (await api.get("/sessions/list", params={"page": str(page)})).json()["data"]
        if not data["Sessions"]:
            break
        assert data["Page"] == page
        titles += [session["Title"] for session in data["Sessions"]]
        page += 1
    assert (page, len(titles), len(set(titles))) == (4, 8, 8)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"status": "completed"}, 1),
        ({"host": "1"}, 0),
        ({"date": "2001-01-01"}, 0),
        ({"start": "2001-01-01", "end": "2001-01-02"}, 0),
    ],
)
async def test_list_filters(api: httpx.AsyncClient, query: dict[str, str], count: int) -> None:
    data = (await api.get("/sessions/list", params=query)).json()["data"]
    assert len(data["Sessions"]) == count


@pytest.mark.parametrize(
    "query",
    [{"page": "0"}, {"status": "soon"}, {"start": "2001-01-01"}, {"date": "today"}],
)
async def test_list_refuses(api: httpx.AsyncClient, query: dict[str, str]) -> None:
    assert (await api.get("/sessions/list", params=query)).status_code == 400


async def test_a_slot_is_claimed_given_up_and_comes_back_under_a_new_key(
    api: httpx.AsyncClient,
) -> None:
    claim = {"UserId": PIP, "RoleName": "Barista", "SlotKey": "VACANT_0"}
    assert (await act(api, "claim", **claim))[0] == 200
    assert sorted(await slots(api, "Barista")) == [PIP, "VACANT_1"]
    assert (await act(api, "quit", UserId=PIP, RoleName="Barista"))[0] == 200
    assert sorted(await slots(api, "Barista")) == ["VACANT_1", "VACANT_2"]


@pytest.mark.parametrize(
    ("session", "user_id", "role", "slot", "expected"),
    [
        ("soon", NOBODY, "Barista", "VACANT_0", (400, "User is not a member of this workspace")),
        ("soon", WREN, "Barista", "VACANT_0", (403, "Rank is too low for this role")),
        ("soon", PIP, "Barista", "VACANT_9", (400, "This slot is taken")),
        ("soon", PIP, "Chef", "VACANT_0", (404, "Custom role not found")),
        ("soon", PIP, "Barista", "", (400, "Validation error: SlotKey is required")),
        ("live", SABLE, "Trainer", PIP, (400, "This slot is taken")),
        ("live", PIP, "Trainer", "VACANT_0", (400, "User already holds a slot in this role")),
        ("closed", PIP, "Barista", "VACANT_0", (400, "This session cannot be claimed")),
        ("completed", PIP, "Barista", "VACANT_0", (400, "This session cannot be claimed")),
        ("cancelled", PIP, "Barista", "VACANT_0", (400, "This session cannot be claimed")),
        ("no-roles", PIP, "Barista", "VACANT_0", (404, "Custom role not found")),
        ("elsewhere", PIP, "Barista", "VACANT_0", (404, "Session not found")),
    ],
)
async def test_claims_refused(
    api: httpx.AsyncClient,
    session: str,
    user_id: str,
    role: str,
    slot: str,
    expected: tuple[int, str],
) -> None:
    fields = {"UserId": user_id, "RoleName": role, "SlotKey": slot}
    assert await act(api, "claim", series_id(f"harbour/{session}"), **fields) == expected


async def test_quit_and_remove(api: httpx.AsyncClient, series: SeriesPlatform) -> None:
    live = series_id("harbour/live")
    assert (await act(api, "quit", live, UserId=SABLE, RoleName="Trainer"))[0] == 400
    assert (await act(api, "quit", live, UserId=NOBODY, RoleName="Trainer"))[0] == 400
    series.world.get_session(live).status = "completed"
    assert (await act(api, "quit", live, UserId=PIP, RoleName="Trainer"))[0] == 400
    assert (await act(api, "remove", live, TargetUserId=PIP, RoleName="Trainer"))[0] == 200
    assert (await act(api, "remove", live, TargetUserId=PIP, RoleName="Trainer"))[0] == 400


async def test_a_free_workspace_has_no_custom_roles(
    api: httpx.AsyncClient, series: SeriesPlatform
) -> None:
    series.world.workspaces[HARBOUR_KEY].premium = False
    for verb, user in (("claim", "UserId"), ("quit", "UserId"), ("remove", "TargetUserId")):
        fields = {user: PIP, "RoleName": "Barista", "SlotKey": "VACANT_0"}
        assert (await act(api, verb, **fields))[0] == 403
    assert "CustomRoles" not in (await api.get(f"/sessions/get/{SOON}")).json()["data"]


async def test_keys(api: httpx.AsyncClient, series: SeriesPlatform) -> None:
    good = (await api.get(f"/basic/check-key/{HARBOUR_KEY}")).json()["data"]
    assert (good["valid"], good["workspaceName"]) == (True, seeds.HARBOUR_NAME)
    bad = await api.get("/basic/check-key/nothing")
    assert (bad.status_code, bad.json()["data"]["valid"]) == (200, False)
    assert (await api.get("/sessions/list", headers={"apikey": "nothing"})).status_code == 401
    del api.headers["apikey"]
    assert (await api.get("/sessions/list")).status_code == 401
    other = {"x-api-key": HARBOUR_KEY}
    assert (await api.get("/sessions/list", headers=other)).status_code == 200


async def test_broken_bodies_and_paths(series: SeriesPlatform, api: httpx.AsyncClient) -> None:
    path = f"/sessions/{SOON}/custom-roles/claim"
    assert (await api.patch(path, content="{")).status_code == 400
    assert (await api.patch(path, content="[]")).status_code == 400
    assert (await api.get("/sessions/get/nothing")).status_code == 404
    async with httpx.AsyncClient(base_url=series.base_url, trust_env=False) as raw:
        assert (await raw.get("/nothing")).json()["error"]["code"] == 404


async def test_panel_and_state(api: httpx.AsyncClient, series: SeriesPlatform) -> None:
    series.world.panel_claim(SOON, "Trainer", "VACANT_0", int(PIP))
    assert await slots(api, "Trainer") == [PIP]
    held = series.state()["workspaces"][0]["sessions"][0]["roles"][0]
    assert held == {"role": "Trainer", "holders": [PIP], "vacant": []}
    series.world.panel_release(SOON, "Trainer", int(PIP))
    assert await slots(api, "Trainer") == ["VACANT_1"]
    assert HARBOUR_KEY not in str(series.state())
