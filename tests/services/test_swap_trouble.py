"""Swaps when the platform misbehaves or others act in the middle: nobody is told a lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest_asyncio

from bot.errors import OutcomeUnknown, RankTooLow, Unavailable
from bot.models import AttemptKind, AttemptState, Door, Place, ProviderKind, Stands, SwapState
from bot.services.outcomes import Code
from bot.services.swap_outcomes import SwapCode
from bot.services.swap_words import swap_words
from tests.services.bench import ADMIN, ANA, BEN, GUILD, LOG_CHANNEL, Bench, actor, roblox_of
from tests.services.conftest import Posted
from tests.services.fakes import FACTS
from tests.services.lines import EVE
from tests.services.swapping import AFTER, BEFORE, Pair
from tests.services.worlds import HELPER, SERIES, SESSION, TRAINER, with_claims

PANEL = 9001  # somebody whom only the platform knows
DAY = 24 * 3600


@pytest_asyncio.fixture
async def pair(bench: Bench, posted: Posted) -> Pair:
    """ANA is Trainer, BEN is Helper, in one session on one server."""
    pair = Pair(bench, posted.trainer, posted.helper)
    await pair.begin()
    return pair


def once(bench: Bench, name: str, when: Callable[..., bool], do: Callable[..., Any]) -> None:
    """Do something in place of the first such write."""
    real = getattr(bench.platform, name)

    async def changed(*args: Any, **more: Any) -> None:
        if when(*args):
            setattr(bench.platform, name, real)
            await do(real, *args, **more)
        else:
            await real(*args, **more)

    setattr(bench.platform, name, changed)


def to_ana(_session: Any, _place: Place, roblox_id: int) -> bool:
    """A claim for ANA."""
    return roblox_id == roblox_of(ANA)


async def test_a_write_that_was_stored_although_nobody_said_so(pair: Pair) -> None:
    async def cut_after(real: Any, *args: Any) -> None:
        await real(*args)
        raise OutcomeUnknown("cut", FACTS)

    once(pair.bench, "claim", to_ana, cut_after)
    assert (await pair.accept(await pair.propose())).code is SwapCode.DONE
    assert pair.holders == AFTER


async def test_absent_is_believed_after_a_minute_and_a_half(pair: Pair) -> None:
    bench = pair.bench

    async def cut_before(*_: Any) -> None:
        raise OutcomeUnknown("cut", FACTS)

    once(bench, "claim", to_ana, cut_before)
    asked = await pair.propose()
    outcome = await pair.accept(asked)
    assert outcome.code is SwapCode.UNKNOWN
    assert "I go on until both are swapped or have their roles back" in swap_words(outcome, BEN)
    bench.clock.advance(80)
    await bench.settle()
    assert (await pair.swap(asked.swap_id)).state is SwapState.RUNNING
    assert pair.holders == ((), ())
    bench.clock.advance(11)
    await bench.settle()
    assert (await pair.swap(asked.swap_id)).state is SwapState.DONE
    assert pair.holders == AFTER
    assert bench.messenger.late == [("token-of-ben", bench.messenger.late[0][1])]
    assert "you are now **Trainer**" in bench.messenger.late[0][1]


async def test_a_write_that_is_stored_late_is_not_written_twice(pair: Pair) -> None:
    bench, late = pair.bench, []

    async def store_late(real: Any, *args: Any) -> None:
        late.append((real, args))
        raise OutcomeUnknown("late", FACTS)

    once(bench, "claim", to_ana, store_late)
    asked = await pair.propose()
    await pair.accept(asked)
    bench.clock.advance(60)
    await late[0][0](*late[0][1])
    bench.platform.writes.clear()
    await bench.settle()
    assert (await pair.swap(asked.swap_id)).state is SwapState.DONE
    assert [write[0] for write in bench.platform.writes] == ["claim"]  # BEN's
    assert pair.holders == AFTER


async def test_a_third_person_in_the_panel_costs_the_place_and_is_told(pair: Pair) -> None:
    """The panel fills Trainer in the gap: BEN has his role back, ANA has none and is told."""
    bench = pair.bench

    async def taken(real: Any, session: Any, place: Place, roblox_id: int) -> None:
        held = bench.platform.sessions["training"]
        bench.platform.sessions["training"] = with_claims(held, PANEL, role=TRAINER)
        await real(session, place, roblox_id)

    once(bench, "claim", to_ana, taken)
    asked = await pair.propose()
    outcome = await pair.accept(asked)
    assert outcome.code is SwapCode.PARTLY
    assert bench.platform.holders(pair.mine.place) == (PANEL,)
    assert bench.platform.holders(pair.theirs.place) == (roblox_of(BEN),)
    assert (outcome.proposer.stands, outcome.partner.stands) == (Stands.NEITHER, Stands.OLD)
    words = swap_words(outcome, ANA)
    assert f"<@{BEN}> cannot take **Trainer**" in words
    assert f"<@{ANA}> cannot have **Trainer**" in words
    assert "You hold neither **Trainer**" in words
    assert f"<@{BEN}> holds **Helper**" in words
    (row,) = [
        row for row in await bench.journal(ANA)
        if row.door is Door.SWAP and row.state is AttemptState.CONFIRMED
    ]  # fmt: skip
    assert (row.kind, row.place.role_id) == (AttemptKind.RELEASE, "trainer")
    await bench.background.settle()
    lines = [text for channel, text in bench.messenger.notices if channel == LOG_CHANNEL]
    bench.clock.advance(60)
    await bench.settle()
    assert any("not everything could be put back" in line for line in lines)


async def test_one_of_them_releases_in_the_panel_while_it_runs(pair: Pair) -> None:
    bench = pair.bench

    async def gone(real: Any, place: Place, roblox_id: int, **more: Any) -> None:
        await real(place, roblox_id, **more)
        await real(place, roblox_id, **more)

    once(bench, "release", lambda *_: True, gone)
    assert (await pair.accept(await pair.propose())).code is SwapCode.DONE
    assert pair.holders == AFTER


async def test_a_platform_that_falls_silent_half_way_is_waited_for(pair: Pair) -> None:
    bench = pair.bench

    async def down(*_: Any, **__: Any) -> None:
        bench.platform.read_error = Unavailable("down", FACTS)
        raise Unavailable("down", FACTS)

    once(bench, "release", lambda place, _: place.role_id == "helper", down)
    asked = await pair.propose()
    assert (await pair.accept(asked)).code is SwapCode.UNKNOWN
    assert pair.holders == ((), (roblox_of(BEN),))
    for _ in range(3):
        bench.clock.advance(600)
        await bench.settle()
    assert (await pair.swap(asked.swap_id)).state is SwapState.RUNNING
    bench.platform.read_error = None
    await bench.settle()
    assert (await pair.swap(asked.swap_id)).state is SwapState.DONE
    assert pair.holders == AFTER


async def test_a_platform_that_cannot_be_read_after_a_release_is_waited_for(pair: Pair) -> None:
    """What was read before the release says nothing about who holds what now."""
    bench = pair.bench

    async def then_silent(real: Any, *args: Any, **more: Any) -> None:
        await real(*args, **more)
        bench.platform.read_error = Unavailable("down", FACTS)

    once(bench, "release", lambda *_: True, then_silent)
    asked = await pair.propose()
    outcome = await pair.accept(asked)
    assert pair.holders == ((), (roblox_of(BEN),))
    assert outcome.code is SwapCode.UNKNOWN
    bench.platform.read_error = None
    await bench.settle()
    assert (await pair.swap(asked.swap_id)).state is SwapState.DONE
    assert pair.holders == AFTER


async def test_after_a_day_of_silence_people_are_told_to_look(pair: Pair) -> None:
    bench = pair.bench

    async def down(*_: Any, **__: Any) -> None:
        bench.platform.read_error = Unavailable("down", FACTS)
        raise OutcomeUnknown("down", FACTS)

    once(bench, "release", lambda place, _: place.role_id == "helper", down)
    asked = await pair.propose()
    await pair.accept(asked)
    bench.clock.advance(DAY)
    await bench.settle()
    bench.clock.advance(DAY)
    await bench.settle()
    assert (await pair.swap(asked.swap_id)).state is SwapState.GAVE_UP
    assert await bench.attempts.count_unsettled() == 0
    told = await bench.swaps.news.list_news(GUILD, ANA)
    assert [outcome.code for outcome in told] == [SwapCode.GAVE_UP]


async def test_a_platform_that_is_silent_from_the_start_changes_nothing(pair: Pair) -> None:
    bench = pair.bench
    asked = await pair.propose()
    bench.platform.read_error = Unavailable("down", FACTS)
    outcome = await pair.accept(asked)
    assert outcome.code is SwapCode.NOT_NOW
    assert await bench.attempts.count_unsettled() == 0
    bench.platform.read_error = None
    assert (await pair.accept(asked)).code is SwapCode.DONE


async def test_a_first_write_that_is_not_sent_changes_nothing(pair: Pair) -> None:
    async def down(*_: Any, **__: Any) -> None:
        raise Unavailable("down", FACTS)

    once(pair.bench, "release", lambda *_: True, down)
    outcome = await pair.accept(await pair.propose())
    assert outcome.code is SwapCode.UNDONE
    assert pair.holders == BEFORE
    assert "does not answer" in outcome.why


async def test_who_waited_behind_a_swap_is_judged_by_how_it_ended(pair: Pair) -> None:
    """Helper has two places. ANA does not get hers after all, so the other one is EVE's."""
    bench, pressed = pair.bench, []
    await bench.link(EVE)

    async def pressing(real: Any, *args: Any, **more: Any) -> None:
        press = bench.press(pair.theirs, EVE)
        pressed.append(bench.background.spawn(bench.claims.claim(press), "EVE"))
        await press.journalled.wait()
        await real(*args, **more)

    async def refused(*_: Any) -> None:
        raise RankTooLow("no", FACTS)

    once(bench, "release", lambda *_: True, pressing)
    once(bench, "claim", to_ana, refused)
    assert (await pair.accept(await pair.propose())).code is SwapCode.UNDONE
    assert (await pressed[0]).code is Code.CLAIMED


