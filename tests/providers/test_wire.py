"""The shared call: what odd answers become, what is repeated, and where the key is not."""

from __future__ import annotations

import asyncio
import logging
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from bot.errors import (
    Misread,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
    UpstreamFacts,
    UpstreamNotFound,
    UpstreamRefused,
)
from bot.providers.dialects import READMIN_V1, READMIN_V2, SERIES
from bot.providers.http import Bounds, Wire
from bot.providers.verdicts import Reply, judge

from .conftest import HASTY, KEY, OPEN, PATIENT, SOON, http

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
OK = http(200, {"success": True, "data": 1})
DEEP = b'{"success":true,"data":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
HUGE = b'{"success":true,"data":"' + b"x" * 2_000_000 + b'"}'

# Answers of status 200 that nobody can read.
UNREADABLE = {
    "empty": http(200),
    "html": http(200, b"<html>welcome</html>"),
    "other charset": http(200, '{"success":true,"data":"é"}'.encode("latin-1")),
    "utf-16": http(200, '{"success":true}'.encode("utf-16")),
    "not an object": http(200, [1, 2]),
    "no envelope": http(200, {"status": "ok"}),
    "success is text": http(200, {"success": "true"}),
    "deep": http(200, DEEP),
    "huge": http(200, HUGE),
    "nan": http(200, b'{"success":true,"data":NaN}'),
    "long number": http(200, b'{"success":true,"data":' + b"9" * 5000 + b"}"),
    "compressed": http(200, {"success": True}, "Content-Encoding: gzip"),
}
# Answers that break off; the request has arrived.
BROKEN = {
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-",
    "half a body": http(200, {"success": True})[:-3],
    "not http": b"SSH-2.0-OpenSSH\r\n\r\n",
}


@pytest.fixture
async def wire(odd):
    made = Wire(odd.base_url, READMIN_V2, SecretStr(KEY), OPEN, clock=lambda: NOW, bounds=PATIENT)
    yield made
    await made.aclose()


@pytest.mark.parametrize("name", UNREADABLE)
async def test_unreadable_answers(odd, wire, name):
    odd.answers = [UNREADABLE[name]]
    with pytest.raises(Misread):
        await wire.get("/x")
    assert len(odd.seen) == 1  # asking again would not help
    with pytest.raises(OutcomeUnknown):
        await wire.send("POST", "/x", {})
    assert len(odd.seen) == 2


@pytest.mark.parametrize("name", BROKEN)
async def test_broken_answers(odd, wire, name):
    odd.answers = [BROKEN[name], OK]
    assert await wire.get("/x") == {"success": True, "data": 1}
    assert len(odd.seen) == 2
    odd.answers = [BROKEN[name]]
    odd.seen.clear()
    with pytest.raises(OutcomeUnknown):
        await wire.send("POST", "/x", {})
    assert len(odd.seen) == 1


async def test_an_answer_that_never_ends(odd):
    odd.answers, odd.hold_open = [http(200, OK)[:-5]], True
    wire = Wire(odd.base_url, READMIN_V2, SecretStr(KEY), OPEN, bounds=HASTY)
    with pytest.raises(Unavailable):
        await wire.get("/x")
    odd.seen.clear()
    with pytest.raises(OutcomeUnknown):
        await wire.send("POST", "/x", {})
    assert len(odd.seen) <= 1
    await wire.aclose()


async def test_a_huge_answer_is_not_held_in_memory(readmin, connect):
    provider = connect("readmin-v2", readmin.base_url)
    readmin.platform.faults.add("huge")  # 64 MiB
    tracemalloc.start()
    try:
        with pytest.raises(Misread):
            await provider.fetch_session(SOON)
        with pytest.raises(OutcomeUnknown):
            await provider.create_server(SOON, "x")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 24_000_000


async def test_the_whole_answer_has_a_deadline(odd):
    # No single phase is too slow, so only the total deadline can end this.
    odd.answers, odd.hold_open = [http(200, OK)[:-5]], True
    bounds = Bounds(read=600, read_total=0.3, write=600, write_total=0.3)
    wire = Wire(odd.base_url, READMIN_V2, SecretStr(KEY), OPEN, bounds=bounds)
    async with asyncio.timeout(60):
        with pytest.raises(Unavailable):
            await wire.get("/x")
        with pytest.raises(OutcomeUnknown):
            await wire.send("POST", "/x", {})
    await wire.aclose()


async def test_a_write_that_cannot_start_was_not_sent(odd):
    odd.answers, odd.hold_open = [b""], True
    bounds = Bounds(write=60, write_total=0.5, queue=0.01, at_once=0)
    wire = Wire(odd.base_url, READMIN_V2, SecretStr(KEY), OPEN, bounds=bounds)
    with pytest.raises(Unavailable, match="too many calls"):
        await wire.send("POST", "/x", {})
    assert odd.seen == []
    await wire.aclose()


