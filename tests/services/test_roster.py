"""What hosts do to a roster, and the one line about it in the log channel."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.errors import NotPermitted, OutcomeUnknown, Refusal
from bot.models import AttemptState, Door, ProviderKind, Workspace
from bot.services.claims import Press
from bot.services.outcomes import Code
from bot.services.reconciler import NOTE_AFTER
from tests.services.bench import ANA, BEN, GUILD, HOST, LOG_CHANNEL, Bench, roblox_of
from tests.services.conftest import Posted
from tests.services.fakes import FACTS
from tests.services.worlds import HELPER, SESSION, with_claims

LATER = NOTE_AFTER.total_seconds() + 1
LOST = OutcomeUnknown("no answer", FACTS)


def press(bench: Bench, posted: Posted, by: int = HOST, for_whom: int = ANA) -> Press:
    """The host's command; the role is chosen by name."""
    made = bench.press(posted.trainer, by, door=Door.HOST)
    return replace(made, subject_id=for_whom, reason="asked *me*")


def name(posted: Posted) -> str:
    """How the announcement is chosen."""
    return str(posted.announcement.announcement_id)


async def lines(bench: Bench) -> list[str]:
    """What the log channel reads, once everything that was begun is done."""
    await bench.background.settle()
    assert {channel for channel, _ in bench.messenger.notices} <= {LOG_CHANNEL}
    return [text for _, text in bench.messenger.notices]


async def settle_later(bench: Bench) -> None:
    """The reconciler looks twice: once settles, once finds what nobody has written about."""
    for _ in range(3):
        await bench.settle()
        bench.clock.advance(LATER)


async def test_added(bench: Bench, posted: Posted) -> None:
    outcome = await bench.roster.add(press(bench, posted), name(posted), " trainer ")
    assert (outcome.code, outcome.subject_id, outcome.reason) == (Code.CLAIMED, ANA, "asked *me*")
    (line,) = await lines(bench)
    assert line.startswith(f"✎ <@{HOST}> added <@{ANA}>: **Trainer** in “12:00 Training”")
    assert "Reason: “asked \\*me\\*”" in line
    assert line.endswith(f"Reference {outcome.reference}")
    await settle_later(bench)
    assert await lines(bench) == [line]


async def test_moved_and_removed(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA), role=HELPER)
    asked = await bench.roster.add(press(bench, posted), name(posted), "Trainer")
    assert (asked.code, await lines(bench)) == (Code.MOVE, [])
    moved = await bench.roster.move(press(bench, posted), name(posted), "Trainer")
    removed = await bench.roster.remove(
        press(bench, posted), name(posted), str(posted.trainer.opening_id)
    )
    assert (moved.code, removed.code) == (Code.CLAIMED, Code.RELEASED)
    assert [line.split()[2] for line in await lines(bench)] == ["moved", "removed"]
    assert bench.platform.holders(posted.trainer.place) == ()


async def test_in_vain_writes_no_line(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, 55)
    outcome = await bench.roster.add(press(bench, posted), name(posted), "Trainer")
    assert outcome.code is Code.FULL
    await settle_later(bench)
    assert await lines(bench) == []


async def test_for_oneself_reads_as_ones_own(bench: Bench, posted: Posted) -> None:
    await bench.link(HOST)
    made = press(bench, posted, for_whom=HOST)
    outcome = await bench.roster.add(made, name(posted), "Trainer")
    assert (outcome.code, outcome.subject_id) == (Code.CLAIMED, None)
    assert len(await lines(bench)) == 1


async def test_nothing_to_move_where_people_hold_several_roles(bench: Bench) -> None:
    await bench.link(ANA)
    series = await bench.add_workspace(name="Series", kind=ProviderKind.SERIES)
    announcement = await bench.post(series)
    opening = await bench.opening(announcement)
    made = replace(bench.press(opening, HOST, door=Door.HOST), subject_id=ANA)
    with pytest.raises(Refusal, match="/session add"):
        await bench.roster.move(made, str(announcement.announcement_id), "Trainer")
    assert bench.platform.writes == []


async def test_who_and_what_must_be_right(bench: Bench, posted: Posted) -> None:
    with pytest.raises(NotPermitted):
        await bench.roster.add(press(bench, posted, by=BEN), name(posted), "Trainer")
    for typed in ("Wizard", "", "9" * 40):
        with pytest.raises(Refusal, match="Choose a role"):
            await bench.roster.add(press(bench, posted), name(posted), typed)
    assert bench.platform.writes == []


async def test_the_same_command_delivered_twice_writes_one_line(
    bench: Bench, posted: Posted
) -> None:
    once = press(bench, posted)
    await bench.roster.add(once, name(posted), "Trainer")
    again = await bench.roster.add(once, name(posted), "Trainer")
    both = await asyncio.gather(
        *(bench.roster.remove(press(bench, posted), name(posted), "Trainer") for _ in range(2))
    )
    assert (again.code, {one.code for one in both}) == (Code.CLAIMED, {Code.RELEASED})
    assert len(await lines(bench)) == 2


async def test_settled_late_it_is_told_then(bench: Bench, posted: Posted) -> None:
    bench.platform.write_error, bench.platform.loses_writes = LOST, True
    outcome = await bench.roster.add(press(bench, posted), name(posted), "Trainer")
    assert (outcome.code, await lines(bench)) == (Code.UNKNOWN, [])
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    await settle_later(bench)
    (line,) = await lines(bench)
    assert line.startswith(f"✎ <@{HOST}> added <@{ANA}>: **Trainer** in “12:00 Training”")
    assert "A reason was given; it is not kept." in line
    assert line.endswith(f"Reference {outcome.reference}")
    await settle_later(await bench.crash())
    assert await lines(bench) == [line]


async def test_after_a_crash_in_the_middle_the_next_process_tells(
    bench: Bench, posted: Posted
) -> None:
    bench.platform.gate.clear()
    adding = asyncio.create_task(bench.roster.add(press(bench, posted), name(posted), "Trainer"))
    await bench.platform.waiting.wait()
    after = await bench.crash()
    with pytest.raises(asyncio.CancelledError):
        await adding
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    await settle_later(after)
    await settle_later(await after.crash())
    assert len(await lines(after)) == 1


async def test_settled_but_killed_before_its_line(bench: Bench, posted: Posted) -> None:
    """The claim service alone is what a process leaves that dies right after the settlement."""
    await bench.claims.claim(press(bench, posted))
    (row,) = await bench.journal(ANA)
    assert row.state is AttemptState.CONFIRMED
    await settle_later(await bench.crash())
    assert len(await lines(bench)) == 1


async def test_without_a_log_channel_nothing_is_said(
    bench: Bench, workspace: Workspace, posted: Posted
) -> None:
    await bench.workspace_store.update(GUILD, workspace.workspace_id, log_channel_id=None)
    outcome = await bench.roster.add(press(bench, posted), name(posted), "Trainer")
    assert outcome.code is Code.CLAIMED
    await settle_later(bench)
    assert await lines(bench) == []
