"""Swaps from the question to both roles exchanged, and everything that can be in the way."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
import pytest_asyncio

from bot.errors import MessengerError, NotPermitted, Refusal
from bot.models import (
    AnnouncementState,
    AttemptKind,
    AttemptState,
    Door,
    News,
    Preferences,
    ProviderKind,
    Session,
    Stands,
    SwapState,
    Workspace,
)
from bot.services.outcomes import Code
from bot.services.swap_outcomes import Reach, SwapCode
from bot.services.swaps import Answer
from bot.store.automation import AutomationStore
from tests.services.bench import (
    ADMIN,
    ANA,
    BEN,
    GUILD,
    HOST,
    LOG_CHANNEL,
    STRANGERS,
    Bench,
    actor,
    roblox_of,
)
from tests.services.conftest import Posted
from tests.services.swapping import AFTER, BEFORE, Pair
from tests.services.worlds import HELPER, SECOND, SESSION, TRAINER, with_claims, with_role

CARL = 5


@pytest_asyncio.fixture
async def pair(bench: Bench, posted: Posted) -> Pair:
    """ANA is Trainer, BEN is Helper, in one session on one server."""
    pair = Pair(bench, posted.trainer, posted.helper)
    await pair.begin()
    return pair


async def test_both_have_the_other_role_in_four_writes(pair: Pair) -> None:
    asked = await pair.propose()
    assert (asked.code, asked.reach) == (SwapCode.ASKED, Reach.NOT_YET)
    assert pair.bench.platform.writes == []
    done = await pair.accept(asked)
    assert done.code is SwapCode.DONE
    assert pair.holders == AFTER
    ana, ben = roblox_of(ANA), roblox_of(BEN)
    assert pair.bench.platform.writes == [
        ("release", "trainer", ana, False), ("release", "helper", ben, False),
        ("claim", "helper", ana), ("claim", "trainer", ben),
    ]  # fmt: skip


async def test_the_journal_tells_both_halves(pair: Pair) -> None:
    done = await pair.accept(await pair.propose())
    for member, taken, given in ((ANA, "helper", "trainer"), (BEN, "trainer", "helper")):
        rows = [row for row in await pair.bench.journal(member) if row.door is Door.SWAP]
        told = {(row.kind, row.place.role_id, row.state) for row in rows}
        assert told == {
            (AttemptKind.CLAIM, taken, AttemptState.CONFIRMED),
            (AttemptKind.RELEASE, given, AttemptState.CONFIRMED),
        }
        assert {row.operation_id[:8] for row in rows} == {done.reference}
    assert await pair.bench.attempts.count_unsettled() == 0


async def test_the_partner_is_asked_in_the_thread_and_directly(pair: Pair) -> None:
    bench, posted = pair.bench, pair.theirs.announcement_id
    await AutomationStore(bench.database).set_thread(posted, 777)
    await bench.preferences.save(Preferences(GUILD, BEN, direct=True))
    asked = await pair.propose()
    assert asked.reach is Reach.BOTH
    ((thread, text, pinged),) = bench.messenger.said
    assert (thread, pinged) == (777, (BEN,))
    assert f"<@{ANA}> would like to swap" in text
    ((member, words),) = bench.messenger.direct
    assert member == BEN
    assert "you get **Trainer**" in words
    assert [button.action for button in pair.buttons()] == ["swapyes", "swapno"] * 2
    await pair.accept(asked, direct=True)
    assert pair.holders == AFTER
    told = bench.messenger.said[-1]
    assert told[2] == (ANA,)
    assert "Swapped" in told[1]


async def test_without_thread_and_messages_it_waits_for_the_next_visit(pair: Pair) -> None:
    news = pair.bench.swaps.news
    asked = await pair.propose()
    assert news.has_news(GUILD, BEN)
    (question,) = await news.list_news(GUILD, BEN)
    assert (question.code, question.swap_id) == (SwapCode.ASKS, asked.swap_id)
    await news.heard(asked.swap_id, BEN)
    await pair.accept(asked)
    (told,) = await news.list_news(GUILD, ANA)
    assert told.code is SwapCode.DONE
    await news.heard(asked.swap_id, ANA)
    assert await news.list_news(GUILD, ANA) == []


async def test_the_hosts_read_one_line(pair: Pair) -> None:
    await pair.accept(await pair.propose())
    await pair.bench.background.settle()
    pair.bench.clock.advance(60)
    await pair.bench.settle()
    lines = [text for channel, text in pair.bench.messenger.notices if channel == LOG_CHANNEL]
    (line,) = [text for text in lines if "Swapped" in text]
    assert f"<@{ANA}> is now **Helper**" in line


async def test_pressing_twice_is_one_swap(pair: Pair) -> None:
    asked = await pair.propose()
    first, second = await asyncio.gather(pair.accept(asked), pair.accept(asked))
    assert first.code is second.code is SwapCode.DONE
    assert len(pair.bench.platform.writes) == 4
    assert (await pair.accept(asked)).code is SwapCode.DONE
    assert len(pair.bench.platform.writes) == 4


async def test_nobody_else_answers(pair: Pair) -> None:
    asked = await pair.propose()
    for other, told in ((ANA, f"for <@{BEN}>"), (CARL, "somebody else"), (HOST, "somebody else")):
        with pytest.raises(Refusal, match=told):
            await pair.accept(asked, by=other)
        with pytest.raises(Refusal, match=told):
            await pair.bench.swaps.decline(pair.answer(asked, other))
    with pytest.raises(Refusal, match=f"Only <@{ANA}>"):
        await pair.bench.swaps.withdraw(pair.answer(asked, BEN))
    with pytest.raises(Refusal, match="no longer leads anywhere"):
        await pair.bench.swaps.accept(replace(pair.answer(asked, BEN), guild_id=STRANGERS))
    with pytest.raises(Refusal, match="no longer leads anywhere"):
        await pair.bench.swaps.accept(replace(pair.answer(asked, BEN), swap_id=2**80))
    for act in (pair.bench.swaps.accept, pair.bench.swaps.decline, pair.bench.swaps.withdraw):
        with pytest.raises(Refusal, match="no longer leads anywhere"):  # in a direct message
            await act(replace(pair.answer(asked, CARL), guild_id=None))
    assert pair.holders == BEFORE


async def test_no_is_told(pair: Pair) -> None:
    asked = await pair.propose()
    declined = await pair.bench.swaps.decline(pair.answer(asked, BEN))
    assert declined.code is SwapCode.DECLINED
    (told,) = await pair.bench.swaps.news.list_news(GUILD, ANA)
    assert told.code is SwapCode.DECLINED
    assert (await pair.accept(asked)).code is SwapCode.DECLINED
    assert (await pair.propose()).code is SwapCode.ASKED, "the claim is free for another question"


async def test_a_question_can_be_taken_back(pair: Pair) -> None:
    asked = await pair.propose()
    assert (await pair.bench.swaps.withdraw(pair.answer(asked, ANA))).code is SwapCode.WITHDRAWN
    assert (await pair.accept(asked)).code is SwapCode.WITHDRAWN
    assert await pair.bench.swaps.news.list_news(GUILD, BEN) == []
    assert pair.holders == BEFORE


async def test_silence_ends_the_question(pair: Pair) -> None:
    asked = await pair.propose()
    pair.bench.clock.advance(30 * 60 + 1)
    assert (await pair.accept(asked)).code is SwapCode.EXPIRED
    assert pair.holders == BEFORE
    second = await pair.propose()
    pair.bench.clock.advance(20 * 60)
    await pair.bench.settle()
    assert (await pair.swap(second.swap_id)).state is SwapState.ASKED
    pair.bench.clock.advance(10 * 60 + 1)
    await pair.bench.settle()
    assert (await pair.swap(second.swap_id)).state is SwapState.EXPIRED
    assert {t.code for t in await pair.bench.swaps.news.list_news(GUILD, ANA)} == {SwapCode.EXPIRED}


async def test_the_question_ends_with_the_start(pair: Pair) -> None:
    pair.bench.clock.advance(50 * 60)
    asked = await pair.propose()
    assert asked.expires_at == SESSION.starts_at


async def test_both_propose_at_once_and_one_question_stands(pair: Pair) -> None:
    mine, theirs = await asyncio.gather(pair.propose(), pair.propose(BEN, ANA))
    codes = {mine.code, theirs.code}
    assert codes == {SwapCode.ASKED, SwapCode.ASKS}, "the later one is shown the other's question"
    assert mine.swap_id == theirs.swap_id
    later = ANA if mine.code is SwapCode.ASKS else BEN
    assert (await pair.accept(mine, by=later)).code is SwapCode.DONE


async def test_a_claim_is_in_one_live_swap(pair: Pair, posted: Posted) -> None:
    bench = pair.bench
    await bench.link(CARL)
    await bench.claims.claim(bench.press(posted.helper, CARL))
    await pair.propose()
    bench.catalog.expire(posted.announcement.workspace_id)
    with pytest.raises(Refusal, match="in another swap"):
        await pair.propose(CARL, ANA)


RULES = [
    ("rank", "needs group rank 30"), ("role", "needs the Discord role"), ("closed", "no claims"),
    ("lost", "does not hold"), ("unlinked", "not linked"), ("ended", "the session is over"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "words"), RULES, ids=[name for name, _ in RULES])
async def test_what_changed_since_the_question(
    pair: Pair, posted: Posted, workspace: Workspace, what: str, words: str
) -> None:
    bench = pair.bench
    asked = await pair.propose()
    await _change(bench, posted, workspace, what)
    outcome = await pair.accept(asked)
    assert outcome.code is SwapCode.REFUSED
    assert words in outcome.why
    assert bench.platform.writes == []
    assert await bench.attempts.count_unsettled() == 0
    (told,) = await bench.swaps.news.list_news(GUILD, ANA)
    assert told.why == outcome.why


async def _change(bench: Bench, posted: Posted, workspace: Workspace, what: str) -> None:
    sessions, number = bench.platform.sessions, SESSION.session_id
    match what:
        case "rank":
            sessions[number] = with_role(sessions[number], replace(TRAINER, min_rank=30))
        case "role":
            await bench.workspace_store.update(
                GUILD, workspace.workspace_id, claimer_role_ids=frozenset({9})
            )
        case "closed":
            await bench.announcements.set_state(
                posted.announcement.announcement_id, AnnouncementState.CLOSED, by=HOST,
                now=bench.clock(),
            )  # fmt: skip
        case "lost":
            await bench.platform.release(posted.trainer.place, roblox_of(ANA), by_host=False)
            bench.platform.writes.clear()
        case "unlinked":
            await bench.links.remove(GUILD, ANA)
        case "ended":
            sessions[number] = replace(sessions[number], ends_at=bench.clock())


async def test_in_a_direct_message_discord_is_asked_for_the_roles(
    pair: Pair, workspace: Workspace
) -> None:
    asked = await pair.propose()
    await pair.bench.workspace_store.update(
        GUILD, workspace.workspace_id, barred_role_ids=frozenset({9})
    )
    pair.bench.messenger.left.add((GUILD, BEN))
    with pytest.raises(Refusal, match="no longer in the Discord server"):
        await pair.accept(asked, direct=True)
    pair.bench.messenger.left.clear()
    pair.bench.messenger.member_roles[BEN] = frozenset({9})
    assert (await pair.accept(asked, direct=True)).code is SwapCode.REFUSED
    asked = await pair.propose()
    assert (await pair.accept(asked, roles=9)).code is SwapCode.REFUSED
    assert pair.holders == BEFORE


async def test_what_the_proposer_lost_since_they_asked_counts(
    pair: Pair, workspace: Workspace
) -> None:
    """They were allowed when they asked; Discord says what they may be by now."""
    asked = await pair.propose()
    await pair.bench.workspace_store.update(
        GUILD, workspace.workspace_id, barred_role_ids=frozenset({9})
    )
    pair.bench.messenger.member_roles[ANA] = frozenset({9})
    refused = await pair.accept(asked)
    assert refused.code is SwapCode.REFUSED
    assert refused.why.startswith(f"<@{ANA}> cannot take **Helper**")
    assert (pair.bench.platform.writes, pair.holders) == ([], BEFORE)


@pytest.mark.parametrize("direct", [False, True])
async def test_who_has_left_swaps_with_nobody(direct: bool, pair: Pair) -> None:
    asked = await pair.propose()
    pair.bench.messenger.left.add((GUILD, ANA))
    ended = await pair.accept(asked, direct=direct)
    assert ended.code is SwapCode.REFUSED
    assert ended.why == f"<@{ANA}> has left the Discord server."
    assert (await pair.swap(asked.swap_id)).state is SwapState.REFUSED
    assert (pair.bench.platform.writes, pair.holders) == ([], BEFORE)


async def test_while_discord_does_not_tell_the_question_stands(pair: Pair) -> None:
    asked = await pair.propose()
    pair.bench.messenger.error = MessengerError("Discord did not say who that member is.")
    waits = await pair.accept(asked)
    assert (waits.code, waits.why) == (SwapCode.NOT_NOW, "Discord did not say who that member is.")
    pair.bench.messenger.error = None
    assert (await pair.accept(asked)).code is SwapCode.DONE


@pytest.mark.parametrize("act", ["accept", "decline", "withdraw"])
@pytest.mark.parametrize("guild_id", [None, GUILD, STRANGERS])
async def test_a_made_up_button_tells_strangers_nothing(
    act: str, guild_id: int | None, pair: Pair
) -> None:
    asked = await pair.propose()
    for swap_id in (asked.swap_id, 999):
        forged = Answer(swap_id, CARL, guild_id, None if guild_id is None else frozenset())
        with pytest.raises(Refusal) as told:
            await getattr(pair.bench.swaps, act)(forged)
        assert "<@" not in str(told.value)
    abroad = Answer(asked.swap_id, BEN, STRANGERS, frozenset())
    with pytest.raises(Refusal, match="no longer leads anywhere"):
        await getattr(pair.bench.swaps, act)(abroad)


async def test_a_new_clash_is_refused_and_the_session_left_is_none(
    bench: Bench, posted: Posted, workspace: Workspace
) -> None:
    """ANA and BEN swap between two sessions at one time; CARL's third one stays in the way."""
    other = replace(SESSION, session_id="shift", name="Shift")
    bench.platform.sessions["shift"] = other
    second = await bench.post(workspace, other)
    there = next(
        o for o in await bench.announcements.list_openings(second.announcement_id)
        if o.place.role_id == "helper"
    )  # fmt: skip
    pair = Pair(bench, posted.trainer, there)
    await pair.begin()
    bench.ticks += 60
    asked = await pair.propose()
    assert asked.code is SwapCode.ASKED, asked.why
    third = with_claims(replace(SESSION, session_id="raid", name="Raid"), roblox_of(BEN))
    bench.platform.sessions["raid"] = third
    bench.ticks += 60
    refused = await pair.accept(asked)
    assert refused.code is SwapCode.REFUSED
    assert "same time as “Raid”" in refused.why
    del bench.platform.sessions["raid"]
    bench.ticks += 60
    assert (await pair.accept(await pair.propose())).code is SwapCode.DONE
    assert pair.holders == AFTER


