"""The line: one row per member and opening, and every change a compare-and-set."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.models import (
    AnnouncementState,
    AttemptState,
    Place,
    WaitEnd,
    Waiter,
    WaitState,
    WorkspaceState,
)
from bot.store.announcements import AnnouncementStore
from bot.store.attempts import AttemptStore
from bot.store.database import Database
from bot.store.hosting import HostingStore
from bot.store.keyring import KeyRing
from bot.store.links import LinkStore
from bot.store.waitlist import WaitlistStore
from bot.store.waitlist_reads import BoardFacts
from bot.store.workspaces import WorkspaceStore
from tests.store.samples import (
    GUILD,
    NOW,
    STRANGERS,
    UPSTREAM,
    a_link,
    add_live,
    add_workspace,
    an_attempt,
)

SECOND = timedelta(seconds=1)
UNTIL = NOW + timedelta(minutes=30)


def a_waiter(discord_id: int = 1, **changes: Any) -> Waiter:
    """Somebody who joins; the account is ten times the member's number."""
    waiter = Waiter(
        0, GUILD, 1, 1, 7, UPSTREAM, Place("session", "server", "group", "role"),
        discord_id, discord_id * 10, NOW,
    )  # fmt: skip
    return replace(waiter, **changes)


async def test_who_joins_twice_keeps_their_place(database: Database) -> None:
    store = WaitlistStore(database)
    first = await store.join(a_waiter())
    assert await store.join(a_waiter(since=NOW + SECOND)) == first
    both = await asyncio.gather(*(store.join(a_waiter(2, since=NOW + SECOND)) for _ in range(10)))
    assert len({one.waitlist_id for one in both}) == 1
    assert [w.discord_id for w in await store.list_line(UPSTREAM, "session")] == [1, 2]
    assert await store.get(first.waitlist_id) == first
    assert await store.get(2**70) is None


async def test_an_offer_is_made_once_and_only_to_who_waits(database: Database) -> None:
    store = WaitlistStore(database)
    waiter = await store.join(a_waiter())
    made = await asyncio.gather(*(store.offer(waiter, UNTIL, NOW) for _ in range(5)))
    (offered,) = [one for one in made if one]
    assert (offered.state, offered.until, offered.told) == (WaitState.OFFERED, UNTIL, False)
    assert await store.get(waiter.waitlist_id) == offered
    other = await store.join(a_waiter(2))
    assert await store.remove(other)
    assert not await store.remove(other)
    assert await store.offer(other, UNTIL, NOW) is None


async def test_silence_sends_to_the_end_and_then_out(database: Database) -> None:
    store = WaitlistStore(database)
    first, second = await store.join(a_waiter()), await store.join(a_waiter(2, since=NOW + SECOND))
    offered = await store.offer(first, UNTIL, NOW)
    assert offered is not None
    later = await store.silence(offered, 2, UNTIL)
    assert later is not None
    assert (later.state, later.since, later.silences) == (WaitState.WAITING, UNTIL, 1)
    assert await store.silence(offered, 2, UNTIL) is None  # the timer of another process
    assert await store.list_line(UPSTREAM, "session") == [second, later]
    again = await store.offer(later, UNTIL + SECOND, UNTIL)
    assert again is not None
    out = await store.silence(again, 2, UNTIL + SECOND)
    assert out is not None
    assert (out.state, out.reason, out.told) == (WaitState.ENDED, WaitEnd.SILENT, False)
    assert await store.list_line(UPSTREAM, "session") == [second]


async def test_nothing_changes_while_an_accepted_offer_is_not_settled(
    database: Database, keyring: KeyRing
) -> None:
    attempts = AttemptStore(database, keyring)
    store = attempts.waitlist
    waiter = await store.join(a_waiter(1, roblox_id=10))
    offered = await store.offer(waiter, UNTIL, NOW)
    assert offered is not None
    attempt = an_attempt(roblox_id=10)
    await attempts.add(attempt)
    assert await store.silence(offered, 2, UNTIL) is None
    assert await store.end(offered, WaitEnd.CLOSED, UNTIL) is None
    await attempts.save(replace(attempt, state=AttemptState.REFUSED, settled_at=NOW))
    assert await store.end(offered, WaitEnd.CLOSED, UNTIL) is not None


async def test_telling_is_taken_by_one_and_tried_again(database: Database) -> None:
    store = WaitlistStore(database)
    offered = await store.offer(await store.join(a_waiter()), UNTIL, NOW)
    assert offered is not None
    assert await store.list_untold(NOW, 10) == [offered]
    took = await asyncio.gather(*(store.take_telling(offered, NOW) for _ in range(5)))
    assert took.count(True) == 1
    assert await store.list_untold(NOW + SECOND, 10) == []
    late = NOW + timedelta(minutes=2)
    assert await store.list_untold(late, 10) == [offered]
    assert await store.take_telling(offered, late)
    await store.mark_told([offered])
    assert await store.list_untold(late + timedelta(hours=1), 10) == []
    known = await store.get(offered.waitlist_id)
    assert known == replace(offered, told=True)