async def test_the_workspace_is_removed_half_way(pair: Pair) -> None:
    bench = pair.bench

    async def removed(*_: Any, **__: Any) -> None:
        (workspace,) = await bench.workspaces.list_all(GUILD)
        await bench.workspaces.remove(actor(ADMIN), workspace.workspace_id)
        raise OutcomeUnknown("cut", FACTS)

    once(bench, "claim", to_ana, removed)
    asked = await pair.propose()
    assert (await pair.accept(asked)).code in (SwapCode.UNKNOWN, SwapCode.GAVE_UP)
    bench.clock.advance(95)
    await bench.settle()
    assert (await pair.swap(asked.swap_id)).state is SwapState.GAVE_UP
    assert await bench.attempts.count_unsettled() == 0


async def test_in_two_sessions_both_lanes_are_held(bench: Bench, posted: Posted) -> None:
    other = replace(
        SESSION, session_id="night", name="Night", starts_at=SESSION.ends_at,
        ends_at=SESSION.ends_at + (SESSION.ends_at - SESSION.starts_at),
    )  # fmt: skip
    bench.platform.sessions["night"] = other
    (workspace,) = await bench.workspaces.list_all(GUILD)
    night = await bench.post(workspace, other)
    (there,) = [
        o for o in await bench.announcements.list_openings(night.announcement_id)
        if o.place.role_id == "helper"
    ]  # fmt: skip
    pair = Pair(bench, posted.trainer, there)
    await pair.begin()
    bench.ticks += 60
    asked = await pair.propose()
    bench.platform.gate.clear()
    bench.platform.waiting.clear()
    accepting = bench.background.spawn(pair.accept(asked), "accept")
    await bench.platform.waiting.wait()
    for opening, member in ((posted.helper, ANA), (there, ANA), (posted.trainer, BEN)):
        outcome = await bench.claims.claim(bench.press(opening, member))
        assert outcome.code.value == "still running", "both are held on both sessions"
    assert set(bench.swaps._engine._lanes.waiting().values()) == {1}
    assert len(bench.swaps._engine._lanes.waiting()) == 2
    bench.platform.gate.set()
    assert (await accepting).code is SwapCode.DONE
    assert pair.holders == AFTER
    rows = [row for row in await bench.journal(ANA) if row.door is Door.SWAP]
    assert {(row.kind, row.place.session_id, row.state) for row in rows} == {
        (AttemptKind.RELEASE, "training", AttemptState.CONFIRMED),
        (AttemptKind.CLAIM, "night", AttemptState.CONFIRMED),
    }


