"""One person's data is found whole and erased whole, and nobody else's with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.models import (
    NOBODY,
    Announcement,
    AnnouncementState,
    AttemptState,
    Door,
    Place,
    Preferences,
)
from bot.store.announcements import AnnouncementStore
from bot.store.attempts import AttemptStore
from bot.store.database import Database
from bot.store.departures import DepartureStore
from bot.store.erasures import ErasureStore
from bot.store.holdings import list_people
from bot.store.hosting import HostingStore
from bot.store.keyring import KeyRing
from bot.store.links import LinkStore
from bot.store.personal import PersonalDataStore
from bot.store.personal_data import HOLDINGS
from bot.store.preferences import PreferenceStore
from bot.store.refusals import RefusalStore, RefusedPress
from bot.store.reminders import ReminderStore
from bot.store.seen_claims import SeenClaimStore
from tests.store.samples import (
    GUILD,
    HOUR,
    NOW,
    STRANGERS,
    a_link,
    add_live,
    add_workspace,
    an_attempt,
)

ANA, BEN, ADMIN = 900_000_000_000_000_004, 900_000_000_000_000_005, 900_000_000_000_000_009
ANAS_ACCOUNT, BENS_ACCOUNT = 1004, 1005


class House:
    """Everything there can be about ANA, and the same about BEN."""

    def __init__(self, database: Database, keyring: KeyRing) -> None:
        self.database = database
        self.keyring = keyring
        self.data = PersonalDataStore(database)
        self.attempts = AttemptStore(database, keyring)
        self.links = LinkStore(database)

    async def furnish(self) -> None:
        workspace = await add_workspace(self.database, self.keyring)
        self.board = await add_live(self.database, workspace)
        number = self.board.announcement_id
        store = AnnouncementStore(self.database)
        place = an_attempt().place
        (opening,) = await store.sync_openings(number, [(place, "Trainer", "")])
        for who, account in ((ANA, ANAS_ACCOUNT), (BEN, BENS_ACCOUNT)):
            await self.links.add(
                a_link(discord_id=who, roblox_id=account, username=f"u{account}", linked_by=ADMIN)
            )
            await PreferenceStore(self.database).save(Preferences(GUILD, who, direct=True))
            await self.attempts.add(self.attempt(who, account))
            await self.attempts.add(self.attempt(who, account, door=Door.HOST, actor_id=ADMIN))
        await SeenClaimStore(self.database).change(
            {(opening.opening_id, ANAS_ACCOUNT), (opening.opening_id, BENS_ACCOUNT)}, set()
        )
        await ReminderStore(self.database).take(self.board, 30, NOW, [ANA, BEN])
        await DepartureStore(self.database).note(number, NOW, gone={ANA, BEN}, here=(), now=NOW)
        for name, actor, subject in (("r1", ANA, ANA), ("r2", ADMIN, ANA), ("r3", BEN, BEN)):
            await RefusalStore(self.database).add(
                RefusedPress(name, GUILD, number, 1, actor, subject, Door.BUTTON, "full", NOW)
            )
        self.opening_id = opening.opening_id

    def attempt(self, who: int, account: int, **changes: Any) -> Any:
        confirmed = {"state": AttemptState.CONFIRMED, "settled_at": NOW, "told": True}
        base = {"actor_id": who, "subject_id": who, "roblox_id": account}
        return an_attempt(**(confirmed | base | changes))

    async def host(self, who: int, *co_hosts: int) -> Announcement:
        store = HostingStore(self.database)
        await store.change(self.board.announcement_id, co_host_ids=frozenset(co_hosts))
        await store._update(self.board.announcement_id, {"host_id": who})
        return await self.reread()

    async def reread(self) -> Announcement:
        found = await AnnouncementStore(self.database).get_anywhere(self.board.announcement_id)
        assert found is not None
        return found

    async def mentions(self, *numbers: int) -> list[str]:
        """The declared columns in which one of these ids stands."""
        found = []
        async with self.database.read() as connection:
            for holding in HOLDINGS:
                rows = (await connection.execute(select(holding.table))).all()
                for column in list_people(holding):
                    values = [row._mapping[column.name] for row in rows]
                    flat = [
                        v for one in values for v in (one if isinstance(one, frozenset) else [one])
                    ]
                    if set(flat) & set(numbers):
                        found.append(f"{holding.table.name}.{column.name}")
        return found


@pytest.fixture
async def house(database: Database, keyring: KeyRing) -> House:
    built = House(database, keyring)
    await built.furnish()
    return built


async def test_everything_about_one_person_is_found_and_nothing_about_others(house: House) -> None:
    held = {one.holding.table.name: one.rows for one in await house.data.list_held(ANA)}
    assert set(held) == {
        "links", "preferences", "claim_attempts", "refusals", "seen_claims", "sent_reminders",
        "departures",
    }  # fmt: skip
    assert len(held["claim_attempts"]) == 2
    assert [row["reference"] for row in held["refusals"]] == ["r1", "r2"]
    assert held["links"][0]["username"] == f"u{ANAS_ACCOUNT}"
    everything = repr(held)
    for stranger in (BEN, BENS_ACCOUNT, ADMIN):
        assert str(stranger) not in everything
    assert {row["actor_id"] for row in held["claim_attempts"]} == {"you", "a host"}


async def test_who_acted_for_others_sees_no_account_of_theirs(house: House) -> None:
    held = {one.holding.table.name: one.rows for one in await house.data.list_held(ADMIN)}
    assert len(held["links"]) == 2
    for row in (*held["links"], *held["claim_attempts"]):
        assert not {"roblox_id", "username"} & row.keys()
    assert str(ANA) not in repr(held)


async def test_nothing_is_found_of_a_stranger(house: House) -> None:
    assert await house.data.list_held(12345) == []


async def test_erasing_leaves_no_id_and_touches_nobody_else(house: House) -> None:
    before = await house.mentions(BEN, BENS_ACCOUNT)
    await house.host(ANA, ANA, BEN)
    await house.data.erase(ANA)
    assert await house.mentions(ANA, ANAS_ACCOUNT) == []
    assert set(await house.mentions(BEN, BENS_ACCOUNT)) == {*before, "announcements.co_host_ids"}
    board = await house.reread()
    assert (board.host_id, board.co_host_ids) == (NOBODY, frozenset({BEN}))
    assert await house.data.list_held(ANA) == []


async def test_what_stays_without_identity_still_counts(house: House) -> None:
    await house.data.erase(ANA)
    anonymous = await house.attempts.list_for_member(GUILD, NOBODY, 10)
    assert [attempt.state for attempt in anonymous] == [AttemptState.CONFIRMED] * 2
    assert {attempt.roblox_id for attempt in anonymous} == {NOBODY}


async def test_an_unsettled_row_keeps_its_ids_until_it_is_settled(house: House) -> None:
    running = house.attempt(
        ANA, ANAS_ACCOUNT, state=AttemptState.SENT, settled_at=None, created_at=NOW
    )
    await house.attempts.add(running)
    await house.data.erase(ANA)
    assert await house.data.erase_waiting(ANA, NOW) == 1
    kept = await house.attempts.get(running.operation_id)
    assert kept == running
    later = replace(running, state=AttemptState.CONFIRMED, settled_at=NOW + HOUR)
    await house.attempts.save(later)
    assert await house.data.erase_waiting(ANA, NOW) == 0
    assert await house.mentions(ANA, ANAS_ACCOUNT) == []


async def test_what_is_made_after_the_request_is_not_meant_by_it(house: House) -> None:
    await house.data.erase(ANA)
    new = house.attempt(ANA, ANAS_ACCOUNT, created_at=NOW + timedelta(seconds=1))
    await house.attempts.add(new)
    assert await house.data.erase_waiting(ANA, NOW) == 0
    assert await house.attempts.get(new.operation_id) == new


async def test_an_id_inside_a_longer_one_is_nobodys(house: House) -> None:
    longer = ANA * 10 + 1
    await house.host(BEN, longer)
    await house.data.erase(ANA)
    assert (await house.reread()).co_host_ids == frozenset({longer})
    assert await house.data.list_held(ANA) == []


async def test_an_account_linked_elsewhere_leads_to_nothing_here(house: House) -> None:
    """What admins of one guild say about an account opens nothing of another guild."""
    await house.links.remove(GUILD, ANA)
    await house.links.add(a_link(guild_id=STRANGERS, discord_id=ANA, roblox_id=BENS_ACCOUNT))
    held = {one.holding.table.name for one in await house.data.list_held(ANA)}
    assert "seen_claims" not in held
    await house.data.erase(ANA)
    assert "seen_claims.roblox_id" in await house.mentions(BENS_ACCOUNT)


async def test_boards_that_name_a_person_are_known(house: House) -> None:
    number = house.board.announcement_id
    assert await house.data.list_boards(ANA) == {number}
    assert await house.data.list_boards(ADMIN) == set()
    await house.host(ADMIN)
    assert await house.data.list_boards(ADMIN) == {number}
    store = AnnouncementStore(house.database)
    await store.set_state(number, AnnouncementState.ENDED, now=NOW)
    assert await house.data.list_boards(ADMIN) == set()


async def test_names_of_sessions_and_roles(house: House) -> None:
    number = house.board.announcement_id
    assert await house.data.list_titles([number, 77]) == {number: "Training"}
    assert await house.data.list_roles([house.opening_id]) == {house.opening_id: "Trainer"}


async def test_many_rows_go_in_batches(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.bulk.BATCH", 3)
    for index in range(10):
        place = Place(f"s{index}", "server", "group", "role")
        await house.attempts.add(house.attempt(ANA, ANAS_ACCOUNT, place=place))
    await house.data.erase(ANA)
    assert await house.mentions(ANA, ANAS_ACCOUNT) == []
    assert len(await house.attempts.list_for_member(GUILD, NOBODY, 100)) == 12


async def test_a_promise_lasts_until_it_is_kept(database: Database) -> None:
    store = ErasureStore(database)
    first = await store.request(ANA, NOW)
    assert await store.list_open() == [first]
    await store.mark_swept(first, NOW)
    (swept,) = await store.list_open()
    assert swept.swept_at == NOW
    again = await store.request(ANA, NOW + HOUR)
    await store.finish(swept)  # an older promise keeps no newer one
    assert await store.list_open() == [again]
    await store.finish(again)
    assert await store.list_open() == []
