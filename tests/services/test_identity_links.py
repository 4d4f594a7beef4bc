"""/link: what Bloxlink and RoVer say, told apart, confirmed once, and never taken over silently."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr

from bot.errors import KeyRefused, NotPermitted, ProviderError, RateLimited, Refusal, Unavailable
from bot.models import IdentityKind, LinkSource, Question
from bot.providers.identity.base import NotResolved
from bot.sandbox.platforms.wire import Answer, Call, Route, json_answer
from bot.services.deciding import Ending
from bot.services.identity_links import RECHECK, Asked
from bot.store.identity_services import IdentityServiceStore
from bot.store.removed_guilds import RemovedGuildStore
from tests.services.bench import ADMIN, ANA, BEN, GUILD, STRANGERS, actor
from tests.services.oneself import (
    ANAS,
    BENS,
    BLOXLINK_KEY,
    FOREIGN_KEY,
    ROVER_KEY,
    SECOND,
    Oneself,
)
from tests.services.private import Private

BLOXLINK, ROVER = IdentityKind.BLOXLINK, IdentityKind.ROVER


async def ask(oneself: Oneself, member: int = ANA) -> Asked:
    """`/link`, with nothing remembered."""
    await oneself.forget_answers()
    return await oneself.services.identity.ask(actor(member))


async def confirm(oneself: Oneself, asked: Asked, member: int = ANA) -> Ending:
    """Yes, that is me."""
    assert asked.question is not None
    number = asked.question.question_id
    return (await oneself.services.identity.confirm(actor(member), number)).ending


def answer_with(oneself: Oneself, monkeypatch: pytest.MonkeyPatch, body: dict[str, object]) -> None:
    """Bloxlink answers this, with status 200, whatever it is asked."""

    async def answer(_call: Call, _route: Route | None) -> Answer:
        return json_answer(200, body)

    monkeypatch.setattr(oneself.bloxlink, "answer", answer)


async def test_a_member_confirms_what_both_services_say(oneself: Oneself) -> None:
    await oneself.use_services()
    asked = await ask(oneself)
    assert asked.question is not None
    assert asked.kinds == (BLOXLINK, ROVER)
    assert (asked.question.roblox_id, asked.question.username) == (ANAS, "AnaBuilds")
    assert await oneself.link_of() is None, "not before they have confirmed"
    assert await confirm(oneself, asked) is Ending.LINKED
    link = await oneself.link_of()
    assert link is not None
    assert (link.roblox_id, link.source, link.linked_by) == (ANAS, LinkSource.BLOXLINK, ANA)
    with pytest.raises(Refusal, match="answered already"):
        await confirm(oneself, asked)
    again = await ask(oneself)
    assert again.same, "asked once"
    assert again.question is None
    answer = await oneself.services.traces.services.get_answer(GUILD, ANA, BLOXLINK)
    assert answer is not None
    assert (answer.roblox_id, answer.asked_at) == (ANAS, oneself.bench.clock())


async def test_a_services_link_counts_in_its_guild_only(oneself: Oneself) -> None:
    await oneself.use_services()
    await confirm(oneself, await ask(oneself))
    assert await oneself.bench.links.find(STRANGERS, ANA) is None
    with pytest.raises(Refusal, match="neither Bloxlink nor RoVer"):
        await oneself.services.identity.ask(actor(ANA, STRANGERS))


async def test_saying_no_changes_nothing(oneself: Oneself) -> None:
    await oneself.use_services()
    asked = await ask(oneself)
    assert asked.question is not None
    await oneself.services.identity.deny(actor(ANA), asked.question.question_id)
    assert await oneself.link_of() is None
    with pytest.raises(Refusal):
        await confirm(oneself, asked)


async def test_a_question_is_its_members_and_its_guilds(oneself: Oneself) -> None:
    await oneself.use_services()
    asked = await ask(oneself)
    assert asked.question is not None
    number = asked.question.question_id
    for who in (actor(BEN), actor(ANA, STRANGERS), actor(ADMIN)):
        for act in (oneself.services.identity.confirm, oneself.services.identity.deny):
            with pytest.raises(Refusal, match="not yours"):
                await act(who, number)
    with pytest.raises(Refusal, match="decided already"):
        await oneself.services.decisions.decide(actor(), number, accept=True)
    oneself.bench.clock.advance(2 * 86400)
    with pytest.raises(Refusal, match="too old"):
        await confirm(oneself, asked)


async def test_one_service_is_enough(oneself: Oneself) -> None:
    await oneself.use_services()
    del oneself.bloxlink.world.links[GUILD, ANA]
    asked = await ask(oneself)
    assert asked.kinds == (ROVER,)
    oneself.rover.faults.add("error-500")
    asked = await ask(oneself)
    assert asked.question is None
    assert asked.answers is not None
    assert asked.answers[BLOXLINK] is NotResolved.NOT_LINKED
    assert isinstance(asked.answers[ROVER], Unavailable), "an outage is no unverified"


async def test_what_is_missing_is_told_apart(oneself: Oneself) -> None:
    await oneself.use_services()
    del oneself.bloxlink.world.links[GUILD, ANA]
    oneself.rover.world.unshared.add((GUILD, ANA))
    asked = await ask(oneself)
    assert asked.answers == {
        BLOXLINK: NotResolved.NOT_LINKED, ROVER: NotResolved.NOT_SHARED,
    }  # fmt: skip
    oneself.bloxlink.faults.add("rate-limit", seconds=3600)
    oneself.rover.faults.add("revoked-key")
    asked = await ask(oneself)
    assert asked.answers is not None
    assert isinstance(asked.answers[BLOXLINK], RateLimited)
    assert isinstance(asked.answers[ROVER], KeyRefused)
    (notice,) = await oneself.notices()
    assert "Members cannot be linked through RoVer" in notice
    await ask(oneself)
    assert len(await oneself.notices()) == 1, "the admins read it once"


async def test_services_that_disagree_save_nothing(oneself: Oneself) -> None:
    await oneself.use_services()
    oneself.rover.world.link(GUILD, ANA, SECOND, "AnaAgain")
    with pytest.raises(Refusal, match="different Roblox accounts for you"):
        await ask(oneself)
    assert await oneself.link_of() is None
    assert await oneself.services.traces.pending.get_for(GUILD, ANA, Question.CONFIRM) is None
    (notice,) = await oneself.notices()
    assert f"<@{ANA}>: Bloxlink: {ANAS}, RoVer: {SECOND}" in notice


async def test_an_account_that_another_member_has(oneself: Oneself) -> None:
    await oneself.use_services()
    before = await oneself.admin_links(BEN, ANAS)
    assert await confirm(oneself, await ask(oneself)) is Ending.ASKED
    assert await oneself.link_of() is None
    assert await oneself.link_of(BEN) == before
    await oneself.bench.background.settle()
    ((_, text, number),) = oneself.bench.messenger.questions
    assert "Bloxlink agrees" in text
    await oneself.services.decisions.decide(actor(), number, accept=True)
    assert await oneself.link_of(BEN) is None


async def test_a_service_never_overrules_a_proof(oneself: Oneself) -> None:
    await oneself.use_services()
    await oneself.prove(ANA, SECOND)
    asked = await ask(oneself)
    with pytest.raises(Refusal, match="counts more than what a service says"):
        await confirm(oneself, asked)
    link = await oneself.link_of()
    assert link is not None
    assert link.roblox_id == SECOND


async def test_a_later_change_is_asked_about_when_the_member_acts(oneself: Oneself) -> None:
    await oneself.use_services()
    await confirm(oneself, await ask(oneself))
    before = await oneself.link_of()
    oneself.bloxlink.world.link(GUILD, ANA, SECOND, "AnaAgain")
    asked_before = len(oneself.bloxlink.requests)
    recheck = oneself.services.identity.recheck
    assert await recheck(actor(ANA)) is None, "asked a moment ago"
    assert len(oneself.bloxlink.requests) == asked_before
    await oneself.forget_answers()
    oneself.bench.clock.advance(RECHECK.total_seconds())
    assert await recheck(actor(BEN)) is None
    assert len(oneself.bloxlink.requests) == asked_before, "nobody is asked about but who acts"
    asked = await recheck(actor(ANA))
    assert asked is not None
    assert asked.question is not None
    assert (asked.question.roblox_id, asked.was) == (SECOND, before)
    assert await oneself.link_of() == before
    (notice,) = await oneself.notices()
    assert "Bloxlink says **AnaAgain**" in notice
    assert await recheck(actor(ANA)) is None, "not again before the next time"
    assert await confirm(oneself, asked) is Ending.LINKED
    link = await oneself.link_of()
    assert link is not None
    assert (link.roblox_id, link.source) == (SECOND, LinkSource.BLOXLINK)


async def test_an_account_that_is_not_told_any_more_changes_nothing(oneself: Oneself) -> None:
    await oneself.use_services()
    await confirm(oneself, await ask(oneself))
    before = await oneself.link_of()
    del oneself.bloxlink.world.links[GUILD, ANA]
    await oneself.forget_answers()
    oneself.bench.clock.advance(RECHECK.total_seconds())
    assert await oneself.services.identity.recheck(actor(ANA)) is None
    assert await oneself.link_of() == before
    (notice,) = await oneself.notices()
    assert "does not tell their account now" in notice


@pytest.mark.parametrize("fault", ["error-500", "rate-limit", "revoked-key", "cut-before"])
async def test_a_silent_service_changes_nothing_later(fault: str, oneself: Oneself) -> None:
    await oneself.use_services()
    await confirm(oneself, await ask(oneself))
    before = await oneself.link_of()
    await oneself.forget_answers()
    oneself.bench.clock.advance(RECHECK.total_seconds())
    oneself.bloxlink.faults.add(fault)
    assert await oneself.services.identity.recheck(actor(ANA)) is None
    assert await oneself.link_of() == before


async def test_links_of_admins_and_proofs_are_not_rechecked(oneself: Oneself) -> None:
    await oneself.use_services()
    await oneself.admin_links(ANA, ANAS)
    asked_before = len(oneself.bloxlink.requests)
    oneself.bench.clock.advance(2 * RECHECK.total_seconds())
    assert await oneself.services.identity.recheck(actor(ANA)) is None
    assert len(oneself.bloxlink.requests) == asked_before


async def test_a_guild_without_services_costs_nothing_to_recheck(oneself: Oneself) -> None:
    assert await oneself.services.identity.recheck(actor(ANA)) is None
    await oneself.use_services()
    assert not oneself.services.identity._unused


async def test_roblox_silent_and_bloxlink_names_nobody(oneself: Oneself) -> None:
    await oneself.services.services.set_key(actor(), BLOXLINK, BLOXLINK_KEY)
    oneself.roblox.faults.add("error-500")
    with pytest.raises(ProviderError):
        await ask(oneself)
    await oneself.services.services.set_key(actor(), ROVER, ROVER_KEY)
    asked = await ask(oneself)
    assert asked.question is not None
    assert asked.question.username == "AnaBuilds", "RoVer remembers the name"


async def test_only_admins_handle_keys(oneself: Oneself) -> None:
    services = oneself.services.services
    for work in (
        services.list_all(actor(BEN)),
        services.set_key(actor(BEN), BLOXLINK, BLOXLINK_KEY),
        services.remove(actor(BEN), BLOXLINK),
    ):
        with pytest.raises(NotPermitted):
            await work
    assert oneself.bloxlink.requests == []


async def test_a_key_is_tried_with_the_admin_who_types_it(oneself: Oneself) -> None:
    services = oneself.services.services
    saved = await services.set_key(actor(), BLOXLINK, f"  {BLOXLINK_KEY}\n")
    assert not saved.untested
    assert oneself.bloxlink.requests[-1].path.endswith(f"/{ADMIN}")
    listed = await services.list_all(actor())
    assert listed[ROVER] is None
    known = listed[BLOXLINK]
    assert known is not None
    assert (known.key_hint, known.set_by) == (BLOXLINK_KEY[-4:], ADMIN)


@pytest.mark.parametrize("key", ["wrong-key-0123456", FOREIGN_KEY])
async def test_a_refused_key_is_not_saved(key: str, oneself: Oneself) -> None:
    with pytest.raises(Refusal, match="Nothing was saved") as refused:
        await oneself.services.services.set_key(actor(), BLOXLINK, key)
    assert key not in str(refused.value)
    assert (await oneself.services.services.list_all(actor()))[BLOXLINK] is None


@pytest.mark.parametrize("key", ["", "two\nlines", "schlüssel", "x" * 1001])
async def test_what_cannot_be_a_key_is_not_sent(key: str, oneself: Oneself) -> None:
    with pytest.raises(Refusal, match="not a key"):
        await oneself.services.services.set_key(actor(), BLOXLINK, key)
    assert oneself.bloxlink.requests == []


async def test_a_key_is_saved_untested_while_the_service_is_down(oneself: Oneself) -> None:
    oneself.bloxlink.faults.add("error-500")
    saved = await oneself.services.services.set_key(actor(), BLOXLINK, BLOXLINK_KEY)
    assert saved.untested


async def test_a_removed_key_is_not_used_any_more(oneself: Oneself) -> None:
    await oneself.use_services()
    for kind in IdentityKind:
        await oneself.services.services.remove(actor(), kind)
    with pytest.raises(Refusal, match="neither Bloxlink nor RoVer"):
        await oneself.services.identity.ask(actor(ANA))
    with pytest.raises(Refusal, match="is not used here"):
        await oneself.services.services.remove(actor(), BLOXLINK)


async def test_a_key_that_went_with_the_guild_is_not_used_any_more(oneself: Oneself) -> None:
    await oneself.use_services()
    await oneself.services.identity.ask(actor(ANA))  # the lines are open
    await RemovedGuildStore(oneself.bench.database).mark_removed(GUILD, oneself.bench.clock())
    await oneself.lines.drop_guild(GUILD)
    asked = len(oneself.bloxlink.requests)
    with pytest.raises(Refusal, match="neither Bloxlink nor RoVer"):
        await oneself.services.identity.ask(actor(ANA))
    assert await oneself.services.identity.recheck(actor(ANA)) is None
    assert len(oneself.bloxlink.requests) == asked


@pytest.mark.parametrize(
    ("body", "roblox_id"),
    [
        ({"robloxID": str(ANAS)}, ANAS), ({"robloxId": str(ANAS)}, ANAS),
        ({"robloxID": ANAS}, ANAS), ({"robloxId": ANAS, "resolved": {}}, ANAS),
        ({"robloxID": str(BENS), "robloxId": BENS}, BENS),
    ],
)  # fmt: skip
async def test_every_spelling_of_bloxlinks_answer(
    body: dict[str, object], roblox_id: int, oneself: Oneself, monkeypatch: pytest.MonkeyPatch
) -> None:
    await oneself.services.services.set_key(actor(), BLOXLINK, BLOXLINK_KEY)
    answer_with(oneself, monkeypatch, body)
    asked = await ask(oneself)
    assert asked.question is not None
    assert asked.question.roblox_id == roblox_id


@pytest.mark.parametrize(
    "body", [{"error": "Something broke"}, {"error": "Invalid API key"}, {"robloxID": "x"}, {}]
)
async def test_an_error_with_status_200_links_nobody(
    body: dict[str, object], oneself: Oneself, monkeypatch: pytest.MonkeyPatch
) -> None:
    await oneself.services.services.set_key(actor(), BLOXLINK, BLOXLINK_KEY)
    answer_with(oneself, monkeypatch, body)
    asked = await ask(oneself)
    assert asked.question is None
    assert asked.answers is not None
    assert isinstance(asked.answers[BLOXLINK], ProviderError)
    assert await oneself.link_of() is None


async def test_what_a_service_says_while_all_is_erased_is_erased_too(
    oneself: Oneself, monkeypatch: pytest.MonkeyPatch
) -> None:
    await oneself.use_services()
    await oneself.forget_answers()
    private, real = Private(oneself.bench), oneself.bloxlink.answer
    asked, go = asyncio.Event(), asyncio.Event()

    async def slowly(call: Call, route: Route | None) -> Answer:
        asked.set()
        await go.wait()
        return await real(call, route)

    monkeypatch.setattr(oneself.bloxlink, "answer", slowly)
    asking = asyncio.create_task(oneself.services.identity.ask(actor(ANA)))
    await asked.wait()
    oneself.bench.clock.advance(1)
    await private.erasing.erase(ANA)
    oneself.bench.clock.advance(1)
    go.set()
    assert (await asking).question is not None
    oneself.bench.clock.advance(61)
    await private.erasing.finish_open()
    assert await private.data.list_held(ANA) == []


async def test_who_is_erased_is_gone_from_memory_too(oneself: Oneself) -> None:
    await oneself.use_services()
    oneself.rover.world.link(GUILD, ANA, SECOND, "AnaAgain")
    identity, private = oneself.services.identity, Private(oneself.bench)
    private.erasing.on_erasing(identity.forget_member)
    with pytest.raises(Refusal, match="different Roblox accounts"):
        await ask(oneself)
    asked = len(oneself.bloxlink.requests), len(oneself.rover.requests)
    with pytest.raises(Refusal):  # a moment later: nobody is asked or told again
        await identity.ask(actor(ANA))
    assert (len(oneself.bloxlink.requests), len(oneself.rover.requests)) == asked
    assert len(await oneself.notices()) == 1
    await private.erasing.erase(ANA)
    with pytest.raises(Refusal):
        await identity.ask(actor(ANA))
    again = tuple(number + 1 for number in asked)
    assert (len(oneself.bloxlink.requests), len(oneself.rover.requests)) == again
    assert len(await oneself.notices()) == 2


async def test_a_key_changed_while_a_service_is_asked_is_no_error(
    oneself: Oneself, monkeypatch: pytest.MonkeyPatch
) -> None:
    await oneself.use_services()
    asked, go = asyncio.Event(), asyncio.Event()

    async def slowly(_call: Call, _route: Route | None) -> Answer:
        asked.set()
        await go.wait()
        return json_answer(200, {})

    monkeypatch.setattr(oneself.bloxlink, "answer", slowly)
    asking = asyncio.create_task(oneself.lines.ask(GUILD, BLOXLINK, ANA))
    await asked.wait()
    await oneself.lines.drop(GUILD, BLOXLINK)
    go.set()
    assert isinstance(await asking, Unavailable)


async def test_a_key_erased_while_it_is_read_is_not_used(
    oneself: Oneself, monkeypatch: pytest.MonkeyPatch
) -> None:
    await oneself.use_services()
    await oneself.forget_answers()
    real = IdentityServiceStore.get_key

    async def erased_meanwhile(
        store: IdentityServiceStore, guild_id: int, kind: IdentityKind
    ) -> SecretStr | None:
        key = await real(store, guild_id, kind)
        if key is not None:
            await oneself.services.services.remove(actor(), kind)
        return key

    monkeypatch.setattr(IdentityServiceStore, "get_key", erased_meanwhile)
    assert await oneself.lines.ask(GUILD, BLOXLINK, ANA) is None
