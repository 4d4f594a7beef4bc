"""/verify: words in the profile, and whose account it then is."""

from __future__ import annotations

import asyncio
import re

import pytest

from bot.errors import ProviderError, Refusal
from bot.models import LinkSource
from bot.providers.identity.roblox import Roblox
from bot.services.deciding import Ending
from bot.services.profile_words import LENGTH, WORDS, contains, make_words
from bot.services.proving import LIFE, PAUSE, TRIES, Seen
from tests.services.bench import ANA, BEN, GUILD, STRANGERS, actor
from tests.services.oneself import ANAS, SECOND, Oneself


def test_the_words_are_plain_and_enough() -> None:
    assert len(WORDS) == len(set(WORDS)) == 128
    assert all(re.fullmatch(r"[a-z]{4,10}", word) for word in WORDS)
    made = {make_words() for _ in range(200)}
    assert len(made) == 200
    assert all(len(set(words.split())) == LENGTH for words in made)


@pytest.mark.parametrize(
    "profile",
    [
        "maple river toast lemon",
        "Hi! MAPLE  River\ntoast\tLEMON bye",
        "about me. maple, river, toast, lemon.",
        "mapleriver toastlemon",
        "★maple·river_toast-lemon★",
    ],
)
def test_words_are_found_in_any_dress(profile: str) -> None:
    assert contains(profile, "maple river toast lemon")


@pytest.mark.parametrize(
    "profile", ["", "maple river toast", "lemon toast river maple", "maple ##### toast lemon"]
)
def test_other_texts_are_not_taken_for_the_words(profile: str) -> None:
    assert not contains(profile, "maple river toast lemon")


async def test_the_words_in_the_profile_prove_and_link(oneself: Oneself) -> None:
    card = await oneself.start(name="@anabuilds")
    assert (card.code.username, card.display_name) == ("AnaBuilds", "ANABUILDS")
    assert card.picture == "", "there is none yet, and nothing waits for it"
    oneself.write(ANAS, f"I build things.\n{card.code.words.upper()}!\nBye")
    look = await oneself.check(card)
    assert (look.seen, look.settled and look.settled.ending) == (Seen.FOUND, Ending.LINKED)
    link = await oneself.link_of()
    assert link is not None
    assert (link.roblox_id, link.username, link.source) == (ANAS, "AnaBuilds", LinkSource.PROOF)
    assert link.linked_by == ANA
    with pytest.raises(Refusal, match="used or replaced"):
        await oneself.check(card)


async def test_a_proof_counts_in_other_guilds_on_first_use(oneself: Oneself) -> None:
    await oneself.prove()
    assert await oneself.link_of(guild=STRANGERS) is None
    found = await oneself.bench.links.find(STRANGERS, ANA)
    assert found is not None
    assert (found.roblox_id, found.source) == (ANAS, LinkSource.PROOF)


@pytest.mark.parametrize("typed", ["", "ab", "x" * 21, "two words", "Ünïcödé", "<@1>", "a-b-c"])
async def test_what_is_no_name_is_refused_unasked(typed: str, oneself: Oneself) -> None:
    with pytest.raises(Refusal, match="3 to 20 letters"):
        await oneself.start(name=typed)
    assert oneself.roblox.requests == []


async def test_a_name_that_nobody_has(oneself: Oneself) -> None:
    with pytest.raises(Refusal, match="knows nobody called “NobodyAtAll”"):
        await oneself.start(name="NobodyAtAll")


async def test_five_tries_with_a_pause(oneself: Oneself) -> None:
    card = await oneself.start()
    for left in (4, 3, 2, 1, 0):
        look = await oneself.check(card)
        assert (look.seen, look.tries_left) == (Seen.NOT_THERE, left)
    oneself.write(ANAS, card.code.words)
    assert (await oneself.check(card)).seen is Seen.NO_TRIES
    assert await oneself.link_of() is None
    new = await oneself.services.proving.renew(actor(ANA), card.code.code_id)
    assert (await oneself.check(new)).seen is Seen.NOT_THERE, "the old words prove nothing"
    oneself.write(ANAS, new.code.words)
    assert (await oneself.check(new)).seen is Seen.FOUND


async def test_ten_presses_at_once_are_one_look(oneself: Oneself) -> None:
    card = await oneself.start()
    oneself.bench.clock.advance(PAUSE.total_seconds())
    before = len(oneself.roblox.requests)
    check = oneself.services.proving.check
    looks = await asyncio.gather(*(check(actor(ANA), card.code.code_id) for _ in range(10)))
    assert sorted(look.seen for look in looks) == [Seen.NOT_THERE] + [Seen.TOO_SOON] * 9
    assert len(oneself.roblox.requests) == before + 1
    assert all(look.tries_left == TRIES - 1 for look in looks)


async def test_new_words_do_not_shorten_the_pause(oneself: Oneself) -> None:
    card = await oneself.start()
    await oneself.check(card)
    new = await oneself.services.proving.renew(actor(ANA), card.code.code_id)
    look = await oneself.services.proving.check(actor(ANA), new.code.code_id)
    assert look.seen is Seen.TOO_SOON
    assert look.again_at - oneself.bench.clock() == PAUSE


