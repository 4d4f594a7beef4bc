"""An opening keeps its id for as long as its announcement lives: ids are on posted buttons."""

import asyncio

from bot.models import Place
from bot.store.announcements import AnnouncementStore
from bot.store.database import Database
from bot.store.keyring import KeyRing
from tests.store.samples import GUILD, STRANGERS, add_live, add_workspace


def offer(*names: str) -> list[tuple[Place, str, str]]:
    """Openings on one server, as read from the platform."""
    return [
        (Place("session", "server", "group", f"role-{name}"), name.title(), "Server 1")
        for name in names
    ]


async def test_openings_come_back_in_order(database: Database, keyring: KeyRing) -> None:
    store = AnnouncementStore(database)
    live = await add_live(database, await add_workspace(database, keyring))
    synced = await store.sync_openings(live.announcement_id, offer("host", "guard", "medic"))
    assert [(o.role_name, o.position) for o in synced] == [("Host", 0), ("Guard", 1), ("Medic", 2)]
    assert [o.place for o in synced] == [place for place, _, _ in offer("host", "guard", "medic")]
    assert {o.server_name for o in synced} == {"Server 1"}
    assert await store.list_openings(live.announcement_id) == synced


async def test_ids_survive_renaming_reordering_and_coming_back(
    database: Database, keyring: KeyRing
) -> None:
    store = AnnouncementStore(database)
    live = await add_live(database, await add_workspace(database, keyring))
    host, guard = await store.sync_openings(live.announcement_id, offer("host", "guard"))
    renamed = [(host.place, "Main host", "Server 1"), offer("medic")[0]]
    first, medic = await store.sync_openings(live.announcement_id, renamed)
    assert (first.opening_id, first.role_name) == (host.opening_id, "Main host")
    assert medic.opening_id not in (host.opening_id, guard.opening_id)
    back = await store.sync_openings(live.announcement_id, offer("guard", "host"))
    assert [o.opening_id for o in back] == [guard.opening_id, host.opening_id]
    assert await store.sync_openings(live.announcement_id, []) == []


async def test_a_vanished_opening_is_still_known_to_its_button(
    database: Database, keyring: KeyRing
) -> None:
    store = AnnouncementStore(database)
    live = await add_live(database, await add_workspace(database, keyring))
    (host,) = await store.sync_openings(live.announcement_id, offer("host"))
    await store.sync_openings(live.announcement_id, offer("guard"))
    assert await store.get_opening(GUILD, host.opening_id) == (host, live)


async def test_many_syncs_at_once_agree(database: Database, keyring: KeyRing) -> None:
    store = AnnouncementStore(database)
    live = await add_live(database, await add_workspace(database, keyring))
    names = [f"role{number}" for number in range(100)]
    orders = [offer(*names), offer(*reversed(names))] * 4
    await asyncio.gather(*(store.sync_openings(live.announcement_id, order) for order in orders))
    final = await store.list_openings(live.announcement_id)
    assert [(o.place, o.role_name, o.server_name) for o in final] in orders
    assert len({o.opening_id for o in final}) == 100


async def test_the_same_roles_of_two_announcements_are_apart(
    database: Database, keyring: KeyRing
) -> None:
    store = AnnouncementStore(database)
    workspace = await add_workspace(database, keyring)
    one, two = [await add_live(database, workspace, name) for name in ("one", "two")]
    (first,) = await store.sync_openings(one.announcement_id, offer("host"))
    (second,) = await store.sync_openings(two.announcement_id, offer("host"))
    assert first.opening_id != second.opening_id
    assert (first.place.session_id, second.place.session_id) == ("one", "two")


async def test_guilds_are_strangers(database: Database, keyring: KeyRing) -> None:
    store = AnnouncementStore(database)
    live = await add_live(database, await add_workspace(database, keyring))
    (host,) = await store.sync_openings(live.announcement_id, offer("host"))
    assert await store.get_opening(GUILD, host.opening_id) == (host, live)
    assert await store.get_opening(STRANGERS, host.opening_id) is None
    assert await store.get_opening_anywhere(host.opening_id) == (host, live)
    assert await store.get_opening(GUILD, 10**40) is None
