"""Imports in both databases: planned, applied line by line, taken back."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.errors import LockLost, Refusal
from bot.models import ImportLine, ImportState, LinkImport, LinkSource, RobloxUser, Verdict
from bot.store.database import Database
from bot.store.instance import only_importer
from bot.store.link_imports import ImportStore
from bot.store.link_lists import LinkLists
from bot.store.link_notices import LinkNoticeStore
from bot.store.links import LinkStore
from tests.store.samples import GUILD, HOUR, NOW, STRANGERS, a_link

EARLY = (NOW - HOUR, 0, 0)


async def planned(store: ImportStore, *lines: ImportLine, guild_id: int = GUILD) -> LinkImport:
    """An import that waits for Apply."""
    one = await store.begin(guild_id, 99, NOW)
    await store.plan(one.import_id, lines)
    found = await store.get(guild_id, one.import_id)
    assert found is not None
    return found


def new(line: int, discord_id: int, roblox_id: int) -> ImportLine:
    """A line that links somebody."""
    return ImportLine(line, discord_id, roblox_id, f"user{roblox_id}", Verdict.NEW)


async def test_lines_come_back_as_they_were(database: Database) -> None:
    store = ImportStore(database)
    changed = replace(new(2, 1, 20), verdict=Verdict.CHANGED, had=a_link(source=LinkSource.ROVER))
    broken = ImportLine(3, 0, 0, "", Verdict.UNCLOSED)
    one = await planned(store, new(1, 2, 30), changed, broken)
    assert one.state is ImportState.PLANNED
    assert await store.list_lines(one.import_id) == [
        new(1, 2, 30), replace(changed, had=replace(a_link(source=LinkSource.ROVER), guild_id=0)),
        broken,
    ]  # fmt: skip
    assert await store.get(STRANGERS, one.import_id) is None
    assert await store.get_latest(GUILD) == one
    assert await store.get_latest(STRANGERS) is None
    counts = await store.count(one.import_id)
    assert counts[Verdict.NEW, False] == counts[Verdict.CHANGED, False] == 1


async def test_applied_and_taken_back(database: Database) -> None:
    store, links = ImportStore(database), LinkStore(database)
    old = a_link(source=LinkSource.ROVER)
    await links.add(old)
    await links.add(a_link(guild_id=STRANGERS, discord_id=2, roblox_id=30))
    one = await planned(
        store, new(1, 2, 30), replace(new(2, 1, 20), verdict=Verdict.CHANGED, had=old)
    )
    assert await store.apply_some(one, 0, NOW) == (2, 2)
    assert await store.apply_some(one, 2, NOW) is None
    assert await store.apply_some(one, 0, NOW) is None, "nothing is done twice"
    for discord_id, roblox_id in ((1, 20), (2, 30)):
        link = await links.get(GUILD, discord_id)
        assert link is not None
        assert (link.roblox_id, link.source) == (roblox_id, LinkSource.IMPORT)
    assert await LinkNoticeStore(database).get_untold(GUILD, 2) is not None
    assert await store.undo_some(one, 0) == (2, 2)
    assert await links.get(GUILD, 1) == old
    assert await links.get(GUILD, 2) is None
    assert await links.get(STRANGERS, 2) is not None


async def test_a_line_that_no_longer_fits_is_left_whole(database: Database) -> None:
    store, links = ImportStore(database), LinkStore(database)
    old = a_link()
    await links.add(old)
    await links.add(a_link(discord_id=5, roblox_id=20))
    await links.add(a_link(discord_id=6, roblox_id=30))
    one = await planned(
        store,
        replace(new(1, 1, 20), verdict=Verdict.CHANGED, had=old),
        new(2, 2, 30),
        new(3, 3, 40),
    )
    assert await store.apply_some(one, 0, NOW) == (3, 1)
    assert await links.get(GUILD, 1) == old
    assert await links.get(GUILD, 2) is None
    assert await links.get(GUILD, 3) is not None


async def test_two_imports_of_the_same_accounts_at_once(database: Database) -> None:
    store = ImportStore(database)
    both = [await planned(store, *(new(n, 1000 * k + n, n) for n in range(1, 101))) for k in (1, 2)]
    await asyncio.gather(*(store.apply_some(one, 0, NOW) for one in both))
    links = await LinkStore(database).map_by_roblox(GUILD, range(1, 101))
    assert len(links) == 100
    done = [await store.count(one.import_id) for one in both]
    assert sum(counts.get((Verdict.NEW, True), 0) for counts in done) == 100


async def test_states_and_what_is_under_way(database: Database) -> None:
    store = ImportStore(database)
    reading = await store.begin(STRANGERS, 99, NOW)
    one = await planned(store, new(1, 2, 30))
    assert await store.list_under_way() == [reading]
    assert await store.move(one.import_id, ImportState.PLANNED, ImportState.APPLYING)
    assert not await store.move(one.import_id, ImportState.PLANNED, ImportState.APPLYING)
    assert len(await store.list_under_way()) == 2
    await store.note_applied(one.import_id, NOW + HOUR)
    found = await store.get(GUILD, one.import_id)
    assert found is not None
    assert (found.state, found.applied_at) == (ImportState.APPLIED, NOW + HOUR)
    await store.remove_before(NOW + HOUR)
    assert await store.get(GUILD, one.import_id) is None
    assert await store.list_lines(one.import_id) == []
    assert await store.list_under_way() == [reading]


async def test_pages_walks_and_names(database: Database) -> None:
    links, lists = LinkStore(database), LinkLists(database)
    for number in range(1, 8):
        await links.add(a_link(discord_id=number, roblox_id=100 + number))
    await links.add(a_link(guild_id=STRANGERS))
    assert await lists.count(GUILD) == 7
    assert [link.discord_id for link in await lists.page(GUILD, 5, 5)] == [6, 7]
    walked = [link.discord_id async for part in lists.walk(GUILD) for link in part]
    assert walked == list(range(1, 8))
    assert set(await lists.map_by_discord(GUILD, [*range(3, 2000), -1, 2**70])) == {3, 4, 5, 6, 7}
    aged = await lists.list_aged(NOW + HOUR, 5)
    assert [link.discord_id for link in aged] == [1, 2, 3, 4, 5]
    assert await lists.list_aged(NOW, 5) == []
    await links.remove(GUILD, 2)
    await links.add(a_link(discord_id=2, roblox_id=55))
    users = {number: RobloxUser(number, f"new{number}", "") for number in (101, 102)}
    await lists.rename(aged, users, NOW + HOUR)
    first, second = await links.get(GUILD, 1), await links.get(GUILD, 2)
    assert first is not None
    assert second is not None
    assert (first.username, first.username_at) == ("new101", NOW + HOUR)
    assert second.username == "builder", "of another account by now"
    gone = await links.get(GUILD, 3)
    assert gone is not None
    assert (gone.username, gone.username_at) == ("Roblox user 103", NOW + HOUR)
    rest = await lists.list_aged(NOW + HOUR, 5)
    assert [(link.guild_id, link.discord_id) for link in rest] == [
        (GUILD, 2), (GUILD, 6), (GUILD, 7), (STRANGERS, 1),
    ]  # fmt: skip


async def test_of_many_that_begin_in_a_guild_one_does(database: Database) -> None:
    store = ImportStore(database)
    begun = await asyncio.gather(
        *(store.begin(GUILD, 99, NOW) for _ in range(5)), return_exceptions=True
    )
    (one,) = [found for found in begun if isinstance(found, LinkImport)]
    assert all("under way here" in str(other) for other in begun if other is not one)
    await store.begin(STRANGERS, 99, NOW)
    await store.plan(one.import_id, [new(1, 2, 30)])
    other = await planned(store, new(1, 3, 40))
    assert await store.enter(one, ImportState.PLANNED, ImportState.APPLYING)
    with pytest.raises(Refusal, match="under way here"):
        await store.enter(other, ImportState.PLANNED, ImportState.APPLYING)
    await store.note_applied(one.import_id, NOW)
    assert await store.enter(other, ImportState.PLANNED, ImportState.APPLYING)
    await store.note_applied(other.import_id, NOW)
    assert not await store.enter(other, ImportState.PLANNED, ImportState.APPLYING)


async def test_one_process_is_at_the_operators_imports(database: Database) -> None:
    other = await Database.open(database.url)
    try:
        async with only_importer(database, GUILD):
            with pytest.raises(LockLost):
                async with only_importer(other, GUILD):
                    pass
        async with only_importer(other, GUILD):
            pass
    finally:
        await other.close()
