"""Two processes on one database: what works by itself looks at its own guilds only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest_asyncio

from bot.models import AttemptState, Door, News, ShardRange, Swap, SwapSide, SwapState
from bot.store.announcements import AnnouncementStore
from bot.store.app_state import AppState
from bot.store.attempts import AttemptStore
from bot.store.automation import AutomationStore
from bot.store.database import Database
from bot.store.departures import DepartureStore
from bot.store.erasures import ErasureStore
from bot.store.keyring import KeyRing
from bot.store.link_imports import ImportStore
from bot.store.link_lists import LinkLists
from bot.store.links import LinkStore
from bot.store.live_boards import LiveBoards
from bot.store.reminders import ReminderStore
from bot.store.removed_guilds import RemovedGuildStore
from bot.store.swaps import SwapStore
from bot.store.waitlist import WaitlistStore
from bot.store.workspaces import WorkspaceStore
from tests.store.samples import (
    HOUR,
    NOW,
    UPSTREAM,
    a_link,
    a_swap,
    add_draft,
    add_live,
    add_workspace,
    an_attempt,
)
from tests.store.test_waitlist import a_waiter

OURS, THEIRS = (63_073_000_003 << 22) | 5, (63_074_000_006 << 22) | 5  # on shards 1 and 0 of 2


@pytest_asyncio.fixture
async def halves(database_url: str) -> AsyncIterator[tuple[Database, Database]]:
    """The process of OURS, and that of THEIRS."""
    ours = await Database.open(database_url, share=ShardRange(1, 1, 2))
    theirs = await Database.open(database_url, share=ShardRange(0, 0, 2))
    yield ours, theirs
    await ours.close()
    await theirs.close()


async def test_workspaces_and_live_announcements(
    halves: tuple[Database, Database], database: Database, keyring: KeyRing
) -> None:
    workspaces = []
    for guild in (OURS, THEIRS):
        number = (await add_workspace(database, keyring, guild)).workspace_id
        changed = await WorkspaceStore(database, keyring).update(
            guild, number, threads=True, reminder_minutes=frozenset({15}), auto_lead_minutes=60
        )
        assert changed is not None
        workspaces.append(changed)
    boards = [await add_live(database, workspace) for workspace in workspaces]
    for half, workspace, board in zip(halves, workspaces, boards, strict=True):
        assert await WorkspaceStore(half, keyring).list_anywhere() == [workspace]
        store = AnnouncementStore(half)
        live = LiveBoards(half)
        assert await live.list_workspaces() == {workspace.workspace_id: workspace.guild_id}
        assert await live.list_ids() == {board.announcement_id}
        assert await DepartureStore(half).list_unchecked(NOW, NOW + 9 * HOUR, 0) == [board]
        assert await WorkspaceStore(half, keyring).list_automatic() == [workspace]
        assert await AutomationStore(half).list_threadless(0) == [board]
        (coming,) = await ReminderStore(half).list_coming(NOW, NOW + 9 * HOUR, 0)
        assert coming.announcement_id == board.announcement_id
        assert await store.list_live_for_session(UPSTREAM, "session") == [board]
    assert len(await LiveBoards(database).list_ids()) == 2


async def test_a_start_leaves_alone_what_the_other_process_posts_right_now(
    halves: tuple[Database, Database], database: Database, keyring: KeyRing
) -> None:
    workspace = await add_workspace(database, keyring, THEIRS)
    draft = await add_draft(database, workspace)
    await AnnouncementStore(database).mark_open(draft.announcement_id, now=NOW)
    ours, theirs = map(AnnouncementStore, halves)
    assert await ours.reset_unposted() == 0
    assert await theirs.reset_unposted() == 1


async def test_the_journal(
    halves: tuple[Database, Database], database: Database, keyring: KeyRing
) -> None:
    journal = AttemptStore(database, keyring)
    running = an_attempt(guild_id=OURS, roblox_id=1)
    untold = an_attempt(guild_id=OURS, roblox_id=2, interaction_token="t", told=False)
    unnoted = an_attempt(guild_id=OURS, roblox_id=3, door=Door.HOST, interaction_id=3)
    for attempt in (running, untold, unnoted):
        await journal.add(attempt)
    settled = {"state": AttemptState.CONFIRMED, "settled_at": NOW}
    await journal.save(replace(untold, **settled))
    await journal.save(replace(unnoted, **settled))
    ours, theirs = (AttemptStore(half, keyring) for half in halves)
    assert [len(await ours.list_unsettled(9)), await ours.count_unsettled()] == [1, 1]
    assert [len(await ours.list_unanswered(NOW, 9)), len(await ours.list_unnoted(NOW + HOUR, 9))] \
        == [1, 1]  # fmt: skip
    assert await theirs.list_unsettled(9) == []
    assert await theirs.count_unsettled() == 0
    assert await theirs.list_unanswered(NOW, 9) == []
    assert await theirs.list_unnoted(NOW + HOUR, 9) == []


async def test_the_line(halves: tuple[Database, Database], database: Database) -> None:
    for number, guild_id in enumerate((OURS, THEIRS), 1):
        mine = {"guild_id": guild_id, "announcement_id": number}
        place = replace(a_waiter().place, session_id=f"session{number}")
        waiter = await WaitlistStore(database).join(a_waiter(number, place=place, **mine))
        await WaitlistStore(database).offer(waiter, NOW + HOUR, NOW)
    for half, guild_id in zip(halves, (OURS, THEIRS), strict=True):
        store = WaitlistStore(half)
        number = 1 if guild_id == OURS else 2
        odd = await store.list_odd_boards(NOW, NOW, NOW, 0)
        assert [one.announcement_id for one in odd] == [number]
        assert await store.list_unlinked(0, 9) == ([number], 0)
        assert await store.list_overdue(NOW, ("", "")) == []
        assert await store.list_overdue(NOW + HOUR, ("", "")) == [(UPSTREAM, f"session{number}")]
        assert [one.guild_id for one in await store.list_untold(NOW, 9)] == [guild_id]
        for session_id in ("session1", "session2"):  # who goes first is one line
            assert len(await store.list_line(UPSTREAM, session_id)) == 1


async def test_swaps(
    halves: tuple[Database, Database], database: Database, keyring: KeyRing
) -> None:
    swaps = SwapStore(database, keyring, AttemptStore(database, keyring))
    for guild_id in (OURS, THEIRS):
        first = 1 + 10 * (guild_id == THEIRS)
        for number, state in enumerate((SwapState.ASKED, SwapState.RUNNING, SwapState.DONE)):
            sides = [
                SwapSide(discord_id, 100 * discord_id, 7, News.DUE)
                for discord_id in (first + 2 * number, first + 2 * number + 1)
            ]
            done = {"settled_at": NOW, "noted": False} if state is SwapState.DONE else {}
            swap = a_swap(
                guild_id=guild_id, state=state, proposer=sides[0], partner=sides[1], **done
            )
            assert isinstance(await swaps.add(swap), Swap)
    for half, guild_id in zip(halves, (OURS, THEIRS), strict=True):
        store = SwapStore(half, keyring, AttemptStore(half, keyring))
        assert [one.guild_id for one in await store.list_expired(NOW + HOUR)] == [guild_id]
        assert [one.guild_id for one in await store.list_carried()] == [guild_id]
        assert [one.guild_id for one in await store.list_unnoted()] == [guild_id]
        assert {one.guild_id for one in await store.list_due()} == {guild_id}
        assert {guild for guild, _ in await store.list_waiting((0, 0), 9)} == {guild_id}


async def test_files_that_are_being_read_and_names_that_have_aged(
    halves: tuple[Database, Database], database: Database
) -> None:
    for guild_id in (OURS, THEIRS):
        await ImportStore(database).begin(guild_id, 1, NOW)
        await LinkStore(database).add(a_link(guild_id=guild_id))
    for half, guild_id in zip(halves, (OURS, THEIRS), strict=True):
        assert [one.guild_id for one in await ImportStore(half).list_under_way()] == [guild_id]
        aged = await LinkLists(half).list_aged(NOW + HOUR, 9)
        assert [one.guild_id for one in aged] == [guild_id]


async def test_the_daily_work_of_one_is_not_that_of_the_other(
    halves: tuple[Database, Database],
) -> None:
    ours, theirs = (AppState(half).share for half in halves)
    assert (ours, theirs) == ("1-1/2", "0-0/2")


async def test_who_left_and_what_is_to_be_forgotten(
    halves: tuple[Database, Database], database: Database, keyring: KeyRing
) -> None:
    for guild_id in (OURS, THEIRS):
        board = await add_live(database, await add_workspace(database, keyring, guild_id))
        number, starts_at = board.announcement_id, board.starts_at
        await DepartureStore(database).note(number, starts_at, gone={guild_id}, here=(), now=NOW)
        await ErasureStore(database).request(guild_id, NOW)
        await RemovedGuildStore(database).mark_removed(guild_id, NOW)
    for half, guild_id in zip(halves, (OURS, THEIRS), strict=True):
        left = await DepartureStore(half).list_undealt(9)
        assert [one.discord_id for one in left] == [guild_id]
        assert [one.discord_id for one in await ErasureStore(half).list_open()] == [guild_id]
        # The other process may be back in its guild, which this one cannot see.
        assert await RemovedGuildStore(half).list_removed(NOW + HOUR) == [guild_id]
