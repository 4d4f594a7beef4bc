"""Workspaces belong to one guild, and their keys are never in the open."""

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from bot.errors import Refusal, StartRefused
from bot.models import ProviderKind, WorkspaceState
from bot.store.announcements import AnnouncementStore
from bot.store.attempts import AttemptStore
from bot.store.database import Database
from bot.store.keyring import KeyRing
from bot.store.removed_guilds import RemovedGuildStore
from bot.store.tables import workspaces
from bot.store.workspaces import WorkspaceStore
from tests.store.samples import (
    GUILD,
    HOUR,
    KEY,
    NOW,
    STRANGERS,
    UPSTREAM,
    add_live,
    add_workspace,
    an_attempt,
)


async def test_a_workspace_comes_back_as_it_was_added(database: Database, keyring: KeyRing) -> None:
    store = WorkspaceStore(database, keyring)
    added = await store.add(
        GUILD,
        "Café",
        ProviderKind.SERIES,
        UPSTREAM,
        KEY,
        announcement_channel_id=2**62,
        ping_role_id=3,
        host_role_ids=frozenset({2**62 + 1, 5}),
        now=NOW,
    )
    assert added.key_hint == "6789"
    assert (added.key_set_at, added.state, added.state_since) == (NOW, WorkspaceState.OK, NOW)
    assert added.host_role_ids == {2**62 + 1, 5}
    assert added.claimer_role_ids == frozenset()
    assert (added.announcement_channel_id, added.log_channel_id) == (2**62, None)
    assert await store.get(GUILD, added.workspace_id) == added
    assert await store.get_anywhere(added.workspace_id) == added
    assert await store.get_by_name(GUILD, "CAFÉ") == added
    assert await store.get(GUILD, 10**40) is None


async def test_a_name_is_used_once_in_a_guild(database: Database, keyring: KeyRing) -> None:
    first = await add_workspace(database, keyring, name="Main")
    with pytest.raises(Refusal, match="already used"):
        await add_workspace(database, keyring, name="mAIN")
    theirs = await add_workspace(database, keyring, STRANGERS, name="Main")
    store = WorkspaceStore(database, keyring)
    assert await store.list_all(GUILD) == [first]
    assert await store.list_anywhere() == [first, theirs]


async def test_a_key_is_stored_encrypted_and_shown_nowhere(
    database: Database, keyring: KeyRing
) -> None:
    store = WorkspaceStore(database, keyring)
    added = await add_workspace(database, keyring)
    assert await store.get_key(added.workspace_id) == KEY
    async with database.read() as connection:
        row = (await connection.execute(select(workspaces))).one()
    assert KEY.get_secret_value() not in repr(row)
    assert KEY.get_secret_value() not in repr(added)
    assert added.key_hint == KEY.get_secret_value()[-4:]


async def test_a_short_key_is_not_hinted_at(database: Database, keyring: KeyRing) -> None:
    store = WorkspaceStore(database, keyring)
    added = await store.add(
        GUILD, "x", ProviderKind.SERIES, UPSTREAM, SecretStr("0123456"), now=NOW
    )
    assert added.key_hint == ""


async def test_a_refused_row_shows_no_secret(database: Database, keyring: KeyRing) -> None:
    added = await add_workspace(database, keyring)
    async with database.read() as connection:
        token = await connection.scalar(select(workspaces.c.encrypted_key))
        row = dict((await connection.execute(select(workspaces))).one()._mapping)
    with pytest.raises(IntegrityError) as caught:
        async with database.write() as connection:
            await connection.execute(insert(workspaces).values(row))
    assert token
    assert token not in str(caught.value)
    assert KEY.get_secret_value() not in str(caught.value)
    assert added.base_url not in str(caught.value)


async def test_keys_are_rotated(database: Database) -> None:
    old, new = (SecretStr(Fernet.generate_key().decode()) for _ in range(2))
    added = await add_workspace(database, KeyRing([old]))
    rotating = WorkspaceStore(database, KeyRing([new, old]))
    assert await rotating.rotate_keys_anywhere() == 1
    assert await rotating.rotate_keys_anywhere() == 0
    assert await WorkspaceStore(database, KeyRing([new])).get_key(added.workspace_id) == KEY
    with pytest.raises(StartRefused, match="MUSTER_SECRET_KEYS"):
        await WorkspaceStore(database, KeyRing([old])).get_key(added.workspace_id)


async def test_a_rotation_without_the_old_key_changes_nothing(database: Database) -> None:
    old, new = (SecretStr(Fernet.generate_key().decode()) for _ in range(2))
    added = await add_workspace(database, KeyRing([old]))
    with pytest.raises(StartRefused, match="MUSTER_SECRET_KEYS"):
        await WorkspaceStore(database, KeyRing([new])).rotate_keys_anywhere()
    assert await WorkspaceStore(database, KeyRing([old])).get_key(added.workspace_id) == KEY


