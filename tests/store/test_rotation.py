"""A new key for everything that is stored, while the old one is still at hand."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import select, update

from bot.errors import StartRefused
from bot.models import IdentityKind, News, SwapSide, SwapState
from bot.store.attempts import AttemptStore
from bot.store.database import Database
from bot.store.identity_services import IdentityServiceStore
from bot.store.keyring import KeyRing
from bot.store.linking_tables import identity_services
from bot.store.removed_guilds import RemovedGuildStore
from bot.store.rotation import rotate
from bot.store.schema import metadata
from bot.store.swaps import SwapStore
from bot.store.workspaces import WorkspaceStore
from tests.store.samples import GUILD, KEY, NOW, a_swap, add_workspace, an_attempt

OLD, NEW = (SecretStr(Fernet.generate_key().decode()) for _ in range(2))


async def test_everything_is_readable_with_the_new_key_alone(
    database: Database, database_url: str
) -> None:
    before = KeyRing([OLD])
    workspace = await add_workspace(database, before)
    attempt, silent = an_attempt(interaction_token="a-token"), an_attempt(roblox_id=11)
    journal = AttemptStore(database, before)
    await journal.add(attempt)
    await journal.add(silent)
    assert await rotate(database_url, [NEW, OLD]) == 2
    after = KeyRing([NEW])
    assert await WorkspaceStore(database, after).get_key(workspace.workspace_id) == KEY
    read = await AttemptStore(database, after).get(attempt.operation_id)
    assert read is not None
    assert read.interaction_token == "a-token"


async def test_no_encrypted_column_is_forgotten(database: Database, database_url: str) -> None:
    """A new one fails here until it is filled below and `rotate_all` knows it."""
    before = KeyRing([OLD])
    await add_workspace(database, before)
    services = IdentityServiceStore(database, before)
    await services.set_key(GUILD, IdentityKind.ROVER, KEY, 99, NOW)
    journal = AttemptStore(database, before)
    swaps = SwapStore(database, before, journal)
    await journal.add(an_attempt(interaction_token="a-token"))
    await swaps.add(a_swap(state=SwapState.RUNNING, interaction_token="a-token"))
    others = {"proposer": SwapSide(3, 30, 103, News.DUE), "partner": SwapSide(4, 40, 104)}
    done = {"state": SwapState.DONE, "settled_at": NOW, "interaction_token": "a-token"}
    await swaps.add(a_swap(**others, **done))
    columns = [
        column
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name.startswith("encrypted_")
    ]
    assert len(columns) >= 4
    await rotate(database_url, [NEW, OLD])
    after = KeyRing([NEW])
    for column in columns:
        async with database.read() as connection:
            values = list(await connection.scalars(select(column)))
        assert values, f"{column} is not filled by this test"
        for value in values:
            after.decrypt(value)


async def test_what_was_erased_is_no_key(database: Database, database_url: str) -> None:
    await add_workspace(database, KeyRing([OLD]))
    services = IdentityServiceStore(database, KeyRing([OLD]))
    await services.set_key(GUILD, IdentityKind.ROVER, KEY, 99, NOW)
    await RemovedGuildStore(database).mark_removed(GUILD, NOW)
    async with database.write() as connection:  # as the guild's holdings say
        await connection.execute(update(identity_services).values(encrypted_key=""))
    assert await rotate(database_url, [NEW, OLD]) == 0
    assert await rotate(database_url, [NEW]) == 0


async def test_a_key_that_is_missing_is_said_and_nothing_changes(
    database: Database, database_url: str
) -> None:
    workspace = await add_workspace(database, KeyRing([OLD]))
    with pytest.raises(StartRefused, match="none of the keys opens"):
        await rotate(database_url, [NEW])
    assert await WorkspaceStore(database, KeyRing([OLD])).get_key(workspace.workspace_id) == KEY


async def test_an_old_schema_is_not_touched(empty_url: str) -> None:
    with pytest.raises(StartRefused, match="Run `muster migrate` first"):
        await rotate(empty_url, [NEW])
