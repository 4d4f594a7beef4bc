"""What is old goes, what is unsettled stays, and a community's data goes as a whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.models import AnnouncementState, AttemptState, Door, Preferences, WorkspaceState
from bot.store.announcements import AnnouncementStore
from bot.store.attempts import AttemptStore
from bot.store.database import Database
from bot.store.departures import Departure, DepartureStore
from bot.store.holdings import of_guild
from bot.store.keyring import KeyRing
from bot.store.links import LinkStore
from bot.store.live_boards import LiveBoards
from bot.store.preferences import PreferenceStore
from bot.store.refusals import RefusalStore, RefusedPress
from bot.store.removed_guilds import RemovedGuildStore
from bot.store.retention import RetentionStore
from bot.store.schema import metadata
from bot.store.workspaces import WorkspaceStore
from tests.store.samples import (
    GUILD,
    HOUR,
    NOW,
    STRANGERS,
    a_link,
    add_live,
    add_workspace,
    an_attempt,
)

LONG_AGO = NOW - timedelta(days=400)
KEPT = timedelta(days=365)
CUTOFF = NOW - KEPT
EVERYTHING = 10**6
GONE_FOR = timedelta(days=30)


def settled(**changes: object) -> object:
    confirmed = {"state": AttemptState.CONFIRMED, "settled_at": NOW, "told": True}
    return an_attempt(**(confirmed | changes))


async def test_old_settled_history_goes(database: Database, keyring: KeyRing) -> None:
    attempts = AttemptStore(database, keyring)
    old, unsettled = settled(created_at=LONG_AGO), an_attempt(created_at=LONG_AGO)
    young = settled(created_at=NOW)
    for attempt in (old, unsettled, young):
        await attempts.add(attempt)
    for name, at in (("old", LONG_AGO), ("new", NOW)):
        await RefusalStore(database).add(
            RefusedPress(name, GUILD, None, None, 1, 1, Door.BUTTON, "full", at)
        )
    dropped = await RetentionStore(database).drop_history(NOW, KEPT, EVERYTHING)
    assert dropped == {"claim_attempts": 1, "refusals": 1}
    kept = {a.operation_id for a in await attempts.list_for_member(GUILD, 1, 10)}
    assert kept == {unsettled.operation_id, young.operation_id}
    assert await RefusalStore(database).get("old") is None
    assert await RefusalStore(database).get("new") is not None


async def test_past_announcements_go_unless_something_is_unsettled(
    database: Database, keyring: KeyRing
) -> None:
    workspace = await add_workspace(database, keyring)
    store = AnnouncementStore(database)
    live, over, busy = [
        (await add_live(database, workspace, name)).announcement_id for name in "abc"
    ]
    for number in (live, over, busy):
        await store.refresh_facts(number, "Training", LONG_AGO, LONG_AGO)
    for number in (over, busy):
        await store.set_state(number, AnnouncementState.ENDED, now=NOW)
    await AttemptStore(database, keyring).add(an_attempt(announcement_id=busy))
    await RetentionStore(database).drop_history(NOW, KEPT, EVERYTHING)
    left = [n for n in (live, over, busy) if await store.get_anywhere(n) is not None]
    assert left == [live, busy]


async def test_one_round_is_bounded(
    database: Database, keyring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.bulk.BATCH", 2)
    attempts = AttemptStore(database, keyring)
    for index in range(7):
        place = replace(an_attempt().place, session_id=f"s{index}")
        await attempts.add(settled(created_at=LONG_AGO, place=place))
    store = RetentionStore(database)
    assert await store.drop_history(NOW, KEPT, 4) == {"claim_attempts": 4}
    assert await store.drop_history(NOW, KEPT, 4) == {"claim_attempts": 3}


async def furnish(database: Database, keyring: KeyRing, guild_id: int) -> int:
    """A workspace with a live board, and everything a guild can have; the board's id."""
    workspace = await add_workspace(database, keyring, guild_id)
    live = await add_live(database, workspace)
    number = live.announcement_id
    await AnnouncementStore(database).sync_openings(number, [(an_attempt().place, "Role", "")])
    await LinkStore(database).add(a_link(guild_id=guild_id))
    await PreferenceStore(database).save(Preferences(guild_id, 1))
    await DepartureStore(database).note(number, NOW, gone={1}, here=(), now=NOW)
    place = replace(an_attempt().place, session_id=f"of {guild_id}")
    await AttemptStore(database, keyring).add(settled(guild_id=guild_id, place=place))
    return number