async def test_a_code_lives_for_a_quarter_of_an_hour(oneself: Oneself) -> None:
    card = await oneself.start()
    oneself.write(ANAS, card.code.words)
    oneself.bench.clock.advance(LIFE.total_seconds())
    with pytest.raises(Refusal, match="older than 15 minutes"):
        await oneself.check(card)
    assert await oneself.link_of() is None


async def test_a_code_is_of_one_member_and_one_guild(oneself: Oneself) -> None:
    card = await oneself.start()
    oneself.write(ANAS, card.code.words)
    for member, guild in ((BEN, GUILD), (ANA, STRANGERS), (BEN, STRANGERS)):
        with pytest.raises(Refusal, match="not yours"):
            await oneself.check(card, member, guild)
        with pytest.raises(Refusal, match="not yours"):
            await oneself.services.proving.renew(actor(member, guild), card.code.code_id)
        assert await oneself.link_of(member, guild) is None
    for code_id in (0, 999, 2**63):
        with pytest.raises(Refusal):
            await oneself.services.proving.check(actor(ANA), code_id)
    assert (await oneself.check(card)).seen is Seen.FOUND


async def test_a_new_code_voids_the_old_one(oneself: Oneself) -> None:
    first, second = await oneself.start(), await oneself.start(name="AnaAgain")
    oneself.write(ANAS, first.code.words)
    oneself.write(SECOND, second.code.words)
    with pytest.raises(Refusal, match="replaced"):
        await oneself.check(first)
    assert (await oneself.check(second)).seen is Seen.FOUND
    link = await oneself.link_of()
    assert link is not None
    assert link.roblox_id == SECOND


@pytest.mark.parametrize(
    "fault", ["error-500", "cut-before", "html-502", "rate-limit", "wrong-shape", "empty-200"]
)
async def test_an_unreadable_profile_is_never_a_wrong_code(fault: str, oneself: Oneself) -> None:
    card = await oneself.start()
    oneself.write(ANAS, card.code.words)
    oneself.roblox.faults.add(fault, seconds=30)
    for _ in range(TRIES + 1):
        look = await oneself.check(card)
        assert (look.seen, look.tries_left) == (Seen.UNREADABLE, TRIES)
    oneself.roblox.faults.clear()


async def test_after_an_outage_the_code_still_works(oneself: Oneself) -> None:
    card = await oneself.start()
    oneself.write(ANAS, card.code.words)
    oneself.roblox.faults.add("error-500")
    assert (await oneself.check(card)).seen is Seen.UNREADABLE
    oneself.roblox.faults.clear()
    assert (await oneself.check(card)).seen is Seen.FOUND


async def test_roblox_is_silent_when_the_name_is_looked_up(oneself: Oneself) -> None:
    oneself.roblox.faults.add("error-500")
    with pytest.raises(ProviderError):
        await oneself.start()


async def test_a_filtered_profile_is_recognised(oneself: Oneself) -> None:
    card = await oneself.start()
    oneself.write(ANAS, "my words: ##### ####")
    assert (await oneself.check(card)).seen is Seen.FILTERED


async def test_an_account_that_is_gone(oneself: Oneself) -> None:
    card = await oneself.start()
    del oneself.roblox.world.users[ANAS]
    with pytest.raises(Refusal, match="does not have this account any more"):
        await oneself.check(card)


async def test_a_rename_between_card_and_check(oneself: Oneself) -> None:
    card = await oneself.start()
    oneself.write(ANAS, card.code.words)
    oneself.roblox.world.users[ANAS].name = "AnaRenamed"
    await oneself.check(card)
    link = await oneself.link_of()
    assert link is not None
    assert (link.roblox_id, link.username) == (ANAS, "AnaRenamed")


async def test_the_name_goes_to_another_account_between_card_and_check(oneself: Oneself) -> None:
    card = await oneself.start()
    users = oneself.roblox.world.users
    users[ANAS].name, users[SECOND].name = "AnaRenamed", "AnaBuilds"
    oneself.write(SECOND, card.code.words)
    assert (await oneself.check(card)).seen is Seen.NOT_THERE, "the id decides, not the name"


async def test_a_picture_is_shown_where_there_is_one(oneself: Oneself) -> None:
    user = oneself.roblox.world.users[ANAS]
    user.headshot = "https://images.example.org/ana.png"
    assert (await oneself.start()).picture == user.headshot
    for odd in ("javascript:alert(1)", "http://images.example.org/x.png", "https://" + "x" * 600):
        user.headshot = odd
        assert (await oneself.start()).picture == ""
    oneself.roblox.faults.add("error-500", "other")
    assert (await oneself.start()).picture == ""


async def test_who_unlinks_while_the_profile_is_read_stays_unlinked(
    oneself: Oneself, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, real = await oneself.start(), Roblox.fetch_profile_text
    oneself.write(ANAS, card.code.words)

    async def unlinked_meanwhile(roblox: Roblox, roblox_id: int) -> str:
        await oneself.services.unlinking.unlink(actor(ANA), everywhere=True)
        return await real(roblox, roblox_id)

    monkeypatch.setattr(Roblox, "fetch_profile_text", unlinked_meanwhile)
    with pytest.raises(Refusal, match="you unlinked yourself"):
        await oneself.check(card)
    assert await oneself.link_of() is None
    assert await oneself.services.traces.proofs.get(ANA) is None
