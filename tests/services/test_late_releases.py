"""A role that is given back after the cut-off: who is asked why, and which host reads it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.errors import MessengerError, OutcomeUnknown
from bot.models import NOBODY, AnnouncementState, AttemptState, Preferences, ProviderKind, Workspace
from bot.services.claims import Press
from bot.services.late_releases import needs_reason
from bot.services.outcomes import Code, HostsTold
from bot.services.reconciler import NOTE_AFTER
from bot.store.automation import AutomationStore
from bot.store.tables import claim_attempts
from tests.services.bench import ANA, BEN, CHANNEL, GUILD, HOST, LOG_CHANNEL, Bench, roblox_of
from tests.services.conftest import Posted
from tests.services.fakes import FACTS
from tests.services.worlds import NOW, SESSION, with_claims

THREAD = 777
LATER = NOTE_AFTER.total_seconds() + 1
WHY = "my *cat* is ill"
CLOSED_FOR = 60  # minutes before the start: from now on


@pytest.fixture
async def late(bench: Bench, posted: Posted) -> Posted:
    """ANA holds the role, and claims have closed."""
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    number = posted.announcement.announcement_id
    await bench.hosting_store.change(number, cutoff_minutes=CLOSED_FOR)
    return posted


def press(bench: Bench, late: Posted, why: str = WHY, by: int = ANA) -> Press:
    """ANA gives it back."""
    return replace(bench.press(late.trainer, by), reason=why)


async def no_log_channel(bench: Bench) -> None:
    (workspace,) = await bench.workspaces.list_all(GUILD)
    await bench.workspace_store.update(GUILD, workspace.workspace_id, log_channel_id=None)


async def open_thread(bench: Bench, late: Posted) -> None:
    number = late.announcement.announcement_id
    await AutomationStore(bench.database).set_thread(number, THREAD)


async def test_it_is_asked_why_and_nothing_is_sent_before(bench: Bench, late: Posted) -> None:
    for why in ("", "  \n"):
        asked = await bench.releases.release(press(bench, late, why))
        assert (asked.code, asked.releasing) == (Code.REASON, True)
    assert bench.platform.writes == []
    assert await bench.journal() == []
    question = await bench.releases.ask(press(bench, late).actor, late.trainer.opening_id)
    assert question.late is not None
    assert question.late.code is Code.REASON


async def test_the_log_channel_reads_it_and_the_journal_keeps_nothing_of_it(
    bench: Bench, late: Posted
) -> None:
    outcome = await bench.releases.release(press(bench, late))
    assert (outcome.code, outcome.hosts_told) == (Code.RELEASED, HostsTold.ALL)
    assert bench.platform.holders(late.trainer.place) == ()
    await bench.background.settle()
    ((channel, line),) = bench.messenger.notices
    assert channel == LOG_CHANNEL
    assert line == (
        f"↩ <@{ANA}> has released **Trainer** in “12:00 Training” on Main after the cut-off."
        " Reason: “my \\*cat\\* is ill”\n"
        "Members can no longer claim it; a host can: `/session add`\n"
        f"{late.announcement.url}\n-# Reference {outcome.reference}"
    )
    assert (bench.messenger.direct, bench.messenger.said) == ([], [])
    async with bench.database.read() as connection:
        (row,) = await connection.execute(select(claim_attempts))
    assert row.with_reason
    assert "cat" not in str(row)
    bench.clock.advance(LATER)
    await bench.settle()
    assert len(bench.messenger.notices) == 1


async def test_hosts_who_want_direct_messages_get_one_as_well(bench: Bench, late: Posted) -> None:
    number = late.announcement.announcement_id
    await bench.hosting_store.change(number, co_host_ids=frozenset({BEN, 77}))
    for who in (HOST, BEN):
        await bench.preferences.save(Preferences(GUILD, who, direct=True))
    await bench.releases.release(press(bench, late))
    await bench.background.settle()
    assert [who for who, _ in bench.messenger.direct] == [HOST, BEN]
    assert all("Reason: “my" in text for _, text in bench.messenger.direct)


async def test_else_the_thread_pings_the_host_and_leaves_the_reason_out(
    bench: Bench, late: Posted
) -> None:
    await no_log_channel(bench)
    await open_thread(bench, late)
    outcome = await bench.releases.release(press(bench, late))
    assert outcome.hosts_told is HostsTold.THREAD
    await bench.background.settle()
    ((channel, text, pinged),) = bench.messenger.said
    assert (channel, pinged) == (THREAD, (HOST,))
    assert text.startswith(f"<@{HOST}> ↩ <@{ANA}> has released **Trainer**")
    assert "cat" not in text
    assert "Ask them why" in text


async def test_a_log_channel_out_of_reach_is_made_up_for(bench: Bench, late: Posted) -> None:
    await open_thread(bench, late)

    async def refuse(*_: object) -> None:
        raise MessengerError("no")

    bench.messenger.post_notice = refuse  # type: ignore[method-assign]  # one channel alone
    await bench.releases.release(press(bench, late))
    await bench.background.settle()
    assert [channel for channel, _, _ in bench.messenger.said] == [THREAD]


async def test_where_no_host_can_be_told_the_member_reads_so(bench: Bench, late: Posted) -> None:
    await no_log_channel(bench)
    outcome = await bench.releases.release(press(bench, late))
    assert (outcome.code, outcome.hosts_told) == (Code.RELEASED, HostsTold.NOTHING)


async def test_one_press_that_arrives_twice_is_told_once(bench: Bench, late: Posted) -> None:
    once = press(bench, late)
    first = await bench.releases.release(once)
    again = await bench.releases.release(once)
    await bench.background.settle()
    assert (first.code, again.code) == (Code.RELEASED, Code.RELEASED)
    assert len(bench.messenger.notices) == 1


async def test_found_out_later_hosts_hear_of_it_then(bench: Bench, late: Posted) -> None:
    """The reason died with the process that had it; that the role is free did not."""
    bench.platform.write_error = OutcomeUnknown("no answer", FACTS)
    bench.platform.loses_writes = True
    outcome = await bench.releases.release(press(bench, late))
    assert (outcome.code, outcome.hosts_told) == (Code.UNKNOWN, None)
    bench.platform.sessions["training"] = SESSION
    after = await bench.crash()
    for _ in range(3):
        await after.settle()
        after.clock.advance(LATER)
    (row,) = await after.journal()
    assert row.state is AttemptState.CONFIRMED
    ((_, line),) = after.messenger.notices
    assert "after the cut-off. A reason was given; it is not kept." in line
    assert "cat" not in line


async def test_before_the_cut_off_nobody_is_asked_but_may_say_why(
    bench: Bench, posted: Posted
) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    outcome = await bench.releases.release(press(bench, posted, ""))
    assert (outcome.code, outcome.hosts_told) == (Code.RELEASED, None)
    await bench.background.settle()
    assert bench.messenger.notices == []
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    said = await bench.releases.release(press(bench, posted))
    await bench.background.settle()
    assert said.hosts_told is HostsTold.ALL
    ((_, line),) = bench.messenger.notices
    assert "Training” on Main. Reason: “my" in line


async def test_a_host_of_the_session_tells_themselves_nothing(bench: Bench, late: Posted) -> None:
    await bench.link(HOST)
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(HOST))
    outcome = await bench.releases.release(press(bench, late, "", by=HOST))
    assert (outcome.code, outcome.hosts_told) == (Code.RELEASED, None)


def test_when_a_reason_is_needed(posted: Posted, workspace: Workspace) -> None:
    """Only where the role can be given back, of a session that takes place and is not over."""
    closed = replace(posted.announcement, cutoff_minutes=CLOSED_FOR)
    assert needs_reason(closed, workspace, ANA, NOW)
    legacy = replace(workspace, kind=ProviderKind.READMIN_V1)
    assert not needs_reason(closed, legacy, ANA, NOW)
    assert not needs_reason(replace(closed, cutoff_minutes=59), workspace, ANA, NOW)
    assert not needs_reason(replace(closed, cutoff_minutes=None), workspace, ANA, NOW)
    assert not needs_reason(closed, workspace, ANA, closed.ends_at)
    cancelled = replace(closed, state=AnnouncementState.CANCELLED)
    assert not needs_reason(cancelled, workspace, ANA, NOW)
    automatic = replace(closed, host_id=NOBODY)
    assert needs_reason(automatic, workspace, HOST, NOW)
    assert closed.channel_id == CHANNEL
