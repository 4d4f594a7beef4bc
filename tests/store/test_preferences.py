"""What a member chose holds in one guild, and until they choose again."""

from __future__ import annotations

from bot.models import Preferences
from bot.store.database import Database
from bot.store.preferences import PreferenceStore
from tests.store.samples import GUILD, STRANGERS


async def test_a_choice_replaces_the_one_before(database: Database) -> None:
    store = PreferenceStore(database)
    assert await store.get(GUILD, 1) == Preferences(GUILD, 1, reminders=True, direct=False)
    for chosen in (Preferences(GUILD, 1, reminders=False), Preferences(GUILD, 1, direct=True)):
        await store.save(chosen)
        assert await store.get(GUILD, 1) == chosen


async def test_guilds_and_members_choose_for_themselves(database: Database) -> None:
    store = PreferenceStore(database)
    await store.save(Preferences(GUILD, 1, direct=True))
    assert not (await store.get(STRANGERS, 1)).direct
    assert not (await store.get(GUILD, 2)).direct