async def counts(database: Database, guild_id: int) -> dict[str, int]:
    """Rows of each table that belong to the guild."""
    found = {}
    async with database.read() as connection:
        for name, table in metadata.tables.items():
            which = of_guild(table, guild_id)
            if which is not None:
                query = select(func.count()).select_from(table).where(which)
                if count := (await connection.execute(query)).scalar_one():
                    found[name] = count
    return found


async def test_keys_go_at_once_and_the_guild_is_left_alone(
    database: Database, keyring: KeyRing
) -> None:
    number = await furnish(database, keyring, GUILD)
    other = await furnish(database, keyring, STRANGERS)
    store, workspaces = RemovedGuildStore(database), WorkspaceStore(database, keyring)
    (mine,) = await workspaces.list_all(GUILD)
    assert await store.mark_removed(GUILD, NOW) == [mine.workspace_id]
    (after,) = await workspaces.list_all(GUILD)
    assert (after.state, after.state_since, after.key_hint) == (WorkspaceState.NO_KEY, NOW, "")
    assert [w.guild_id for w in await workspaces.list_anywhere()] == [STRANGERS]
    assert await LiveBoards(database).list_ids() == {other}
    assert await workspaces.rotate_keys_anywhere() == 0  # there is nothing to open any more
    assert await AnnouncementStore(database).get_anywhere(number) is not None


async def test_removed_twice_counts_from_the_first_time(database: Database) -> None:
    store = RemovedGuildStore(database)
    await store.mark_removed(GUILD, NOW)
    await store.mark_removed(GUILD, NOW + HOUR)
    assert await store.list_removed(NOW + HOUR / 2) == [GUILD]


async def test_invited_again_nothing_is_erased(database: Database, keyring: KeyRing) -> None:
    await furnish(database, keyring, GUILD)
    store = RemovedGuildStore(database)
    await store.mark_removed(GUILD, NOW)
    assert await store.mark_joined([STRANGERS, GUILD]) == [GUILD]
    assert await store.list_removed() == []
    assert len(await LiveBoards(database).list_ids()) == 1


async def test_all_of_a_guild_goes_and_nothing_of_another(
    database: Database, keyring: KeyRing
) -> None:
    await furnish(database, keyring, GUILD)
    await furnish(database, keyring, STRANGERS)
    before = await counts(database, STRANGERS)
    store = RemovedGuildStore(database)
    await store.mark_removed(GUILD, NOW)
    assert await store.erase(GUILD)
    assert await counts(database, GUILD) == {}
    assert await counts(database, STRANGERS) == before
    assert await store.list_removed() == []


async def test_a_guild_with_something_unsettled_waits(database: Database, keyring: KeyRing) -> None:
    await furnish(database, keyring, GUILD)
    await AttemptStore(database, keyring).add(an_attempt())
    store = RemovedGuildStore(database)
    await store.mark_removed(GUILD, NOW)
    before = await counts(database, GUILD)
    assert not await store.erase(GUILD)
    assert await counts(database, GUILD) == before


async def test_departures_are_noted_once_and_taken_back(
    database: Database, keyring: KeyRing
) -> None:
    number = await furnish(database, keyring, GUILD)
    store = DepartureStore(database)
    assert await store.is_checked(number, NOW)
    assert not await store.is_checked(number, NOW + HOUR)
    assert await store.list_undealt(10) == [Departure(number, 1, NOW)]
    assert await store.mark_dealt(Departure(number, 1, NOW))
    assert not await store.mark_dealt(Departure(number, 1, NOW))
    assert await store.list_undealt(10) == []
    await store.note(number, NOW + HOUR, gone={1, 2}, here=(), now=NOW)
    assert await store.list_undealt(10) == [Departure(number, 2, NOW)]
    await store.note(number, NOW + 2 * HOUR, gone=(), here={1, 2}, now=NOW)
    assert await store.list_gone(number) == frozenset()


async def test_a_departure_of_a_removed_announcement_is_no_error(database: Database) -> None:
    await DepartureStore(database).note(404, NOW, gone={1}, here=(), now=NOW)
