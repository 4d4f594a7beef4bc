"""Announcements: one live one per session and guild, seen by that guild only."""

import asyncio
from dataclasses import replace

import pytest

from bot.errors import Refusal
from bot.models import AnnouncementState
from bot.store.announcements import AnnouncementStore
from bot.store.database import Database
from bot.store.keyring import KeyRing
from bot.store.live_boards import LiveBoards
from bot.store.workspaces import WorkspaceStore
from tests.store.samples import (
    GUILD,
    HOUR,
    NOW,
    STRANGERS,
    UPSTREAM,
    add_draft,
    add_live,
    add_workspace,
)

OPEN, CLOSED = AnnouncementState.OPEN, AnnouncementState.CLOSED


async def test_a_draft_comes_back_as_it_was_added(database: Database, keyring: KeyRing) -> None:
    workspace = await add_workspace(database, keyring)
    draft = await add_draft(database, workspace, note="be early", ping=True)
    assert (draft.state, draft.message_id, draft.rendered_hash) == ("draft", None, "")
    assert (draft.starts_at, draft.note, draft.ping) == (NOW + HOUR, "be early", True)
    store = AnnouncementStore(database)
    assert await store.get(GUILD, draft.announcement_id) == draft
    assert await store.get_anywhere(draft.announcement_id) == draft
    assert await store.list_live(GUILD) == []
    assert await store.get(GUILD, 10**40) is None


async def test_a_draft_cannot_use_another_guilds_workspace(
    database: Database, keyring: KeyRing
) -> None:
    workspace = await add_workspace(database, keyring)
    with pytest.raises(Refusal, match="not connected"):
        await add_draft(database, replace(workspace, guild_id=STRANGERS))


async def test_a_posted_announcement_is_live(database: Database, keyring: KeyRing) -> None:
    workspace = await add_workspace(database, keyring)
    live = await add_live(database, workspace)
    assert (live.state, live.message_id) == (OPEN, 1000 + live.announcement_id)
    assert live.rendered_hash == "hash"
    store = AnnouncementStore(database)
    assert await store.list_live(GUILD) == [live]
    assert await LiveBoards(database).list_of(GUILD, workspace.workspace_id) == [live]


async def test_of_many_drafts_of_a_session_exactly_one_is_opened(
    database: Database, keyring: KeyRing
) -> None:
    workspace = await add_workspace(database, keyring)
    store = AnnouncementStore(database)
    drafts = [await add_draft(database, workspace) for _ in range(8)]
    results = await asyncio.gather(
        *(store.mark_open(draft.announcement_id, now=NOW) for draft in drafts),
        return_exceptions=True,
    )
    assert results.count(None) == 1
    assert sum(isinstance(result, Refusal) for result in results) == 7
    assert len(await store.list_live(GUILD)) == 1


async def test_a_second_press_on_post_is_refused(database: Database, keyring: KeyRing) -> None:
    live = await add_live(database, await add_workspace(database, keyring))
    with pytest.raises(Refusal, match="posted already"):
        await AnnouncementStore(database).mark_open(live.announcement_id, now=NOW)


async def test_a_closed_announcement_still_keeps_a_second_one_out(
    database: Database, keyring: KeyRing
) -> None:
    workspace = await add_workspace(database, keyring)
    store = AnnouncementStore(database)
    first = await add_live(database, workspace)
    await store.set_state(first.announcement_id, CLOSED, by=7, now=NOW)
    with pytest.raises(Refusal, match="already has an announcement"):
        await add_live(database, workspace)
    await store.set_state(first.announcement_id, AnnouncementState.ENDED, now=NOW)
    second = await add_live(database, workspace)
    assert await store.list_live(GUILD) == [second]
    with pytest.raises(Refusal, match="already has an announcement"):
        await store.set_state(first.announcement_id, OPEN, now=NOW)


async def test_who_closed_it_is_kept_while_it_is_closed(
    database: Database, keyring: KeyRing
) -> None:
    live = await add_live(database, await add_workspace(database, keyring))
    store = AnnouncementStore(database)
    await store.set_state(live.announcement_id, CLOSED, by=7, now=NOW)
    closed = await store.get(GUILD, live.announcement_id)
    assert closed == replace(live, state=CLOSED, closed_by=7, closed_at=NOW)
    await store.set_state(live.announcement_id, OPEN, now=NOW + HOUR)
    assert await store.get(GUILD, live.announcement_id) == live


