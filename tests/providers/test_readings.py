"""Who shares a reading with whom, and that none proves what a write did."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import Unavailable, UpstreamFacts
from bot.models import Place
from bot.providers import readings
from bot.providers.readings import Readings

from .conftest import GROUP, HELPER_ROLE, MAIN, SOON, until

USER = 1_000_000_002
PLACE = Place(SOON, MAIN, GROUP, HELPER_ROLE)
KINDS = ["readmin-v2", "readmin-v1", "series"]


class Source:
    """Gives numbered readings, each when the test says so."""

    def __init__(self):
        self.now = 100.0
        self.begun = []
        self.readings = Readings(lambda: self.now)

    def ask(self, max_age=1.0, session_id="s"):
        return asyncio.create_task(self.readings.share(session_id, max_age, self._fetch))

    async def _fetch(self):
        self.begun.append(asyncio.get_running_loop().create_future())
        return await self.begun[-1]

    async def running(self, count):
        await until(lambda: len(self.begun) >= count)


@pytest.fixture
def source():
    return Source()


async def test_many_callers_one_request(source):
    callers = [source.ask() for _ in range(50)]
    await source.running(1)
    source.begun[0].set_result("reading")
    assert await asyncio.gather(*callers) == ["reading"] * 50
    assert len(source.begun) == 1
    source.now += 1
    assert await source.ask() == "reading"  # just young enough
    source.now += 0.01
    late = source.ask()
    await source.running(2)
    source.begun[1].set_result("newer")
    assert await late == "newer"


async def test_age_counts_from_the_beginning_of_a_request(source):
    slow = source.ask()
    await source.running(1)
    source.now += 5
    other = source.ask()
    await source.running(2)  # the first one is still under way, and too old already
    for number, future in enumerate(source.begun):
        future.set_result(number)
    assert (await slow, await other) == (0, 1)


async def test_without_an_age_every_caller_asks_after_its_call(source):
    callers = [source.ask(0) for _ in range(3)]
    await source.running(3)
    for number, future in enumerate(source.begun):
        future.set_result(number)
    assert await asyncio.gather(*callers) == [0, 1, 2]
    assert await source.ask(0.5) == 2  # others may share what it brought


async def test_sessions_are_kept_apart(source):
    first, second = source.ask(session_id="a"), source.ask(session_id="b")
    await source.running(2)
    source.begun[0].set_result("a")
    source.begun[1].set_result("b")
    assert (await first, await second) == ("a", "b")


async def test_nothing_from_before_the_end_of_a_write_is_shared_after_it(source):
    before = source.ask()
    await source.running(1)
    with source.readings.writing("s"):
        during = source.ask()
        await source.running(2)
    after = source.ask()
    await source.running(3)
    for number, future in enumerate(source.begun):
        future.set_result(number)
    assert [await one for one in (before, during, after)] == [0, 1, 2]
    assert await source.ask() == 2


async def test_a_failed_write_counts_like_a_good_one(source):
    old = source.ask()
    await source.running(1)
    source.begun[0].set_result("old")
    await old
    with pytest.raises(RuntimeError), source.readings.writing("s"):
        raise RuntimeError
    new = source.ask()
    await source.running(2)
    source.begun[1].set_result("new")
    assert await new == "new"


async def test_a_failure_is_shared_but_not_kept(source):
    callers = [source.ask() for _ in range(5)]
    await source.running(1)
    source.begun[0].set_exception(Unavailable("m", UpstreamFacts("p")))
    told = await asyncio.gather(*callers, return_exceptions=True)
    assert {type(one) for one in told} == {Unavailable}
    again = source.ask()
    await source.running(2)
    source.begun[1].set_result("back")
    assert await again == "back"


async def test_when_the_reader_gives_up_another_takes_over(source):
    leader, *others = [source.ask() for _ in range(4)]
    await source.running(1)
    leader.cancel()
    await source.running(2)
    source.begun[1].set_result("reading")
    assert await asyncio.gather(*others) == ["reading"] * 3
    assert leader.cancelled()
    assert len(source.begun) == 2


async def test_memory_is_bounded(source, monkeypatch):
    monkeypatch.setattr(readings, "MOST", 3)
    for number in range(10):
        task = source.ask(session_id=str(number))
        await source.running(number + 1)
        source.begun[number].set_result(number)
        await task
    assert list(source.readings._latest) == ["7", "8", "9"]
    source.now += readings.KEPT + 0.1
    task = source.ask(session_id="new")
    await source.running(11)
    source.begun[10].set_result("new")
    await task
    assert list(source.readings._latest) == ["new"]


@pytest.fixture(params=KINDS)
def bench(request, readmin, series, connect):
    """A provider and where to write, on a platform that counts."""
    if request.param == "series":
        series.workspace.add_member(USER, 200)
        place = Place(series.session.session_id, "", "", "Trainer")
        return series.platform, connect("series", series.base_url), place
    return readmin.platform, connect(request.param, readmin.base_url), PLACE


async def test_a_hundred_readers_of_a_session_cost_one_reading(bench):
    platform, provider, place = bench
    await provider.fetch_session(place.session_id)  # role groups and storage forms are known now
    platform.requests.clear()
    session, *others = await asyncio.gather(
        *(provider.fetch_session(place.session_id, 60) for _ in range(100))
    )
    assert all(one is session for one in others)
    assert len(platform.requests) <= 1
    await asyncio.gather(*(provider.fetch_session(place.session_id) for _ in range(5)))
    assert len(platform.requests) >= 5


async def test_a_claim_is_seen_by_the_next_reader_however_patient(bench):
    _, provider, place = bench
    session = await provider.fetch_session(place.session_id, 60)
    await provider.claim(session, place, USER)
    session = await provider.fetch_session(place.session_id, 60)
    assert session.held_by(USER)
    if provider.capabilities.can_release:
        await provider.release(place, USER, by_host=False)
        assert not (await provider.fetch_session(place.session_id, 60)).held_by(USER)
    if provider.capabilities.has_servers:
        made = await provider.create_server(place.session_id, "Gate B")
        session = await provider.fetch_session(place.session_id, 60)
        assert session.server(made.server_id)
