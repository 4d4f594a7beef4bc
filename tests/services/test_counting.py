"""Every ending is counted once: with its press, or later when nobody waited for it any more."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

from bot.errors import OutcomeUnknown
from bot.services.doubts import CERTAIN_AFTER
from bot.services.outcomes import Code
from bot.services.swap_outcomes import SwapCode
from tests.services.bench import Bench
from tests.services.conftest import Posted
from tests.services.fakes import FACTS
from tests.services.swapping import Pair
from tests.test_metrics import samples

NOW, LATER = "at once", "later"


def counted(bench: Bench) -> Counter[tuple[str, str, str]]:
    """(kind, code, when) of every ending so far, with how often."""
    found = samples(bench.metrics, "muster_outcomes_total")
    totals: Counter[tuple[str, str, str]] = Counter()
    for (code, kind, _platform, when), value in found.items():  # labels by their names
        totals[kind, code, when] += int(value)
    return totals


async def test_presses_that_become_one_are_counted_once(bench: Bench, posted: Posted) -> None:
    bench.platform.gate.clear()
    presses = [
        asyncio.create_task(bench.claims.claim(bench.press(posted.trainer))) for _ in range(3)
    ]
    await bench.platform.waiting.wait()
    bench.platform.gate.set()
    assert {outcome.code for outcome in await asyncio.gather(*presses)} == {Code.CLAIMED}
    await bench.claims.release(bench.press(posted.trainer))
    assert counted(bench) == {("claim", "claimed", NOW): 1, ("release", "released", NOW): 1}
    assert samples(bench.metrics, "muster_outcome_seconds_count") == {
        ("claim",): 1, ("release",): 1,
    }  # fmt: skip


async def test_what_was_not_known_at_once_is_counted_when_it_is(
    bench: Bench, posted: Posted
) -> None:
    bench.platform.write_error = OutcomeUnknown("no answer", FACTS)
    bench.platform.loses_writes = True
    outcome = await bench.claims.claim(bench.press(posted.trainer))
    assert outcome.code is Code.UNKNOWN
    await bench.settle()
    assert counted(bench) == {("claim", "unknown", NOW): 1}
    bench.clock.advance(CERTAIN_AFTER.total_seconds() + 1)
    await bench.settle()
    await bench.settle()
    assert counted(bench) == {
        ("claim", "unknown", NOW): 1, ("claim", "did not arrive", LATER): 1,
    }  # fmt: skip


async def test_what_a_killed_process_left_is_counted_by_the_next(
    bench: Bench, posted: Posted
) -> None:
    bench.platform.gate.clear()
    pressing = asyncio.create_task(bench.claims.claim(bench.press(posted.trainer)))
    await bench.platform.waiting.wait()
    after = await bench.crash()
    await asyncio.wait({pressing})
    bench.platform.gate.set()
    after.clock.advance(CERTAIN_AFTER.total_seconds() + 1)
    for _ in range(2):
        await after.settle()
        after.clock.advance(CERTAIN_AFTER.total_seconds() + 1)
    assert counted(bench) == {}
    (row,) = await after.journal()
    assert counted(after) == {("claim", row.reason, LATER): 1}


async def test_a_swap_is_one_ending(bench: Bench, posted: Posted) -> None:
    pair = Pair(bench, posted.trainer, posted.helper)
    await pair.begin()
    before = counted(bench)
    asked = await pair.propose()
    assert (await pair.accept(asked)).code is SwapCode.DONE
    assert (await pair.accept(asked)).code is SwapCode.DONE  # a second press
    await bench.settle()
    assert counted(bench) - before == {("swap", "swapped", NOW): 1}


async def test_a_question_that_nobody_answers_ends_later(bench: Bench, posted: Posted) -> None:
    pair = Pair(bench, posted.trainer, posted.helper)
    await pair.begin()
    before = counted(bench)
    await pair.propose()
    bench.clock.advance(timedelta(hours=1).total_seconds())
    await bench.settle()
    await bench.settle()
    assert counted(bench) - before == {("swap", "expired", LATER): 1}


async def test_a_swap_that_its_process_did_not_finish_ends_later(
    bench: Bench, posted: Posted
) -> None:
    pair = Pair(bench, posted.trainer, posted.helper)
    await pair.begin()
    asked = await pair.propose()
    before = counted(bench)
    bench.platform.gate.clear()
    bench.platform.waiting.clear()
    accepting = asyncio.create_task(pair.accept(asked))
    await bench.platform.waiting.wait()
    after = await bench.crash()
    await asyncio.wait({accepting})
    bench.platform.gate.set()
    for _ in range(3):
        await after.settle()
        after.clock.advance(CERTAIN_AFTER.total_seconds() + 1)
    assert not (await Pair(after, pair.mine, pair.theirs).swap(asked.swap_id)).state.live
    assert counted(bench) == before
    assert [(kind, when) for kind, _, when in counted(after).elements()] == [("swap", LATER)]
