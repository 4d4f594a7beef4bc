"""What is refused before the journal has a reference, too: in the answer, the log, the database."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.models import ClashPolicy, Door, Workspace
from bot.services.outcomes import Code, Outcome
from bot.store.refusals import RefusedPress
from tests.services.bench import ANA, BEN, GUILD, HOST, STRANGERS, Bench, actor, roblox_of
from tests.services.conftest import Posted
from tests.services.worlds import HELPER, SESSION, with_claims

CARA = 9  # linked nowhere
BARRED = 77  # a Discord role


async def row_of(bench: Bench, outcome: Outcome) -> RefusedPress:
    """The row behind an answer's reference."""
    assert outcome.reference
    found = await bench.attempts.refusals.get(outcome.reference)
    assert found is not None
    assert found.code == outcome.code.value
    return found


async def test_who_is_not_linked(
    bench: Bench, posted: Posted, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        outcome = await bench.claims.claim(bench.press(posted.trainer, CARA))
    assert outcome.code is Code.NOT_LINKED
    assert await row_of(bench, outcome) == RefusedPress(
        outcome.reference, GUILD, posted.announcement.announcement_id, posted.trainer.opening_id,
        CARA, CARA, Door.BUTTON, "not linked", bench.clock(),
    )  # fmt: skip
    assert f"reference {outcome.reference}" in caplog.text


async def test_what_a_host_does_for_somebody_who_is_not_linked(
    bench: Bench, posted: Posted
) -> None:
    press = replace(bench.press(posted.trainer, HOST, door=Door.HOST), subject_id=CARA)
    row = await row_of(bench, await bench.claims.release(press))
    assert (row.actor_id, row.subject_id, row.door) == (HOST, CARA, Door.HOST)


async def test_what_is_closed(bench: Bench, posted: Posted) -> None:
    await bench.running.close(actor(HOST), str(posted.announcement.announcement_id))
    outcome = await bench.claims.claim(bench.press(posted.trainer))
    assert (await row_of(bench, outcome)).code == Code.CLOSED


async def test_a_discord_role_that_bars(bench: Bench, workspace: Workspace, posted: Posted) -> None:
    barred = frozenset({BARRED})
    await bench.workspace_store.update(GUILD, workspace.workspace_id, barred_role_ids=barred)
    outcome = await bench.claims.claim(bench.press(posted.trainer, ANA, BARRED))
    assert (await row_of(bench, outcome)).code == Code.NOT_ELIGIBLE_DISCORD


async def test_the_cut_off(bench: Bench, posted: Posted) -> None:
    bench.clock.advance(timedelta(minutes=45).total_seconds())
    async with bench.database.write() as connection:
        await connection.execute(text("UPDATE announcements SET cutoff_minutes = 30"))
    outcome = await bench.claims.claim(bench.press(posted.trainer))
    assert (await row_of(bench, outcome)).code == Code.CLOSED


@pytest.mark.parametrize("number", [4711, 2**63 - 1, 10**30])
async def test_a_button_that_leads_nowhere(number: int, bench: Bench, posted: Posted) -> None:
    press = replace(bench.press(posted.trainer), opening_id=number)
    row = await row_of(bench, await bench.claims.claim(press))
    assert row.announcement_id is None
    assert row.opening_id == (number if number < 2**63 else None)


async def test_what_another_guild_has_running(bench: Bench, posted: Posted) -> None:
    theirs = await bench.add_workspace(STRANGERS, "Their Harbour")
    await bench.link(ANA, guild_id=STRANGERS)
    opening = await bench.opening(await bench.post(theirs))
    bench.platform.gate.clear()
    first = asyncio.create_task(bench.claims.claim(bench.press(posted.trainer)))
    await bench.platform.waiting.wait()
    blocked = await bench.claims.claim(bench.press(opening, guild_id=STRANGERS))
    assert (await row_of(bench, blocked)).guild_id == STRANGERS
    bench.platform.gate.set()
    assert (await first).reference != blocked.reference


async def test_questions_and_other_refusals_are_in_the_journal(
    bench: Bench, workspace: Workspace, posted: Posted
) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA), role=HELPER)
    asked = await bench.claims.claim(bench.press(posted.trainer))
    await bench.workspace_store.update(GUILD, workspace.workspace_id, clash=ClashPolicy.WARN)
    bench.platform.sessions["other"] = replace(SESSION, session_id="other")
    other = await bench.opening(await bench.post(workspace, bench.platform.sessions["other"]))
    assert (await bench.claims.claim(bench.press(other, BEN))).code is Code.CLAIMED
    clash = await bench.claims.claim(bench.press(posted.helper, BEN))
    assert (asked.code, clash.code) == (Code.MOVE, Code.CLASH)
    for member, outcome in ((ANA, asked), (BEN, clash)):
        row = (await bench.journal(member))[-1]
        assert outcome.reference == row.operation_id[:8]
        assert await bench.attempts.refusals.get(outcome.reference) is None


async def test_a_database_that_refuses_the_row_costs_nobody_the_answer(
    bench: Bench, posted: Posted, caplog: pytest.LogCaptureFixture
) -> None:
    async with bench.database.write() as connection:
        await connection.execute(text("DROP TABLE refusals"))
    outcome = await bench.claims.claim(bench.press(posted.trainer, CARA))
    assert outcome.code is Code.NOT_LINKED
    assert f"refusal {outcome.reference} was not stored" in caplog.text


async def test_a_rush_of_refusals_shares_its_trips_to_the_disk(
    bench: Bench, posted: Posted
) -> None:
    members = range(1000, 1300)
    outcomes = await asyncio.gather(
        *(bench.claims.claim(bench.press(posted.trainer, member)) for member in members)
    )
    assert {outcome.code for outcome in outcomes} == {Code.NOT_LINKED}
    path = str(bench.database._url).removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as connection:
        stored = connection.execute("SELECT reference FROM refusals").fetchall()
    assert sorted(outcome.reference for outcome in outcomes) == sorted(one for (one,) in stored)
