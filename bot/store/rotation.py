"""Everything that is stored encrypted, brought under the newest key."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import SecretStr

from bot.errors import StartRefused
from bot.store.attempts import AttemptStore
from bot.store.database import Database, SchemaState, schema_state
from bot.store.keyring import KeyRing
from bot.store.workspaces import WorkspaceStore


async def rotate(url: str, keys: Sequence[SecretStr]) -> int:
    """Encrypt with the first key what another of them encrypted; returns how many secrets.

    Raises StartRefused when one of them fits no key, or the database is not of this version.
    """
    if await schema_state(url) is not SchemaState.CURRENT:
        raise StartRefused("The database is not of this version. Run `muster migrate` first.")
    database, keyring = await Database.open(url), KeyRing(keys)
    try:
        count = await WorkspaceStore(database, keyring).rotate_keys_anywhere()
        return count + await AttemptStore(database, keyring).rotate_tokens_anywhere()
    finally:
        await database.close()
