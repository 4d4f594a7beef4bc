"""What a crash or an unclear answer leaves open reaches its ending, without a second write."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import OutcomeUnknown, Unavailable
from bot.models import Attempt, AttemptKind, AttemptState, Door, Opening, ProviderKind, Workspace
from bot.services.doubts import steady
from bot.services.outcomes import Code
from bot.services.reconciler import RESUME_WITHIN
from tests.services.bench import (
    ANA,
    BEN,
    GUILD,
    Bench,
    actor,
    roblox_of,
    until,
)
from tests.services.conftest import Posted
from tests.services.fakes import FACTS, FakePlatform
from tests.services.worlds import HELPER, SESSION, with_claims

LOST = OutcomeUnknown("no answer", FACTS)


async def leave(
    bench: Bench, opening: Opening, state: AttemptState, discord_id: int = ANA, **changes: object
) -> Attempt:
    """A row as a killed process leaves it."""
    found = await bench.announcements.get_opening_anywhere(opening.opening_id)
    assert found is not None
    attempt = Attempt(
        operation_id=f"operation-{opening.opening_id}-{discord_id}", kind=AttemptKind.CLAIM,
        state=AttemptState.PENDING, guild_id=GUILD, workspace_id=found[1].workspace_id,
        announcement_id=opening.announcement_id, opening_id=opening.opening_id, upstream="readmin",
        place=opening.place, door=Door.BUTTON, actor_id=discord_id, subject_id=discord_id,
        roblox_id=roblox_of(discord_id), created_at=bench.clock(), interaction_token="token",
    )  # fmt: skip
    attempt = replace(attempt, **changes)  # type: ignore[arg-type]  # a test's own facts
    assert await bench.attempts.add(attempt) is None
    if state is not AttemptState.PENDING:
        await bench.attempts.save(attempt.moved_to(state))
    return attempt


async def now(bench: Bench, attempt: Attempt) -> Attempt:
    """The row as it stands."""
    found = await bench.attempts.get(attempt.operation_id)
    assert found is not None
    return found


def told(bench: Bench) -> list[tuple[str, Code]]:
    """Who was told what."""
    return [(operation_id, outcome.code) for operation_id, outcome in bench.messenger.told]


async def test_a_pending_row_is_carried_out_once(bench: Bench, posted: Posted) -> None:
    row = await leave(bench, posted.trainer, AttemptState.PENDING)
    await bench.settle()
    await bench.settle()
    assert bench.platform.writes == [("claim", "trainer", roblox_of(ANA))]
    assert (await now(bench, row)).state is AttemptState.CONFIRMED
    assert told(bench) == [(row.operation_id, Code.CLAIMED)]


async def test_a_pending_row_is_judged_like_a_press(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, 55)
    row = await leave(bench, posted.trainer, AttemptState.PENDING)
    await bench.settle()
    assert bench.platform.writes == []
    assert told(bench) == [(row.operation_id, Code.FULL)]


async def test_an_old_pending_row_is_interrupted(bench: Bench, posted: Posted) -> None:
    row = await leave(bench, posted.trainer, AttemptState.PENDING)
    bench.clock.advance(RESUME_WITHIN.total_seconds())
    await bench.settle()
    assert bench.platform.writes == []
    settled = await now(bench, row)
    assert (settled.state, settled.reason) == (AttemptState.REFUSED, Code.INTERRUPTED)
    assert told(bench) == [(row.operation_id, Code.INTERRUPTED)]


async def test_a_pending_row_just_young_enough_is_carried_out(bench: Bench, posted: Posted) -> None:
    await leave(bench, posted.trainer, AttemptState.PENDING)
    bench.clock.advance(RESUME_WITHIN.total_seconds() - 1)
    await bench.settle()
    assert len(bench.platform.writes) == 1


@pytest.mark.parametrize("state", [AttemptState.SENT, AttemptState.UNKNOWN])
async def test_a_sent_row_whose_claim_is_there(
    state: AttemptState, bench: Bench, posted: Posted
) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    row = await leave(bench, posted.trainer, state)
    await bench.settle()
    assert (await now(bench, row)).state is AttemptState.CONFIRMED
    assert told(bench) == [(row.operation_id, Code.CLAIMED)]
    assert bench.platform.writes == []


async def test_absence_counts_after_ninety_seconds_of_it(bench: Bench, posted: Posted) -> None:
    row = await leave(bench, posted.trainer, AttemptState.SENT)
    bench.clock.advance(3600)  # the process was down: what counts is reading, not age
    first_look = bench.clock()
    await bench.settle()
    unknown = await now(bench, row)
    assert (unknown.state, unknown.absent_since) == (AttemptState.UNKNOWN, first_look)
    bench.clock.advance(89)
    await bench.settle()
    assert (await now(bench, row)) == unknown
    assert told(bench) == []
    bench.clock.advance(1)
    await bench.settle()
    settled = await now(bench, row)
    assert (settled.state, settled.reason) == (AttemptState.REFUSED, Code.DID_NOT_ARRIVE)
    assert told(bench) == [(row.operation_id, Code.DID_NOT_ARRIVE)]
    assert bench.platform.writes == []


async def test_a_clock_that_is_put_back_keeps_nobody_waiting(bench: Bench, posted: Posted) -> None:
    bench.clock.advance(5400)  # it was wrong
    row = await leave(bench, posted.trainer, AttemptState.SENT)
    await bench.settle()
    bench.clock.advance(-5400)
    await bench.settle()
    assert (await now(bench, row)).state is AttemptState.UNKNOWN
    bench.clock.advance(90)
    await bench.settle()
    assert told(bench) == [(row.operation_id, Code.DID_NOT_ARRIVE)]


async def test_a_clock_that_jumps_ahead_ends_no_doubt(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.engine, "_steady", steady(bench.clock, lambda: bench.ticks))
    row = await leave(bench, posted.trainer, AttemptState.SENT)
    await bench.settle()
    bench.clock.advance(5400)  # within no time: the platform may still store the claim
    await bench.settle()
    assert (await now(bench, row)).state is AttemptState.UNKNOWN
    bench.ticks += 90
    await bench.settle()
    assert told(bench) == [(row.operation_id, Code.DID_NOT_ARRIVE)]


async def test_a_claim_that_is_stored_late_is_found(bench: Bench, posted: Posted) -> None:
    bench.platform.write_error, bench.platform.loses_writes = LOST, True
    outcome = await bench.claims.claim(bench.press(posted.trainer))
    assert outcome.code is Code.UNKNOWN
    bench.clock.advance(60)
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    await bench.settle()
    (row,) = await bench.journal()
    assert row.state is AttemptState.CONFIRMED
    assert told(bench) == [(row.operation_id, Code.CLAIMED)]
    assert len(bench.platform.writes) == 1
    assert row.interaction_token == ""


async def test_the_place_is_free_again_when_the_claim_did_not_arrive(
    bench: Bench, posted: Posted
) -> None:
    await leave(bench, posted.trainer, AttemptState.SENT)
    await bench.settle()
    assert (await bench.claims.claim(bench.press(posted.trainer, BEN))).code is Code.FULL
    bench.clock.advance(90)
    await bench.settle()
    assert (await bench.claims.claim(bench.press(posted.trainer, BEN))).code is Code.CLAIMED
    assert bench.platform.holders(posted.trainer.place) == (roblox_of(BEN),)


async def test_while_the_platform_is_down_the_row_stays_unknown(
    bench: Bench, posted: Posted
) -> None:
    row = await leave(bench, posted.trainer, AttemptState.SENT)
    await bench.settle()
    since = (await now(bench, row)).absent_since
    bench.platform.read_error = Unavailable("m", FACTS)
    bench.clock.advance(3600)
    await bench.settle()
    still = await now(bench, row)
    assert (still.state, still.absent_since) == (AttemptState.UNKNOWN, since)
    assert told(bench) == []
    bench.platform.read_error = None
    await bench.settle()
    assert told(bench) == [(row.operation_id, Code.DID_NOT_ARRIVE)]


@pytest.mark.parametrize("there", [True, False])
async def test_a_sent_release(there: bool, bench: Bench, posted: Posted) -> None:
    if there:
        bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    row = await leave(bench, posted.trainer, AttemptState.SENT, kind=AttemptKind.RELEASE)
    await bench.settle()
    assert told(bench) == ([] if there else [(row.operation_id, Code.RELEASED)])
    bench.clock.advance(90)
    await bench.settle()
    ending = Code.DID_NOT_ARRIVE if there else Code.RELEASED
    assert told(bench) == [(row.operation_id, ending)]
    assert bench.platform.writes == []


async def test_a_pending_release_is_carried_out(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    row = await leave(bench, posted.trainer, AttemptState.PENDING, kind=AttemptKind.RELEASE)
    await bench.settle()
    assert bench.platform.writes == [("release", "trainer", roblox_of(ANA), False)]
    assert told(bench) == [(row.operation_id, Code.RELEASED)]


async def test_a_press_that_runs_is_left_alone(bench: Bench, posted: Posted) -> None:
    bench.platform.gate.clear()
    press = asyncio.create_task(bench.claims.claim(bench.press(posted.trainer)))
    await bench.platform.waiting.wait()
    reads = bench.platform.reads
    await bench.reconciler.settle_all()
    for _ in range(200):
        await asyncio.sleep(0)
    assert bench.platform.reads == reads
    bench.platform.gate.set()
    assert (await press).code is Code.CLAIMED
    await bench.background.settle()
    assert len(bench.platform.writes) == 1
    assert told(bench) == []  # its own answer says it


async def test_two_looks_at_once_write_once(bench: Bench, posted: Posted) -> None:
    row = await leave(bench, posted.trainer, AttemptState.PENDING)
    await asyncio.gather(*(bench.reconciler.settle_all() for _ in range(5)))
    await bench.background.settle()
    assert len(bench.platform.writes) == 1
    assert told(bench) == [(row.operation_id, Code.CLAIMED)]


async def test_killed_while_the_write_was_under_way(bench: Bench, posted: Posted) -> None:
    """The write arrives all the same; the next process finds it and says so."""
    bench.platform.gate.clear()
    press = asyncio.create_task(bench.claims.claim(bench.press(posted.trainer)))
    await bench.platform.waiting.wait()
    after = await bench.crash()
    with pytest.raises(asyncio.CancelledError):
        await press
    (row,) = await after.journal()
    assert row.state is AttemptState.SENT
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    await after.settle()
    assert told(after) == [(row.operation_id, Code.CLAIMED)]
    assert len(bench.platform.writes) == 1


async def test_thirty_rows_of_a_killed_rush(bench: Bench, posted: Posted) -> None:
    members = range(1000, 1030)
    await bench.link(*members)
    for member in members:
        await leave(bench, posted.helper, AttemptState.PENDING, member)
    await bench.settle()
    codes = [code for _, code in told(bench)]
    assert (codes.count(Code.CLAIMED), codes.count(Code.FULL)) == (2, 28)
    assert len(bench.platform.writes) == 2


async def test_rows_of_a_removed_workspace_are_closed(bench: Bench, posted: Posted) -> None:
    row = await leave(bench, posted.trainer, AttemptState.SENT)
    await bench.workspaces.remove(actor(), posted.announcement.workspace_id)
    await bench.settle()
    assert (await now(bench, row)).state is AttemptState.REFUSED
    assert await bench.attempts.count_unsettled() == 0
    assert bench.platform.reads == 0


async def test_an_odd_row_does_not_keep_others_from_their_ending(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    odd = await leave(bench, posted.trainer, AttemptState.PENDING)
    fine = await leave(bench, posted.helper, AttemptState.PENDING, BEN)
    tell = bench.messenger.tell

    async def break_once(attempt: Attempt, outcome: object) -> bool:
        if attempt.operation_id == odd.operation_id:
            raise RuntimeError("boom")
        return await tell(attempt, outcome)  # type: ignore[arg-type]  # as it came

    monkeypatch.setattr(bench.messenger, "tell", break_once)
    with caplog.at_level(logging.ERROR):
        await bench.settle()
    assert told(bench) == [(fine.operation_id, Code.CLAIMED)]
    assert odd.operation_id in caplog.text


async def test_a_hanging_workspace_delays_no_other(
    bench: Bench, posted: Posted, workspace: Workspace
) -> None:
    elsewhere = "https://second.example.test"
    bench.platforms[elsewhere] = FakePlatform(SESSION)
    other = await bench.add_workspace(name="Second", base_url=elsewhere, kind=ProviderKind.SERIES)
    opening = await bench.opening(await bench.post(other), HELPER)
    bench.platform.gate.clear()
    await leave(bench, posted.trainer, AttemptState.PENDING)
    fine = await leave(bench, opening, AttemptState.PENDING, BEN, upstream=elsewhere)
    await bench.reconciler.settle_all()
    await until(lambda: told(bench))
    assert told(bench) == [(fine.operation_id, Code.CLAIMED)]
    await bench.reconciler.settle_all()  # the hanging one is not asked a second time
    bench.platform.gate.set()
    await bench.background.settle()
    assert len(bench.platform.writes) == 1


async def test_nothing_to_do_is_nothing_done(bench: Bench, posted: Posted) -> None:
    await bench.claims.claim(bench.press(posted.trainer))
    reads = bench.platform.reads
    await bench.settle()
    assert bench.platform.reads == reads
    assert timedelta(0) < RESUME_WITHIN < timedelta(minutes=15)  # a token lives no longer