async def test_what_was_not_posted_becomes_a_draft_again(
    database: Database, keyring: KeyRing
) -> None:
    workspace = await add_workspace(database, keyring)
    store = AnnouncementStore(database)
    live = await add_live(database, workspace, "posted")
    failed, crashed = [await add_draft(database, workspace, name) for name in ("one", "two")]
    for draft in (failed, crashed):
        await store.mark_open(draft.announcement_id, now=NOW)
    await store.mark_draft(failed.announcement_id)
    assert await store.get(GUILD, failed.announcement_id) == failed
    assert await store.reset_unposted() == 1
    assert await store.get(GUILD, crashed.announcement_id) == crashed
    await store.mark_draft(live.announcement_id)
    assert await store.list_live(GUILD) == [live]


async def test_a_post_under_way_outlives_the_start_of_another_process(
    database: Database, keyring: KeyRing
) -> None:
    workspace = await add_workspace(database, keyring)
    store = AnnouncementStore(database)
    number = (await add_draft(database, workspace)).announcement_id
    await store.mark_open(number, now=NOW)
    assert await store.reset_unposted() == 1  # the other process cannot know better
    await store.set_message(number, 77, "hash")
    (live,) = await store.list_live(GUILD)
    assert (live.announcement_id, live.message_id) == (number, 77)
    await store.set_state(number, AnnouncementState.CLOSED, now=NOW)
    await store.set_message(number, 78, "hash")
    (live,) = await store.list_live(GUILD)
    assert live.state is AnnouncementState.CLOSED


async def test_only_forgotten_drafts_are_removed(database: Database, keyring: KeyRing) -> None:
    workspace = await add_workspace(database, keyring)
    store = AnnouncementStore(database)
    live = await add_live(database, workspace)
    old = await add_draft(database, workspace, now=NOW)
    retried = await add_draft(database, workspace, "another", now=NOW)
    await store.mark_open(retried.announcement_id, now=NOW + HOUR)
    await store.mark_draft(retried.announcement_id)
    assert await store.remove_drafts_before(NOW + HOUR) == 1
    assert await store.get(GUILD, old.announcement_id) is None
    assert await store.get(GUILD, retried.announcement_id) == retried
    assert await store.get(GUILD, live.announcement_id) == live


async def test_facts_and_what_is_shown_are_updated(database: Database, keyring: KeyRing) -> None:
    live = await add_live(database, await add_workspace(database, keyring))
    store = AnnouncementStore(database)
    times = {"starts_at": NOW + 3 * HOUR, "ends_at": NOW + 4 * HOUR}
    await store.refresh_facts(live.announcement_id, "Renamed", **times)
    await store.set_rendered(live.announcement_id, "other")
    expected = replace(live, title="Renamed", rendered_hash="other", **times)
    assert await store.get(GUILD, live.announcement_id) == expected


async def test_a_session_is_found_in_every_guild_that_posted_it(
    database: Database, keyring: KeyRing
) -> None:
    ours = await add_live(database, await add_workspace(database, keyring))
    theirs = await add_live(database, await add_workspace(database, keyring, STRANGERS))
    await add_live(database, await add_workspace(database, keyring, name="b"), "other session")
    store = AnnouncementStore(database)
    assert await store.list_live_for_session(UPSTREAM, "session") == [ours, theirs]
    assert await store.list_live_for_session("https://other.test", "session") == []


async def test_guilds_are_strangers(database: Database, keyring: KeyRing) -> None:
    live = await add_live(database, await add_workspace(database, keyring))
    await add_workspace(database, keyring, STRANGERS)
    store = AnnouncementStore(database)
    assert await store.get(STRANGERS, live.announcement_id) is None
    assert await store.list_live(STRANGERS) == []
    await WorkspaceStore(database, keyring).remove(STRANGERS, live.workspace_id)
    assert await store.get(GUILD, live.announcement_id) == live
