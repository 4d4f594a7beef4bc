"""Each fault does what it says, over real HTTP, on every platform."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from email.utils import parsedate_to_datetime

import httpx
import pytest

from bot.sandbox.platforms import seeds
from bot.sandbox.platforms.documents import utcnow
from bot.sandbox.platforms.faults import FAULTS, UnknownFaultError
from bot.sandbox.platforms.platform import HUGE_MIB, MIB
from bot.sandbox.platforms.readmin import ReAdminPlatform
from bot.sandbox.platforms.roblox import RobloxPlatform
from bot.sandbox.platforms.seeds import (
    HARBOUR_KEY,
    NORTHGATE_KEY,
    record_id,
    series_id,
    stable_uuid,
)
from bot.sandbox.platforms.series import SeriesPlatform
from bot.sandbox.platforms.threaded import ThreadedPlatform
from tests.sandbox.contracts import SERIES, readmin_contract

SOON = record_id("northgate/soon")
MAIN = stable_uuid("northgate/soon/1")
CLAIMS = f"/sessions/v2/{SOON}/servers/{MAIN}/claims"
PIP = str(seeds.STAFF[0].user_id)
WISH = {
    "userId": PIP,
    "roleGroupId": stable_uuid("northgate/Flight Crew"),
    "roleId": stable_uuid("northgate/Captain"),
}
DEADLINE = 20


@pytest.fixture
async def api(readmin: ReAdminPlatform) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"loader-id": NORTHGATE_KEY}
    async with httpx.AsyncClient(
        base_url=readmin.base_url, headers=headers, trust_env=False, timeout=DEADLINE
    ) as client:
        yield client


def stored(readmin: ReAdminPlatform) -> bool:
    return PIP in readmin.world.get_session(SOON)["servers"][MAIN]["claims"]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not true():  # noqa: ASYNC110 - what is waited for happens in a server, without events
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("fault", "status", "is_stored"),
    [
        ("error-500", 500, False),
        ("error-500-after", 500, True),
        ("html-502", 502, False),
        ("empty-200", 200, True),
        ("wrong-shape", 200, True),
        ("truncated", 201, True),
        ("wrong-charset", 201, True),
        ("deep", 200, True),
        ("rate-limit-date", 429, False),
        ("rate-limit", 429, False),
        ("rate-limit-bare", 429, False),
        ("revoked-key", 401, False),
        ("redirect", 307, False),
    ],
)
async def test_answers_instead_of_the_honest_one(
    api: httpx.AsyncClient, readmin: ReAdminPlatform, fault: str, status: int, is_stored: bool
) -> None:
    armed = {"fault": fault, "match": "claim", "times": 1, "seconds": 7}
    assert (await api.post("/sandbox/faults", json=armed)).status_code == 200
    assert (await api.get(f"/sessions/v2/{SOON}")).status_code == 200
    answer = await api.post(CLAIMS, json=WISH)
    assert (answer.status_code, stored(readmin)) == (status, is_stored)
    assert readmin.faults.to_json() == []
    assert (await api.post(CLAIMS, json=WISH)).status_code == 201
    if fault == "html-502":
        assert answer.headers["content-type"] == "text/html"
    elif fault == "redirect":
        assert answer.headers["location"] == f"{readmin.base_url}/redirected"
    elif fault == "empty-200":
        assert answer.content == b""
    elif fault == "wrong-charset":
        assert answer.content.decode("utf-16").startswith('{"success":true')
    elif fault == "deep":
        with pytest.raises(RecursionError):
            answer.json()
    elif fault == "rate-limit-date":
        assert parsedate_to_datetime(answer.headers["retry-after"]) > utcnow()
    elif fault == "truncated":
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            answer.json()
    elif fault == "wrong-shape":
        assert "success" not in answer.json()
    elif fault.startswith("rate-limit"):
        expected = "7" if fault == "rate-limit" else None
        assert answer.headers.get("retry-after") == expected
    else:
        readmin_contract(CLAIMS).check_response(answer)


@pytest.mark.parametrize(("fault", "is_stored"), [("cut-before", False), ("cut-after", True)])
async def test_cuts(
    api: httpx.AsyncClient, readmin: ReAdminPlatform, fault: str, is_stored: bool
) -> None:
    readmin.faults.add(fault, "claim", times=1)
    with pytest.raises(httpx.TransportError):
        await api.post(CLAIMS, json=WISH)
    assert stored(readmin) is is_stored
    assert readmin.requests[-1].status is None


async def test_slow_stores_first_and_answers_late(
    api: httpx.AsyncClient, readmin: ReAdminPlatform
) -> None:
    readmin.faults.add("slow", "any", times=1, seconds=0.2)
    begun = time.monotonic()
    claim = asyncio.create_task(api.post(CLAIMS, json=WISH))
    await until(lambda: stored(readmin))
    assert (await claim).status_code == 201
    assert time.monotonic() - begun >= 0.2


async def test_hang_until_cleared(api: httpx.AsyncClient, readmin: ReAdminPlatform) -> None:
    readmin.faults.add("hang", "claim", times=1)
    claim = asyncio.create_task(api.post(CLAIMS, json=WISH))
    await until(lambda: len(readmin.requests) == 1)
    assert (await api.get("/sessions/v2/roles")).status_code == 200
    assert not claim.done()
    assert (await api.delete("/sandbox/faults")).json()["faults"] == []
    with pytest.raises(httpx.TransportError):
        await claim
    assert not stored(readmin)


async def test_a_hanging_call_does_not_hold_up_the_end() -> None:
    platform = ReAdminPlatform(seeds.demo_worlds().readmin)
    await platform.start()
    platform.faults.add("hang")
    async with httpx.AsyncClient(base_url=platform.base_url, trust_env=False) as api:
        call = asyncio.create_task(api.get("/"))
        await until(lambda: len(platform.requests) == 1)
        await asyncio.wait_for(platform.stop(), DEADLINE)
        with pytest.raises(httpx.TransportError):
            await call


async def test_drip_gives_byte_after_byte_until_cleared(
    api: httpx.AsyncClient, readmin: ReAdminPlatform
) -> None:
    readmin.faults.add("drip", "claim", times=1)
    async with api.stream("POST", CLAIMS, json=WISH) as answer:
        assert answer.status_code == 200
        assert stored(readmin)
        pieces = answer.aiter_raw()
        assert {byte for _ in range(3) for byte in await anext(pieces)} == {32}
        readmin.faults.clear()
        async with asyncio.timeout(DEADLINE):
            assert {byte async for piece in pieces for byte in piece} <= {32}


async def test_store_late(api: httpx.AsyncClient, readmin: ReAdminPlatform) -> None:
    readmin.faults.add("store-late", "claim", times=1, seconds=0.2)
    begun = time.monotonic()
    with pytest.raises(httpx.TransportError):
        await api.post(CLAIMS, json=WISH)
    await until(lambda: stored(readmin))
    assert time.monotonic() - begun >= 0.2


async def test_huge_body(api: httpx.AsyncClient, readmin: ReAdminPlatform) -> None:
    readmin.faults.add("huge", "read", times=2)
    answer = await api.get(f"/sessions/v2/{SOON}")
    assert len(answer.content) > HUGE_MIB * MIB
    async with api.stream("GET", f"/sessions/v2/{SOON}") as cut_short:
        assert cut_short.status_code == 200
    assert (await api.get(f"/sessions/v2/{SOON}")).json()["success"] is True


async def test_v1_words_its_500_without_text(
    api: httpx.AsyncClient, readmin: ReAdminPlatform
) -> None:
    readmin.faults.add("error-500", "read", times=1)
    answer = await api.get(f"/sessions/{SOON}")
    assert (answer.status_code, answer.json()) == (500, {"success": False})


async def test_faults_are_listed_in_order_and_end(
    api: httpx.AsyncClient, readmin: ReAdminPlatform
) -> None:
    await api.post("/sandbox/faults", json={"fault": "error-500", "match": "list", "times": 2})
    await api.post("/sandbox/faults", json={"fault": "html-502"})
    statuses = [(await api.get("/sessions/v2")).status_code for _ in range(3)]
    assert statuses == [500, 500, 502]
    listed = (await api.get("/sandbox/faults")).json()
    assert [fault["fault"] for fault in listed["faults"]] == ["html-502"]
    assert set(listed["known"]) == set(FAULTS)


@pytest.mark.parametrize(
    "body",
    [
        {"fault": "earthquake"},
        {"fault": "slow", "match": "everything"},
        {"fault": "slow", "times": 0},
        {"fault": "slow", "seconds": -1},
        {"fault": "slow", "seconds": "long"},
        {},
        [],
    ],
)
async def test_nonsense_is_refused(api: httpx.AsyncClient, body: object) -> None:
    assert (await api.post("/sandbox/faults", json=body)).status_code == 400
    assert (await api.get("/sandbox/faults")).json()["faults"] == []
    assert (await api.get("/sandbox/nothing")).status_code == 404


async def test_series_and_roblox_word_faults_their_own_way(
    series: SeriesPlatform, roblox: RobloxPlatform
) -> None:
    claim = f"{series.base_url}/sessions/{series_id('harbour/soon')}/custom-roles/claim"
    lookup = f"{roblox.base_url}/v1/users/{PIP}"
    async with httpx.AsyncClient(trust_env=False, headers={"apikey": HARBOUR_KEY}) as api:
        for fault, status in (("error-500", 500), ("revoked-key", 401), ("rate-limit", 429)):
            series.faults.add(fault, "claim", times=1)
            refused = await api.patch(claim, json={})
            SERIES.check_response(refused)
            assert (refused.status_code, refused.json()["error"]["code"]) == (status, status)
            roblox.faults.add(fault, "read", times=1)
            failed = await api.get(lookup)
            assert failed.status_code == status
            assert list(failed.json()) == ["errors"]


def test_a_platform_in_its_own_thread() -> None:
    worlds = seeds.demo_worlds()
    headers = {"loader-id": NORTHGATE_KEY}
    with ThreadedPlatform(ReAdminPlatform(worlds.readmin)) as threaded:
        with httpx.Client(
            base_url=threaded.base_url, headers=headers, trust_env=False, timeout=DEADLINE
        ) as api:
            threaded.fault("error-500", "claim", times=1)
            assert api.post(CLAIMS, json=WISH).status_code == 500
            assert api.post(CLAIMS, json=WISH).status_code == 201
            threaded.fault("error-500")
            threaded.clear_faults()
            assert api.get("/sessions/v2/roles").status_code == 200
        assert [seen.status for seen in threaded.requests()] == [500, 201, 200]
        with pytest.raises(UnknownFaultError):
            threaded.fault("earthquake")
        names = [workspace["name"] for workspace in threaded.state()["workspaces"]]
        assert names == [seeds.NORTHGATE_NAME, seeds.REDWOOD_NAME]
        taken = int(threaded.base_url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            ThreadedPlatform(ReAdminPlatform(worlds.readmin), port=taken).start()


def test_a_threaded_hang_ends_in_the_clients_own_timeout() -> None:
    with ThreadedPlatform(ReAdminPlatform(seeds.demo_worlds().readmin)) as threaded:
        threaded.fault("hang", "any", times=1)
        impatient = httpx.Timeout(DEADLINE, read=0.2)
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(threaded.base_url, timeout=impatient, trust_env=False)
        asyncio.run(until(lambda: len(threaded.requests()) == 1))
        assert threaded.requests()[0].status is None
