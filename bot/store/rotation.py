"""Everything that is stored encrypted, brought under the newest key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import SecretStr
from sqlalchemy import ColumnElement, Table, select, update

from bot.errors import StartRefused
from bot.store.database import Database, SchemaState, schema_state
from bot.store.identity_services import IdentityServiceStore
from bot.store.keyring import KeyRing
from bot.store.swap_tables import IS_CARRIED, IS_NEWS, swap_sides, swaps
from bot.store.tables import IS_RUNNING, IS_UNTOLD, claim_attempts
from bot.store.workspaces import WorkspaceStore

# Tables with tokens of interactions, and which rows still need theirs.
_TOKENS = (
    (claim_attempts, (IS_UNTOLD, IS_RUNNING)),
    (swaps, (IS_CARRIED, swaps.c.swap_id.in_(select(swap_sides.c.swap_id).where(IS_NEWS)))),
)


async def rotate(url: str, keys: Sequence[SecretStr]) -> int:
    """Encrypt with the first key what another of them encrypted; returns how many secrets.

    Raises StartRefused when a key of a platform or a service was encrypted with none of these, or
    the database is not of this version.
    """
    if await schema_state(url) is not SchemaState.CURRENT:
        raise StartRefused("The database is not of this version. Run `muster migrate` first.")
    database = await Database.open(url)
    try:
        return await rotate_all(database, KeyRing(keys))
    finally:
        await database.close()


async def rotate_all(database: Database, keyring: KeyRing) -> int:
    """The same in an open database, whose schema is current.

    Members' tokens that no key opens are erased: they are then told another way.
    """
    count = await WorkspaceStore(database, keyring).rotate_keys_anywhere()
    count += await IdentityServiceStore(database, keyring).rotate_keys_anywhere()
    for table, kept in _TOKENS:
        count += await _rotate_tokens(database, keyring, table, kept)
    return count


async def _rotate_tokens(
    database: Database, keyring: KeyRing, table: Table, kept: Sequence[ColumnElement[bool]]
) -> int:
    (key,), sealed = table.primary_key.columns, table.c.encrypted_token
    query = select(key, sealed).where(sealed != "")
    tokens: dict[Any, str] = {}
    async with database.write() as connection:
        for which in kept:  # apart, for each has an index of its own
            rows = await connection.execute(query.where(which).with_for_update())
            tokens |= {row[0]: row[1] for row in rows}
        for number, token in tokens.items():
            again = keyring.seal(keyring.unseal(token, f"{table.name} {number}"))
            await connection.execute(update(table).where(key == number).values({sealed: again}))
    return len(tokens)