async def test_a_line_that_was_closed_sends_nothing(odd):
    wire = Wire(odd.base_url, READMIN_V2, SecretStr(KEY), OPEN, bounds=HASTY)
    await wire.aclose()
    with pytest.raises(Unavailable, match="changed just now"):
        await wire.send("POST", "/x", {})
    with pytest.raises(Unavailable, match="changed just now"):
        await wire.get("/x")
    assert odd.seen == []


async def test_calls_wait_in_front_of_the_pool(odd):
    odd.answers, odd.hold_open = [b""], True
    bounds = Bounds(read=60, read_total=60, at_once=3)
    wire = Wire(odd.base_url, READMIN_V2, SecretStr(KEY), OPEN, bounds=bounds)
    calls = [asyncio.create_task(wire.get("/x")) for _ in range(10)]
    await odd.wait_for(3)
    await asyncio.sleep(0.05)  # a fourth would have come by now, most likely
    assert len(odd.seen) == 3
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    await wire.aclose()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_connection_means_not_sent(odd, scheme):
    # https against a server that speaks plain http fails in the handshake, before the request.
    base = odd.base_url.replace("http", scheme) if scheme == "https" else "http://127.0.0.1:1"
    odd.answers = [b"no"]
    bounds = Bounds(connect=0.2, first_pause=0.01)
    wire = Wire(base, READMIN_V2, SecretStr(KEY), OPEN, bounds=bounds)
    for call in (wire.get("/x"), wire.send("POST", "/x", {})):
        with pytest.raises(Unavailable, match="cannot be reached"):
            await call
    await wire.aclose()


REFUSALS = [
    (READMIN_V2, 404, {"success": False, "reason": "Session not found"}, "session"),
    (READMIN_V2, 400, {"success": False, "reason": "Invalid session ID"}, "session"),
    (READMIN_V2, 404, {"success": False, "reason": "Server not found"}, "server"),
    (READMIN_V2, 404, {"success": False, "reason": "Role group not found"}, "role group"),
    (READMIN_V2, 404, {"success": False, "reason": "Role not found"}, "role"),
    (READMIN_V1, 400, {"success": False, "message": "Role not found"}, "role group"),
    (READMIN_V1, 400, {"success": False, "message": "Subrole not found"}, "role"),
    (READMIN_V1, 400, {"success": False, "message": "Session not found"}, "session"),
    (READMIN_V2, 404, {"statusCode": 404, "message": "Route GET:/x not found"}, "route"),
    (READMIN_V2, 404, b"<html>nginx</html>", "route"),
    (READMIN_V2, 404, b"", "route"),
    (SERIES, 404, {"success": False, "error": {"message": "Nothing here"}}, "session"),
    (SERIES, 404, {"success": False, "error": {"message": "Custom role unknown"}}, "role"),
    (SERIES, 404, {"message": "Cannot PATCH /sessions/x/custom-roles/claim"}, "route"),
]


@pytest.mark.parametrize(("dialect", "status", "body", "what"), REFUSALS)
async def test_what_was_not_found(odd, dialect, status, body, what):
    odd.answers = [http(status, body)]
    wire = Wire(odd.base_url, dialect, SecretStr(KEY), OPEN)
    for call in (wire.get("/x"), wire.send("POST", "/x", {})):
        with pytest.raises(UpstreamNotFound) as caught:
            await call
        assert caught.value.what == what
        assert caught.value.facts.status == status
    assert len(odd.seen) == 2
    await wire.aclose()


@pytest.mark.parametrize(
    ("dialect", "body", "words"),
    [
        (READMIN_V2, {"reason": "A", "message": "B"}, "A"),
        (READMIN_V2, {"reason": 7, "message": "B"}, "B"),
        (READMIN_V2, {"message": "x" * 5000}, "x" * 300),
        (READMIN_V2, {"reason": "<@1> \x00\ud800"}, "<@1> ?"),
        (READMIN_V2, b"<html>", ""),
        (SERIES, {"error": {"message": "A"}, "message": "B"}, "A"),
        (SERIES, {"error": "A", "message": "B"}, "A"),
        (SERIES, {"error": {"code": 1}, "message": "B"}, "B"),
        (SERIES, {"error": None, "reason": "C"}, "C"),
    ],
)
async def test_whose_words(odd, dialect, body, words):
    odd.answers = [http(418, body)]
    wire = Wire(odd.base_url, dialect, SecretStr(KEY), OPEN)
    with pytest.raises(UpstreamRefused) as caught:
        await wire.get("/x")
    assert caught.value.facts.words == words
    await wire.aclose()


