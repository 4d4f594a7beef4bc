"""Presses: what is refused at once, who joins whom, and what a redelivery is told."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.errors import OutcomeUnknown
from bot.models import AnnouncementState, AttemptState, Workspace
from bot.services.outcomes import Code
from tests.services.bench import (
    ANA,
    BEN,
    GUILD,
    HOST,
    STRANGERS,
    Bench,
    actor,
    roblox_of,
    until,
)
from tests.services.conftest import Posted
from tests.services.fakes import FACTS
from tests.services.worlds import SESSION, with_claims

CARA = 9  # linked nowhere
STAFF = 77


async def test_a_button_of_nothing(bench: Bench, posted: Posted) -> None:
    for number in (0, 999_999, 2**63 - 1, 2**70):
        press = replace(bench.press(posted.trainer), opening_id=number)
        for ask in (bench.claims.claim, bench.claims.release):
            outcome = await ask(press)
            assert (outcome.code, outcome.what) == (Code.GONE, "button")
    assert bench.platform.reads == 0


async def test_a_button_of_another_guild_is_a_button_of_nothing(
    bench: Bench, posted: Posted
) -> None:
    await bench.link(ANA, guild_id=STRANGERS)
    outcome = await bench.claims.claim(bench.press(posted.trainer, guild_id=STRANGERS))
    assert (outcome.code, outcome.what) == (Code.GONE, "button")
    assert outcome.session_title == ""


async def test_who_is_not_linked(bench: Bench, posted: Posted) -> None:
    await bench.link(CARA, guild_id=STRANGERS)  # counts there only
    for ask in (bench.claims.claim, bench.claims.release):
        assert (await ask(bench.press(posted.trainer, CARA))).code is Code.NOT_LINKED
    assert bench.platform.reads == 0
    assert await bench.journal(CARA) == []


async def test_who_lacks_the_discord_role(
    bench: Bench, posted: Posted, workspace: Workspace
) -> None:
    await bench.workspaces.update(
        actor(), workspace.name, {"claimer_role_ids": frozenset({STAFF, 70})}
    )
    refused = await bench.claims.claim(bench.press(posted.trainer, ANA, 5))
    assert (refused.code, refused.role_ids) == (Code.NOT_ELIGIBLE_DISCORD, (70, STAFF))
    assert bench.platform.reads == 0
    assert await bench.journal() == []
    assert (await bench.claims.claim(bench.press(posted.trainer, ANA, STAFF))).code is Code.CLAIMED


async def test_a_role_lost_since_does_not_keep_anybody_from_releasing(
    bench: Bench, posted: Posted, workspace: Workspace
) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    await bench.workspaces.update(actor(), workspace.name, {"claimer_role_ids": frozenset({STAFF})})
    assert (await bench.claims.release(bench.press(posted.trainer))).code is Code.RELEASED


async def test_a_closed_announcement(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    await bench.running.close(actor(HOST), str(posted.announcement.announcement_id))
    bench.platform.reads = 0
    refused = await bench.claims.claim(bench.press(posted.helper))
    assert refused.code is Code.CLOSED
    assert refused.why == f"closed by <@{HOST}> <t:{int(bench.clock().timestamp())}:R>"
    assert bench.platform.reads == 0
    assert (await bench.claims.release(bench.press(posted.trainer))).code is Code.RELEASED


@pytest.mark.parametrize(
    ("state", "code", "what"),
    [
        (AnnouncementState.ENDED, Code.CLOSED, ""),
        (AnnouncementState.GONE, Code.GONE, "session"),
        (AnnouncementState.DRAFT, Code.CLOSED, ""),
    ],
)
async def test_an_announcement_that_is_over(
    state: AnnouncementState, code: Code, what: str, bench: Bench, posted: Posted
) -> None:
    number = posted.announcement.announcement_id
    await bench.announcements.set_state(number, state, now=bench.clock())
    outcome = await bench.claims.claim(bench.press(posted.trainer))
    assert (outcome.code, outcome.what) == (code, what)
    assert bench.platform.reads == 0


async def test_a_double_press_is_one_claim_and_both_are_answered(
    bench: Bench, posted: Posted
) -> None:
    bench.platform.gate.clear()
    first = asyncio.create_task(bench.claims.claim(bench.press(posted.trainer)))
    await bench.platform.waiting.wait()
    second = asyncio.create_task(bench.claims.claim(bench.press(posted.trainer)))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not second.done()
    bench.platform.gate.set()
    assert await first == await second
    assert (await first).code is Code.CLAIMED
    assert len(bench.platform.writes) == 1
    assert len(await bench.journal()) == 1


async def test_presses_at_the_same_moment_are_one(bench: Bench, posted: Posted) -> None:
    outcomes = await asyncio.gather(
        *(bench.claims.claim(bench.press(posted.trainer)) for _ in range(10))
    )
    assert {outcome.code for outcome in outcomes} <= {Code.CLAIMED, Code.ALREADY_SAME}
    assert len(bench.platform.writes) == 1


async def test_who_goes_away_leaves_the_claim_running(bench: Bench, posted: Posted) -> None:
    bench.platform.gate.clear()
    press = asyncio.create_task(bench.claims.claim(bench.press(posted.trainer)))
    await bench.platform.waiting.wait()
    press.cancel()
    with pytest.raises(asyncio.CancelledError):
        await press
    bench.platform.gate.set()
    await bench.background.settle()
    (row,) = await bench.journal()
    assert row.state is AttemptState.CONFIRMED


async def test_a_redelivered_press_is_told_the_same_without_a_write(
    bench: Bench, posted: Posted
) -> None:
    press = bench.press(posted.trainer)
    first = await bench.claims.claim(press)
    again = await bench.claims.claim(press)
    after_restart = await (await bench.crash()).claims.claim(press)
    assert {first.code, again.code, after_restart.code} == {Code.CLAIMED}
    assert {first.reference, again.reference, after_restart.reference} == {first.reference}
    assert len(bench.platform.writes) == 1
    assert len(await bench.journal()) == 1


async def test_a_redelivered_refusal_stays_one_although_there_is_room_now(
    bench: Bench, posted: Posted
) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, 55)
    press = bench.press(posted.trainer)
    assert (await bench.claims.claim(press)).code is Code.FULL
    bench.platform.sessions["training"] = SESSION
    assert (await bench.claims.claim(press)).code is Code.FULL
    assert bench.platform.writes == []


async def test_a_redelivered_press_whose_outcome_is_unknown(bench: Bench, posted: Posted) -> None:
    bench.platform.write_error = OutcomeUnknown("m", FACTS)
    bench.platform.loses_writes = True
    press = bench.press(posted.trainer)
    for code in (Code.UNKNOWN, Code.STILL_RUNNING):
        assert (await bench.claims.claim(press)).code is code
    assert len(bench.platform.writes) == 1


async def test_one_member_on_two_sessions_is_two_matters(
    bench: Bench, posted: Posted, workspace: Workspace
) -> None:
    raid = replace(SESSION, session_id="raid", name="Raid")
    bench.platform.sessions["raid"] = raid
    other = await bench.opening(await bench.post(workspace, raid))
    bench.platform.gate.clear()
    first = asyncio.create_task(bench.claims.claim(bench.press(posted.trainer)))
    second = asyncio.create_task(bench.claims.claim(bench.press(other)))
    await until(lambda: len(bench.platform.writes) == 2)
    bench.platform.gate.set()
    assert {(await first).code, (await second).code} == {Code.CLAIMED}


async def test_a_roblox_account_of_two_guilds_has_one_write_at_a_time(
    bench: Bench, posted: Posted
) -> None:
    theirs = await bench.add_workspace(STRANGERS, "Their Harbour")
    await bench.link(ANA, guild_id=STRANGERS)
    opening = await bench.opening(await bench.post(theirs))
    bench.platform.gate.clear()
    first = asyncio.create_task(bench.claims.claim(bench.press(posted.trainer)))
    await bench.platform.waiting.wait()
    blocked = await bench.claims.claim(bench.press(opening, guild_id=STRANGERS))
    assert (blocked.code, blocked.operation_id) == (Code.STILL_RUNNING, "")
    bench.platform.gate.set()
    assert (await first).code is Code.CLAIMED
    assert len(bench.platform.writes) == 1


async def test_after_a_refusal_the_member_may_press_again(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, 55)
    assert (await bench.claims.claim(bench.press(posted.trainer))).code is Code.FULL
    bench.platform.sessions["training"] = SESSION
    assert (await bench.claims.claim(bench.press(posted.trainer))).code is Code.CLAIMED


async def test_what_was_asked_stays_in_the_guilds_own_journal(bench: Bench, posted: Posted) -> None:
    await bench.claims.claim(bench.press(posted.trainer, BEN))
    assert len(await bench.journal(BEN, GUILD)) == 1
    assert await bench.journal(BEN, STRANGERS) == []


async def test_two_wishes_at_once_are_carried_out_one_after_the_other(
    bench: Bench, posted: Posted
) -> None:
    """The second press must not be answered with the ending of the first."""
    bench.platform.gate.clear()
    first = asyncio.create_task(bench.claims.claim(bench.press(posted.helper)))
    await bench.platform.waiting.wait()
    second = asyncio.create_task(bench.claims.claim(bench.press(posted.trainer)))
    bench.platform.gate.set()
    assert ((await first).code, (await first).role_name) == (Code.CLAIMED, "Helper")
    outcome = await second
    assert (outcome.code, outcome.role_name) == (Code.MOVE, "Trainer")


async def test_an_answer_that_is_just_being_given_is_not_given_twice(
    bench: Bench, posted: Posted
) -> None:
    await bench.claims.claim(bench.press(posted.trainer))
    assert await bench.claims.untold(GUILD, ANA) == []
    bench.clock.advance(60)  # nobody said that it reached anybody
    assert [one.code for one in await bench.claims.untold(GUILD, ANA)] == [Code.CLAIMED]


async def test_an_old_question_is_not_asked_again(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    assert (await bench.claims.claim(bench.press(posted.helper))).code is Code.MOVE
    bench.clock.advance(60)
    assert await bench.claims.untold(GUILD, ANA) == []
