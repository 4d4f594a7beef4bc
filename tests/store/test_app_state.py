"""Small facts survive."""

from bot.store.app_state import AppState
from bot.store.database import Database


async def test_a_value_is_kept_and_replaced(database: Database) -> None:
    state = AppState(database)
    assert await state.get("commands") is None
    await state.set("commands", "one")
    await state.set("commands", "two")
    await state.set("other", "three")
    assert await state.get("commands") == "two"


async def test_a_restart_loses_nothing(database_url: str) -> None:
    first = await Database.open(database_url)
    await AppState(first).set("commands", "hash")
    await first.close()
    second = await Database.open(database_url)
    assert await AppState(second).get("commands") == "hash"
    await second.close()
