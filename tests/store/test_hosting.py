"""What hosts change about a posted announcement, on both databases."""

from __future__ import annotations

import asyncio

from bot.models import AnnouncementState, Place
from bot.store.announcements import AnnouncementStore
from bot.store.automation import AutomationStore
from bot.store.database import Database
from bot.store.hosting import HostingStore
from bot.store.keyring import KeyRing
from tests.store.samples import GUILD, HOUR, NOW, STRANGERS, add_draft, add_live, add_workspace


async def test_what_can_be_run(database: Database, keyring: KeyRing) -> None:
    workspace = await add_workspace(database, keyring)
    store, announcements = HostingStore(database), AnnouncementStore(database)
    live = await add_live(database, workspace, "one")
    lost, over = [await add_live(database, workspace, name) for name in ("two", "three")]
    await add_draft(database, workspace, "four")
    await announcements.set_state(lost.announcement_id, AnnouncementState.LOST, now=NOW)
    await announcements.set_state(over.announcement_id, AnnouncementState.ENDED, now=NOW)
    found = [one.announcement_id for one in await store.list_runnable(GUILD, NOW)]
    assert found == [live.announcement_id, lost.announcement_id]
    assert await store.list_runnable(STRANGERS, NOW) == []
    assert await store.list_runnable(GUILD, live.ends_at) == []


async def test_the_newest_draft_of_each_session(database: Database, keyring: KeyRing) -> None:
    workspace = await add_workspace(database, keyring)
    store = HostingStore(database)
    await add_draft(database, workspace, "one", now=NOW)
    newer = await add_draft(database, workspace, "one", now=NOW)
    await add_draft(database, workspace, "two", now=NOW - HOUR)
    mine = (GUILD, workspace.workspace_id, newer.host_id)
    assert await store.list_drafts(*mine, NOW) == [newer]
    assert await store.list_drafts(GUILD, workspace.workspace_id, newer.host_id + 1, NOW) == []
    assert await store.list_drafts(STRANGERS, workspace.workspace_id, newer.host_id, NOW) == []


async def test_edits_change_what_they_name(database: Database, keyring: KeyRing) -> None:
    live = await add_live(database, await add_workspace(database, keyring))
    store, number = HostingStore(database), live.announcement_id
    await store.change(number, note="late", co_host_ids=frozenset({5, 7}))
    await store.change(number, cutoff_minutes=10)
    await store.change(number)
    await store.change(10**40, note="nobody's")
    changed = await AnnouncementStore(database).get(GUILD, number)
    assert changed is not None
    assert (changed.note, changed.co_host_ids, changed.cutoff_minutes) == ("late", {5, 7}, 10)
    assert changed.title == live.title


async def test_another_channel_begins_without_a_thread(
    database: Database, keyring: KeyRing
) -> None:
    live = await add_live(database, await add_workspace(database, keyring))
    store, number = HostingStore(database), live.announcement_id
    await AutomationStore(database).set_thread(number, 77)
    seen = []
    for same_channel in (True, False):
        await store.set_board(number, 4, 2000, "new", same_channel=same_channel)
        found = await AnnouncementStore(database).get(GUILD, number)
        assert found is not None
        seen.append((found.channel_id, found.message_id, found.rendered_hash, found.thread_id))
    assert seen == [(4, 2000, "new", 77), (4, 2000, "new", None)]


async def test_one_second_ping_of_many_presses(database: Database, keyring: KeyRing) -> None:
    live = await add_live(database, await add_workspace(database, keyring))
    store, number = HostingStore(database), live.announcement_id
    taken = await asyncio.gather(*(store.mark_pinged_again(number, NOW) for _ in range(5)))
    assert sorted(taken) == [False] * 4 + [True]
    await store.forget_second_ping(number)
    assert await store.mark_pinged_again(number, NOW)


async def test_roles_are_hidden_on_every_server(database: Database, keyring: KeyRing) -> None:
    live = await add_live(database, await add_workspace(database, keyring))
    number, announcements = live.announcement_id, AnnouncementStore(database)
    offered = [
        (Place(live.session_id, server, "staff", role), role, server)
        for server in ("main", "second")
        for role in ("trainer", "helper")
    ]
    await announcements.sync_openings(number, offered)
    store = HostingStore(database)
    await store.show_roles(number, {("staff", "helper")})
    hidden = [one.role_name for one in await announcements.list_openings(number) if one.hidden]
    assert hidden == ["trainer", "trainer"]
    await store.show_roles(number, {("staff", "helper"), ("staff", "trainer")})
    assert not any(one.hidden for one in await announcements.list_openings(number))
