"""What ReAdmin does behind a clear yes: claims that vanish, are one too many, or were others'."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import Unavailable
from bot.models import AttemptState, Claim, ProviderKind, Session
from bot.services.outcomes import Code
from tests.services.bench import ANA, BEN, HOST, LOG_CHANNEL, Bench, actor, roblox_of, until
from tests.services.conftest import Posted
from tests.services.fakes import FACTS
from tests.services.worlds import (
    HELPER,
    NOW,
    READMIN,
    SERIES,
    SESSION,
    TRAINER,
    with_claims,
    with_role,
)

SOMEBODY = 55
Change = Callable[[Session], Session]


def after_write(bench: Bench, *changes: Change | None) -> None:
    """What somebody else does on the platform right after each write of ours; None = nothing."""
    platform, todo = bench.platform, list(changes)
    store = platform._store

    def store_and_more(place: object, claims: object) -> None:
        store(place, claims)  # type: ignore[arg-type]  # as they came
        change = todo.pop(0) if todo else None
        if change is not None:
            platform.sessions["training"] = change(platform.sessions["training"])

    platform._store = store_and_more  # type: ignore[method-assign]  # a test's own platform


def without(*roblox_ids: int) -> Change:
    """These people hold nothing any more."""

    def change(session: Session) -> Session:
        return replace(
            session,
            servers=tuple(
                replace(one, claims=tuple(c for c in one.claims if c.roblox_id not in roblox_ids))
                for one in session.servers
            ),
        )

    return change


def joined_by(roblox_id: int, at: timedelta | None = None) -> Change:
    """Somebody claims TRAINER elsewhere, at this distance from NOW if the platform tells."""

    def change(session: Session) -> Session:
        when = None if at is None else NOW + at
        claim = Claim(roblox_id, TRAINER.role_id, TRAINER.name, when)
        first, *rest = session.servers
        return replace(session, servers=(replace(first, claims=(*first.claims, claim)), *rest))

    return change


async def test_a_claim_costs_three_calls(bench: Bench, posted: Posted) -> None:
    reads = bench.platform.reads
    assert (await bench.claims.claim(bench.press(posted.trainer))).code is Code.CLAIMED
    assert (bench.platform.reads - reads, len(bench.platform.writes)) == (2, 1)


async def test_a_platform_that_loses_nothing_is_not_read_back(bench: Bench, posted: Posted) -> None:
    bench.platform.capabilities = replace(READMIN, loses_writes=False)
    reads = bench.platform.reads
    assert (await bench.claims.claim(bench.press(posted.trainer))).code is Code.CLAIMED
    assert bench.platform.reads - reads == 1
    assert not SERIES.loses_writes


async def test_a_claim_that_vanished_is_written_once_more(bench: Bench, posted: Posted) -> None:
    after_write(bench, without(roblox_of(ANA)))
    assert (await bench.claims.claim(bench.press(posted.trainer))).code is Code.CLAIMED
    assert bench.platform.writes == [("claim", "trainer", roblox_of(ANA))] * 2
    (row,) = await bench.journal()
    assert (row.repaired, row.state) == (True, AttemptState.CONFIRMED)


async def test_and_never_a_third_time(bench: Bench, posted: Posted) -> None:
    after_write(bench, without(roblox_of(ANA)), without(roblox_of(ANA)))
    assert (await bench.claims.claim(bench.press(posted.trainer))).code is Code.UNKNOWN
    assert len(bench.platform.writes) == 2
    for _ in range(3):
        await bench.settle()
        bench.clock.advance(60)
    (row,) = await bench.journal()
    assert (row.repaired, row.reason) == (True, Code.DID_NOT_ARRIVE)
    assert len(bench.platform.writes) == 2


async def test_a_vanished_claim_whose_place_is_taken_is_not_written_again(
    bench: Bench, posted: Posted
) -> None:
    after_write(bench, lambda s: joined_by(SOMEBODY)(without(roblox_of(ANA))(s)))
    assert (await bench.claims.claim(bench.press(posted.trainer))).code is Code.UNKNOWN
    assert len(bench.platform.writes) == 1
    assert bench.platform.holders(posted.trainer.place) == (SOMEBODY,)


async def test_who_chose_something_else_meanwhile_keeps_it(bench: Bench, posted: Posted) -> None:
    ana = roblox_of(ANA)
    after_write(bench, lambda s: with_claims(without(ana)(s), ana, role=HELPER))
    assert (await bench.claims.claim(bench.press(posted.trainer))).code is Code.UNKNOWN
    assert len(bench.platform.writes) == 1


async def test_a_claim_that_cannot_be_read_back_is_unknown_until_it_can(
    bench: Bench, posted: Posted
) -> None:
    def silent(session: Session) -> Session:
        bench.platform.read_error = Unavailable("m", FACTS)
        return session

    after_write(bench, silent)
    assert (await bench.claims.claim(bench.press(posted.trainer))).code is Code.UNKNOWN
    bench.platform.read_error = None
    await bench.settle()
    (row,) = await bench.journal()
    assert row.state is AttemptState.CONFIRMED
    assert len(bench.platform.writes) == 1


@pytest.mark.parametrize("at", [None, timedelta(seconds=-1)])
async def test_one_too_many_gives_way(at: timedelta | None, bench: Bench, posted: Posted) -> None:
    """Nobody can tell who was first, or the other one was."""
    after_write(bench, joined_by(SOMEBODY, at))
    outcome = await bench.claims.claim(bench.press(posted.trainer))
    assert outcome.code is Code.FULL
    assert len(outcome.holders) == 1
    assert bench.platform.holders(posted.trainer.place) == (SOMEBODY,)
    assert [write[0] for write in bench.platform.writes] == ["claim", "release"]
    (row,) = await bench.journal()
    assert (row.state, row.reason) == (AttemptState.REFUSED, Code.FULL)


async def test_a_move_that_gives_way_goes_back(bench: Bench, posted: Posted) -> None:
    """ReAdmin replaces: released, the member would hold neither."""
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA), role=HELPER)
    after_write(bench, joined_by(SOMEBODY))
    outcome = await bench.claims.claim(bench.press(posted.trainer, move=True))
    assert outcome.code is Code.FULL
    assert bench.platform.holders(posted.helper.place) == (roblox_of(ANA),)
    assert bench.platform.holders(posted.trainer.place) == (SOMEBODY,)


async def test_a_move_that_lost_both_gets_the_old_one_back(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA), role=HELPER)
    after_write(bench, lambda s: joined_by(SOMEBODY)(without(roblox_of(ANA))(s)))
    outcome = await bench.claims.claim(bench.press(posted.trainer, move=True))
    assert outcome.code is Code.UNKNOWN
    assert bench.platform.holders(posted.helper.place) == (roblox_of(ANA),)


async def test_a_move_replaces(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA), role=HELPER)
    assert (await bench.claims.claim(bench.press(posted.trainer))).code is Code.MOVE
    assert bench.platform.writes == []
    outcome = await bench.claims.claim(bench.press(posted.trainer, move=True))
    assert outcome.code is Code.CLAIMED
    assert bench.platform.holders(posted.helper.place) == ()
    assert bench.platform.holders(posted.trainer.place) == (roblox_of(ANA),)


async def test_where_nothing_can_be_released_the_hosts_are_told(
    bench: Bench, posted: Posted
) -> None:
    bench.platform.capabilities = replace(READMIN, can_release=False)
    after_write(bench, joined_by(SOMEBODY))
    assert (await bench.claims.claim(bench.press(posted.trainer))).code is Code.CLAIMED
    await bench.background.settle()
    ((channel, text),) = bench.messenger.notices
    assert channel == LOG_CHANNEL
    assert "More people hold **Trainer**" in text


async def test_a_release_that_took_anothers_claim_puts_it_back(
    bench: Bench, posted: Posted, caplog: pytest.LogCaptureFixture
) -> None:
    crowd = with_claims(SESSION, roblox_of(ANA), SOMEBODY, role=HELPER)
    bench.platform.sessions["training"] = crowd
    after_write(bench, without(SOMEBODY))
    with caplog.at_level(logging.WARNING):
        outcome = await bench.claims.release(bench.press(posted.helper))
    assert outcome.code is Code.RELEASED
    assert bench.platform.holders(posted.helper.place) == (SOMEBODY,)
    assert bench.platform.writes[1:] == [("claim", "helper", SOMEBODY)]
    assert f"the claim of {SOMEBODY} went with a release" in caplog.text


@pytest.mark.parametrize(("age", "back"), [(89, (SOMEBODY,)), (91, ())])
async def test_only_what_was_claimed_lately_is_put_back(
    age: int, back: tuple[int, ...], bench: Bench, posted: Posted
) -> None:
    """Somebody's release cannot have missed an older claim: it was taken away on purpose."""
    crowd = with_claims(SESSION, roblox_of(ANA), role=HELPER)
    claim = Claim(SOMEBODY, HELPER.role_id, HELPER.name, bench.clock() - timedelta(seconds=age))
    (server,) = crowd.servers
    bench.platform.sessions["training"] = replace(
        crowd, servers=(replace(server, claims=(*server.claims, claim)),)
    )
    after_write(bench, without(SOMEBODY))
    assert (await bench.claims.release(bench.press(posted.helper))).code is Code.RELEASED
    assert bench.platform.holders(posted.helper.place) == back


