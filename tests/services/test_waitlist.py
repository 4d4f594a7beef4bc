"""Waiting for a full role: joining, being asked, answering; and who goes before whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import MessengerError, Refusal
from bot.models import ClashPolicy, Door, Preferences, WaitEnd, Waiter, WaitState
from bot.services.claims import Press
from bot.services.outcomes import Code, Outcome
from bot.services.waiting_line import GRACE, LAST_MINUTES
from bot.services.waitlist import Waiting
from bot.store.automation import AutomationStore
from tests.services.bench import ADMIN, ANA, BEN, GUILD, HOST, STRANGERS, Bench, actor, roblox_of
from tests.services.conftest import Posted
from tests.services.worlds import HELPER, SESSION, TRAINER, with_claims, with_role

CAT, DAN, EVE = 20, 21, 22
THREAD = 777


@pytest.fixture
async def full(bench: Bench, posted: Posted) -> Posted:
    """ANA holds the one Trainer place; CAT and DAN are linked; the board has a thread."""
    await bench.link(CAT, DAN, EVE)
    await AutomationStore(bench.database).set_thread(posted.announcement.announcement_id, THREAD)
    assert (await bench.claims.claim(bench.press(posted.trainer, ANA))).code is Code.CLAIMED
    await bench.catch_up()
    return posted


async def join(bench: Bench, posted: Posted, *members: int, guild_id: int = GUILD) -> list[Waiting]:
    """These join in order."""
    joined = []
    for member in members:
        bench.clock.advance(1)
        one = await bench.waitlist.join(actor(member, guild_id), posted.trainer.opening_id)
        assert isinstance(one, Waiting), one
        joined.append(one)
        await bench.background.settle()
    return joined


async def release(bench: Bench, posted: Posted, member: int = ANA) -> None:
    """The holder gives it back, and what follows from that is done."""
    outcome = await bench.claims.release(bench.press(posted.trainer, member))
    assert outcome.code is Code.RELEASED
    await bench.background.settle()


async def accept(bench: Bench, waiter: Waiter | Waiting, member: int | None = None) -> Outcome:
    """Press Accept, in the guild."""
    row = waiter.waiter if isinstance(waiter, Waiting) else waiter
    who = actor(row.discord_id if member is None else member, row.guild_id)
    number = next(bench._interactions)
    press = Press(who, 0, Door.WAITLIST, number, f"token-{number}")
    outcome = await bench.waitlist.accept(press, row.waitlist_id, known_roles=True)
    await bench.background.settle()
    return outcome


async def offered(bench: Bench) -> list[int]:
    """Who has a standing offer, by Discord id."""
    line = [one.waiter for one in await bench.line.list_standing()]
    return [one.discord_id for one in line if one.state is WaitState.OFFERED]


async def waiting(bench: Bench) -> list[int]:
    """Everybody in line, in order."""
    return [one.waiter.discord_id for one in await bench.line.list_standing()]


async def pass_time(bench: Bench, seconds: float) -> None:
    """Time passes, and the timer looks."""
    bench.clock.advance(seconds)
    await bench.offers.tick()
    await bench.background.settle()


async def test_full_says_which_number_one_would_be(bench: Bench, full: Posted) -> None:
    outcome = await bench.claims.claim(bench.press(full.trainer, BEN))
    assert (outcome.code, outcome.waitlist_place, outcome.waitlist_id) == (Code.FULL, 1, None)
    (ben,) = await join(bench, full, BEN)
    assert (ben.number, ben.heard) == (1, True)
    outcome = await bench.claims.claim(bench.press(full.trainer, CAT))
    assert outcome.waitlist_place == 2
    again = await bench.claims.claim(bench.press(full.trainer, BEN))
    assert (again.waitlist_place, again.waitlist_id) == (1, ben.waiter.waitlist_id)
    (twice,) = await join(bench, full, BEN)
    assert twice.waiter == ben.waiter


async def test_the_board_counts_who_waits(bench: Bench, full: Posted) -> None:
    await join(bench, full, BEN, CAT)
    await bench.catch_up()
    (line, *_) = bench.messenger.edits[-1][1].lines
    assert (line.role_name, line.waiting) == ("Trainer", 2)
    (ben, _) = await bench.waitlist.list_line(actor(HOST), full.announcement.announcement_id)
    await bench.waitlist.leave(actor(BEN), ben.waiter.waitlist_id)
    await bench.catch_up()
    assert bench.messenger.edits[-1][1].lines[0].waiting == 1


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
    second = await bench.claims.claim(bench.press(full.trainer, CAT))
    assert [(o.code, o.kept, o.kept_until) for o in (passer_by, second)] == [
        (Code.FULL, True, None)
    ] * 2
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


async def test_passing_asks_the_next(bench: Bench, full: Posted) -> None:
    ben, _ = await join(bench, full, BEN, CAT)
    await release(bench, full)
    await bench.waitlist.decline(GUILD, BEN, ben.waiter.waitlist_id)
    await bench.background.settle()
    assert (await waiting(bench), await offered(bench)) == ([CAT], [CAT])
    with pytest.raises(Refusal, match="no longer yours"):
        await accept(bench, ben)


async def test_leaving_with_an_offer_asks_the_next(bench: Bench, full: Posted) -> None:
    ben, _ = await join(bench, full, BEN, CAT)
    await release(bench, full)
    await bench.waitlist.leave(actor(BEN), ben.waiter.waitlist_id)
    await bench.background.settle()
    assert await offered(bench) == [CAT]


async def test_silence_asks_the_next_and_the_second_one_ends(bench: Bench, full: Posted) -> None:
    ben, cat = await join(bench, full, BEN, CAT)
    await release(bench, full)
    (first,) = await bench.waitlist.list_mine(actor(BEN))
    assert first.waiter.until is not None
    life = (first.waiter.until - bench.clock()).total_seconds()
    await pass_time(bench, life)
    assert await offered(bench) == [BEN]  # an answer may be on its way
    with pytest.raises(Refusal, match="time for this offer is up"):
        await accept(bench, ben)
    await pass_time(bench, GRACE.total_seconds())
    assert (await waiting(bench), await offered(bench)) == ([CAT, BEN], [CAT])
    await bench.waitlist.decline(GUILD, CAT, cat.waiter.waitlist_id)
    await bench.background.settle()
    assert await offered(bench) == [BEN]
    assert "taken off the waitlist" in bench.messenger.said[-1][1]
    (second,) = await bench.waitlist.list_mine(actor(BEN))
    assert second.waiter.until is not None
    await pass_time(bench, (second.waiter.until - bench.clock()).total_seconds() + 5)
    assert await waiting(bench) == []
    assert "you did not answer two offers" in bench.messenger.said[-1][1]


async def test_offers_get_shorter_and_the_last_minutes_end_them(bench: Bench, full: Posted) -> None:
    await join(bench, full, BEN, CAT)
    to_last_call = SESSION.starts_at - LAST_MINUTES - bench.clock()
    await pass_time(bench, (to_last_call - timedelta(minutes=8)).total_seconds())
    await release(bench, full)
    (ben,) = await bench.waitlist.list_mine(actor(BEN))
    assert ben.waiter.until == bench.clock() + timedelta(minutes=5)
    await pass_time(bench, timedelta(minutes=6).total_seconds())
    (cat,) = await bench.waitlist.list_mine(actor(CAT))
    assert cat.waiter.until == SESSION.starts_at - LAST_MINUTES
    before = len(bench.messenger.said)
    await pass_time(bench, timedelta(minutes=2).total_seconds())
    assert await waiting(bench) == []
    told = bench.messenger.said[before:]
    assert sorted(pinged for _, _, pinged in told) == [(BEN,), (CAT,)]
    assert all("the first press wins" in words for _, words, _ in told)
    assert (await bench.claims.claim(bench.press(full.trainer, DAN))).code is Code.CLAIMED
    full_now = await bench.claims.claim(bench.press(full.trainer, BEN))
    assert (full_now.code, full_now.waitlist_place) == (Code.FULL, 0)
    with pytest.raises(Refusal, match="the first press wins"):
        await bench.waitlist.join(actor(BEN), full.trainer.opening_id)


async def test_a_cut_off_brings_the_last_minutes_forward(bench: Bench, full: Posted) -> None:
    await join(bench, full, BEN)
    await bench.hosting_store.change(full.announcement.announcement_id, cutoff_minutes=45)
    await pass_time(bench, 6 * 60)
    assert await waiting(bench) == []


@pytest.mark.parametrize("how", ["close", "cancel"])
async def test_a_host_closes_while_an_offer_stands(bench: Bench, full: Posted, how: str) -> None:
    ben, _ = await join(bench, full, BEN, CAT)
    await release(bench, full)
    number = str(full.announcement.announcement_id)
    if how == "close":
        await bench.running.close(actor(HOST), number)
    else:
        await bench.running.cancel(actor(HOST), number, "storm")
    assert (await accept(bench, ben)).code is Code.CLOSED
    await pass_time(bench, 10)
    assert await waiting(bench) == []
    words = "claims were closed" if how == "close" else "the session was cancelled"
    assert words in bench.messenger.said[-1][1]
    assert bench.platform.holders(full.trainer.place) == ()


async def test_unlinked_people_are_taken_out_and_told(bench: Bench, full: Posted) -> None:
    await join(bench, full, BEN, CAT)
    await bench.links.remove(GUILD, BEN)
    await release(bench, full)  # before the timer looks
    assert (await waiting(bench), await offered(bench)) == ([CAT], [CAT])
    assert any("not linked" in words and who == (BEN,) for _, words, who in bench.messenger.said)
    await bench.links.remove(GUILD, CAT)
    await pass_time(bench, 10)
    assert await waiting(bench) == []


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


async def test_nobody_joins_in_vain(bench: Bench, full: Posted) -> None:
    ranked = with_role(SESSION, replace(TRAINER, min_rank=30))
    bench.platform.sessions[SESSION.session_id] = with_claims(ranked, roblox_of(ANA))
    refused = await bench.waitlist.join(actor(BEN), full.trainer.opening_id)
    assert isinstance(refused, Outcome)
    assert (refused.code, refused.needed_rank) == (Code.NOT_ELIGIBLE_RANK, 30)
    stranger = await bench.waitlist.join(actor(99), full.trainer.opening_id)
    assert isinstance(stranger, Outcome)
    assert stranger.code is Code.NOT_LINKED
    elsewhere = await bench.waitlist.join(actor(BEN, STRANGERS), full.trainer.opening_id)
    assert isinstance(elsewhere, Outcome)
    assert (elsewhere.code, elsewhere.what) == (Code.GONE, "button")
    holder = await bench.waitlist.join(actor(ANA), full.trainer.opening_id)
    assert isinstance(holder, Outcome)
    assert holder.code is Code.ALREADY_SAME
    free = await bench.waitlist.join(actor(BEN), full.helper.opening_id)
    assert isinstance(free, Waiting)
    assert free.number == 0
    assert await waiting(bench) == []


async def test_claiming_a_role_at_the_same_time_takes_out(bench: Bench, full: Posted) -> None:
    (workspace,) = await bench.workspaces.list_all(GUILD)
    assert workspace.clash is ClashPolicy.WARN
    other = replace(SESSION, session_id="other", name="Other")
    bench.platform.sessions["other"] = other
    board = await bench.post(workspace, other)
    await join(bench, full, BEN)
    claimed = await bench.claims.claim(bench.press(await bench.opening(board, HELPER), BEN))
    assert claimed.code is Code.CLAIMED
    await bench.background.settle()
    assert await waiting(bench) == []
    assert "another session at the same time" in bench.messenger.said[-1][1]


async def test_a_claim_in_the_same_session_keeps_the_place_and_asks_to_move(
    bench: Bench, full: Posted
) -> None:
    (ben,) = await join(bench, full, BEN)
    await bench.claims.claim(bench.press(full.helper, BEN))
    await release(bench, full)
    assert (await accept(bench, ben)).code is Code.MOVE
    assert await offered(bench) == [BEN]  # the question keeps the offer
    moved = await bench.claims.claim(bench.press(full.trainer, BEN, move=True))
    assert moved.code is Code.CLAIMED
    await bench.background.settle()
    assert await waiting(bench) == []


async def test_somebody_elses_button_is_refused(bench: Bench, full: Posted) -> None:
    (ben,) = await join(bench, full, BEN)
    await release(bench, full)
    number = ben.waiter.waitlist_id
    with pytest.raises(Refusal, match=f"This is for <@{BEN}> alone"):
        await accept(bench, ben, CAT)
    with pytest.raises(Refusal, match="alone"):
        await bench.waitlist.decline(GUILD, CAT, number)
    with pytest.raises(Refusal, match="alone"):
        await bench.waitlist.leave(actor(CAT), number)
    for guild_id in (STRANGERS,):  # the same person, in another guild
        with pytest.raises(Refusal, match="no longer yours"):
            await bench.waitlist.leave(actor(BEN, guild_id), number)
    assert await offered(bench) == [BEN]


async def test_accepting_in_a_direct_message_looks_at_the_roles(bench: Bench, full: Posted) -> None:
    (ben,) = await join(bench, full, BEN)
    await release(bench, full)
    who = replace(actor(BEN), guild_id=0)
    press = Press(who, 0, Door.WAITLIST, 1, "token")
    bench.messenger.error = MessengerError("Discord did not answer.")
    with pytest.raises(MessengerError):
        await bench.waitlist.accept(press, ben.waiter.waitlist_id, known_roles=False)
    bench.messenger.error = None
    outcome = await bench.waitlist.accept(press, ben.waiter.waitlist_id, known_roles=False)
    assert outcome.code is Code.CLAIMED


async def test_who_left_the_guild_is_dropped(bench: Bench, full: Posted) -> None:
    _, cat, _ = await join(bench, full, BEN, CAT, DAN)
    bench.messenger.left |= {(GUILD, BEN)}
    await release(bench, full)
    assert (await waiting(bench), await offered(bench)) == ([CAT, DAN], [CAT])
    bench.messenger.left |= {(GUILD, CAT)}
    press = Press(replace(actor(CAT), guild_id=0), 0, Door.WAITLIST, 1, "token")
    with pytest.raises(Refusal, match="no longer in the Discord server"):
        await bench.waitlist.accept(press, cat.waiter.waitlist_id, known_roles=False)
    await bench.background.settle()
    assert await offered(bench) == [DAN]
    await bench.waitlist.forget_member(GUILD, DAN)
    assert await waiting(bench) == []


async def test_a_place_that_is_gone_again_leaves_one_the_next(bench: Bench, full: Posted) -> None:
    ben, _ = await join(bench, full, BEN, CAT)
    await release(bench, full)
    taken = with_claims(SESSION, 9001)  # in the panel, under our hands
    bench.platform.sessions[SESSION.session_id] = taken
    outcome = await accept(bench, ben)
    assert (outcome.code, outcome.kept) == (Code.FULL, False)
    assert (await waiting(bench), await offered(bench)) == ([BEN, CAT], [])
    bench.platform.sessions[SESSION.session_id] = SESSION
    await bench.catch_up()
    assert await offered(bench) == [BEN]


async def test_pressing_accept_twice_claims_once(bench: Bench, full: Posted) -> None:
    import asyncio

    (ben,) = await join(bench, full, BEN)
    await release(bench, full)
    who = actor(BEN)
    presses = [Press(who, 0, Door.WAITLIST, number, "token") for number in (1, 2)]
    number = ben.waiter.waitlist_id
    outcomes = await asyncio.gather(
        *(bench.waitlist.accept(press, number, known_roles=True) for press in presses)
    )
    assert [one.code for one in outcomes] == [Code.CLAIMED] * 2
    assert sum(kind == "claim" for kind, *_ in bench.platform.writes) == 2  # ANA's, and one


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


async def test_hosts_see_who_was_asked(bench: Bench, full: Posted) -> None:
    await join(bench, full, BEN, CAT)
    await release(bench, full)
    number = full.announcement.announcement_id
    line = await bench.waitlist.list_line(actor(HOST), number)
    assert [(w.number, w.waiter.discord_id, w.waiter.state) for w in line] == [
        (1, BEN, WaitState.OFFERED), (2, CAT, WaitState.WAITING),
    ]  # fmt: skip
    assert await bench.waitlist.list_line(actor(CAT), number) == []
    assert await bench.waitlist.list_line(actor(HOST, STRANGERS), number) == []


async def test_a_removed_workspace_ends_the_wait(bench: Bench, full: Posted) -> None:
    await join(bench, full, BEN)
    (workspace,) = await bench.workspaces.list_all(GUILD)
    await bench.workspace_store.remove(GUILD, workspace.workspace_id)
    await pass_time(bench, 10)
    (news,) = await bench.waitlist.list_news(GUILD, BEN)
    assert news.waiter.reason is WaitEnd.DISCONNECTED
    assert "disconnected" in news.text
    await bench.waitlist.mark_told([news.waiter])
    assert await bench.line.list_for_member(GUILD, BEN) == []
