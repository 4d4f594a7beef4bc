"""What was seen last stays with its openings, and goes with them."""

from __future__ import annotations

from bot.models import Place
from bot.store.announcements import AnnouncementStore
from bot.store.database import Database
from bot.store.keyring import KeyRing
from bot.store.seen_claims import SeenClaimStore
from bot.store.workspaces import WorkspaceStore
from tests.store.samples import GUILD, add_live, add_workspace


async def add_openings(database: Database, announcement_id: int, *roles: str) -> list[int]:
    """Openings of these roles."""
    offered = [(Place("session", "server", "group", role), role, "Main") for role in roles]
    stored = await AnnouncementStore(database).sync_openings(announcement_id, offered)
    return [opening.opening_id for opening in stored]


async def test_each_announcement_has_its_own(database: Database, keyring: KeyRing) -> None:
    store, workspace = SeenClaimStore(database), await add_workspace(database, keyring)
    first = (await add_live(database, workspace, "first")).announcement_id
    second = (await add_live(database, workspace, "second")).announcement_id
    trainer, helper = await add_openings(database, first, "trainer", "helper")
    (guard,) = await add_openings(database, second, "guard")
    await store.change({(trainer, 10), (helper, 10), (helper, 2**40), (guard, 11)}, set())
    await store.change({(trainer, 10)}, {(helper, 10), (guard, 99)})  # known, and never seen
    assert await store.list_seen(first) == {(trainer, 10), (helper, 2**40)}
    assert await store.list_seen(second) == {(guard, 11)}


async def test_many_go_at_once(database: Database, keyring: KeyRing) -> None:
    store, workspace = SeenClaimStore(database), await add_workspace(database, keyring)
    live = (await add_live(database, workspace)).announcement_id
    (opening,) = await add_openings(database, live, "trainer")
    everybody = {(opening, who) for who in range(1000)}
    await store.change(everybody, set())
    assert await store.list_seen(live) == everybody
    await store.change(set(), everybody - {(opening, 7)})
    assert await store.list_seen(live) == {(opening, 7)}


async def test_a_removed_workspace_takes_them_along(database: Database, keyring: KeyRing) -> None:
    store, workspace = SeenClaimStore(database), await add_workspace(database, keyring)
    live = (await add_live(database, workspace)).announcement_id
    (opening,) = await add_openings(database, live, "trainer")
    await store.change({(opening, 10)}, set())
    await WorkspaceStore(database, keyring).remove(GUILD, workspace.workspace_id)
    assert await store.list_seen(live) == set()
    await store.change({(opening, 11)}, set())  # a reading that came too late
    assert await store.list_seen(live) == set()