async def test_a_refusal_in_a_200(odd, wire):
    odd.answers = [http(200, {"success": False, "reason": "Not today"})]
    for call in (wire.get("/x"), wire.send("POST", "/x", {})):
        with pytest.raises(UpstreamRefused) as caught:
            await call
        assert caught.value.facts.words == "Not today"


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
async def test_a_server_error(odd, wire, status):
    odd.answers = [http(status, {"message": "mongo at 10.0.0.5 is down"}), OK]
    await wire.get("/x")
    assert len(odd.seen) == 2
    odd.answers = odd.answers[:1]
    odd.seen.clear()
    with pytest.raises(OutcomeUnknown) as caught:
        await wire.send("POST", "/x", {})
    assert caught.value.facts.words == ""
    assert len(odd.seen) == 1
    with pytest.raises(Unavailable) as gave_up:
        await wire.get("/x")
    assert gave_up.value.facts.words == ""
    assert len(odd.seen) == 5  # four readings, then it gives up


async def test_repetitions_are_logged_once_and_by_us(odd, wire, caplog):
    caplog.set_level(logging.DEBUG)
    odd.answers = [http(500)]
    with pytest.raises(Unavailable):
        await wire.get("/x")
    assert len(odd.seen) == 4
    assert [one for one in caplog.records if one.name.startswith("stamina")] == []
    assert [one.message for one in caplog.records if one.name.startswith("bot")] == [
        "ReAdmin: gave up a read"
    ]


async def test_errors_tell_status_reason_platform_and_time(odd, wire):
    odd.answers = [http(400, {"reason": "Not today"})]
    with pytest.raises(UpstreamRefused) as caught:
        await wire.get("/x")
    assert caught.value.facts == UpstreamFacts("ReAdmin", 400, "Not today", NOW)
    odd.answers = [b""]
    for call, kind in ((wire.get("/x"), Unavailable), (wire.send("POST", "/x"), OutcomeUnknown)):
        with pytest.raises(kind) as silence:
            await call
        assert silence.value.facts == UpstreamFacts("ReAdmin", sent_at=NOW)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Retry-After: 600", 600),
        ("Retry-After: Sun, 22 Nov 2026 12:10:00 GMT", 600),
        ("Retry-After: Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("Retry-After: 999999999", 3600),
        ("Retry-After: tomorrow", 30),
        ("Retry-After: -5", 30),
        ("X-Other: 1", 30),
    ],
)
async def test_too_many_requests(odd, wire, header, seconds):
    odd.answers = [http(429, {}, header)]
    with pytest.raises(RateLimited) as caught:
        await wire.send("POST", "/x", {})
    assert caught.value.until == NOW + timedelta(seconds=seconds)
    assert len(odd.seen) == 1


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (503, Unavailable)])
async def test_a_read_waits_a_short_while_but_not_long(odd, wire, status, kind):
    odd.answers = [http(status, {}, "Retry-After: 0"), OK]
    assert await wire.get("/x")
    assert len(odd.seen) == 2
    odd.seen.clear()
    odd.answers = [http(status, {}, "Retry-After: 60"), OK]
    with pytest.raises(kind):
        await wire.get("/x")
    assert len(odd.seen) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(odd, wire, status):
    odd.answers = [http(status, b"", "Location: https://user:pw@new.example/x?key=1")]
    with pytest.raises(UpstreamRefused, match=r"redirects to new\.example, and"):
        await wire.get("/x")
    kind = OutcomeUnknown if status in (302, 303) else UpstreamRefused
    with pytest.raises(kind) as caught:
        await wire.send("POST", "/x", {})
    assert "pw" not in str(caught.value)
    assert len(odd.seen) == 2


@pytest.mark.parametrize("location", ["", "/other", "https://a b/", "//%00"])
async def test_redirects_to_odd_places(odd, wire, location):
    odd.answers = [http(307, b"", f"Location: {location}")]
    with pytest.raises(UpstreamRefused, match="another address"):
        await wire.get("/x")


async def test_what_is_sent(odd, wire):
    odd.answers = [OK]
    await wire.get("/a", {"cursor": "b c&d"})
    await wire.send("DELETE", "/a")
    await wire.send("POST", "/a", {"x": "é"})
    read, delete, post = odd.seen
    assert read.target == "/a?cursor=b+c%26d"
    assert read.headers["loader-id"] == KEY
    assert "content-type" not in delete.headers
    assert (delete.body, delete.headers.get("content-length", "0")) == (b"", "0")
    assert post.headers["content-type"] == "application/json"
    assert post.body == b'{"x": "\\u00e9"}'


def test_a_location_that_is_no_address():
    with pytest.raises(UpstreamRefused, match="another address"):
        judge(READMIN_V2, Reply(307, b"", location="http://[::1"), writing=False, now=NOW)