async def test_nobody_is_put_back_over_capacity(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA), 61, 62, role=HELPER)

    def overtaken(session: Session) -> Session:
        return with_role(without(61)(session), replace(HELPER, capacity=1))

    after_write(bench, overtaken)
    assert (await bench.claims.release(bench.press(posted.helper))).code is Code.RELEASED
    assert bench.platform.holders(posted.helper.place) == (62,)
    assert len(bench.platform.writes) == 1


async def test_a_hundred_places_cost_a_hundred_writes_and_few_reads(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred people in one moment; who finds the role full costs the platform nothing."""
    monkeypatch.setattr("bot.services.visits.YOUNG", 3600.0)  # however slow this machine is
    bench.platform.sessions["training"] = with_role(SESSION, replace(HELPER, capacity=20))
    members = range(1000, 1200)
    await bench.link(*members)
    reads = bench.platform.reads
    outcomes = await asyncio.gather(
        *(bench.claims.claim(bench.press(posted.helper, member)) for member in members)
    )
    codes = [outcome.code for outcome in outcomes]
    assert (codes.count(Code.CLAIMED), codes.count(Code.FULL)) == (20, 180)
    assert len(bench.platform.writes) == 20
    assert bench.platform.reads - reads <= 45


async def test_what_a_host_closed_meanwhile_is_not_claimed(bench: Bench, posted: Posted) -> None:
    bench.platform.gate.clear()
    first = asyncio.create_task(bench.claims.claim(bench.press(posted.helper, BEN)))
    await bench.platform.waiting.wait()
    second = asyncio.create_task(bench.claims.claim(bench.press(posted.helper, ANA)))
    await until(lambda: len(bench.engine._running) == 2)
    await bench.running.close(actor(HOST), str(posted.announcement.announcement_id))
    bench.platform.gate.set()
    assert (await first).code is Code.CLAIMED
    assert (await second).code is Code.CLOSED
    assert len(bench.platform.writes) == 1


async def test_two_spellings_of_one_host_are_one_lane(bench: Bench, posted: Posted) -> None:
    alias = "https://alias.example.test"
    bench.platforms[alias] = bench.platform
    other = await bench.add_workspace(name="Alias", base_url=alias, kind=ProviderKind.READMIN_V1)
    opening = await bench.opening(await bench.post(other))
    outcomes = await asyncio.gather(
        bench.claims.claim(bench.press(posted.trainer, ANA)),
        bench.claims.claim(bench.press(opening, BEN)),
    )
    assert sorted(outcome.code for outcome in outcomes) == [Code.CLAIMED, Code.FULL]
    assert bench.platform.most_writing == 1