async def test_an_ending_goes_when_it_was_told_or_too_old(database: Database) -> None:
    store = WaitlistStore(database)
    ended = [await store.end(await store.join(a_waiter(n)), WaitEnd.OVER, NOW) for n in (1, 2)]
    assert all(ended)
    (first,) = await store.list_for_member(GUILD, 1)
    assert first == ended[0]
    again = await store.join(a_waiter(1, since=NOW + SECOND))  # an ending does not stand in the way
    await store.mark_told([first])
    assert await store.list_for_member(GUILD, 1) == [again]
    assert await store.forget_endings(NOW) == 0
    assert await store.forget_endings(NOW + SECOND) == 1
    assert await store.list_for_member(GUILD, 2) == []


async def test_leavers_go_without_a_word(database: Database) -> None:
    store = WaitlistStore(database)
    here, other = await store.join(a_waiter()), await store.join(a_waiter(2))
    assert await store.remove(here)
    assert not await store.remove(here)
    assert await store.list_line(UPSTREAM, "session") == [other]
    assert await store.forget_member(STRANGERS, 2) == []
    assert await store.forget_member(GUILD, 2) == [other]


async def test_only_boards_that_are_not_plainly_open_are_looked_at(
    database: Database, keyring: KeyRing
) -> None:
    store, posted = WaitlistStore(database), AnnouncementStore(database)
    workspace = await add_workspace(database, keyring)
    boards = [await add_live(database, workspace, f"session{n}") for n in range(4)]
    numbers = [board.announcement_id for board in boards]
    for number in (*numbers[:3], numbers[-1] + 1):
        for member in (1, 2):
            waiter = a_waiter(
                member, announcement_id=number, opening_id=number,
                workspace_id=workspace.workspace_id,
            )  # fmt: skip
            await store.join(waiter)
    await posted.set_state(numbers[1], AnnouncementState.CLOSED, by=1, now=NOW)
    await posted.set_state(numbers[3], AnnouncementState.CLOSED, by=1, now=NOW)  # nobody waits
    await HostingStore(database).change(numbers[2], cutoff_minutes=30)

    async def odd(minutes: int, after: int = 0) -> dict[int, BoardFacts]:
        last = boards[0].starts_at - timedelta(minutes=minutes)
        found = await store.list_odd_boards(NOW, last, last + timedelta(minutes=30), after)
        return {one.announcement_id: one for one in found}

    early = await odd(31)
    assert [*early] == [numbers[1], numbers[-1] + 1]
    states = [one.state for one in early.values()]
    assert states == [AnnouncementState.CLOSED, None]
    closed = early[numbers[1]]
    assert (closed.starts_at, closed.ends_at) == (boards[1].starts_at, boards[1].ends_at)
    assert not closed.keyless
    assert [*await odd(30)] == [*numbers[1:3], numbers[-1] + 1]
    assert [*await odd(0, numbers[1])] == [numbers[2], numbers[-1] + 1]
    assert [*await odd(0)] == [*numbers[:3], numbers[-1] + 1]
    await WorkspaceStore(database, keyring).set_state(
        workspace.workspace_id, WorkspaceState.NO_KEY, NOW
    )
    assert all(one.keyless for number, one in (await odd(31)).items() if number in numbers)


async def test_links_are_compared_some_at_a_time(database: Database) -> None:
    store, links = WaitlistStore(database), LinkStore(database)
    await links.add(a_link(discord_id=1, roblox_id=10))
    await links.add(a_link(discord_id=2, roblox_id=99))
    rows = [(await store.join(a_waiter(number))).waitlist_id for number in (1, 2, 3)]
    assert await store.list_unlinked(0, 2) == ([rows[1]], rows[1])
    assert await store.list_unlinked(rows[1], 2) == ([rows[2]], 0)


async def test_lines_with_an_overdue_offer_are_found_once_each(database: Database) -> None:
    store = WaitlistStore(database)
    for number in (1, 2, 3):
        place = replace(a_waiter().place, session_id=f"session{number % 2}")
        waiter = await store.join(a_waiter(number, place=place))
        await store.offer(waiter, UNTIL, NOW)
    await store.join(a_waiter(4))
    assert await store.list_overdue(UNTIL - SECOND, ("", "")) == []
    lines = [(UPSTREAM, "session0"), (UPSTREAM, "session1")]
    assert await store.list_overdue(UNTIL, ("", "")) == lines
    assert await store.list_overdue(UNTIL, lines[0]) == lines[1:]