async def test_series_refuses_a_rank_only_when_it_is_asked(bench: Bench) -> None:
    """It enforces ranks itself, so the refusal comes after the releases: both go back."""
    bench.platform.capabilities = SERIES
    session = with_claims(SESSION, roblox_of(ANA))
    bench.platform.sessions["training"] = with_claims(session, roblox_of(BEN), role=HELPER)
    workspace = await bench.add_workspace(kind=ProviderKind.SERIES)
    await bench.link(ANA, BEN)
    announcement = await bench.post(workspace)
    pair = Pair(bench, await bench.opening(announcement),
                await bench.opening(announcement, HELPER))  # fmt: skip

    async def too_low(*_: Any) -> None:
        raise RankTooLow("no", replace(FACTS, platform="Series HR", words="Rank is too low."))

    once(bench, "claim", lambda _s, place, _r: place.role_id == "trainer", too_low)
    outcome = await pair.accept(await pair.propose())
    assert outcome.code is SwapCode.UNDONE
    assert pair.holders == BEFORE
    assert "Series HR says no: “Rank is too low”" in outcome.why
    assert "Both roles were given back: You hold **Helper**" in swap_words(outcome, BEN) or (
        f"<@{ANA}> holds **Trainer**" in swap_words(outcome, BEN)
    )


async def test_others_claims_that_a_release_swallows_are_put_back(
    pair: Pair, posted: Posted
) -> None:
    bench = pair.bench
    held = bench.platform.sessions["training"]
    bench.platform.sessions["training"] = with_claims(held, PANEL, role=HELPER)

    async def swallow(real: Any, place: Place, roblox_id: int, **more: Any) -> None:
        await real(place, roblox_id, **more)
        await real(place, PANEL, **more)

    once(bench, "release", lambda place, _: place.role_id == "trainer", swallow)
    assert (await pair.accept(await pair.propose())).code is SwapCode.DONE
    assert set(bench.platform.holders(posted.helper.place)) == {roblox_of(ANA), PANEL}
    assert bench.platform.holders(posted.trainer.place) == (roblox_of(BEN),)
