"""Two processes on one database: what works by itself looks at its own guilds only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest_asyncio

from bot.models import AttemptState, Door, ShardRange
from bot.store.announcements import AnnouncementStore
from bot.store.attempts import AttemptStore
from bot.store.database import Database
from bot.store.keyring import KeyRing
from bot.store.workspaces import WorkspaceStore
from tests.store.samples import (
    HOUR,
    NOW,
    UPSTREAM,
    add_draft,
    add_live,
    add_workspace,
    an_attempt,
)

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
    workspaces = [await add_workspace(database, keyring, guild) for guild in (OURS, THEIRS)]
    boards = [await add_live(database, workspace) for workspace in workspaces]
    for half, workspace, board in zip(halves, workspaces, boards, strict=True):
        assert await WorkspaceStore(half, keyring).list_anywhere() == [workspace]
        store = AnnouncementStore(half)
        assert await store.list_live_anywhere() == [board]
        assert await store.list_live_for_session(UPSTREAM, "session") == [board]
    assert len(await AnnouncementStore(database).list_live_anywhere()) == 2


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
    unnoted = an_attempt(guild_id=OURS, roblox_id=3, door=Door.HOST)
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
