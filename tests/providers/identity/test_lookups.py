"""Bloxlink and RoVer: every answer is an account, a clear no, or an error; never a guess."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.errors import (
    KeyRefused,
    Misread,
    OutcomeUnknown,
    PlanTooLow,
    ProviderError,
    RateLimited,
    Refusal,
    Unavailable,
    UpstreamNotFound,
    UpstreamRefused,
)
from bot.providers.identity.base import IdentityService, NotResolved, Resolution, Resolved
from bot.providers.identity.bloxlink import Bloxlink
from bot.providers.identity.rover import Rover
from bot.sandbox.platforms import bloxlink as pretended_bloxlink
from bot.sandbox.platforms import rover as pretended_rover
from bot.sandbox.platforms.identity_world import IdentityWorld
from bot.sandbox.platforms.platform import Platform
from tests.providers.conftest import HASTY, PATIENT, OddServer, http

KEY = "b1ox-5ec4e7"
GUILD, OTHER_GUILD = 70001, 70002
LINKED, UNLINKED, SHY = 501, 502, 503
SERVICES = {"bloxlink": Bloxlink, "rover": Rover}
PREFIX = {"bloxlink": "", "rover": "Bearer "}


@dataclass
class Bench:
    """One service and its stand-in."""

    name: str
    platform: Platform
    url: str
    opened: list[Bloxlink | Rover] = field(default_factory=list)

    def open(self, **options: Any) -> IdentityService:
        """The line of a guild."""
        options = {"url": self.url, "guild_id": GUILD, "key": KEY, "bounds": PATIENT} | options
        key = SecretStr(options.pop("key"))
        self.opened.append(SERVICES[self.name](key=key, **options))
        return self.opened[-1]


@pytest.fixture(params=SERVICES)
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    world = IdentityWorld({KEY: GUILD, "other-key": OTHER_GUILD})
    world.link(GUILD, LINKED, 1001, "Aria")
    world.link(GUILD, SHY, 1003, "Shy")
    world.unshared.add((GUILD, SHY))
    if request.param == "bloxlink":
        platform: Platform = pretended_bloxlink.BloxlinkPlatform(world)
        path = pretended_bloxlink.API
    else:
        platform, path = pretended_rover.RoverPlatform(world), pretended_rover.API
    await platform.start()
    bench = Bench(request.param, platform, platform.base_url + path)
    yield bench
    for service in bench.opened:
        await service.aclose()
    await platform.stop()


async def test_who_is_linked(bench: Bench) -> None:
    service = bench.open(url=bench.url + "/")
    found = await service.resolve(LINKED)
    assert found == Resolved(1001, "Aria" if bench.name == "rover" else "")
    assert await service.resolve(UNLINKED) is NotResolved.NOT_LINKED
    assert [seen.headers["authorization"] for seen in bench.platform.requests] == [
        PREFIX[bench.name] + KEY
    ] * 2
    assert f"/guilds/{GUILD}/discord-to-roblox/{LINKED}" in bench.platform.requests[0].path


@pytest.mark.parametrize("bench", ["rover"], indirect=True)
async def test_who_has_not_shared_it(bench: Bench) -> None:
    assert await bench.open().resolve(SHY) is NotResolved.NOT_SHARED


async def test_keys_of_others(bench: Bench) -> None:
    with pytest.raises(KeyRefused):
        await bench.open(key="wrong").resolve(LINKED)
    with pytest.raises((KeyRefused, UpstreamRefused)) as caught:
        await bench.open(key="other-key").resolve(LINKED)
    assert "Discord server" in str(caught.value)


async def test_a_wrong_address_makes_nobody_unlinked(bench: Bench) -> None:
    with pytest.raises(UpstreamNotFound) as caught:
        await bench.open(url=bench.platform.base_url).resolve(LINKED)
    assert caught.value.what == "route"


async def test_answers_are_shared_and_kept_briefly(bench: Bench) -> None:
    now = [5.0]
    service = bench.open(monotonic=lambda: now[0])
    answers = await asyncio.gather(*(service.resolve(UNLINKED) for _ in range(10)))
    assert set(answers) == {NotResolved.NOT_LINKED}
    assert len(bench.platform.requests) == 1
    now[0] += 29
    await service.resolve(UNLINKED)
    assert len(bench.platform.requests) == 1
    await service.resolve(UNLINKED, max_age=0)
    assert len(bench.platform.requests) == 2
    now[0] += 30
    await service.resolve(UNLINKED)
    assert len(bench.platform.requests) == 3


FAULTS = {
    "hang": Unavailable,
    "cut-before": Unavailable,
    "cut-after": Unavailable,
    "error-500": Unavailable,
    "error-500-after": Unavailable,
    "html-502": Unavailable,
    "empty-200": Misread,
    "wrong-shape": Misread,
    "truncated": Misread,
    "huge": Misread,
    "rate-limit": RateLimited,
    "rate-limit-bare": RateLimited,
    "revoked-key": KeyRefused,
    "redirect": UpstreamRefused,
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_under_a_fault(bench: Bench, fault: str) -> None:
    bench.platform.faults.add(fault, seconds=60)
    service = bench.open(bounds=HASTY if fault == "hang" else PATIENT)
    with pytest.raises(FAULTS[fault]) as caught:
        await service.resolve(LINKED)
    assert type(caught.value) is FAULTS[fault]
    with pytest.raises(ProviderError):  # nor is anybody called unlinked
        await service.resolve(UNLINKED)


async def test_a_short_failure_and_a_slow_answer_are_not_seen(bench: Bench) -> None:
    bench.platform.faults.add("error-500", times=2)
    bench.platform.faults.add("slow", times=1, seconds=0.05)
    assert isinstance(await bench.open().resolve(LINKED), Resolved)


NO, SHY_NO = NotResolved.NOT_LINKED, NotResolved.NOT_SHARED
FOUND = Resolved(1001)
BLOXLINK_ANSWERS: list[tuple[int, Any, Any]] = [
    (200, {"robloxID": "1001", "resolved": {}}, FOUND),
    (200, {"robloxId": "1001"}, FOUND),
    (200, {"robloxID": 1001, "error": None}, FOUND),
    (200, {"robloxID": 1001, "robloxId": "1001"}, FOUND),
    (200, {"robloxID": 1001, "robloxId": "1002"}, Misread),
    (200, {"robloxID": None}, Misread),
    (200, {"robloxID": ""}, Misread),
    (200, {"robloxID": "0"}, Misread),
    (200, {"robloxID": "-5"}, Misread),
    (200, {"robloxID": "٣"}, Misread),
    (200, {"robloxID": 2**63}, Misread),
    (200, {"robloxID": 10.5}, Misread),
    (200, {"robloxID": True}, Misread),
    (200, {"robloxID": ["1001"]}, Misread),
    (200, {"resolved": {}}, Misread),
    (200, [], Misread),
    (200, {"error": "User is not linked", "robloxID": "1001"}, NO),
    (200, {"error": "This user has not been verified"}, NO),
    (200, {"error": {"message": "User not found"}}, NO),
    (200, {"error": "Invalid API key"}, KeyRefused),
    (200, {"error": "Quota exceeded"}, RateLimited),
    (200, {"error": "Internal server error"}, UpstreamRefused),
    (200, {"error": True}, UpstreamRefused),
    (400, {"error": "Unknown error"}, UpstreamRefused),
    (401, {"error": "No"}, KeyRefused),
    (401, b"", KeyRefused),
    (402, {"error": "Pay"}, PlanTooLow),
    (403, {"error": "Invalid key for this server"}, KeyRefused),
    (403, {"error": "Bloxlink is not in this server"}, UpstreamRefused),
    (403, {"error": "This endpoint needs premium"}, PlanTooLow),
    (403, {"error": "Forbidden"}, UpstreamRefused),
    (403, b"<html>blocked</html>", UpstreamRefused),
    (404, {"error": "User not found"}, NO),
    (404, {"error": "This member is not in the server"}, NO),
    (404, {"error": "Not found"}, NO),
    (404, {"error": "Guild not found"}, UpstreamRefused),
    (404, {"message": "Route GET /x not found"}, UpstreamNotFound),
    (404, {"detail": "Not Found"}, UpstreamNotFound),
    (404, {"message": "Application not found"}, UpstreamNotFound),
    (404, b"<html>Not Found</html>", UpstreamNotFound),
    (404, b"", UpstreamNotFound),
    (405, {"error": "Method not allowed"}, UpstreamNotFound),
    (429, {"error": "Quota exceeded"}, RateLimited),
    (408, b"", Unavailable),
    (503, {"error": "User not found"}, Unavailable),
]  # fmt: skip
ROVER_ANSWERS: list[tuple[int, Any, Any]] = [
    (200, {"robloxId": 1001, "cachedUsername": "Aria"}, Resolved(1001, "Aria")),
    (200, {"robloxId": "1001", "cachedUsername": None}, FOUND),
    (200, {"robloxId": "1001", "cachedUsername": 7}, FOUND),
    (200, {"errorCode": "user_not_found"}, NO),
    (200, {"errorCode": "discord_rate_limit"}, RateLimited),
    (400, {"errorCode": "discord_rate_limit", "message": "Wait"}, RateLimited),
    (403, {"errorCode": "discord_rate_limit"}, RateLimited),
    (404, {"errorCode": "discord_rate_limit"}, RateLimited),
    (404, {"errorCode": "user_not_found", "message": "No such user"}, NO),
    (404, {"message": "User is not verified"}, NO),
    (404, {"errorCode": "guild_not_found"}, UpstreamRefused),
    (404, {"errorCode": "consent_required"}, SHY_NO),
    (403, {"errorCode": "user_not_authorized"}, SHY_NO),
    (403, {"errorCode": "access_request_pending"}, SHY_NO),
    (403, {"message": "The user has not shared their account with this server"}, SHY_NO),
    (401, {"errorCode": "invalid_api_key"}, KeyRefused),
    (403, {"errorCode": "invalid_api_key"}, KeyRefused),
    (401, {"error": "Unauthorized"}, KeyRefused),
    (403, {"errorCode": "guild_not_authorized"}, UpstreamRefused),
    (403, {"errorCode": "forbidden", "message": "?"}, UpstreamRefused),
    (404, b"Not Found", UpstreamNotFound),
]  # fmt: skip
ANSWERS = [("bloxlink", *row) for row in BLOXLINK_ANSWERS] + [
    ("rover", *row) for row in ROVER_ANSWERS
]


async def ask(name: str, url: str, **options: Any) -> Resolution:
    service = SERVICES[name](url, GUILD, SecretStr(KEY), bounds=PATIENT, **options)
    try:
        return await service.resolve(LINKED)
    finally:
        await service.aclose()


@pytest.mark.parametrize(("name", "status", "body", "expected"), ANSWERS)
async def test_an_answer(odd: OddServer, name: str, status: int, body: Any, expected: Any) -> None:
    odd.answers = [http(status, body)]
    if not isinstance(expected, type):
        assert await ask(name, odd.base_url) == expected
        return
    with pytest.raises(ProviderError) as caught:
        await ask(name, odd.base_url)
    assert type(caught.value) is expected
    if expected is UpstreamNotFound:
        assert caught.value.what == "route"  # type: ignore[attr-defined]  # of this subclass


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
_fields = st.sampled_from(
    ["robloxID", "robloxId", "error", "errorCode", "message", "success", "cachedUsername"]
)
_likely = st.dictionaries(_fields, _json | st.just("1001") | st.just("not found"), max_size=5)


@pytest.mark.parametrize("name", SERVICES)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    status=st.sampled_from([200, 201, 204, 400, 401, 403, 404, 409, 410, 422]),
    body=_likely | _json | st.binary(max_size=60),
)
async def test_anything_becomes_one_of_few(
    odd: OddServer, name: str, status: int, body: Any
) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    odd.seen.clear()
    odd.answers = [http(status, content)]
    answer: Resolution | ProviderError
    try:
        answer = await ask(name, odd.base_url)
    except ProviderError as error:
        answer = error
    if isinstance(answer, ProviderError):
        assert not isinstance(answer, OutcomeUnknown)
        assert answer.facts.platform.casefold() == name
    if status == 200 and isinstance(answer, NotResolved):
        assert body.get("error") or body.get("errorCode") or body.get("success") is False
    if isinstance(answer, Resolved):
        assert status in (200, 201)
        assert str(answer.roblox_id) in {str(body.get(f)) for f in ("robloxID", "robloxId")}


@pytest.mark.parametrize("name", SERVICES)
async def test_the_key_is_nowhere_but_in_its_header(
    odd: OddServer, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = []
    echo = {"error": f"bad {KEY}", "message": f"bad {KEY}"}
    answers = [(200, echo), (401, echo), (403, echo), (404, echo), (500, echo), (429, echo)]
    plain = {"error": "no"}
    answers += [(200, plain), (200, {}), (401, plain), (307, b""), (500, plain), (200, b"")]
    for status, body in answers:
        odd.answers = [http(status, body)]
        service = SERVICES[name](odd.base_url, GUILD, SecretStr(KEY), bounds=PATIENT)
        shown += [repr(service), str(vars(service))]
        try:
            await service.resolve(LINKED)
        except ProviderError as error:
            shown += [repr(error), repr(error.facts), repr(error.__context__)]
            told = traceback.TracebackException.from_exception(error, capture_locals=body != echo)
            shown += [str(frame.locals) for frame in told.stack if "/bot/" in frame.filename]
        await service.aclose()
    assert {seen.headers["authorization"] for seen in odd.seen} == {PREFIX[name] + KEY}
    assert not any(KEY in seen.target for seen in odd.seen)
    shown += [record.getMessage() + str(vars(record)) for record in caplog.records]
    assert caplog.records
    assert [text for text in shown if KEY in text] == []


@pytest.mark.parametrize("name", SERVICES)
def test_a_key_that_no_header_can_carry(name: str) -> None:
    with pytest.raises(Refusal) as caught:
        SERVICES[name]("https://api.example", GUILD, SecretStr("two words"))
    assert "two words" not in str(caught.value)