async def test_ordinary_presses_wait_and_third_persons_are_kept_out(
    pair: Pair, posted: Posted
) -> None:
    bench = pair.bench
    await bench.link(CARL)
    asked = await pair.propose()
    bench.platform.gate.clear()
    bench.platform.waiting.clear()
    accepting = asyncio.create_task(pair.accept(asked))
    await bench.platform.waiting.wait()
    third = asyncio.create_task(bench.claims.claim(bench.press(posted.trainer, CARL)))
    again = await bench.claims.release(bench.press(posted.trainer, ANA))
    assert again.code is Code.STILL_RUNNING
    bench.platform.gate.set()
    assert (await accepting).code is SwapCode.DONE
    assert (await third).code is Code.FULL
    assert pair.holders == AFTER


async def test_what_one_of_them_has_running_is_waited_for(pair: Pair, posted: Posted) -> None:
    bench = pair.bench
    asked = await pair.propose()
    bench.platform.gate.clear()
    bench.platform.waiting.clear()
    other = asyncio.create_task(bench.claims.release(bench.press(posted.trainer, ANA)))
    await bench.platform.waiting.wait()
    assert (await pair.accept(asked)).code is SwapCode.BUSY
    bench.platform.gate.set()
    assert (await other).code is Code.RELEASED
    assert (await pair.accept(asked)).code is SwapCode.REFUSED, "ANA gave the role back"


