"""Things that are kept of members who link themselves, and every statement about them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from bot.models import (
    IdentityKind,
    LinkSource,
    PendingLink,
    ProfileCode,
    Proof,
    Question,
    ServiceAnswer,
)
from bot.store.database import Database
from bot.store.identity_services import IdentityServiceStore
from bot.store.keyring import KeyRing
from bot.store.links import LinkStore
from bot.store.pending_links import PendingLinkStore
from bot.store.profile_codes import ProfileCodeStore
from bot.store.proofs import ProofStore
from bot.store.resumes import Resume, ResumeStore
from tests.store.samples import GUILD, HOUR, NOW, a_link

KEY = SecretStr("blox_northgate_key_7d21c0")


def a_proof(**changes: Any) -> Proof:
    """Discord account 1 has shown that Roblox account 10 is theirs."""
    return replace(Proof(1, 10, "builder", NOW, NOW), **changes)


def a_code(**changes: Any) -> ProfileCode:
    """A code of Discord account 1 in GUILD for Roblox account 10."""
    code = ProfileCode(0, GUILD, 1, 10, "builder", NOW, "maple river toast lemon", NOW + HOUR)
    return replace(code, **changes)


def a_question(**changes: Any) -> PendingLink:
    """Whether Discord account 1 of GUILD is Roblox account 10."""
    question = PendingLink(0, GUILD, 1, Question.CONFIRM, 10, "builder", LinkSource.ROVER, NOW)
    return replace(question, **changes)


async def use_linking_oneself(database: Database, keyring: KeyRing) -> None:
    """All but `rotate_keys_anywhere`, which is for every guild."""
    links, proofs = LinkStore(database), ProofStore(database)
    await proofs.save(a_proof())
    await proofs.get(1)
    await links.find(GUILD, 1)
    proved = await links.get(GUILD, 1)
    assert await links.replace(a_link(discord_id=2, linked_by=2), None, proved)
    await links.remove_everywhere(2)
    await proofs.forget(1, GUILD)
    await proofs.forget(1)
    codes = ProfileCodeStore(database)
    code = await codes.put(a_code(), NOW)
    await codes.get(GUILD, 1, code.code_id)
    await codes.take_try(code, NOW, 5, NOW)
    await codes.give_back(code)
    await codes.use(code)
    await codes.forget(1, GUILD)
    await codes.forget(1)
    services = IdentityServiceStore(database, keyring)
    await services.set_key(GUILD, IdentityKind.ROVER, KEY, 1, NOW)
    await services.list_all(GUILD)
    await services.get_key(GUILD, IdentityKind.ROVER)
    await services.note_answer(ServiceAnswer(GUILD, 1, IdentityKind.ROVER, 10, NOW))
    await services.get_answer(GUILD, 1, IdentityKind.ROVER)
    await services.remove(GUILD, IdentityKind.ROVER)
    await services.forget(1, GUILD)
    await services.forget(1)
    pending, resumes = PendingLinkStore(database), ResumeStore(database)
    question = await pending.ask(a_question())
    await pending.get(GUILD, question.question_id)
    await pending.get_for(GUILD, 1, question.kind)
    await pending.list_kind(GUILD, Question.DECIDE, 5)
    await pending.close(question)
    contest = await pending.ask(a_question(kind=Question.DECIDE, other_id=2))
    assert await pending.grant(contest, a_link(), None, None)
    await pending.forget(1, GUILD)
    await pending.forget(1)
    await resumes.put(Resume(GUILD, 1, 5, NOW))
    await resumes.get(GUILD, 1, NOW)
    await resumes.mark_admins_told(GUILD, 1)
    await resumes.forget(1, GUILD)
    await resumes.forget(1)
