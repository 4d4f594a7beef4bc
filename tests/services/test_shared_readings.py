"""Who may be judged by a reading that somebody else asked for."""

from __future__ import annotations

import asyncio
import time

from bot.errors import OutcomeUnknown
from bot.services import boards, visits
from bot.services.cases import Case
from bot.services.outcomes import Code
from tests.services.bench import ANA, BEN, STRANGERS, Bench
from tests.services.conftest import Posted
from tests.services.fakes import FACTS


async def test_a_press_takes_no_reading_from_before_it(bench: Bench, posted: Posted) -> None:
    begun = time.monotonic()
    bench.platform.began_after.clear()
    await bench.claims.claim(bench.press(posted.trainer))
    assert all(one >= begun for one in bench.platform.began_after)
    assert bench.platform.began_after


async def test_nor_one_from_before_the_last_write_of_whichever_guild(
    bench: Bench, posted: Posted
) -> None:
    """Their client does not know of our write: the lane does."""
    theirs = await bench.add_workspace(STRANGERS, "Their Harbour")
    await bench.link(BEN, guild_id=STRANGERS)
    opening = await bench.opening(await bench.post(theirs))
    bench.platform.gate.clear()
    bench.platform.began_after.clear()
    first = asyncio.create_task(bench.claims.claim(bench.press(posted.trainer, ANA)))
    await bench.platform.waiting.wait()
    press = bench.press(opening, BEN, guild_id=STRANGERS)
    second = asyncio.create_task(bench.claims.claim(press))
    await asyncio.sleep(0.02)  # the longer it waits, the older a reading it might take
    bench.platform.gate.set()
    assert [(await one).code for one in (first, second)] == [Code.CLAIMED, Code.FULL]
    assert bench.platform.began_after[-1] >= bench.platform.write_ended


async def test_those_who_wait_may_share_what_began_after_all_of_that(
    bench: Bench, posted: Posted, monkeypatch
) -> None:
    monkeypatch.setattr(visits, "YOUNG", 3600.0)  # however slow this machine is
    members = range(1000, 1010)
    await bench.link(*members)
    bench.platform.max_ages.clear()
    bench.platform.began_after.clear()
    begun = time.monotonic()
    outcomes = await asyncio.gather(
        *(bench.claims.claim(bench.press(posted.trainer, member)) for member in members)
    )
    assert [one.code for one in outcomes].count(Code.FULL) == 9
    assert begun <= bench.platform.write_ended <= bench.platform.began_after[-1]
    assert len(bench.platform.max_ages) == 2  # before the one write, and back after it


async def test_a_reading_back_is_always_its_own(bench: Bench, posted: Posted) -> None:
    bench.platform.write_error = OutcomeUnknown("no answer", FACTS)
    bench.platform.loses_writes = True
    await bench.claims.claim(bench.press(posted.trainer))
    assert bench.platform.max_ages[-1] == 0
    (row,) = await bench.journal()
    workspace = await bench.workspaces.get_anywhere(row.workspace_id)
    assert workspace is not None
    case = Case(row, posted.announcement, posted.trainer, workspace)
    await bench.engine.look_again(case)
    assert bench.platform.max_ages[-1] == 0


async def test_a_host_who_refreshes_gets_a_reading_of_their_own(
    bench: Bench, posted: Posted
) -> None:
    number = posted.announcement.announcement_id
    await bench.boards.refresh(number)
    assert bench.platform.max_ages[-1] == 0
    bench.boards.mark_dirty(number)
    await bench.background.fire()
    assert bench.platform.max_ages[-1] == boards.YOUNG
