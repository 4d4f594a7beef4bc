"""What is kept of members who link themselves, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import select

from bot.errors import StartRefused
from bot.models import (
    IdentityKind,
    LinkSource,
    Question,
    ServiceAnswer,
)
from bot.store.database import Database
from bot.store.identity_services import IdentityServiceStore
from bot.store.keyring import KeyRing
from bot.store.linking_tables import identity_services
from bot.store.links import LinkStore
from bot.store.pending_links import PendingLinkStore
from bot.store.profile_codes import ProfileCodeStore
from bot.store.proofs import ProofStore
from bot.store.resumes import KEPT, Resume, ResumeStore
from tests.store.oneself import KEY, a_code, a_proof, a_question
from tests.store.samples import GUILD, HOUR, NOW, STRANGERS, a_link

PAUSE = timedelta(seconds=5)


async def test_a_proof_is_copied_into_a_guild_on_first_use(database: Database) -> None:
    links = LinkStore(database)
    await ProofStore(database).save(a_proof())
    assert await links.get(STRANGERS, 1) is None
    wanted = a_link(guild_id=STRANGERS, source=LinkSource.PROOF, linked_by=1)
    assert await links.find(STRANGERS, 1) == wanted
    assert await links.get(STRANGERS, 1) == wanted
    assert await links.find(STRANGERS, 2) is None


async def test_a_proof_gives_way_to_a_link_that_is_there(database: Database) -> None:
    links = LinkStore(database)
    await ProofStore(database).save(a_proof())
    await links.add(a_link(discord_id=2))
    assert await links.find(GUILD, 1) is None
    assert await links.find(GUILD, 2) == a_link(discord_id=2)
    mine = a_link(guild_id=STRANGERS, roblox_id=11)
    await links.add(mine)
    assert await links.find(STRANGERS, 1) == mine, "what an admin said here stays"


async def test_where_somebody_was_unlinked_the_proof_does_not_come_back(database: Database) -> None:
    links, proofs = LinkStore(database), ProofStore(database)
    await proofs.save(a_proof())
    await links.find(GUILD, 1)
    await links.remove(GUILD, 1)
    assert await links.find(GUILD, 1) is None
    assert await links.find(STRANGERS, 1) is not None
    await proofs.forget(1, GUILD)
    assert await links.find(GUILD, 1) is not None


async def test_the_newest_proof_of_an_account_counts(database: Database) -> None:
    proofs = ProofStore(database)
    await proofs.save(a_proof())
    await proofs.save(a_proof(discord_id=2))
    assert await proofs.get(1) is None
    assert await proofs.get(2) == a_proof(discord_id=2)
    await proofs.save(a_proof(discord_id=2, roblox_id=12))
    await proofs.forget(2)
    assert await proofs.get(2) is None


async def test_a_hundred_proofs_of_one_account_at_once(database: Database) -> None:
    proofs = ProofStore(database)
    await asyncio.gather(*(proofs.save(a_proof(discord_id=n)) for n in range(1, 101)))
    held = [n for n in range(1, 101) if await proofs.get(n) is not None]
    assert len(held) == 1


async def test_a_hundred_links_to_one_account_at_once(database: Database) -> None:
    links, held = LinkStore(database), a_link(discord_id=500)
    await links.add(held)
    wanted = [a_link(discord_id=n, source=LinkSource.PROOF, linked_by=n) for n in range(1, 101)]
    results = await asyncio.gather(*(links.replace(link, None, held) for link in wanted))
    assert results.count(True) == 1
    assert await links.get_by_roblox(GUILD, 10) == wanted[results.index(True)]
    assert await links.get(GUILD, 500) is None


async def test_a_holder_who_proved_the_account_meanwhile_keeps_it(database: Database) -> None:
    links, proofs = LinkStore(database), ProofStore(database)
    before, own = a_link(discord_id=2), a_link(source=LinkSource.PROOF, linked_by=1)
    await links.add(replace(before, source=LinkSource.PROOF))
    assert not await links.replace(own, None, before)
    assert await links.get(GUILD, 2) is not None
    await proofs.save(a_proof(discord_id=2))
    assert await links.replace(own, None, replace(before, source=LinkSource.PROOF))
    assert await links.find(GUILD, 2) is None, "the proof does not bring it back"
    assert await links.find(GUILD, 1) == own


async def test_a_decision_closes_its_question_and_links_or_neither(database: Database) -> None:
    links, store = LinkStore(database), PendingLinkStore(database)
    held = a_link(discord_id=2)
    await links.add(held)
    question = await store.ask(a_question(kind=Question.DECIDE, other_id=2))
    await store.ask(a_question(discord_id=2, kind=Question.CONTESTED, other_id=1))
    for before, holder in ((None, None), (a_link(roblox_id=11), held), (None, a_link())):
        assert not await store.grant(question, a_link(), before, holder)
        assert await store.get(GUILD, question.question_id) == question
    assert await store.get_for(GUILD, 2, Question.CONTESTED) is not None
    granted = await asyncio.gather(*(store.grant(question, a_link(), None, held) for _ in range(5)))
    assert sorted(granted) == [False] * 4 + [True]
    assert await links.get(GUILD, 1) == a_link()
    assert await links.get(GUILD, 2) is None
    assert await store.get(GUILD, question.question_id) is None
    assert await store.get_for(GUILD, 2, Question.CONTESTED) is None
    assert not await store.grant(question, a_link(roblox_id=11), a_link(), None), "only once"
    assert await links.get(GUILD, 1) == a_link()


async def test_a_new_code_voids_the_old_one(database: Database) -> None:
    codes = ProfileCodeStore(database)
    first = await codes.put(a_code(), NOW)
    second = await codes.put(a_code(words="other words"), NOW)
    assert await codes.get(GUILD, 1, first.code_id) is None
    assert await codes.get(GUILD, 1, second.code_id) == second
    assert await codes.use(second)
    assert not await codes.use(second)
    third = await codes.put(a_code(), NOW)
    assert third.code_id > second.code_id > first.code_id, "a button never means another code"


async def test_a_code_is_its_members_and_its_guilds(database: Database) -> None:
    codes = ProfileCodeStore(database)
    code = await codes.put(a_code(), NOW)
    assert await codes.get(GUILD, 2, code.code_id) is None
    assert await codes.get(STRANGERS, 1, code.code_id) is None
    assert await codes.get(GUILD, 1, 2**63) is None
    assert await codes.get(GUILD, 1, 0) is None


async def test_two_new_codes_at_once_leave_one(database: Database) -> None:
    codes = ProfileCodeStore(database)
    made = await asyncio.gather(*(codes.put(a_code(), NOW) for _ in range(20)))
    left = [one for one in made if await codes.get(GUILD, 1, one.code_id)]
    assert len(left) == 1


async def test_tries_are_counted_with_a_pause_between_them(database: Database) -> None:
    codes = ProfileCodeStore(database)
    code = await codes.put(a_code(), NOW)
    at_once = await asyncio.gather(*(codes.take_try(code, NOW, 5, NOW - PAUSE) for _ in range(10)))
    assert [one.tries for one in at_once if one is not None] == [1]
    now = NOW
    for tries in (2, 3, 4, 5):
        now += PAUSE
        taken = await codes.take_try(code, now, 5, now - PAUSE)
        assert taken is not None
        assert (taken.tries, taken.last_try_at) == (tries, now)
    now += PAUSE
    assert await codes.take_try(code, now, 5, now - PAUSE) is None
    await codes.give_back(code)
    assert await codes.take_try(code, now, 5, now - PAUSE) is not None


async def test_old_codes_are_swept_out_when_new_ones_are_made(database: Database) -> None:
    codes = ProfileCodeStore(database)
    old = await codes.put(a_code(discord_id=7), NOW)
    later = NOW + 2 * HOUR
    new = await codes.put(a_code(expires_at=later + HOUR), later)
    assert await codes.get(GUILD, 7, old.code_id) is None
    assert await codes.get(GUILD, 1, new.code_id) == new


async def test_a_services_key_is_encrypted_and_only_its_end_shown(
    database: Database, keyring: KeyRing
) -> None:
    store = IdentityServiceStore(database, keyring)
    await store.set_key(GUILD, IdentityKind.BLOXLINK, KEY, 99, NOW)
    await store.set_key(GUILD, IdentityKind.ROVER, SecretStr("short"), 99, NOW)
    (bloxlink, rover) = await store.list_all(GUILD)
    assert (bloxlink.key_hint, bloxlink.set_by, bloxlink.set_at) == ("21c0", 99, NOW)
    assert rover.key_hint == ""
    assert await store.get_key(GUILD, IdentityKind.BLOXLINK) == KEY
    async with database.read() as connection:
        rows = (await connection.execute(select(identity_services))).all()
    assert KEY.get_secret_value() not in repr(rows)
    assert await store.list_all(STRANGERS) == []
    assert await store.get_key(STRANGERS, IdentityKind.BLOXLINK) is None
    assert await store.remove(STRANGERS, IdentityKind.BLOXLINK) is None
    assert await store.remove(GUILD, IdentityKind.BLOXLINK) == bloxlink
    await store.remove(GUILD, IdentityKind.ROVER)
    assert await store.list_all(GUILD) == []


async def test_services_keys_rotate_with_the_operators(database: Database) -> None:
    old, new = (SecretStr(Fernet.generate_key().decode()) for _ in range(2))
    await IdentityServiceStore(database, KeyRing([old])).set_key(
        GUILD, IdentityKind.ROVER, KEY, 99, NOW
    )
    with pytest.raises(StartRefused):
        await IdentityServiceStore(database, KeyRing([new])).rotate_keys_anywhere()
    both = IdentityServiceStore(database, KeyRing([new, old]))
    assert await both.rotate_keys_anywhere() == 1
    assert await both.rotate_keys_anywhere() == 0
    alone = IdentityServiceStore(database, KeyRing([new]))
    assert await alone.get_key(GUILD, IdentityKind.ROVER) == KEY


async def test_the_last_answer_of_a_service_is_kept(database: Database, keyring: KeyRing) -> None:
    store = IdentityServiceStore(database, keyring)
    first = ServiceAnswer(GUILD, 1, IdentityKind.ROVER, 10, NOW)
    await store.note_answer(first)
    assert await store.get_answer(GUILD, 1, IdentityKind.ROVER) == first
    second = replace(first, roblox_id=None, asked_at=NOW + HOUR)
    await store.note_answer(second)
    assert await store.get_answer(GUILD, 1, IdentityKind.ROVER) == second
    assert await store.get_answer(STRANGERS, 1, IdentityKind.ROVER) is None
    await store.forget(1, GUILD)
    assert await store.get_answer(GUILD, 1, IdentityKind.ROVER) is None


async def test_one_question_of_a_kind_about_a_member(database: Database) -> None:
    store = PendingLinkStore(database)
    first = await store.ask(a_question())
    decide = await store.ask(a_question(kind=Question.DECIDE, other_id=7))
    second = await store.ask(a_question(roblox_id=11))
    assert await store.get(GUILD, first.question_id) is None
    assert await store.get(GUILD, second.question_id) == second
    assert await store.get_for(GUILD, 1, Question.CONFIRM) == second
    assert await store.get(STRANGERS, second.question_id) is None
    assert await store.list_kind(GUILD, Question.DECIDE, 5) == [decide]
    assert await store.list_kind(STRANGERS, Question.DECIDE, 5) == []
    closed = await asyncio.gather(*(store.close(second) for _ in range(5)))
    assert sorted(closed) == [False] * 4 + [True]
    await store.forget(7)
    assert await store.list_kind(GUILD, Question.DECIDE, 5) == [], "it names them as well"


async def test_two_questions_at_once_leave_one(database: Database) -> None:
    store = PendingLinkStore(database)
    asked = await asyncio.gather(*(store.ask(a_question(roblox_id=n)) for n in range(1, 21)))
    left = [one for one in asked if await store.get(GUILD, one.question_id)]
    assert len(left) == 1


async def test_the_latest_press_is_remembered(database: Database) -> None:
    store = ResumeStore(database)
    presses = [Resume(GUILD, member, 5, NOW) for member in range(1, 30)]
    await asyncio.gather(*(store.put(one) for one in [*presses, *presses]))
    assert await store.get(GUILD, 3, NOW) == presses[2]
    later = Resume(GUILD, 3, 6, NOW + HOUR)
    await store.put(later)
    assert await store.get(GUILD, 3, NOW) == later
    assert await store.get(GUILD, 3, NOW + 2 * HOUR) is None
    assert await store.get(STRANGERS, 3, NOW) is None
    assert [await store.mark_admins_told(GUILD, 3) for _ in range(2)] == [True, False]
    await store.put(Resume(GUILD, 99, 5, NOW + HOUR + KEPT))
    assert await store.get(GUILD, 4, NOW) is None, "old ones are swept out"
    await store.forget(3, GUILD)
    assert await store.get(GUILD, 3, NOW) is None


async def test_removing_everywhere(database: Database) -> None:
    links = LinkStore(database)
    for guild_id in (GUILD, STRANGERS):
        await links.add(a_link(guild_id=guild_id))
        await links.add(a_link(guild_id=guild_id, discord_id=2, roblox_id=20))
    assert {link.guild_id for link in await links.remove_everywhere(1)} == {GUILD, STRANGERS}
    assert await links.get(GUILD, 1) is None
    assert await links.get(GUILD, 2) is not None
