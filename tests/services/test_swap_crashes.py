"""A process that dies at any point of a swap leaves nobody with less than the truth.

Every call of the database and of the platform is a point, before and after it was done. The next
process settles what it finds, and platform, journal and words must agree.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from bot.errors import Unavailable, UpstreamRefused
from bot.models import AttemptKind, AttemptState, Door, Stands, SwapState
from bot.services.swap_outcomes import SwapCode
from tests.services.bench import ANA, BEN, GUILD, Bench, roblox_of
from tests.services.conftest import Posted
from tests.services.fakes import FACTS
from tests.services.swapping import AFTER, BEFORE, Pair
from tests.services.worlds import NOW, SESSION

MOST = 80  # points of one swap, and more


@dataclass
class Trap:
    """Stops everything at one point, as a killed process does."""

    at: int
    passed: list[str] = field(default_factory=list)
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def point(self, name: str) -> None:
        """Go on, or never again."""
        self.passed.append(name)
        if len(self.passed) == self.at:
            self.reached.set()
            await asyncio.Event().wait()

    def watch(self, patch: pytest.MonkeyPatch, thing: object, *names: str) -> None:
        """Let the calls of these methods be points."""
        for name in names:
            patch.setattr(thing, name, self._watched(name, getattr(thing, name)))

    def _watched(
        self, name: str, call: Callable[..., Awaitable[Any]]
    ) -> Callable[..., Awaitable[Any]]:
        async def watched(*args: Any, **more: Any) -> Any:
            await self.point(f"before {name}")
            result = await call(*args, **more)
            await self.point(f"after {name}")
            return result

        return watched


@pytest_asyncio.fixture
async def pair(bench: Bench, posted: Posted) -> Pair:
    """ANA is Trainer, BEN is Helper, in a session that outlasts every jump of the clock."""
    pair = Pair(bench, posted.trainer, posted.helper)
    far = (NOW + timedelta(days=30), NOW + timedelta(days=31))
    bench.platform.sessions["training"] = replace(SESSION, starts_at=far[0], ends_at=far[1])
    number = posted.announcement.announcement_id
    await bench.announcements.refresh_facts(number, SESSION.name, *far)
    await pair.begin()
    return pair


@contextmanager
def refusing(bench: Bench, person: int, role_id: str) -> Iterator[None]:
    """The platform says no whenever this person should get that role."""
    claim = bench.platform.claim

    async def refuse(session: Any, place: Any, roblox_id: int) -> None:
        if (place.role_id, roblox_id) == (role_id, person):
            raise UpstreamRefused("no", FACTS)
        await claim(session, place, roblox_id)

    bench.platform.claim = refuse  # type: ignore[method-assign]
    try:
        yield
    finally:
        bench.platform.claim = claim  # type: ignore[method-assign]


@pytest.mark.parametrize("way", ["forward", "back"])
async def test_a_crash_at_any_point(pair: Pair, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    points: list[str] = []
    for at in range(1, MOST):
        trap = Trap(at)
        ended = await _die_at(pair, trap, way)
        points.append(trap.passed[-1])
        await _check(pair, ended, f"{way}, died {trap.passed[-1]} (point {at})", way)
        if not trap.reached.is_set():
            break
        await _restore(pair)
    else:
        pytest.fail("a swap has more points than that")
    assert len(points) > 30
    assert {"after claim", "before release", "before record", "after settle"} <= set(points)


async def _die_at(pair: Pair, trap: Trap, way: str) -> int:
    """A swap that dies at the trap; the next process settles it. Returns the swap's id."""
    bench = pair.bench
    asked = await pair.propose()
    assert asked.code is SwapCode.ASKED, asked
    with pytest.MonkeyPatch.context() as patch, _in_the_way(bench, way):
        trap.watch(patch, bench.platform, "claim", "release", "fetch_session")
        names = ("accept", "record", "pause", "turn_back", "settle", "hear", "note")
        trap.watch(patch, bench.swap_store, *names)
        accepting = asyncio.create_task(pair.accept(asked))
        waiting = asyncio.create_task(trap.reached.wait())
        await asyncio.wait({accepting, waiting}, return_when=asyncio.FIRST_COMPLETED)
        accepting.cancel()
        waiting.cancel()
        pair.bench = await bench.crash()
    with _in_the_way(pair.bench, way):
        for seconds in (1, 95, 31):
            pair.bench.clock.advance(seconds)
            await pair.bench.settle()
    return asked.swap_id


@contextmanager
def _in_the_way(bench: Bench, way: str) -> Iterator[None]:
    """Nothing, or a platform that does not let BEN be Trainer."""
    if way == "forward":
        yield
    else:
        with refusing(bench, roblox_of(BEN), "trainer"):
            yield