async def test_a_host_swaps_where_the_workspace_allows_it(pair: Pair, workspace: Workspace) -> None:
    with pytest.raises(NotPermitted):
        await pair.propose(CARL, BEN, member=ANA)
    with pytest.raises(Refusal, match="host_swaps"):
        await pair.propose(HOST, BEN, member=ANA)
    await pair.bench.workspaces.update(actor(ADMIN), workspace.name, {"host_swaps": True})
    done = await pair.propose(HOST, BEN, member=ANA)
    assert (done.code, done.host_id) == (SwapCode.DONE, HOST)
    assert pair.holders == AFTER
    for member in (ANA, BEN):
        (told,) = await pair.bench.swaps.news.list_news(GUILD, member)
        assert (told.code, told.host_id) == (SwapCode.DONE, HOST)
    lines = [text for _, text in pair.bench.messenger.notices]
    assert any(f"<@{HOST}> swapped the roles" in line for line in lines)
    rows = [row for row in await pair.bench.journal(ANA) if row.door is Door.SWAP]
    assert {row.actor_id for row in rows} == {HOST}


async def test_a_host_in_vain_bothers_nobody(pair: Pair, workspace: Workspace) -> None:
    await pair.bench.workspaces.update(actor(ADMIN), workspace.name, {"host_swaps": True})
    session = pair.bench.platform.sessions[SESSION.session_id]
    ranked = with_role(session, replace(TRAINER, min_rank=30))
    pair.bench.platform.sessions[SESSION.session_id] = ranked
    outcome = await pair.propose(HOST, BEN, member=ANA)
    assert outcome.code is SwapCode.REFUSED
    assert await pair.bench.swaps.news.list_news(GUILD, ANA) == []
    assert pair.bench.platform.writes == []


