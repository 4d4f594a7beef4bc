"""A ReAdmin release of which nobody knows may yet write back what it read: nobody writes before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.errors import OutcomeUnknown
from bot.models import AttemptState, Session
from bot.services.outcomes import Code
from tests.services.bench import ANA, BEN, Bench, roblox_of, until
from tests.services.conftest import Posted
from tests.services.fakes import FACTS
from tests.services.test_aftermath import after_write, joined_by, without
from tests.services.worlds import HELPER, MAIN, READMIN, SECOND, SESSION, place_of, with_claims

LOST = OutcomeUnknown("no answer", FACTS)


async def lose_a_release(bench: Bench, posted: Posted, *, arrives: bool = False) -> None:
    """ANA gives HELPER back, and no answer comes."""
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA), role=HELPER)
    await _lose(bench, posted, arrives)


async def _lose(bench: Bench, posted: Posted, arrives: bool) -> None:
    bench.platform.write_error, bench.platform.loses_writes = LOST, not arrives
    outcome = await bench.claims.release(bench.press(posted.helper))
    assert outcome.code is (Code.RELEASED if arrives else Code.UNKNOWN)
    bench.platform.write_error, bench.platform.loses_writes = None, False
    bench.platform.writes.clear()


async def test_nobody_writes_to_that_server(bench: Bench, posted: Posted) -> None:
    await lose_a_release(bench, posted)
    outcome = await bench.claims.claim(bench.press(posted.trainer, BEN))
    assert (outcome.code, outcome.why) == (
        Code.LIMITED, "a release on this server is still being confirmed",
    )  # fmt: skip
    assert bench.platform.writes == []
    (row,) = await bench.journal(BEN)
    assert (row.state, row.sent_at) == (AttemptState.REFUSED, None)


async def test_no_release_either_as_it_would_come_back(bench: Bench, posted: Posted) -> None:
    crowd = with_claims(SESSION, roblox_of(ANA), roblox_of(BEN), role=HELPER)
    bench.platform.sessions["training"] = crowd
    await _lose(bench, posted, arrives=False)
    outcome = await bench.claims.release(bench.press(posted.helper, BEN))
    assert outcome.code is Code.LIMITED
    assert bench.platform.writes == []


async def test_until_it_is_settled(bench: Bench, posted: Posted) -> None:
    await lose_a_release(bench, posted)
    await bench.settle()
    bench.clock.advance(90)
    await bench.settle()
    assert (await bench.claims.claim(bench.press(posted.trainer, BEN))).code is Code.CLAIMED


async def test_what_has_arrived_is_in_nobodys_way(bench: Bench, posted: Posted) -> None:
    await lose_a_release(bench, posted, arrives=True)
    assert (await bench.claims.claim(bench.press(posted.trainer, BEN))).code is Code.CLAIMED


async def test_what_arrived_since_is_seen_in_the_reading(bench: Bench, posted: Posted) -> None:
    await lose_a_release(bench, posted)
    bench.platform.sessions["training"] = SESSION
    assert (await bench.claims.claim(bench.press(posted.trainer, BEN))).code is Code.CLAIMED


async def test_other_servers_go_on(bench: Bench, posted: Posted) -> None:
    two = replace(SESSION, servers=(MAIN, SECOND))
    bench.platform.sessions["training"] = with_claims(two, roblox_of(ANA), role=HELPER)
    await _lose(bench, posted, arrives=False)
    await bench.boards.refresh(posted.announcement.announcement_id)
    openings = await bench.announcements.list_openings(posted.announcement.announcement_id)
    (second,) = [one for one in openings if one.place == place_of(server=SECOND)]
    assert (await bench.claims.claim(bench.press(second, BEN))).code is Code.CLAIMED


async def test_where_nothing_is_overwritten_nobody_waits(bench: Bench, posted: Posted) -> None:
    bench.platform.capabilities = replace(READMIN, loses_writes=False)
    await lose_a_release(bench, posted)
    assert (await bench.claims.claim(bench.press(posted.trainer, BEN))).code is Code.CLAIMED


async def test_the_next_in_the_lane_knows_of_the_ending(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They share a reading that was made while the claim before, written twice, had none."""
    monkeypatch.setattr("bot.services.visits.YOUNG", 3600.0)  # however slow this machine is
    after_write(bench, without(roblox_of(ANA)))
    bench.platform.gate.clear()
    first = asyncio.create_task(bench.claims.claim(bench.press(posted.trainer)))
    await bench.platform.waiting.wait()
    second = asyncio.create_task(bench.claims.claim(bench.press(posted.helper, BEN)))
    await until(lambda: sum(bench.engine._lanes.waiting().values()) == 2)
    reads = bench.platform.reads
    bench.platform.gate.set()
    assert (await first).code is Code.CLAIMED
    assert (await second).code is Code.CLAIMED
    assert [who for *_, who in bench.platform.writes] == [roblox_of(ANA)] * 2 + [roblox_of(BEN)]
    assert bench.platform.reads - reads == 3  # after each write; BEN is judged by the second


async def test_a_claim_that_gives_way_without_an_answer(bench: Bench, posted: Posted) -> None:
    def and_then_silence(change: Callable[[Session], Session]) -> Callable[[Session], Session]:
        def changed(session: Session) -> Session:
            bench.platform.write_error, bench.platform.loses_writes = LOST, True
            return change(session)

        return changed

    after_write(bench, and_then_silence(joined_by(55)))
    assert (await bench.claims.claim(bench.press(posted.trainer))).code is Code.UNKNOWN
    assert [kind for kind, *_ in bench.platform.writes] == ["claim", "release"]
    bench.platform.write_error, bench.platform.loses_writes = None, False
    assert (await bench.claims.claim(bench.press(posted.helper, BEN))).code is Code.LIMITED
    await bench.settle()
    assert (await bench.claims.claim(bench.press(posted.helper, BEN))).code is Code.CLAIMED
