"""A new key for everything that is stored, while the old one is still at hand."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.errors import StartRefused
from bot.store.attempts import AttemptStore
from bot.store.database import Database
from bot.store.keyring import KeyRing
from bot.store.rotation import rotate
from bot.store.workspaces import WorkspaceStore
from tests.store.samples import KEY, add_workspace, an_attempt

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