async def test_v1_says_so_before_anything(bench: Bench) -> None:
    workspace = await bench.add_workspace(kind=ProviderKind.READMIN_V1)
    await bench.link(ANA, BEN)
    bench.platform.sessions[SESSION.session_id] = _held(SESSION)
    await bench.post(workspace)
    pair = Pair(bench, None, None)  # type: ignore[arg-type]  # nothing is claimed through us
    with pytest.raises(Refusal, match="cannot be released from Discord"):
        await pair.propose()


def _held(session: Session) -> Session:
    session = with_claims(session, roblox_of(ANA))
    return with_claims(session, roblox_of(BEN), role=HELPER)


async def test_what_is_not_clear_is_asked(bench: Bench, posted: Posted) -> None:
    pair = Pair(bench, posted.trainer, posted.helper)
    with pytest.raises(Refusal, match="two people"):
        await pair.propose(ANA, ANA)
    with pytest.raises(Refusal, match=f"<@{CARL}>'s Roblox account"):
        await pair.propose(ANA, CARL)
    with pytest.raises(Refusal, match="You hold no role"):
        await pair.propose()
    bench.platform.sessions["training"] = with_claims(
        SESSION, roblox_of(ANA), roblox_of(BEN), role=HELPER
    )
    bench.ticks += 60
    with pytest.raises(Refusal, match="same role in the same place"):
        await pair.propose()


