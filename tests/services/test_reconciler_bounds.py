"""What ends although nobody answers, who drives a row, and how an ending reaches its member."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import Unavailable, UpstreamNotFound
from bot.models import AttemptState, ProviderKind
from bot.services.outcomes import Code
from tests.services.bench import ANA, BEN, GUILD, LOG_CHANNEL, STRANGERS, Bench, until
from tests.services.conftest import Posted
from tests.services.fakes import FACTS, FakePlatform
from tests.services.test_reconciler import leave, now, told
from tests.services.worlds import HELPER, SESSION


async def test_after_a_day_of_silence_the_hosts_are_asked_to_look(
    bench: Bench, posted: Posted
) -> None:
    row = await leave(bench, posted.trainer, AttemptState.SENT)
    bench.platform.read_error = Unavailable("m", FACTS)
    await bench.settle()
    bench.clock.advance(24 * 3600 - 1)
    await bench.settle()
    assert (await now(bench, row)).state is AttemptState.UNKNOWN
    assert bench.messenger.notices == []
    bench.clock.advance(1)
    await bench.settle()
    settled = await now(bench, row)
    assert (settled.state, settled.reason) == (AttemptState.REFUSED, Code.GAVE_UP)
    ((channel, text),) = bench.messenger.notices
    assert channel == LOG_CHANNEL
    for fact in (f"<@{ANA}>", "Trainer", "12:00 Training", row.operation_id[:8]):
        assert fact in text
    assert told(bench) == [(row.operation_id, Code.GAVE_UP)]


async def test_one_good_reading_starts_the_day_anew(bench: Bench, posted: Posted) -> None:
    row = await leave(bench, posted.trainer, AttemptState.SENT)
    silent = Unavailable("m", FACTS)
    for error, seconds in ((silent, 23 * 3600), (None, 30), (silent, 23 * 3600)):
        bench.platform.read_error = error
        await bench.settle()
        bench.clock.advance(seconds)
    await bench.settle()
    assert (await now(bench, row)).state is AttemptState.UNKNOWN


@pytest.mark.parametrize("what", ["session", "server"])
async def test_a_claim_in_what_is_gone_is_absent(what: str, bench: Bench, posted: Posted) -> None:
    row = await leave(bench, posted.trainer, AttemptState.SENT)
    bench.platform.read_error = UpstreamNotFound("m", FACTS, what)
    await bench.settle()
    assert (await now(bench, row)).state is AttemptState.UNKNOWN
    bench.clock.advance(90)
    await bench.settle()
    assert (await now(bench, row)).reason == Code.GONE
    assert told(bench) == [(row.operation_id, Code.GONE)]


async def test_many_rows_of_a_dead_workspace_hide_no_other(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.reconciler.BATCH", 3)
    elsewhere = "https://second.example.test"
    bench.platforms[elsewhere] = FakePlatform(SESSION)
    other = await bench.add_workspace(name="Second", base_url=elsewhere, kind=ProviderKind.SERIES)
    opening = await bench.opening(await bench.post(other), HELPER)
    bench.platform.read_error = Unavailable("m", FACTS)
    for member in range(1000, 1010):
        await leave(bench, posted.helper, AttemptState.SENT, member)
    bench.clock.advance(1)
    fine = await leave(bench, opening, AttemptState.PENDING, BEN, upstream=elsewhere)
    await bench.settle()
    assert told(bench) == [(fine.operation_id, Code.CLAIMED)]


async def test_one_reading_serves_all_rows_of_a_session(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    for member in range(1000, 1010):
        await leave(bench, posted.helper, AttemptState.SENT, member)
    monkeypatch.setattr("bot.services.visits.YOUNG", 3600.0)  # however slow this machine is
    reads = bench.platform.reads
    await bench.settle()
    assert bench.platform.reads == reads + 1


async def test_a_row_of_a_living_process_is_left_to_it(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = await leave(bench, posted.trainer, AttemptState.PENDING)
    after = await bench.crash()
    owner = (await now(bench, row)).owner
    assert owner is not None

    async def both_live() -> set[int]:
        return {owner}

    monkeypatch.setattr(after.database, "live_owners", both_live)
    await after.settle()
    assert bench.platform.writes == []
    monkeypatch.undo()
    monkeypatch.setattr("bot.services.workspaces.open_provider", lambda *_: bench.platform)
    await after.settle()
    assert len(bench.platform.writes) == 1


async def test_who_was_believed_dead_writes_nothing(bench: Bench, posted: Posted) -> None:
    """Another process takes the row over while this one waits for its turn."""
    bench.platform.gate.clear()
    inside = asyncio.create_task(bench.claims.claim(bench.press(posted.helper, BEN)))
    await bench.platform.waiting.wait()
    press = asyncio.create_task(bench.claims.claim(bench.press(posted.trainer, ANA)))
    await until(lambda: len(bench.engine._running) == 2)
    while not (rows := await bench.journal(ANA)):  # noqa: ASYNC110  # nothing to wait on
        await asyncio.sleep(0)
    other = Bench(bench.database, bench.messenger, bench.roblox, bench.clock, bench.platforms)
    assert await other.attempts.take(rows[0])
    bench.platform.gate.set()
    assert (await inside).code is Code.CLAIMED
    assert (await press).code is Code.UNKNOWN
    assert len(bench.platform.writes) == 1


async def test_an_ending_whose_process_died_before_its_answer_is_told(
    bench: Bench, posted: Posted
) -> None:
    outcome = await bench.claims.claim(bench.press(posted.trainer))
    assert outcome.code is Code.CLAIMED
    await bench.settle()
    assert told(bench) == []  # its own process gives the answer
    after = await bench.crash()
    await after.settle()
    await after.settle()
    assert told(after) == [(outcome.operation_id, Code.CLAIMED)]
    (row,) = await after.journal()
    assert (row.told, row.interaction_token) == (True, "")


async def test_what_could_not_be_told_waits_for_the_member(bench: Bench, posted: Posted) -> None:
    row = await leave(bench, posted.trainer, AttemptState.PENDING, interaction_token="")
    await bench.settle()
    bench.clock.advance(60)
    assert await bench.claims.untold(GUILD, BEN) == []
    (outcome,) = await bench.claims.untold(GUILD, ANA)
    assert (outcome.code, outcome.operation_id) == (Code.CLAIMED, row.operation_id)
    assert await bench.claims.untold(STRANGERS, ANA) == []
    await bench.claims.mark_told([outcome.operation_id])
    assert await bench.claims.untold(GUILD, ANA) == []
