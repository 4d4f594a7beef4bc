"""Nobody waits for ever: silence, the last minutes, hosts, and what else ends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import Refusal
from bot.models import ClashPolicy, Door, WaitEnd
from bot.services.claims import Press
from bot.services.outcomes import Code
from bot.services.waiting_line import GRACE, LAST_MINUTES
from bot.store.removed_guilds import RemovedGuildStore
from tests.services.bench import BEN, GUILD, HOST, STRANGERS, Bench, actor, roblox_of
from tests.services.conftest import Posted
from tests.services.lines import (
    CAT,
    DAN,
    accept,
    join,
    offered,
    pass_time,
    release,
    waiting,
)
from tests.services.lines import full as full
from tests.services.worlds import HELPER, SESSION, TRAINER, with_claims


async def test_a_role_that_is_taken_away_ends_the_wait(bench: Bench, full: Posted) -> None:
    await join(bench, full, BEN)
    now = bench.platform.sessions[SESSION.session_id]
    roles = tuple(role for role in now.roles if role.role_id != TRAINER.role_id)
    bench.platform.sessions[SESSION.session_id] = replace(now, roles=roles)
    await bench.catch_up()
    assert await waiting(bench) == []
    assert "no longer exists" in bench.messenger.said[-1][1]


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


async def test_a_clash_that_the_guild_forbids_passes_the_offer_on(
    bench: Bench, full: Posted
) -> None:
    (workspace,) = await bench.workspaces.list_all(GUILD)
    await bench.workspace_store.update(GUILD, workspace.workspace_id, clash=ClashPolicy.REFUSE)
    ben, _ = await join(bench, full, BEN, CAT)
    await release(bench, full)
    assert await offered(bench) == [BEN]
    other = replace(SESSION, session_id="other", name="Other")
    bench.platform.sessions["other"] = with_claims(other, roblox_of(BEN))  # in the panel
    bench.ticks += 60
    assert (await accept(bench, ben)).code is Code.CLASH
    assert (await waiting(bench), await offered(bench)) == ([CAT], [CAT])


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


async def test_a_removed_workspace_ends_the_wait(bench: Bench, full: Posted) -> None:
    await join(bench, full, BEN)
    (workspace,) = await bench.workspaces.list_all(GUILD)
    await bench.workspace_store.remove(GUILD, workspace.workspace_id)
    assert await bench.waitlist.list_mine(actor(BEN)) == []
    await pass_time(bench, 10)
    (news,) = await bench.waitlist.list_news(GUILD, BEN)
    assert news.waiter.reason is WaitEnd.DISCONNECTED
    assert "disconnected" in news.text
    await bench.waitlist.mark_told([news.waiter])
    assert await bench.line.list_for_member(GUILD, BEN) == []


async def test_who_waits_in_a_guild_that_took_muster_out_is_in_nobodys_way(
    bench: Bench, full: Posted
) -> None:
    theirs = await bench.add_workspace(STRANGERS, name="Theirs")
    opening = await bench.opening(await bench.post(theirs))
    await bench.link(DAN, guild_id=STRANGERS)
    await bench.waitlist.join(actor(DAN, STRANGERS), opening.opening_id)
    await join(bench, full, BEN)
    await RemovedGuildStore(bench.database).mark_removed(STRANGERS, bench.clock())
    await bench.workspaces.disconnect(theirs.workspace_id)
    await pass_time(bench, 10)
    assert await waiting(bench) == [BEN]
    await release(bench, full)
    assert await offered(bench) == [BEN]
