"""A place that gets free is kept for the first who could claim it, and they are asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import MessengerError, Refusal
from bot.models import Door, Preferences
from bot.services.outcomes import Code
from bot.services.waitlist import Waiting
from tests.services.bench import ADMIN, ANA, BEN, GUILD, HOST, STRANGERS, Bench, actor, roblox_of
from tests.services.conftest import Posted
from tests.services.lines import (
    CAT,
    DAN,
    EVE,
    THREAD,
    accept,
    join,
    offered,
    pass_time,
    release,
    waiting,
)
from tests.services.lines import full as full
from tests.services.worlds import SESSION, TRAINER, with_claims, with_role


async def test_a_release_asks_the_first_alone_and_accepting_claims(
    bench: Bench, full: Posted
) -> None:
    ben, _ = await join(bench, full, BEN, CAT)
    await release(bench, full)
    ((channel, words, pinged),) = bench.messenger.said
    assert (channel, pinged) == (THREAD, (BEN,))
    assert words.startswith(f"<@{BEN}> 🔔 A place is free for you: **Trainer**")
    assert [one.label for one in bench.messenger.asked] == ["Accept", "Pass"]
    assert (await accept(bench, ben)).code is Code.CLAIMED
    assert bench.platform.holders(full.trainer.place) == (roblox_of(BEN),)
    assert await waiting(bench) == [CAT]
    assert len(bench.messenger.said) == 1
    assert (await bench.journal(BEN))[-1].door is Door.WAITLIST


async def test_opted_in_members_are_asked_by_direct_message(bench: Bench, full: Posted) -> None:
    await bench.preferences.save(Preferences(GUILD, BEN, direct=True))
    await join(bench, full, BEN)
    await release(bench, full)
    ((member, words),) = bench.messenger.direct
    assert (member, "It is kept for you until" in words) == (BEN, True)
    assert bench.messenger.said == []


async def test_who_takes_no_direct_messages_is_asked_in_the_thread(
    bench: Bench, full: Posted
) -> None:
    await bench.preferences.save(Preferences(GUILD, BEN, direct=True))
    bench.messenger.closed_to.add(BEN)
    await join(bench, full, BEN)
    await release(bench, full)
    assert [pinged for _, _, pinged in bench.messenger.said] == [(BEN,)]


async def test_without_either_the_next_visit_tells_and_the_offer_is_short(
    bench: Bench, posted: Posted
) -> None:
    await bench.claims.claim(bench.press(posted.trainer, ANA))
    (ben,) = await join(bench, posted, BEN)
    assert not ben.heard
    await release(bench, posted)
    (news,) = await bench.waitlist.list_news(GUILD, BEN)
    assert news.waiter.until == bench.clock() + timedelta(minutes=5)
    assert [one.action for one in news.buttons] == ["acceptoffer", "declineoffer"]
    assert await bench.waitlist.list_news(STRANGERS, BEN) == []
    await bench.waitlist.mark_told([news.waiter])
    assert await bench.waitlist.list_news(GUILD, BEN) == []
    assert (await accept(bench, ben)).code is Code.CLAIMED


async def test_a_passer_by_cannot_take_a_kept_place(bench: Bench, full: Posted) -> None:
    ben, _ = await join(bench, full, BEN, CAT)
    await release(bench, full)
    outcome = await bench.claims.claim(bench.press(full.trainer, DAN))
    assert (outcome.code, outcome.kept, outcome.holders) == (Code.FULL, True, ())
    assert outcome.kept_until == bench.clock() + timedelta(minutes=24, seconds=59)
    assert outcome.waitlist_place == 3
    await bench.catch_up()
    assert bench.messenger.edits[-1][1].lines[0].kept
    host = replace(bench.press(full.trainer, HOST), door=Door.HOST, subject_id=DAN)
    assert (await bench.claims.claim(host)).code is Code.FULL
    assert (await bench.claims.claim(bench.press(full.trainer, CAT))).code is Code.FULL
    assert bench.platform.holders(full.trainer.place) == ()
    # Whoever was asked may also just press the role.
    assert (await bench.claims.claim(bench.press(full.trainer, BEN))).code is Code.CLAIMED
    await bench.background.settle()
    assert await waiting(bench) == [CAT]
    with pytest.raises(Refusal, match="no longer yours"):
        await accept(bench, ben)


async def test_nobody_slips_in_before_the_first_is_asked(bench: Bench, full: Posted) -> None:
    await join(bench, full, BEN, CAT)
    bench.platform.sessions[SESSION.session_id] = SESSION  # somebody's change in the panel
    passer_by = await bench.claims.claim(bench.press(full.trainer, DAN))
    assert (passer_by.code, passer_by.kept, passer_by.kept_until) == (Code.FULL, True, None)
    second = await bench.claims.claim(bench.press(full.trainer, CAT))
    assert (second.code, second.kept) == (Code.FULL, True)
    assert (await bench.claims.claim(bench.press(full.trainer, BEN))).code is Code.CLAIMED


async def test_hosts_go_before_those_who_were_not_asked_yet(bench: Bench, full: Posted) -> None:
    await join(bench, full, BEN)
    bench.platform.sessions[SESSION.session_id] = SESSION
    host = replace(bench.press(full.trainer, HOST), door=Door.HOST, subject_id=DAN)
    assert (await bench.claims.claim(host)).code is Code.CLAIMED


async def test_a_change_in_the_panel_is_seen_by_polling(bench: Bench, full: Posted) -> None:
    await join(bench, full, BEN)
    bench.platform.sessions[SESSION.session_id] = SESSION
    await bench.catch_up()
    assert await offered(bench) == [BEN]


async def test_a_raised_capacity_asks_as_many_as_fit(bench: Bench, full: Posted) -> None:
    await join(bench, full, BEN, CAT, DAN)
    now = bench.platform.sessions[SESSION.session_id]
    bench.platform.sessions[SESSION.session_id] = with_role(now, replace(TRAINER, capacity=3))
    await bench.catch_up()
    assert await offered(bench) == [BEN, CAT]


async def test_a_lowered_capacity_asks_nobody(bench: Bench, full: Posted) -> None:
    two = with_role(SESSION, replace(TRAINER, capacity=2))
    bench.platform.sessions[SESSION.session_id] = with_claims(two, roblox_of(ANA), 9001)
    ben, _ = await join(bench, full, BEN, CAT)
    await release(bench, full)
    assert await offered(bench) == [BEN]
    bench.platform.sessions[SESSION.session_id] = with_claims(SESSION, 9001)
    assert (await accept(bench, ben)).code is Code.FULL
    assert (await waiting(bench), await offered(bench)) == ([BEN, CAT], [])


async def test_who_lost_what_the_role_needs_is_passed_over(bench: Bench, full: Posted) -> None:
    ranked = with_role(SESSION, replace(TRAINER, min_rank=30))
    bench.roblox.ranks |= {roblox_of(n): 50 for n in (BEN, CAT, DAN)}
    bench.platform.sessions[SESSION.session_id] = with_claims(ranked, roblox_of(ANA))
    await join(bench, full, BEN, CAT, DAN)
    bench.roblox.ranks[roblox_of(BEN)] = 10
    (workspace,) = await bench.workspaces.list_all(GUILD)
    await bench.workspace_store.update(
        GUILD, workspace.workspace_id, claimer_role_ids=frozenset({5})
    )
    bench.messenger.member_roles = {BEN: frozenset({5}), DAN: frozenset({5})}
    await release(bench, full)
    assert await offered(bench) == [DAN]
    told = {who[0]: words for _, words, who in bench.messenger.said}
    assert "group rank does not reach" in told[BEN]
    assert "Discord roles do not allow it" in told[CAT]


async def test_two_guilds_share_one_line(bench: Bench, full: Posted) -> None:
    theirs = await bench.add_workspace(STRANGERS, name="Theirs")
    board = await bench.post(theirs)
    opening = await bench.opening(board)
    await bench.link(DAN, EVE, guild_id=STRANGERS)
    await join(bench, full, BEN)
    bench.clock.advance(1)
    dan = await bench.waitlist.join(actor(DAN, STRANGERS), opening.opening_id)
    assert isinstance(dan, Waiting)
    assert dan.number == 2
    await release(bench, full)
    assert await offered(bench) == [BEN]
    outcome = await bench.claims.claim(bench.press(opening, EVE, guild_id=STRANGERS))
    assert (outcome.code, outcome.kept) == (Code.FULL, True)
    (mine,) = await bench.waitlist.list_mine(actor(BEN))
    await bench.waitlist.decline(GUILD, BEN, mine.waiter.waitlist_id)
    await bench.background.settle()
    assert await offered(bench) == [DAN]
    shown = await bench.waitlist.list_line(actor(ADMIN), full.announcement.announcement_id)
    assert shown == []  # who waits in another guild is theirs to know
    assert (await accept(bench, dan)).code is Code.CLAIMED


async def test_one_account_in_two_guilds_is_asked_once(bench: Bench, full: Posted) -> None:
    board = await bench.post(await bench.add_workspace(STRANGERS, name="Theirs"))
    opening = await bench.opening(board)
    await bench.link(BEN, guild_id=STRANGERS)
    (ben,) = await join(bench, full, BEN)
    twin = await bench.waitlist.join(actor(BEN, STRANGERS), opening.opening_id)
    assert isinstance(twin, Waiting)
    assert twin.number == 1
    await release(bench, full)
    assert len(await offered(bench)) == 1
    assert (await accept(bench, ben)).code is Code.CLAIMED
    assert await waiting(bench) == []


async def test_a_deleted_thread_is_tried_again(bench: Bench, full: Posted) -> None:
    await join(bench, full, BEN)
    bench.messenger.error = MessengerError("Discord answered 500.")
    await release(bench, full)
    assert await offered(bench) == [BEN]
    bench.messenger.error = None
    await pass_time(bench, 30)
    assert bench.messenger.said == []
    await pass_time(bench, 31)
    assert len(bench.messenger.said) == 1
    await pass_time(bench, 61)
    assert len(bench.messenger.said) == 1


async def test_an_offer_that_ran_out_untold_is_not_told_any_more(
    bench: Bench, full: Posted
) -> None:
    await join(bench, full, BEN)
    bench.messenger.error = MessengerError("Discord answered 500.")
    await release(bench, full)
    (first,) = await bench.waitlist.list_mine(actor(BEN))
    assert first.waiter.until is not None
    bench.messenger.error = None
    await pass_time(bench, (first.waiter.until - bench.clock()).total_seconds() + 6)
    stamp = f"<t:{int(first.waiter.until.timestamp())}:"
    assert [words for _, words, _ in bench.messenger.said if stamp in words] == []


async def test_who_cannot_be_asked_now_stands_in_nobodys_way(bench: Bench, full: Posted) -> None:
    """BEN waits in two guilds, and can be asked but once; CAT comes after."""
    board = await bench.post(await bench.add_workspace(STRANGERS, name="Theirs"))
    opening = await bench.opening(board)
    await bench.link(BEN, guild_id=STRANGERS)
    await join(bench, full, BEN)
    bench.clock.advance(1)
    await bench.waitlist.join(actor(BEN, STRANGERS), opening.opening_id)
    await join(bench, full, CAT)
    now = bench.platform.sessions[SESSION.session_id]
    bench.platform.sessions[SESSION.session_id] = with_role(now, replace(TRAINER, capacity=3))
    await bench.catch_up()
    assert sorted(await offered(bench)) == [BEN, CAT]
