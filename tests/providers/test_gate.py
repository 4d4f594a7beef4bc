"""Politeness and patience of one workspace's line: rate, pauses, and when nobody is asked."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from pydantic import SecretStr

from bot.errors import KeyRefused, OutcomeUnknown, RateLimited, Unavailable, UpstreamNotFound
from bot.models import LineState
from bot.providers.breaker import Breaker
from bot.providers.dialects import READMIN_V2
from bot.providers.gate import TokenBucket
from bot.providers.http import Bounds, Wire

from .conftest import KEY, OPEN, http, until

OK = http(200, {"success": True, "data": 1})
START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BOUNDS = Bounds(
    first_pause=0.001, read=10, read_total=15, write=10, write_total=15,
    failures=3, failing_within=60, rest=20,
)  # fmt: skip


class Time:
    """Both clocks, as set."""

    def __init__(self) -> None:
        self.passed = 1000.0

    def monotonic(self) -> float:
        return self.passed

    def utc(self) -> datetime:
        return START + timedelta(seconds=self.passed - 1000)


@pytest.fixture
def time():
    return Time()


@pytest.fixture
async def line(odd, time):
    """Opens wires on the injected clocks."""
    wires = []

    def opener(**bounds):
        wires.append(
            Wire(
                odd.base_url, READMIN_V2, SecretStr(KEY), OPEN, clock=time.utc,
                monotonic=time.monotonic,
                bounds=replace(BOUNDS, **bounds),
            )
        )  # fmt: skip
        return wires[-1]

    yield opener
    for wire in wires:
        await wire.aclose()


# The rate.


def test_a_bucket_gives_a_burst_and_then_a_steady_rate(time):
    bucket = TokenBucket(3, 2, time.monotonic)
    assert [bucket.take(10) for _ in range(3)] == [0, 0, 0]
    waits = [bucket.take(10) for _ in range(4)]
    assert waits == [0.5, 1, 1.5, 2]
    time.passed += 2
    assert bucket.take(10) == 0.5  # the four promised ones used up what came in


def test_a_bucket_never_holds_more_than_its_burst(time):
    bucket = TokenBucket(2, 5, time.monotonic)
    time.passed += 3600
    assert [bucket.take(0) for _ in range(3)] == [0, 0, None]


def test_what_is_refused_or_given_back_is_not_owed(time):
    bucket = TokenBucket(1, 1, time.monotonic)
    assert bucket.take(0) == 0
    assert [bucket.take(0.5) for _ in range(100)] == [None] * 100
    assert bucket.take(1) == 1
    bucket.give_back()
    assert bucket.take(1) == 1


async def test_too_many_calls_are_refused_at_once_and_not_sent(odd, line):
    odd.answers = [OK]
    wire = line(burst=2, rate=0.001)
    await wire.get("/x")
    await wire.send("POST", "/x", {})
    refused = ((wire.get("/x"), BOUNDS.longest_pause), (wire.send("POST", "/x", {}), BOUNDS.queue))
    for call, seconds in refused:
        with pytest.raises(RateLimited, match="as often as it may") as caught:
            await call
        assert caught.value.until == START + timedelta(seconds=seconds)
    assert len(odd.seen) == 2
    assert wire.health().state is LineState.CLOSED


async def test_a_call_that_was_cancelled_while_it_waited_is_not_owed(odd, line):
    odd.answers = [OK]
    wire = line(burst=1, rate=0.6)
    await wire.get("/x")
    for _ in range(5):
        waiting = asyncio.create_task(wire.get("/x"))
        await until(lambda: wire.health().waiting)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert wire.health().waiting == 0
    with pytest.raises(TimeoutError):  # it waits for its turn as long as the first one did
        async with asyncio.timeout(0.01):
            await wire.get("/x")
    assert len(odd.seen) == 1


# Pauses that the platform asks for.


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Retry-After: 90", 90),
        ("Retry-After: Sun, 22 Nov 2026 12:01:30 GMT", 90),
        ("X-None: 1", 30),
    ],
)
async def test_a_pause_holds_reads_and_writes_back(odd, line, time, header, seconds):
    odd.answers = [http(429, {}, header), OK]
    wire = line()
    until = START + timedelta(seconds=seconds)
    with pytest.raises(RateLimited):
        await wire.send("POST", "/x", {})
    for moment in (0, seconds - 5):
        time.passed = 1000 + moment
        for call in (wire.get("/x"), wire.ask("/x", {}), wire.send("POST", "/x", {})):
            with pytest.raises(RateLimited, match="asked for a pause") as caught:
                await call
            assert caught.value.until == until
        assert wire.health().limited_until == until
    assert len(odd.seen) == 1
    time.passed = 1000 + seconds
    assert wire.health().limited_until is None
    assert wire.health().limited == 1, "only what the platform said counts"
    await wire.send("POST", "/x", {})
    await wire.get("/x")
    assert len(odd.seen) == 3


async def test_a_read_waits_out_a_short_pause_and_a_write_does_not(odd):
    odd.answers = [http(429, {}, "Retry-After: 1"), OK]
    wire = Wire(odd.base_url, READMIN_V2, SecretStr(KEY), OPEN, bounds=BOUNDS)
    with pytest.raises(RateLimited):
        await wire.send("POST", "/x", {})
    reading = asyncio.create_task(wire.get("/x"))
    await until(lambda: wire.health().waiting)
    with pytest.raises(RateLimited):
        await wire.send("POST", "/x", {})
    assert len(odd.seen) == 1
    assert await reading
    assert [seen.method for seen in odd.seen] == ["POST", "GET"]
    await wire.aclose()


async def test_one_workspaces_pause_is_its_own(odd, line):
    odd.answers = [http(429, {}, "Retry-After: 90"), OK]
    sick, well = line(), line()
    with pytest.raises(RateLimited):
        await sick.get("/x")
    assert await well.get("/x")


# When nobody is asked.


async def _fail(wire, odd, times, kind=Unavailable):
    odd.answers = [http(503)]
    for _ in range(times):
        with pytest.raises(kind, match="has a problem"):
            await wire.get("/x")
    odd.seen.clear()


async def test_it_opens_after_several_silent_calls_in_a_row(odd, line, time):
    wire = line()
    await _fail(wire, odd, 2)
    assert wire.health().state is LineState.CLOSED
    await _fail(wire, odd, 1)
    health = wire.health()
    assert (health.state, health.since) == (LineState.OPEN, START)
    assert health.asked_again_at == START + timedelta(seconds=20)
    assert (health.last_error, health.last_error_at) == ("Unavailable", START)
    odd.answers = [OK]
    for call in (wire.get("/x"), wire.ask("/x", {}), wire.send("POST", "/x", {})):
        with pytest.raises(Unavailable, match="not asked again before 12:00:20 UTC"):
            await call
    assert odd.seen == []


@pytest.mark.parametrize("answer", [OK, http(404), http(400), http(401), http(200, b"<html>")])
async def test_any_answer_starts_the_count_anew(odd, line, answer):
    wire = line()
    await _fail(wire, odd, 2)
    odd.answers = [answer]
    await asyncio.gather(wire.get("/x"), return_exceptions=True)
    await _fail(wire, odd, 2)
    assert wire.health().state is LineState.CLOSED


async def test_failures_far_apart_do_not_add_up(odd, line, time):
    wire = line()
    for _ in range(6):
        await _fail(wire, odd, 1)
        time.passed += 31
    assert wire.health().state is LineState.CLOSED


async def test_one_read_finds_out_and_writes_never_do(odd, line, time):
    wire = line()
    await _fail(wire, odd, 3)
    time.passed += 20
    assert wire.health().asked_again_at is None
    with pytest.raises(Unavailable):
        await wire.send("POST", "/x", {})
    assert odd.seen == []
    odd.answers, odd.hold_open = [b""], True  # the trial hangs
    trial = asyncio.create_task(wire.get("/x"))
    await odd.wait_for(1)
    assert wire.health().state is LineState.HALF_OPEN
    for call in (wire.get("/x"), wire.send("POST", "/x", {})):
        with pytest.raises(Unavailable):
            await call
    assert len(odd.seen) == 1
    trial.cancel()
    await asyncio.gather(trial, return_exceptions=True)
    assert wire.health().state is LineState.OPEN  # it told nothing: the next read tries
    odd.answers, odd.hold_open = [OK], False
    assert await wire.get("/x")
    assert wire.health().state is LineState.CLOSED
    await wire.send("POST", "/x", {})


async def test_a_failed_trial_is_one_request_and_another_rest(odd, line, time):
    wire = line()
    await _fail(wire, odd, 3)
    time.passed += 20
    with pytest.raises(Unavailable, match="has a problem"):
        await wire.get("/x")
    assert len(odd.seen) == 1  # without repetitions
    health = wire.health()
    assert (health.state, health.since) == (LineState.OPEN, START)
    assert health.asked_again_at == START + timedelta(seconds=40)
    with pytest.raises(Unavailable, match="12:00:40"):
        await wire.get("/x")


async def test_a_refusal_ends_the_silence(odd, line, time):
    wire = line()
    await _fail(wire, odd, 3)
    time.passed += 20
    odd.answers = [http(401, {"reason": "Workspace not found"})]
    with pytest.raises(KeyRefused):
        await wire.get("/x")
    assert wire.health().state is LineState.CLOSED


async def test_whoever_tests_the_connection_is_let_through(odd, connect, time):
    provider = connect(
        "series", odd.base_url, bounds=BOUNDS, clock=time.utc, monotonic=time.monotonic
    )
    odd.answers = [http(503)]
    for _ in range(3):
        with pytest.raises(Unavailable):
            await provider.list_sessions()
    assert provider.health().state is LineState.OPEN
    odd.answers = [http(200, {"success": True, "data": {"Sessions": []}})]
    with pytest.raises(Unavailable, match="several times"):
        await provider.list_sessions()
    assert (await provider.probe()).sessions == 0
    assert provider.health().state is LineState.CLOSED


async def test_writes_without_any_answer_count_and_a_500_does_not(odd, line):
    """ReAdmin v1 answers 500 to every claim while its webhook is broken, and stores them all."""
    wire = line()
    odd.answers = [http(500)]
    for _ in range(5):
        with pytest.raises(OutcomeUnknown):
            await wire.send("POST", "/x", {})
    assert wire.health().state is LineState.CLOSED
    assert wire.health().last_error == "OutcomeUnknown"
    odd.answers = [b""]
    for _ in range(3):
        with pytest.raises(OutcomeUnknown):
            await wire.send("POST", "/x", {})
    assert wire.health().state is LineState.OPEN


async def test_who_waits_when_it_opens_is_not_sent_either(odd, line):
    odd.answers, odd.hold_open = [b""], True
    wire = line(at_once=1, write=0.2, queue=60, failures=1)
    calls = [asyncio.create_task(wire.send("POST", "/x", {})) for _ in range(20)]
    first, *others = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(first, OutcomeUnknown)
    assert {type(one) for one in others} == {Unavailable}
    assert len(odd.seen) == 1
    assert wire.health().waiting == 0


async def test_a_missing_thing_is_no_trouble(odd, line):
    wire = line()
    odd.answers = [http(404, {"reason": "Session not found"})]
    with pytest.raises(UpstreamNotFound):
        await wire.get("/x")
    assert wire.health().last_error == ""


def test_stragglers_neither_open_nor_close_it(time):
    breaker = Breaker(BOUNDS, time.monotonic)
    for _ in range(3):
        breaker.failed()
    for _ in range(5):  # calls that were under way
        time.passed += 1
        breaker.failed()
    assert breaker.resting_for() == 15
    breaker.succeeded()  # one of them got through after all
    assert breaker.state is LineState.CLOSED
    assert not breaker.begin_trial()


def test_every_rest_is_as_long(time):
    breaker = Breaker(BOUNDS, time.monotonic)
    for _ in range(3):
        breaker.failed()
    rests = []
    for _ in range(4):
        time.passed += breaker.resting_for()
        assert breaker.admits_read()
        rests.append(time.passed)
        assert breaker.begin_trial()
        assert not breaker.admits_read()
        breaker.failed(trial=True)
        breaker.end_trial()
    assert {after - before for before, after in pairwise(rests)} == {20}
