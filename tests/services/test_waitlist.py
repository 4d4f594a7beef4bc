"""Waiting for a full role: joining, answering, leaving, and whose it is to see."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.errors import MessengerError, OutcomeUnknown, Refusal
from bot.models import Door, Proof, WaitState
from bot.services.claims import Press
from bot.services.outcomes import Code, Outcome
from bot.services.waitlist import Waiting
from bot.store.proofs import ProofStore
from tests.services.bench import ANA, BEN, GUILD, HOST, STRANGERS, Bench, actor, roblox_of
from tests.services.conftest import Posted
from tests.services.fakes import FACTS
from tests.services.lines import (
    CAT,
    EVE,
    accept,
    join,
    offered,
    release,
    waiting,
)
from tests.services.lines import full as full
from tests.services.worlds import SESSION, TRAINER, with_claims, with_role


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


async def test_who_proved_their_account_elsewhere_may_wait_here(bench: Bench, full: Posted) -> None:
    bench.roblox.add(4242, "Zoe")
    now = bench.clock()
    await ProofStore(bench.database).save(Proof(99, 4242, "Zoe", now, now))
    (zoe,) = await join(bench, full, 99)
    assert zoe.waiter.roblox_id == 4242
    await release(bench, full)
    assert (await accept(bench, zoe)).code is Code.CLAIMED


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


async def test_a_place_that_an_open_claim_may_come_to_hold_is_not_called_free(
    bench: Bench, full: Posted
) -> None:
    await release(bench, full)
    bench.platform.write_error, bench.platform.loses_writes = OutcomeUnknown("cut", FACTS), True
    assert (await bench.claims.claim(bench.press(full.trainer, EVE))).code is Code.UNKNOWN
    bench.platform.write_error = None
    assert (await bench.claims.claim(bench.press(full.trainer, CAT))).code is Code.FULL
    (cat,) = await join(bench, full, CAT)
    assert cat.number == 1
    assert await offered(bench) == []
