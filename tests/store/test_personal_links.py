"""What is kept of links and waits is found whole, erased whole, and gone when it is old."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import Table, insert, select

from bot.models import (
    NOBODY,
    IdentityKind,
    ImportState,
    LinkNotice,
    LinkSource,
    LinkWish,
    NoticeKind,
    PendingLink,
    Place,
    ProfileCode,
    Proof,
    Question,
    ServiceAnswer,
    SwapSide,
    SwapState,
    Verdict,
    Waiter,
)
from bot.store.attempts import AttemptStore
from bot.store.database import Database
from bot.store.identity_services import IdentityServiceStore
from bot.store.keyring import KeyRing
from bot.store.link_imports import ImportStore
from bot.store.link_notices import put_notices
from bot.store.link_tables import import_rows, imports
from bot.store.link_wishes import LinkWishStore
from bot.store.links import LinkStore
from bot.store.pending_links import PendingLinkStore
from bot.store.personal import PersonalDataStore
from bot.store.personal_links import OF_LINKING
from bot.store.profile_codes import ProfileCodeStore
from bot.store.proofs import ProofStore
from bot.store.removed_guilds import RemovedGuildStore
from bot.store.resumes import Resume, ResumeStore
from bot.store.retention import RetentionStore
from bot.store.swaps import SwapStore
from bot.store.waitlist import WaitlistStore
from tests.store.samples import GUILD, HOUR, NOW, STRANGERS, UPSTREAM, a_link, a_swap
from tests.store.test_personal import ADMIN, ANA, ANAS_ACCOUNT, BEN, BENS_ACCOUNT, House

YEAR, DAY = timedelta(days=365), timedelta(days=1)
OTHER = 900_000_000_000_000_777
KEY = SecretStr("blox_northgate_key_7d21c0")


async def furnish(house: House, who: int, account: int, other: int) -> None:
    """One of everything about `who`; an admin or `other` stands beside them."""
    database = house.database
    waiter = Waiter(
        0, GUILD, 1, 1, 1, UPSTREAM, Place("s", "server", "group", "role"), who, account, NOW
    )
    await WaitlistStore(database).join(waiter)
    await LinkWishStore(database).add(
        LinkWish(0, GUILD, ADMIN, who, account, "name", account, who, NOW)
    )
    async with database.write() as connection:
        notice = LinkNotice(0, GUILD, who, NoticeKind.LINKED, account, "name", ADMIN, NOW)
        await put_notices(connection, [notice])
        number = await connection.scalar(
            insert(imports)
            .values(guild_id=GUILD, by_id=ADMIN, state=ImportState.APPLIED, created_at=NOW)
            .returning(imports.c.import_id)
        )
        line = {"discord_id": who, "roblox_id": account, "username": "name", "line": 1}
        had = {"had_roblox_id": account, "had_username": "name", "had_linked_by": ADMIN}
        row = line | had | {"import_id": number, "verdict": Verdict.CHANGED, "done": True}
        await connection.execute(insert(import_rows).values(row))
    await ProfileCodeStore(database).put(
        ProfileCode(0, GUILD, who, account, "name", NOW, "maple river", NOW + HOUR), NOW
    )
    services = IdentityServiceStore(database, house.keyring)
    await services.note_answer(ServiceAnswer(GUILD, who, IdentityKind.ROVER, account, NOW))
    pending = PendingLinkStore(database)
    question = PendingLink(
        0, GUILD, who, Question.DECIDE, account, "name", LinkSource.PROOF, NOW, other
    )
    await pending.ask(question)
    await ResumeStore(database).put(Resume(GUILD, who, 1, NOW))
    swap = a_swap(
        proposer=SwapSide(who, account, 1), partner=SwapSide(other, other, who), actor_id=who,
        state=SwapState.DONE, settled_at=NOW,
    )  # fmt: skip
    await SwapStore(database, house.keyring, AttemptStore(database, house.keyring)).add(swap)
    await ProofStore(database).save(Proof(who, account, "name", NOW, NOW))
    await LinkStore(database).remove(STRANGERS, who)  # held back there


@pytest.fixture
async def house(database: Database, keyring: KeyRing) -> House:
    built = House(database, keyring)
    await built.furnish()
    services = IdentityServiceStore(database, keyring)
    await services.set_key(GUILD, IdentityKind.ROVER, KEY, ADMIN, NOW)
    await furnish(built, ANA, ANAS_ACCOUNT, OTHER)
    await furnish(built, BEN, BENS_ACCOUNT, OTHER)
    return built


async def count(database: Database, table: Table) -> int:
    async with database.read() as connection:
        return len((await connection.execute(select(table))).all())


async def test_all_of_it_is_shown_to_whom_it_is_about(house: House) -> None:
    held = {one.holding.table.name: one.rows for one in await house.data.list_held(ANA)}
    of_linking = {holding.table.name for holding in OF_LINKING}
    assert of_linking - set(held) == {"identity_services", "imports"}, "an admin's"
    for name in ("waitlist", "proofs", "import_rows", "pending_links", "service_answers"):
        assert held[name][0]["roblox_id"] == ANAS_ACCOUNT, name
    for stranger in (BEN, BENS_ACCOUNT, ADMIN, OTHER):
        assert str(stranger) not in repr(held)


async def test_an_admin_sees_what_they_did_and_no_account(house: House) -> None:
    held = {one.holding.table.name: one.rows for one in await house.data.list_held(ADMIN)}
    assert {"identity_services", "imports", "link_wishes", "link_notices"} <= set(held)
    text = repr({name: held[name] for name in held if name != "claim_attempts"})
    for secret in (ANA, BEN, ANAS_ACCOUNT, KEY.get_secret_value()[-4:]):
        assert str(secret) not in text


async def test_erasing_a_member_leaves_no_id_and_touches_nobody_else(house: House) -> None:
    before = await house.mentions(BEN, BENS_ACCOUNT)
    await house.data.erase(ANA)
    assert await house.mentions(ANA, ANAS_ACCOUNT) == []
    assert await house.mentions(BEN, BENS_ACCOUNT) == before
    assert await house.data.list_held(ANA) == []
    assert await house.links.find(GUILD, ANA) is None, "no proof brings it back"


async def test_erasing_an_admin_leaves_what_they_did(house: House) -> None:
    await house.data.erase(ADMIN)
    assert await house.mentions(ADMIN) == []
    services = IdentityServiceStore(house.database, house.keyring)
    (service,) = await services.list_all(GUILD)
    assert service.set_by == NOBODY
    key = await services.get_key(GUILD, IdentityKind.ROVER)
    assert key is not None
    assert key.get_secret_value() == KEY.get_secret_value()
    (line,) = await ImportStore(house.database).list_lines(1)
    assert line.had is not None
    assert line.had.linked_by == NOBODY, "it can still be put back"


async def test_an_import_under_way_keeps_its_admin_until_it_is_done(house: House) -> None:
    store = ImportStore(house.database)
    one = await store.begin(GUILD, ADMIN, NOW)
    await house.data.erase(ADMIN)
    assert await house.data.erase_waiting(ADMIN, NOW) == 1
    assert await store.get(GUILD, one.import_id) == one
    await store.plan(one.import_id, [])
    assert await house.data.erase_waiting(ADMIN, NOW) == 0
    assert await house.mentions(ADMIN) == []


async def test_what_a_proof_made_during_an_erasing_goes_at_the_second_look(house: House) -> None:
    await house.data.erase(ANA)
    await house.links.add(
        a_link(discord_id=ANA, roblox_id=ANAS_ACCOUNT, source=LinkSource.PROOF, linked_by=ANA)
    )
    fresh = a_link(guild_id=STRANGERS, discord_id=ANA, roblox_id=5, linked_at=NOW + HOUR)
    await house.links.add(fresh)
    assert await house.data.erase_waiting(ANA, NOW) == 0
    assert await house.links.get(GUILD, ANA) is None
    assert await house.links.get(STRANGERS, ANA) == fresh, "made after they asked"


async def test_each_goes_when_its_own_life_is_over(house: House) -> None:
    store, everything = RetentionStore(house.database), 10**6
    assert await store.drop_history(NOW, YEAR, everything) == {}
    dropped = set(await store.drop_history(NOW + DAY + HOUR, YEAR, everything))
    assert dropped == {"profile_codes", "link_wishes", "resumes"}
    dropped = set(await store.drop_history(NOW + 31 * DAY, YEAR, everything))
    assert dropped == {"link_notices", "service_answers", "pending_links"}
    proofs = [holding.table for holding in OF_LINKING if holding.table.name == "proofs"]
    assert await count(house.database, proofs[0]) == 2


async def test_keys_of_services_go_with_the_guild_and_count_as_none(house: House) -> None:
    store = IdentityServiceStore(house.database, house.keyring)
    await store.set_key(STRANGERS, IdentityKind.BLOXLINK, KEY, ADMIN, NOW)
    await RemovedGuildStore(house.database).mark_removed(GUILD, NOW)
    assert await store.get_key(GUILD, IdentityKind.ROVER) is None
    assert await store.list_all(GUILD) == []
    assert await store.rotate_keys_anywhere() == 0
    assert len(await store.list_all(STRANGERS)) == 1
    await RemovedGuildStore(house.database).mark_joined([GUILD])
    await store.set_key(GUILD, IdentityKind.ROVER, KEY, ADMIN, NOW)
    assert len(await store.list_all(GUILD)) == 1, "typed anew after an invitation"


async def test_a_guild_goes_and_what_members_proved_stays(house: House) -> None:
    await RemovedGuildStore(house.database).erase(GUILD)
    data = PersonalDataStore(house.database)
    left = {one.holding.table.name for one in await data.list_held(ANA)}
    assert left == {"proofs", "held_back"}
    proof = await ProofStore(house.database).get(ANA)
    assert proof == Proof(ANA, ANAS_ACCOUNT, "name", NOW, NOW)
