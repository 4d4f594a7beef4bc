"""Who holds a role is reminded once per lead time, where they want it, and nobody else is."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.errors import MessengerError, Unavailable
from bot.models import AnnouncementState, Preferences, SessionState, Workspace
from tests.services.automatic import Automatic, shifted, wanting
from tests.services.bench import ANA, BEN, GUILD, STRANGERS, Bench, roblox_of
from tests.services.conftest import Posted
from tests.services.fakes import FACTS
from tests.services.worlds import HELPER, SESSION, with_claims

THREAD = 1001  # FakeMessenger gives a thread its message's id


@pytest.fixture
async def automatic(bench: Bench, posted: Posted, workspace: Workspace) -> Automatic:
    """SESSION is posted, with a thread; reminders 30 and 10 minutes before; ANA is Trainer."""
    workers = Automatic(bench)
    await wanting(bench, workspace, threads=True, reminder_minutes=frozenset({30, 10}))
    await workers.open_threads()
    hold(bench, ANA)
    return workers


def hold(bench: Bench, *members: int) -> None:
    """These members, and nobody else, are Trainers."""
    base = replace(SESSION, starts_at=bench.platform.sessions["training"].starts_at)
    held = with_claims(base, *(roblox_of(one) for one in members))
    bench.platform.sessions["training"] = held


def at(bench: Bench, minutes: float) -> None:
    """So many minutes before the start that was announced."""
    bench.clock.now = SESSION.starts_at - timedelta(minutes=minutes)


async def test_not_before_its_time(automatic: Automatic) -> None:
    at(automatic.bench, 30.1)
    automatic.bench.platform.reads = 0
    await automatic.remind()
    assert automatic.bench.messenger.said == []
    assert automatic.bench.platform.reads == 0  # the platform is not asked for nothing


async def test_each_lead_time_once_in_the_thread(automatic: Automatic) -> None:
    bench = automatic.bench
    for minutes in (30, 29, 11, 10, 9, 1):
        at(bench, minutes)
        await automatic.remind()
    stamp = int(SESSION.starts_at.timestamp())
    assert len(bench.messenger.said) == 2
    for channel, text, mentioned in bench.messenger.said:
        assert (channel, mentioned) == (THREAD, (ANA,))
        assert f"<@{ANA}> · **Trainer**" in text
        assert f"<t:{stamp}:R>" in text
    assert bench.messenger.direct == []


async def test_never_twice_across_a_restart_and_two_processes(automatic: Automatic) -> None:
    bench = automatic.bench
    at(bench, 30)
    other = Automatic(
        Bench(bench.database, bench.messenger, bench.roblox, bench.clock, bench.platforms)
    )
    await asyncio.gather(*(one.remind() for one in (automatic, other)))
    after = await automatic.crash()
    await after.remind()
    assert len(bench.messenger.said) == 1
    await other.bench.workspaces.aclose()


async def test_what_cannot_be_sent_is_missed_not_repeated(automatic: Automatic) -> None:
    at(automatic.bench, 30)
    automatic.bench.messenger.error = MessengerError("Discord did not answer.")
    await automatic.remind()
    automatic.bench.messenger.error = None
    await automatic.remind()
    assert automatic.bench.messenger.said == []


async def test_a_silent_platform_is_asked_again(automatic: Automatic) -> None:
    at(automatic.bench, 30)
    automatic.bench.platform.read_error = Unavailable("m", FACTS)
    await automatic.remind()
    automatic.bench.platform.read_error = None
    await automatic.remind()
    assert len(automatic.bench.messenger.said) == 1


async def test_after_a_release_nobody_is_reminded(automatic: Automatic) -> None:
    at(automatic.bench, 30)
    hold(automatic.bench)
    await automatic.remind()
    assert automatic.bench.messenger.said == []


async def test_who_claims_afterwards_waits_for_the_next(automatic: Automatic) -> None:
    bench = automatic.bench
    at(bench, 30)
    await automatic.remind()
    hold(bench, ANA, BEN)
    at(bench, 25)
    await automatic.remind()
    at(bench, 10)
    await automatic.remind()
    assert [mentioned for _, _, mentioned in bench.messenger.said] == [(ANA,), (ANA, BEN)]


async def test_holders_who_are_not_linked_here_are_left_out(automatic: Automatic) -> None:
    bench = automatic.bench
    await bench.link(77, guild_id=STRANGERS)
    hold(bench, 77, 78)
    at(bench, 30)
    await automatic.remind()
    assert (bench.messenger.said, bench.messenger.direct) == ([], [])


@pytest.mark.parametrize("thread", [True, False])
@pytest.mark.parametrize("direct", [True, False])
async def test_as_they_chose(automatic: Automatic, thread: bool, direct: bool) -> None:
    bench = automatic.bench
    await automatic.preferences.save(Preferences(GUILD, ANA, thread, direct))
    await automatic.preferences.save(Preferences(STRANGERS, ANA, not thread, not direct))
    at(bench, 30)
    await automatic.remind()
    assert [mentioned for _, _, mentioned in bench.messenger.said] == ([(ANA,)] if thread else [])
    assert [who for who, _ in bench.messenger.direct] == ([ANA] if direct else [])
    if direct:
        assert "You are **Trainer**" in bench.messenger.direct[0][1]


async def test_without_a_thread_only_who_wants_it_directly(
    automatic: Automatic, workspace: Workspace
) -> None:
    bench = automatic.bench
    (announcement,) = await automatic.announced()
    await automatic.store.set_thread(announcement.announcement_id, None)
    hold(bench, ANA, BEN)
    await automatic.preferences.save(Preferences(GUILD, BEN, reminders=True, direct=True))
    at(bench, 30)
    await automatic.remind()
    assert bench.messenger.said == []
    assert [who for who, _ in bench.messenger.direct] == [BEN]


async def test_after_downtime_only_the_nearest(automatic: Automatic) -> None:
    at(automatic.bench, 5)
    for _ in range(2):
        await automatic.remind()
    assert len(automatic.bench.messenger.said) == 1


@pytest.mark.parametrize("late", [0, 1])
async def test_not_once_it_has_started(automatic: Automatic, late: float) -> None:
    at(automatic.bench, -late)
    await automatic.remind()
    assert automatic.bench.messenger.said == []


async def test_a_session_that_moves_is_reminded_of_anew(automatic: Automatic) -> None:
    bench = automatic.bench
    at(bench, 30)
    await automatic.remind()
    shifted(bench, 60)
    (announcement,) = await automatic.announced()
    await bench.boards.refresh(announcement.announcement_id)
    await automatic.remind()
    assert len(bench.messenger.said) == 1
    at(bench, 30 - 60)
    await automatic.remind()
    await automatic.remind()
    assert len(bench.messenger.said) == 2


async def test_a_move_that_the_board_does_not_know_yet(automatic: Automatic) -> None:
    shifted(automatic.bench, 60)
    at(automatic.bench, 30)
    await automatic.remind()
    assert automatic.bench.messenger.said == []


@pytest.mark.parametrize("state", [SessionState.CANCELLED, SessionState.ENDED])
async def test_not_of_what_is_over_on_the_platform(
    automatic: Automatic, state: SessionState
) -> None:
    bench = automatic.bench
    session = bench.platform.sessions["training"]
    bench.platform.sessions["training"] = replace(session, state=state)
    at(bench, 30)
    await automatic.remind()
    assert bench.messenger.said == []


async def test_not_of_what_is_gone(automatic: Automatic) -> None:
    automatic.bench.platform.sessions.clear()
    at(automatic.bench, 30)
    await automatic.remind()
    assert automatic.bench.messenger.said == []


@pytest.mark.parametrize("state", AnnouncementState)
async def test_only_of_what_is_still_announced(
    automatic: Automatic, state: AnnouncementState
) -> None:
    bench = automatic.bench
    (announcement,) = await automatic.announced()
    await bench.announcements.set_state(announcement.announcement_id, state, now=bench.clock())
    at(bench, 30)
    await automatic.remind()
    live = state in (AnnouncementState.OPEN, AnnouncementState.CLOSED)
    assert len(bench.messenger.said) == live


async def test_off_by_default(automatic: Automatic, workspace: Workspace) -> None:
    await wanting(automatic.bench, workspace, reminder_minutes=frozenset())
    at(automatic.bench, 5)
    await automatic.remind()
    assert automatic.bench.messenger.said == []


async def test_a_crowd_takes_several_messages(automatic: Automatic) -> None:
    bench = automatic.bench
    crowd = list(range(1000, 1120))
    await bench.link(*crowd)
    hold(bench, *crowd)
    at(bench, 30)
    await automatic.remind()
    pinged = [one for _, _, mentioned in bench.messenger.said for one in mentioned]
    assert pinged == crowd
    assert len(bench.messenger.said) == 3
    assert all(len(text) <= 2000 for _, text, _ in bench.messenger.said)


async def test_two_roles_of_one_member_are_one_mention(automatic: Automatic) -> None:
    bench = automatic.bench
    both = with_claims(bench.platform.sessions["training"], roblox_of(ANA), role=HELPER)
    bench.platform.sessions["training"] = both
    at(bench, 30)
    await automatic.remind()
    ((_, text, mentioned),) = bench.messenger.said
    assert mentioned == (ANA,)
    assert "**Trainer**, **Helper**" in text


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
async def test_right_across_a_change_of_the_clocks(automatic: Automatic, day: date) -> None:
    """A lead time of 3 h over the night in which Paris puts its clocks is 3 h long."""
    bench, paris = automatic.bench, ZoneInfo("Europe/Paris")
    await automatic.settings.set_time_zone(GUILD, paris)
    workspace = (await bench.workspaces.list_all(GUILD))[0]
    await wanting(bench, workspace, reminder_minutes=frozenset({180}))
    starts_at = datetime.combine(day, time(4), paris).astimezone(UTC)
    session = bench.platform.sessions["training"]
    bench.platform.sessions["training"] = replace(
        session, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1)
    )
    (announcement,) = await automatic.announced()
    bench.clock.now = starts_at - timedelta(hours=3, seconds=1)
    await bench.boards.refresh(announcement.announcement_id)
    await automatic.remind()
    assert bench.messenger.said == []
    bench.clock.advance(1)
    await automatic.remind()
    assert len(bench.messenger.said) == 1


async def test_choices_are_kept_and_a_closed_door_is_said(automatic: Automatic) -> None:
    choices, messenger = automatic.choices, automatic.bench.messenger
    assert await choices.get(GUILD, ANA) == Preferences(GUILD, ANA)
    chosen, reached = await choices.change(GUILD, ANA, thread=None, direct=True)
    assert (chosen, reached) == (Preferences(GUILD, ANA, reminders=True, direct=True), True)
    assert [who for who, _ in messenger.direct] == [ANA]
    chosen, reached = await choices.change(GUILD, ANA, thread=False, direct=None)
    assert chosen == Preferences(GUILD, ANA, reminders=False, direct=True)
    assert await choices.get(GUILD, ANA) == chosen
    messenger.closed_to.add(BEN)
    assert (await choices.change(GUILD, BEN, thread=None, direct=True))[1] is False
    assert [one.name for one in await choices.list_reminding(GUILD)] == ["Harbour"]
    assert await choices.list_reminding(STRANGERS) == []
