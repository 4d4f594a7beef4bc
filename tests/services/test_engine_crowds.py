"""Many who want few places: nothing is overbooked, and an unclear claim keeps its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.errors import LockLost, OutcomeUnknown
from bot.models import (
    AttemptState,
    Workspace,
)
from bot.services.cases import Case
from bot.services.outcomes import Code
from bot.store.locks import Hold
from tests.services.bench import ANA, BEN, STRANGERS, Bench, roblox_of, until
from tests.services.conftest import Posted
from tests.services.fakes import FACTS
from tests.services.worlds import (
    HELPER,
    SESSION,
    with_claims,
)

LOST = OutcomeUnknown("no answer", FACTS)


async def test_an_unknown_claim_occupies_the_place(bench: Bench, posted: Posted) -> None:
    bench.platform.write_error, bench.platform.loses_writes = LOST, True
    await bench.claims.claim(bench.press(posted.trainer))
    bench.platform.write_error = None
    outcome = await bench.claims.claim(bench.press(posted.trainer, BEN))
    assert outcome.code is Code.FULL
    assert len(bench.platform.writes) == 1
    assert (await bench.claims.claim(bench.press(posted.helper, BEN))).code is Code.CLAIMED


async def test_nobody_writes_twice_on_a_session_while_one_write_is_unsettled(
    bench: Bench, posted: Posted
) -> None:
    bench.platform.write_error, bench.platform.loses_writes = LOST, True
    await bench.claims.claim(bench.press(posted.trainer))
    bench.platform.write_error = None
    for ask in (bench.claims.claim, bench.claims.release):
        assert (await ask(bench.press(posted.helper))).code is Code.STILL_RUNNING
    assert len(bench.platform.writes) == 1
    assert len(await bench.journal()) == 1


async def test_one_place_and_two_who_want_it(bench: Bench, posted: Posted) -> None:
    outcomes = await asyncio.gather(
        bench.claims.claim(bench.press(posted.trainer, ANA)),
        bench.claims.claim(bench.press(posted.trainer, BEN)),
    )
    assert sorted(outcome.code for outcome in outcomes) == [Code.CLAIMED, Code.FULL]
    (loser,) = [outcome for outcome in outcomes if outcome.code is Code.FULL]
    assert len(loser.holders) == 1
    assert loser.capacity == 1
    assert len(bench.platform.writes) == 1


async def test_thirty_who_want_one_of_two_places(bench: Bench, posted: Posted) -> None:
    members = range(1000, 1030)
    await bench.link(*members)
    outcomes = await asyncio.gather(
        *(bench.claims.claim(bench.press(posted.helper, member)) for member in members)
    )
    codes = [outcome.code for outcome in outcomes]
    assert (codes.count(Code.CLAIMED), codes.count(Code.FULL)) == (2, 28)
    assert len(bench.platform.writes) == 2
    assert bench.platform.most_writing == 1
    assert len(bench.platform.holders(posted.helper.place)) == 2


async def test_two_guilds_share_the_places_of_one_session(bench: Bench, posted: Posted) -> None:
    theirs = await bench.add_workspace(STRANGERS, "Their Harbour")
    await bench.link(BEN, guild_id=STRANGERS)
    opening = await bench.opening(await bench.post(theirs))
    outcomes = await asyncio.gather(
        bench.claims.claim(bench.press(posted.trainer, ANA)),
        bench.claims.claim(bench.press(opening, BEN, guild_id=STRANGERS)),
    )
    assert sorted(outcome.code for outcome in outcomes) == [Code.CLAIMED, Code.FULL]
    assert len(bench.platform.writes) == 1


async def test_an_unknown_claim_of_another_guild_occupies_the_place(
    bench: Bench, posted: Posted
) -> None:
    theirs = await bench.add_workspace(STRANGERS, "Their Harbour")
    await bench.link(BEN, guild_id=STRANGERS)
    opening = await bench.opening(await bench.post(theirs))
    bench.platform.write_error, bench.platform.loses_writes = LOST, True
    await bench.claims.claim(bench.press(posted.trainer))
    bench.platform.write_error = None
    outcome = await bench.claims.claim(bench.press(opening, BEN, guild_id=STRANGERS))
    assert outcome.code is Code.FULL
    assert outcome.holders == ()  # nobody is known to hold it


async def test_full_names_the_holders_as_this_guild_knows_them(
    bench: Bench, posted: Posted
) -> None:
    bench.roblox.add(55, "stranger")
    crowd = with_claims(SESSION, roblox_of(BEN), 55, role=HELPER)
    bench.platform.sessions["training"] = crowd
    outcome = await bench.claims.claim(bench.press(posted.helper))
    assert outcome.code is Code.FULL
    assert set(outcome.holders) == {f"<@{BEN}>", "stranger"}


async def test_a_crowded_lane_gives_up_without_a_write(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.platform.gate.clear()
    first = asyncio.create_task(bench.claims.claim(bench.press(posted.helper, ANA)))
    await bench.platform.waiting.wait()
    monkeypatch.setattr("bot.services.engine.PATIENCE", 0)
    second = await bench.claims.claim(bench.press(posted.helper, BEN))
    assert second.code is Code.LIMITED
    (row,) = await bench.journal(BEN)
    assert row.state is AttemptState.REFUSED
    bench.platform.gate.set()
    assert (await first).code is Code.CLAIMED
    assert len(bench.platform.writes) == 1


async def test_looking_again_in_a_crowded_lane_stays_unknown(
    bench: Bench, posted: Posted, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.platform.write_error, bench.platform.loses_writes = LOST, True
    await bench.claims.claim(bench.press(posted.helper, ANA))
    bench.platform.write_error = None
    bench.platform.gate.clear()
    bench.platform.waiting.clear()
    inside = asyncio.create_task(bench.claims.claim(bench.press(posted.helper, BEN)))
    await bench.platform.waiting.wait()
    monkeypatch.setattr("bot.services.engine.PATIENCE", 0)
    (row,) = await bench.journal(ANA)
    case = Case(row, posted.announcement, posted.helper, workspace)
    assert (await bench.engine.look_again(case)).code is Code.UNKNOWN
    assert await bench.journal(ANA) == [row]
    bench.platform.gate.set()
    await inside


async def test_a_workspace_removed_on_the_way(bench: Bench, posted: Posted) -> None:
    bench.platform.gate.clear()
    first = asyncio.create_task(bench.claims.claim(bench.press(posted.helper, ANA)))
    await bench.platform.waiting.wait()
    second = asyncio.create_task(bench.claims.claim(bench.press(posted.helper, BEN)))
    await until(lambda: len(bench.engine._running) == 2)
    await bench.workspaces.remove(
        bench.press(posted.helper, 1).actor, posted.announcement.workspace_id
    )
    bench.platform.gate.set()
    assert (await first).code is Code.CLAIMED
    outcome = await second
    assert (outcome.code, outcome.what) == (Code.GONE, "workspace")


class Lost(Hold):
    """A hold whose connection breaks before the write."""

    async def check(self) -> None:
        """It is gone."""
        raise LockLost("gone")


@pytest.mark.parametrize("when", ["on the way in", "before the write"])
async def test_without_the_lock_against_other_processes_nothing_is_written(
    when: str, bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def no_lock(_: str) -> AsyncIterator[Hold]:
        if when == "on the way in":
            raise LockLost("gone")
        yield Lost()

    monkeypatch.setattr(bench.database, "session_lock", no_lock)
    outcome = await bench.claims.claim(bench.press(posted.trainer))
    assert outcome.code is Code.INTERRUPTED
    assert bench.platform.writes == []
    (row,) = await bench.journal()
    assert row.state is AttemptState.REFUSED
