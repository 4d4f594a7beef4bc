"""Who could not answer an offer, because we or the platform were down, is not called silent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import Unavailable
from bot.models import WaitState
from tests.services.bench import BEN, GUILD, Bench, actor
from tests.services.conftest import Posted
from tests.services.fakes import FACTS
from tests.services.lines import CAT, accept, in_line, join, offered, pass_time, release, waiting
from tests.services.lines import full as full
from tests.services.worlds import SESSION, with_claims

MINUTE = 60.0
DOWN = Unavailable("down", FACTS)


async def ask_ben(bench: Bench, full: Posted) -> float:
    """BEN is asked, CAT is behind; returns how long the offer stands, in seconds."""
    await join(bench, full, BEN, CAT)
    await release(bench, full)
    (ben, _) = await in_line(bench)
    assert ben.until is not None
    return (ben.until - bench.clock()).total_seconds()


async def silences(bench: Bench) -> int:
    """BEN's."""
    (ben,) = await bench.line.list_for_member(GUILD, BEN)
    return ben.silences


@pytest.mark.parametrize("minutes_left", [-10, 4])
async def test_an_offer_that_ran_out_while_we_were_down_is_made_again(
    bench: Bench, full: Posted, minutes_left: int
) -> None:
    life = await ask_ben(bench, full)
    await bench.background.stop(grace=0)
    bench.clock.advance(life - minutes_left * MINUTE)
    after = await bench.crash()
    asked = len(after.messenger.said)
    await pass_time(after, max(minutes_left, 0) * MINUTE + 5)
    assert (await waiting(after), await offered(after)) == ([BEN, CAT], [BEN])
    assert await silences(after) == 0
    assert [who for _, _, who in after.messenger.said[asked:]] == [(BEN,)]
    (ben, _) = await in_line(after)
    assert (await accept(after, ben)).code.value == "claimed"
    await after.workspaces.aclose()


async def test_who_had_time_enough_after_the_start_was_silent(bench: Bench, full: Posted) -> None:
    life = await ask_ben(bench, full)
    bench.clock.advance(life - 6 * MINUTE)
    after = await bench.crash()
    await pass_time(after, 6 * MINUTE + 5)
    assert (await waiting(after), await offered(after)) == ([CAT, BEN], [CAT])
    assert await silences(after) == 1
    await after.workspaces.aclose()


async def test_an_offer_that_ran_out_while_the_platform_was_down_is_made_again(
    bench: Bench, full: Posted
) -> None:
    life = await ask_ben(bench, full)
    bench.platform.read_error = DOWN
    await bench.catch_up()
    await pass_time(bench, life + 5)
    assert await offered(bench) == [BEN]  # nobody can be asked now
    bench.platform.read_error = None
    await pass_time(bench, 10)
    assert (await waiting(bench), await offered(bench)) == ([BEN, CAT], [BEN])
    assert await silences(bench) == 0


@pytest.mark.parametrize(("left", "counted"), [(4, 0), (6, 1)])
async def test_a_platform_that_was_back_in_time_excuses_nobody(
    bench: Bench, full: Posted, left: int, counted: int
) -> None:
    life = await ask_ben(bench, full)
    bench.platform.read_error = DOWN
    await bench.catch_up()
    bench.clock.advance(life - left * MINUTE)
    bench.platform.read_error = None
    await bench.catch_up()
    await pass_time(bench, left * MINUTE + 5)
    assert await silences(bench) == counted
    assert await offered(bench) == [CAT if counted else BEN]


async def test_who_is_excused_keeps_their_place_where_none_is_free_any_more(
    bench: Bench, full: Posted
) -> None:
    life = await ask_ben(bench, full)
    bench.clock.advance(life + MINUTE)
    bench.platform.sessions[SESSION.session_id] = with_claims(SESSION, 55)  # in the panel
    after = await bench.crash()
    await pass_time(after, 0)
    assert (await waiting(after), await offered(after)) == ([BEN, CAT], [])
    assert await silences(after) == 0
    await after.workspaces.aclose()


async def test_in_the_last_minutes_nobody_is_asked_again(bench: Bench, full: Posted) -> None:
    await ask_ben(bench, full)
    bench.clock.now = SESSION.starts_at - timedelta(minutes=5)
    after = await bench.crash()
    await pass_time(after, 0)
    assert await waiting(after) == []
    ended = await after.line.list_for_member(GUILD, BEN)
    assert all(one.state is WaitState.ENDED for one in ended)
    assert await after.waitlist.list_mine(actor(BEN)) == []
    await after.workspaces.aclose()
