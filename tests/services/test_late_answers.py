"""When the interaction has died: a direct message for who wants it, else the thread, else later."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import MessengerError
from bot.models import Attempt, AttemptState, Door, Preferences
from bot.services.outcomes import Code
from bot.store.automation import AutomationStore
from tests.services.bench import ANA, GUILD, HOST, Bench, roblox_of
from tests.services.conftest import Posted
from tests.services.test_reconciler import leave, now
from tests.services.worlds import SESSION, with_claims

THREAD = 777


async def open_thread(bench: Bench, posted: Posted) -> None:
    """The board has a thread."""
    store = AutomationStore(bench.database)
    await store.set_thread(posted.announcement.announcement_id, THREAD)


async def want_direct(bench: Bench) -> None:
    """ANA wants direct messages."""
    await bench.preferences.save(replace(Preferences(GUILD, ANA), direct=True))


async def find_claimed(bench: Bench, posted: Posted, **changes: object) -> Attempt:
    """A claim is found after a restart; its interaction has died."""
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    dead = {"interaction_token": "", **changes}
    row = await leave(bench, posted.trainer, AttemptState.SENT, **dead)
    await bench.settle()
    return await now(bench, row)


async def test_who_wants_it_gets_a_direct_message(bench: Bench, posted: Posted) -> None:
    await open_thread(bench, posted)
    await want_direct(bench)
    row = await find_claimed(bench, posted)
    assert bench.messenger.direct == [(ANA, f"{Code.CLAIMED} {posted.announcement.url}")]
    assert bench.messenger.said == []
    assert row.told
    assert await bench.claims.untold(GUILD, ANA) == []


@pytest.mark.parametrize("wanted", [False, True])
async def test_else_the_thread_tells_and_pings_that_member_alone(
    wanted: bool, bench: Bench, posted: Posted
) -> None:
    await open_thread(bench, posted)
    if wanted:  # but Discord lets Muster write to nobody's messages there
        await want_direct(bench)
        bench.messenger.closed_to.add(ANA)
    row = await find_claimed(bench, posted)
    assert bench.messenger.said == [(THREAD, Code.CLAIMED.value, (ANA,))]
    assert row.told


async def test_else_it_waits_for_the_next_interaction(bench: Bench, posted: Posted) -> None:
    row = await find_claimed(bench, posted)
    assert not row.told
    bench.clock.advance(60)
    (outcome,) = await bench.claims.untold(GUILD, ANA)
    assert outcome.code is Code.CLAIMED


async def test_also_when_the_thread_is_out_of_reach(bench: Bench, posted: Posted) -> None:
    await open_thread(bench, posted)
    bench.messenger.error = MessengerError("no")
    row = await find_claimed(bench, posted)
    assert not row.told
    bench.messenger.error = None


async def test_a_living_interaction_is_enough(bench: Bench, posted: Posted) -> None:
    await open_thread(bench, posted)
    await want_direct(bench)
    row = await find_claimed(bench, posted, interaction_token="alive")
    assert row.told
    assert (bench.messenger.direct, bench.messenger.said) == ([], [])


async def test_what_was_refused_is_for_no_thread(bench: Bench, posted: Posted) -> None:
    """Nobody else need read who is of too low a rank, and nothing has to be done."""
    await open_thread(bench, posted)
    bench.platform.sessions["training"] = with_claims(SESSION, 55)
    row = await leave(bench, posted.trainer, AttemptState.PENDING, interaction_token="")
    await bench.settle()
    row = await now(bench, row)
    assert (row.reason, row.told) == (Code.FULL, False)
    assert bench.messenger.said == []


async def test_what_a_host_did_waits_for_the_member(bench: Bench, posted: Posted) -> None:
    await open_thread(bench, posted)
    await want_direct(bench)
    row = await find_claimed(bench, posted, door=Door.HOST, actor_id=HOST)
    assert not row.told
    assert (bench.messenger.direct, bench.messenger.said) == ([], [])