async def test_of_several_roles_one_is_chosen(bench: Bench, workspace: Workspace) -> None:
    await bench.link(ANA, BEN)
    two = replace(_held(SESSION), servers=(*_held(SESSION).servers, SECOND))
    two = with_claims(two, roblox_of(ANA), role=HELPER, server="second")
    bench.platform.sessions[SESSION.session_id] = two
    announcement = await bench.post(workspace)
    trainer, helper = (
        await bench.opening(announcement, TRAINER), await bench.opening(announcement, HELPER)
    )  # fmt: skip
    pair = Pair(bench, trainer, helper)
    with pytest.raises(Refusal, match="option `mine`"):
        await pair.propose()
    with pytest.raises(Refusal, match="lists that appear"):
        await pair.propose(mine="nonsense")
    asked = await pair.propose(mine="Trainer")
    assert (await pair.accept(asked)).code is SwapCode.REFUSED or pair.holders == AFTER


async def test_a_role_on_the_others_server_would_be_lost(
    bench: Bench, workspace: Workspace
) -> None:
    """ANA holds something on both servers: there ReAdmin would replace it."""
    await bench.link(ANA, BEN)
    session = with_claims(SESSION, roblox_of(ANA))
    session = replace(session, servers=(*session.servers, SECOND))
    session = with_claims(session, roblox_of(BEN), role=HELPER, server="second")
    session = with_claims(session, roblox_of(ANA), role=TRAINER, server="second")
    bench.platform.sessions[SESSION.session_id] = session
    announcement = await bench.post(workspace)
    pair = Pair(bench, await bench.opening(announcement), await bench.opening(
        announcement, HELPER, SECOND
    ))  # fmt: skip
    mine = str(pair.mine.opening_id)
    refused = await pair.propose(mine=mine)
    assert refused.code is SwapCode.REFUSED
    assert "would lose **Trainer**" in refused.why


async def test_a_clash_that_was_there_before_is_no_new_one(pair: Pair) -> None:
    raid = with_claims(replace(SESSION, session_id="raid", name="Raid"), roblox_of(BEN))
    pair.bench.platform.sessions["raid"] = raid
    pair.bench.ticks += 60
    assert (await pair.accept(await pair.propose())).code is SwapCode.DONE


async def test_the_sides_remember_how_they_stand(pair: Pair) -> None:
    asked = await pair.propose()
    await pair.accept(asked)
    swap = await pair.swap(asked.swap_id)
    assert [side.stands for side in swap.sides] == [Stands.NEW, Stands.NEW]
    assert [side.news for side in swap.sides] == [News.KEPT, News.DUE]