async def test_a_new_key_replaces_the_old_one(database: Database, keyring: KeyRing) -> None:
    store = WorkspaceStore(database, keyring)
    added = await add_workspace(database, keyring)
    changed = await store.set_key(
        GUILD, added.workspace_id, SecretStr("new-key-abcdefgh"), NOW + HOUR
    )
    assert changed is not None
    assert (changed.key_hint, changed.key_set_at) == ("efgh", NOW + HOUR)
    assert (await store.get_key(added.workspace_id)).get_secret_value() == "new-key-abcdefgh"


async def test_only_named_settings_change(database: Database, keyring: KeyRing) -> None:
    store = WorkspaceStore(database, keyring)
    added = await add_workspace(database, keyring)
    await store.update(GUILD, added.workspace_id, log_channel_id=8)
    changed = await store.update(GUILD, added.workspace_id, host_role_ids=frozenset({4}))
    assert changed is not None
    assert (changed.log_channel_id, changed.host_role_ids) == (8, {4})
    assert await store.update(GUILD, added.workspace_id) == changed


async def test_a_state_keeps_when_it_began(database: Database, keyring: KeyRing) -> None:
    store = WorkspaceStore(database, keyring)
    added = await add_workspace(database, keyring)
    for hours in (1, 2):
        await store.set_state(added.workspace_id, WorkspaceState.DOWN, NOW + hours * HOUR)
    changed = await store.get(GUILD, added.workspace_id)
    assert changed is not None
    assert (changed.state, changed.state_since) == (WorkspaceState.DOWN, NOW + HOUR)


async def test_removing_takes_the_key_and_the_announcements_but_not_the_journal(
    database: Database, keyring: KeyRing
) -> None:
    store, announcements = WorkspaceStore(database, keyring), AnnouncementStore(database)
    attempts = AttemptStore(database, keyring)
    added = await add_workspace(database, keyring)
    live = await add_live(database, added)
    attempt = an_attempt(workspace_id=added.workspace_id, announcement_id=live.announcement_id)
    await announcements.sync_openings(live.announcement_id, [(attempt.place, "Role", "Server")])
    await attempts.add(attempt)
    assert await store.remove(GUILD, added.workspace_id) == added
    assert await store.remove(GUILD, added.workspace_id) is None
    with pytest.raises(Refusal):
        await store.get_key(added.workspace_id)
    assert await announcements.get_anywhere(live.announcement_id) is None
    assert await announcements.list_openings(live.announcement_id) == []
    assert await attempts.get(attempt.operation_id) == attempt


async def test_an_id_never_comes_back(database: Database, keyring: KeyRing) -> None:
    first = await add_workspace(database, keyring)
    await WorkspaceStore(database, keyring).remove(GUILD, first.workspace_id)
    second = await add_workspace(database, keyring)
    assert second.workspace_id > first.workspace_id


async def test_guilds_are_strangers(database: Database, keyring: KeyRing) -> None:
    store = WorkspaceStore(database, keyring)
    added = await add_workspace(database, keyring)
    assert await store.get(STRANGERS, added.workspace_id) is None
    assert await store.get_by_name(STRANGERS, "main") is None
    assert await store.list_all(STRANGERS) == []
    assert await store.set_key(STRANGERS, added.workspace_id, SecretStr("stolen"), NOW) is None
    assert await store.update(STRANGERS, added.workspace_id, ping_role_id=1) is None
    assert await store.update(STRANGERS, added.workspace_id) is None
    assert await store.remove(STRANGERS, added.workspace_id) is None
    assert await store.get(GUILD, added.workspace_id) == added
    assert await store.get_key(added.workspace_id) == KEY


async def test_without_a_key_the_state_stays(database: Database, keyring: KeyRing) -> None:
    """A call that was under way when Muster was taken out of the guild brings nothing back."""
    store = WorkspaceStore(database, keyring)
    added = await add_workspace(database, keyring)
    await RemovedGuildStore(database).mark_removed(GUILD, NOW)
    await store.set_state(added.workspace_id, WorkspaceState.OK, NOW)
    after = await store.get(GUILD, added.workspace_id)
    assert after is not None
    assert after.state is WorkspaceState.NO_KEY
    with pytest.raises(Refusal, match="taken out of this Discord server"):
        await store.set_key(GUILD, added.workspace_id, KEY, NOW)
    assert await store.get(GUILD, added.workspace_id) == after
