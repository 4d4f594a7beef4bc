"""Automatic drafts, threads, reminders and guild settings: each once, in its own guild."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from bot.models import AnnouncementState
from bot.store.announcements import AnnouncementStore
from bot.store.automation import AutomationStore
from bot.store.database import Database
from bot.store.guild_settings import GuildSettingsStore
from bot.store.hosting_tables import guild_settings
from bot.store.keyring import KeyRing
from bot.store.links import LinkStore
from bot.store.reminders import ReminderStore
from tests.store.samples import (
    GUILD,
    HOUR,
    NOW,
    STRANGERS,
    a_link,
    add_draft,
    add_live,
    add_workspace,
)

WHEN = NOW + HOUR


async def test_a_guilds_time_zone(database: Database) -> None:
    settings = GuildSettingsStore(database)
    assert (await settings.get_time_zone(GUILD)).key == "UTC"
    await settings.set_time_zone(GUILD, ZoneInfo("Europe/Paris"))
    await settings.set_time_zone(GUILD, ZoneInfo("America/Chicago"))
    assert (await settings.get_time_zone(GUILD)).key == "America/Chicago"
    assert (await settings.get_time_zone(STRANGERS)).key == "UTC"


@pytest.mark.parametrize("unknown", ["Atlantis/Capital", "../../etc", ""])
async def test_a_zone_that_this_system_does_not_know(database: Database, unknown: str) -> None:
    settings = GuildSettingsStore(database)
    await settings.set_time_zone(GUILD, ZoneInfo("Europe/Paris"))
    async with database.write() as connection:
        await connection.execute(update(guild_settings).values(time_zone=unknown))
    assert (await settings.get_time_zone(GUILD)).key == "UTC"


@pytest.mark.parametrize("state", [s for s in AnnouncementState if s is not AnnouncementState.OPEN])
async def test_whatever_became_of_it_it_was_posted(
    database: Database, keyring: KeyRing, state: AnnouncementState
) -> None:
    workspace = await add_workspace(database, keyring)
    store, number = AutomationStore(database), workspace.workspace_id
    live = await add_live(database, workspace, "one")
    await add_draft(database, workspace, "two")
    wanted = {"one", "two", "three"}
    assert await store.list_posted(GUILD, number, wanted) == {"one"}
    await AnnouncementStore(database).set_state(live.announcement_id, state, now=NOW)
    expected = set() if state is AnnouncementState.DRAFT else {"one"}
    assert await store.list_posted(GUILD, number, wanted) == expected
    assert await store.list_posted(GUILD, number, {"two", "three"}) == set()
    assert await store.list_posted(STRANGERS, number, wanted) == set()


async def test_an_automatic_draft_is_used_again(database: Database, keyring: KeyRing) -> None:
    workspace = await add_workspace(database, keyring)
    store, number = AutomationStore(database), workspace.workspace_id
    await add_draft(database, workspace, "session")  # a host's
    mine = await add_draft(database, workspace, "session", channel_id=5, host_id=0)

    async def renew(session: str = "session", channel_id: int = 5) -> int | None:
        return await store.renew_draft(
            number, session, channel_id, host_id=8, ping=True, cutoff_minutes=10, now=NOW
        )

    assert await renew() is None
    await store.mark_automatic(mine.announcement_id)
    assert await renew("another") is None
    assert await renew(channel_id=6) is None
    assert await renew() == mine.announcement_id
    found = await AnnouncementStore(database).get(GUILD, mine.announcement_id)
    assert found is not None
    assert (found.automatic, found.host_id, found.ping, found.cutoff_minutes) == (True, 8, True, 10)
    await AnnouncementStore(database).mark_open(mine.announcement_id, now=NOW)
    assert await renew() is None


async def test_a_thread_is_kept(database: Database, keyring: KeyRing) -> None:
    live = await add_live(database, await add_workspace(database, keyring))
    other = await add_live(database, await add_workspace(database, keyring, name="other"))
    await AutomationStore(database).set_thread(live.announcement_id, 77)
    announcements = await AnnouncementStore(database).list_live(GUILD)
    threads = {one.announcement_id: one.thread_id for one in announcements}
    assert threads == {live.announcement_id: 77, other.announcement_id: None}


async def test_a_turn_is_taken_once(database: Database, keyring: KeyRing) -> None:
    live = await add_live(database, await add_workspace(database, keyring))
    store, number = ReminderStore(database), live.announcement_id
    await LinkStore(database).add(a_link())
    assert not await store.is_taken(number, 60, WHEN)
    taken = await asyncio.gather(*(store.take(live, 60, WHEN, [1, 2, 2]) for _ in range(5)))
    assert sorted(taken, key=str) == [None] * 4 + [{1}]  # 2 is not linked
    assert await store.is_taken(number, 60, WHEN)
    assert not await store.is_taken(number, 15, WHEN)
    assert not await store.is_taken(number, 60, WHEN + HOUR)  # it has moved
    assert await store.take(live, 60, WHEN + HOUR, []) == set()
    assert await store.take(live, 15, WHEN, range(1, 400)) == {1}
