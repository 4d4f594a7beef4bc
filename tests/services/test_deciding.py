"""Words that contradict each other: what wins by itself, and what an admin decides."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import NotPermitted, Refusal
from bot.models import AccountLink, LinkSource, PendingLink
from bot.services.deciding import Ending
from tests.services.bench import ADMIN, ANA, BEN, GUILD, HOST, LOG_CHANNEL, STRANGERS, actor
from tests.services.oneself import ANAS, SECOND, Oneself


async def the_question(oneself: Oneself) -> PendingLink:
    """The one that an admin has to decide."""
    (question,) = await oneself.services.decisions.list_questions(actor())
    return question


@pytest.mark.parametrize("source", [LinkSource.ADMIN, LinkSource.BLOXLINK, LinkSource.IMPORT])
async def test_a_fresh_proof_wins_over_what_was_not_proved(
    source: LinkSource, oneself: Oneself
) -> None:
    await oneself.admin_links(BEN, ANAS, source)
    look = await oneself.prove()
    assert look.settled is not None
    assert look.settled.ending is Ending.LINKED
    assert await oneself.link_of(BEN) is None
    assert (await oneself.link_of(ANA)) is not None
    (notice,) = await oneself.notices()
    assert f"<@{BEN}>, who was linked to it by" in notice
    lost = await oneself.services.decisions.take_lost(GUILD, BEN)
    assert lost is not None
    assert (lost.username, lost.other_id) == ("AnaBuilds", ANA)
    assert await oneself.services.decisions.take_lost(GUILD, BEN) is None, "told once"


async def test_who_loses_a_link_is_told_directly_if_they_asked_for_that(oneself: Oneself) -> None:
    await oneself.wants_direct(BEN)
    await oneself.admin_links(BEN, ANAS)
    await oneself.prove()
    ((member, text),) = oneself.bench.messenger.direct
    assert member == BEN
    assert "no longer linked to the Roblox account **AnaBuilds**" in text
    assert await oneself.services.decisions.take_lost(GUILD, BEN) is None


async def test_proof_against_proof_is_decided_by_an_admin(oneself: Oneself) -> None:
    await oneself.wants_direct(BEN)
    await oneself.prove(BEN, ANAS)
    look = await oneself.prove(ANA, ANAS)
    assert look.settled is not None
    assert (look.settled.ending, look.settled.admins_reached) == (Ending.ASKED, True)
    assert await oneself.link_of(ANA) is None
    assert (await oneself.link_of(BEN)) is not None
    assert [member for member, _ in oneself.bench.messenger.direct] == [BEN], "both sides know"
    question = await the_question(oneself)
    ((channel, text, number),) = oneself.bench.messenger.questions
    assert (channel, number) == (LOG_CHANNEL, question.question_id)
    assert f"<@{BEN}> is linked to" in text
    await oneself.services.decisions.decide(actor(), question.question_id, accept=True)
    link = await oneself.link_of(ANA)
    assert link is not None
    assert (link.roblox_id, link.source, link.linked_by) == (ANAS, LinkSource.PROOF, ADMIN)
    assert await oneself.bench.links.find(GUILD, BEN) is None


async def test_a_holder_without_direct_messages_is_told_at_their_next_act(
    oneself: Oneself,
) -> None:
    decisions = oneself.services.decisions
    assert await decisions.take_contested(GUILD, BEN) is None
    await oneself.prove(BEN, ANAS)
    await oneself.prove(ANA, ANAS)
    assert await decisions.take_contested(STRANGERS, BEN) is None
    told = await decisions.take_contested(GUILD, BEN)
    assert told is not None
    assert (told.username, told.other_id) == ("AnaBuilds", ANA)
    assert await decisions.take_contested(GUILD, BEN) is None, "once"


async def test_who_did_not_read_of_a_contest_reads_only_how_it_ended(oneself: Oneself) -> None:
    decisions = oneself.services.decisions
    await oneself.prove(BEN, ANAS)
    await oneself.prove(ANA, ANAS)
    await decisions.decide(actor(), (await the_question(oneself)).question_id, accept=True)
    assert await decisions.take_contested(GUILD, BEN) is None
    assert await decisions.take_lost(GUILD, BEN) is not None


async def test_proving_again_does_not_ask_the_admins_again(oneself: Oneself) -> None:
    await oneself.prove(BEN, ANAS)
    for _ in range(3):
        look = await oneself.prove(ANA, ANAS)
        assert look.settled is not None
        assert look.settled.ending is Ending.ASKED
    assert len(oneself.bench.messenger.questions) == 1


async def test_a_proof_that_contradicts_an_admins_link(oneself: Oneself) -> None:
    before = await oneself.admin_links(ANA, SECOND)
    look = await oneself.prove(ANA, ANAS)
    assert look.settled is not None
    assert (look.settled.ending, look.settled.before) == (Ending.ASKED, before)
    assert await oneself.link_of() == before, "nothing changes until it is decided"
    question = await the_question(oneself)
    await oneself.services.decisions.decide(actor(), question.question_id, accept=False)
    assert await oneself.link_of() == before
    assert await oneself.services.decisions.list_questions(actor()) == []
    other = await oneself.bench.links.find(STRANGERS, ANA)
    assert other is not None
    assert other.roblox_id == ANAS, "the proof is the member's, and counts elsewhere"


async def test_a_proof_of_the_account_that_an_admin_gave_strengthens_it(oneself: Oneself) -> None:
    await oneself.admin_links(ANA, ANAS)
    look = await oneself.prove()
    assert look.settled is not None
    assert look.settled.ending is Ending.SAME
    link = await oneself.link_of()
    assert link is not None
    assert link.source is LinkSource.PROOF
    assert await oneself.notices() == []


async def test_ones_own_earlier_proof_is_replaced_at_once(oneself: Oneself) -> None:
    await oneself.prove(ANA, ANAS)
    look = await oneself.prove(ANA, SECOND)
    assert look.settled is not None
    assert look.settled.ending is Ending.LINKED
    (notice,) = await oneself.notices()
    assert "was linked to **AnaBuilds**" in notice


async def test_only_admins_of_the_same_guild_decide_and_once(oneself: Oneself) -> None:
    await oneself.prove(BEN, ANAS)
    await oneself.prove(ANA, ANAS)
    number = (await the_question(oneself)).question_id
    decide = oneself.services.decisions.decide
    for who in (actor(ANA), actor(BEN), actor(HOST)):
        with pytest.raises(NotPermitted):
            await decide(who, number, accept=True)
    with pytest.raises(Refusal, match="decided already"):
        await decide(actor(ADMIN, STRANGERS), number, accept=True)
    assert await oneself.services.decisions.list_questions(actor(ADMIN, STRANGERS)) == []
    results = await asyncio.gather(
        *(decide(actor(), number, accept=n % 2 == 0) for n in range(6)), return_exceptions=True
    )
    assert sum(isinstance(one, PendingLink) for one in results) == 1
    assert sum(isinstance(one, Refusal) for one in results) == 5


async def test_without_a_log_channel_the_member_hears_how_to_go_on(oneself: Oneself) -> None:
    (workspace,) = await oneself.bench.workspaces.list_all(GUILD)
    store = oneself.bench.workspace_store
    await store.update(GUILD, workspace.workspace_id, log_channel_id=None)
    await oneself.admin_links(ANA, SECOND)
    look = await oneself.prove()
    assert look.settled is not None
    assert not look.settled.admins_reached
    assert (await the_question(oneself)).roblox_id == ANAS


async def test_a_hundred_members_prove_one_account_at_once(oneself: Oneself) -> None:
    settle = oneself.services.decisions.settle
    now = oneself.bench.clock()
    wanted = [
        AccountLink(GUILD, member, ANAS, "AnaBuilds", now, LinkSource.PROOF, member, now)
        for member in range(10_000, 10_100)
    ]
    endings = [one.ending for one in await asyncio.gather(*(settle(link) for link in wanted))]
    assert endings.count(Ending.LINKED) == 1
    assert endings.count(Ending.ASKED) == 99
    holder = await oneself.bench.links.get_by_roblox(GUILD, ANAS)
    assert holder is not None
    assert endings[holder.discord_id - 10_000] is Ending.LINKED
