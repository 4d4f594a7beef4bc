"""Forgetting one person, one day or one guild costs the same with 10 million rows of others."""

from __future__ import annotations

from datetime import timedelta

from bot.store.database import Database
from bot.store.departures import Departure, DepartureStore
from bot.store.keyring import KeyRing
from bot.store.personal import PersonalDataStore
from bot.store.removed_guilds import RemovedGuildStore
from bot.store.retention import RetentionStore
from tests.store.samples import GUILD, NOW
from tests.store.test_personal import ANA, House
from tests.store.test_plans import plan, reads_a_whole_table, statements

# Of what is few at any time: promises not kept yet, communities that left, co-hosted sessions.
FEW = ("erasures", "removed_guilds", "ix_announcements_co_hosted", "ix_departures_undealt")


def is_slow(step: str) -> bool:
    return reads_a_whole_table(step) and not any(step.endswith(name) for name in FEW)


async def test_no_statement_reads_a_whole_table(database: Database, keyring: KeyRing) -> None:
    house = House(database, keyring)
    await house.furnish()
    await house.host(ANA, ANA)
    departures = DepartureStore(database)
    with statements() as seen:
        await house.data.list_held(ANA)
        await house.data.list_boards(ANA)
        await house.data.list_titles([1])
        await house.data.list_roles([1])
        await house.data.erase(ANA)
        await house.data.erase_waiting(ANA, NOW)
        await house.data.is_coming(NOW)
        retention = RetentionStore(database)
        await retention.drop_history(NOW, timedelta(days=1), 10)
        await departures.is_checked(1, NOW)
        await departures.list_undealt(10)
        await departures.list_gone(1)
        await departures.mark_dealt(Departure(1, ANA, NOW))
        removed = RemovedGuildStore(database)
        await removed.mark_removed(GUILD, NOW)
        await removed.erase(GUILD)
    assert len(seen) > 40
    slow = {}
    for statement, parameters in seen.items():
        steps = await plan(database, statement, parameters)
        if any(is_slow(step) for step in steps):
            slow[statement] = steps
    assert slow == {}


async def test_erasing_uses_the_index_of_the_person(database: Database, keyring: KeyRing) -> None:
    with statements() as seen:
        await PersonalDataStore(database).erase(ANA)
    changes = [s for s in seen if s.startswith("UPDATE claim_attempts") and "roblox_id=" in s]
    steps = "\n".join(await plan(database, changes[0], seen[changes[0]]))
    assert "ix_claim_attempts_subject_id" in steps
