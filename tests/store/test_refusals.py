"""Refused presses: only ever added, many at once."""

import asyncio
from dataclasses import replace

from bot.models import Door
from bot.store.database import Database
from bot.store.refusals import RefusalStore, RefusedPress
from tests.store.samples import GUILD, NOW

PRESS = RefusedPress("0a1b2c3d", GUILD, 1, 2, 3, 4, Door.SLASH, "not linked", NOW)


async def test_a_refusal_comes_back(database: Database) -> None:
    store = RefusalStore(database)
    assert await store.get(PRESS.reference) is None
    nowhere = replace(PRESS, reference="ffffffff", announcement_id=None)
    await asyncio.gather(store.add(PRESS), store.add(nowhere), store.add(PRESS))
    assert await store.get(PRESS.reference) == PRESS
    assert await store.get("ffffffff") == nowhere


async def test_a_button_of_somebodys_own_making(database: Database) -> None:
    store = RefusalStore(database)
    await store.add(replace(PRESS, opening_id=2**63))
    found = await store.get(PRESS.reference)
    assert found is not None
    assert found.opening_id is None