async def _check(pair: Pair, swap_id: int, where: str, way: str) -> None:
    """Platform, journal, swap and words agree."""
    swap, bench = await pair.swap(swap_id), pair.bench
    if swap.state is SwapState.ASKED:  # it died before the acceptance was in the database
        assert pair.holders == BEFORE, where
        await bench.swaps.withdraw(pair.answer((await bench.swaps._cases.outcome(swap)), ANA))
    else:
        wanted = SwapState.DONE if way == "forward" else SwapState.UNDONE
        assert swap.state is wanted, where
        assert pair.holders == (AFTER if way == "forward" else BEFORE), where
        stands = Stands.NEW if way == "forward" else Stands.OLD
        assert [side.stands for side in swap.sides] == [stands] * 2, where
        for member in (ANA, BEN):
            told = [text for token, text in bench.messenger.late if member == BEN and token]
            kept = await bench.swaps.news.list_news(GUILD, member)
            last = "Swapped" if way == "forward" else "Both roles were given back"
            said = [outcome.code for outcome in kept] or [last in text for text in told]
            assert said, f"{where}: {member} was told nothing"
            for outcome in kept:
                await bench.swaps.news.heard(outcome.swap_id, member)
    assert await bench.attempts.count_unsettled() == 0, where
    await _check_journal(pair, where)


async def _check_journal(pair: Pair, where: str) -> None:
    """What both hold is what the journal's rows come to, in their order."""
    for member in (ANA, BEN):
        held: set[str] = set()
        rows = await pair.bench.journal(member)
        swaps = [row for row in rows if row.state is AttemptState.CONFIRMED]
        for row in sorted(swaps, key=lambda one: (one.settled_at, one.kind is AttemptKind.RELEASE)):
            held = (
                {row.place.role_id}
                if row.kind is AttemptKind.CLAIM
                else (held - {row.place.role_id})
            )
        roblox_id = roblox_of(member)
        platform = pair.bench.platform
        places = (pair.mine.place, pair.theirs.place)
        found = {place.role_id for place in places if roblox_id in platform.holders(place)}
        assert held == found, where
        assert all(row.state.settled for row in rows if row.door is Door.SWAP), where


async def _restore(pair: Pair) -> None:
    """Swap back, so that the next round begins as this one did."""
    if pair.holders == AFTER:
        asked = await pair.propose(mine="Helper")
        assert (await pair.accept(asked)).code is SwapCode.DONE
        for outcome in await pair.bench.swaps.news.list_news(GUILD, ANA):
            await pair.bench.swaps.news.heard(outcome.swap_id, ANA)
        await pair.bench.swap_store.hear(asked.swap_id, BEN, (await pair.swap(
            asked.swap_id)).proposer.news.NONE)  # fmt: skip
        pair.bench.clock.advance(60)
        await pair.bench.settle()
    assert pair.holders == BEFORE


async def _accepted_in_vain(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> int:
    """BEN accepts; a kill, a silent platform at the next start, and another kill."""
    asked = await pair.propose()
    await _die_after(pair, "accept", lambda: pair.accept(asked), monkeypatch)
    pair.bench.platform.read_error = Unavailable("down", FACTS)
    await _die_after(pair, "ask_again", lambda: pair.bench.settle(), monkeypatch)
    return asked.swap_id


async def _die_after(
    pair: Pair, name: str, work: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends when this was stored; the next one begins."""
    trap = Trap(2)
    with monkeypatch.context() as patch:
        trap.watch(patch, pair.bench.swap_store, name)
        doing = asyncio.create_task(work())
        async with asyncio.timeout(30):
            await trap.reached.wait()
        doing.cancel()
        pair.bench = await pair.bench.crash()


async def test_who_accepted_in_vain_is_told_so_by_whichever_process_lives(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await _accepted_in_vain(pair, monkeypatch)
    bench = pair.bench
    assert (await pair.swap(number)).state is SwapState.ASKED
    assert bench.messenger.late == []
    for _ in range(2):
        bench.clock.advance(31)
        await bench.settle()
    ((token, text),) = bench.messenger.late
    assert token == "token-of-ben"
    assert "Not swapped yet. ReAdmin does not answer" in text
    assert (await pair.swap(number)).interaction_token == ""
    bench.platform.read_error = None
    outcome = await bench.swaps._cases.outcome(await pair.swap(number))
    assert (await pair.accept(outcome)).code is SwapCode.DONE


async def test_whose_answer_is_out_of_reach_is_asked_once_more(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await _accepted_in_vain(pair, monkeypatch)
    pair.bench.clock.advance(15 * 60)
    await pair.bench.settle()
    assert pair.bench.messenger.late == []
    (asked,) = await pair.bench.swaps.news.list_news(GUILD, BEN)
    assert (asked.code, asked.swap_id) == (SwapCode.ASKS, number)
