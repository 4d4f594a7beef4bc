"""Swaps beside a line: a swap takes no promised place, and its gaps are no free places."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest_asyncio

from bot.errors import OutcomeUnknown
from bot.models import Session, SwapState
from bot.services.outcomes import Code
from bot.services.swap_outcomes import SwapCode
from bot.services.waitlist import Waiting
from tests.services.bench import ANA, BEN, GUILD, Bench, actor, roblox_of
from tests.services.conftest import Posted
from tests.services.fakes import FACTS
from tests.services.lines import CAT, DAN, accept, full, join, offered, pass_time, waiting
from tests.services.swapping import AFTER, Pair
from tests.services.test_swap_trouble import PANEL, once, to_ana
from tests.services.worlds import HELPER, SESSION, with_claims

__all__ = ["full"]

LATER = timedelta(hours=5)


@pytest_asyncio.fixture
async def pair(bench: Bench, full: Posted) -> Pair:
    """ANA has the one Trainer place, BEN one of two Helper places."""
    assert (await bench.claims.claim(bench.press(full.helper, BEN))).code is Code.CLAIMED
    await bench.background.settle()
    return Pair(bench, full.trainer, full.helper)


async def promised(pair: Pair) -> Waiting:
    """DAN waited for a Helper place, and the one that CAT gives back is kept for him."""
    bench = pair.bench
    assert (await bench.claims.claim(bench.press(pair.theirs, CAT))).code is Code.CLAIMED
    await bench.catch_up()
    waiter = await bench.waitlist.join(actor(DAN), pair.theirs.opening_id)
    assert isinstance(waiter, Waiting)
    assert (await bench.claims.release(bench.press(pair.theirs, CAT))).code is Code.RELEASED
    await bench.background.settle()
    assert await offered(bench) == [DAN]
    return waiter


async def test_a_promised_place_stays_promised_while_holders_swap(pair: Pair) -> None:
    waiter = await promised(pair)
    assert (await pair.accept(await pair.propose())).code is SwapCode.DONE
    assert await offered(pair.bench) == [DAN]
    assert (await accept(pair.bench, waiter, DAN)).code is Code.CLAIMED
    assert pair.holders == ((roblox_of(BEN),), (roblox_of(ANA), roblox_of(DAN)))


async def test_whoever_comes_between_takes_neither_the_promised_place_nor_the_old_one(
    pair: Pair,
) -> None:
    platform = pair.bench.platform
    await promised(pair)

    async def in_between(real: Any, *args: Any, **more: Any) -> None:
        platform.sessions["training"] = with_claims(
            platform.sessions["training"], PANEL, role=HELPER
        )
        await real(*args, **more)

    once(pair.bench, "release", lambda _place, roblox_id: roblox_id == roblox_of(BEN), in_between)
    outcome = await pair.accept(await pair.propose())
    assert outcome.code is SwapCode.UNDONE
    # What BEN had is his before it is promised: DAN keeps his number in the line.
    assert pair.holders == ((roblox_of(ANA),), (PANEL, roblox_of(BEN)))
    assert await waiting(pair.bench) == [DAN]


async def test_what_is_free_between_two_steps_is_offered_to_nobody(
    pair: Pair, full: Posted
) -> None:
    bench, freed = pair.bench, []
    await join(bench, full, CAT)
    bench.witness.on_freed(lambda _announcement, opening_id: freed.append(opening_id))

    async def cut_before(*_: Any) -> None:
        raise OutcomeUnknown("cut", FACTS)

    once(bench, "claim", to_ana, cut_before)
    asked = await pair.propose()
    assert (await pair.accept(asked)).code is SwapCode.UNKNOWN
    assert pair.holders == ((), ())
    await bench.catch_up()
    await pass_time(bench, 30)
    assert full.trainer.opening_id in freed
    assert await offered(bench) == []
    # Nor may anybody press in between, the first in line included.
    assert (await bench.claims.claim(bench.press(full.trainer, CAT))).code is Code.FULL
    bench.clock.advance(61)
    await bench.settle()
    assert (await pair.swap(asked.swap_id)).state is SwapState.DONE
    assert pair.holders == AFTER
    await pass_time(bench, 1)
    assert await offered(bench) == []
    assert await waiting(bench) == [CAT]


async def test_who_swaps_into_a_role_waits_for_none_at_the_same_time(pair: Pair) -> None:
    bench = pair.bench
    (workspace,) = await bench.workspaces.list_all(GUILD)
    evening = at(LATER, "evening")
    bench.platform.sessions["evening"] = evening
    bench.platform.sessions["shift"] = with_claims(at(LATER, "shift"), PANEL)
    theirs = await bench.opening(await bench.post(workspace, evening), HELPER)
    shift = await bench.opening(await bench.post(workspace, bench.platform.sessions["shift"]))
    assert (await bench.claims.claim(bench.press(theirs, CAT))).code is Code.CLAIMED
    assert isinstance(await bench.waitlist.join(actor(ANA), shift.opening_id), Waiting)
    bench.ticks += 60
    asked = await pair.propose(to=CAT)
    assert (await pair.accept(asked, CAT)).code is SwapCode.DONE
    await bench.background.settle()
    assert await waiting(bench) == []


async def test_a_third_role_on_the_others_server_is_seen_before_anything_is_sent(
    pair: Pair,
) -> None:
    """BEN is Helper in both sessions, whose servers have the same id on this platform."""
    bench = pair.bench
    (workspace,) = await bench.workspaces.list_all(GUILD)
    bench.platform.sessions["evening"] = at(LATER, "evening")
    theirs = await bench.opening(await bench.post(workspace, at(LATER, "evening")), HELPER)
    assert (await bench.claims.claim(bench.press(theirs, BEN))).code is Code.CLAIMED
    bench.ticks += 60
    bench.platform.writes.clear()
    outcome = await pair.propose(theirs=str(theirs.opening_id))
    assert outcome.code is SwapCode.REFUSED
    assert "they would lose **Helper**" in outcome.why
    assert bench.platform.writes == []


def at(later: timedelta, name: str) -> Session:
    """The same session again, some time after."""
    starts_at, ends_at = SESSION.starts_at + later, SESSION.ends_at + later
    return replace(SESSION, session_id=name, name=name, starts_at=starts_at, ends_at=ends_at)
