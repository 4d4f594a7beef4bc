"""What waits for the database goes there together, whoever is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from bot.store.batching import Batch


class Slow:
    """Work that waits for a word, and notes what it was given."""

    def __init__(self) -> None:
        self.given: list[list[int]] = []
        self.go = asyncio.Event()

    async def work(self, items: Sequence[int]) -> list[int]:
        """Twice each."""
        self.given.append(list(items))
        await self.go.wait()
        return [2 * item for item in items]


async def under_way(batch: Batch[int, int], *items: int) -> list[asyncio.Task[int]]:
    """These submitted, one after the other."""
    tasks = [asyncio.create_task(batch.submit(item)) for item in items]
    await asyncio.sleep(0)
    return tasks


async def test_what_waits_goes_together() -> None:
    slow = Slow()
    tasks = await under_way(Batch(slow.work), 0, 1, 2, 3)
    slow.go.set()
    assert await asyncio.gather(*tasks) == [0, 2, 4, 6]
    assert slow.given == [[0], [1, 2, 3]]


async def test_whose_turn_it_was_may_be_cancelled() -> None:
    slow = Slow()
    first, *others = await under_way(Batch(slow.work), 0, 1, 2)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    slow.go.set()
    assert await asyncio.gather(*others) == [2, 4]
    assert slow.given == [[0], [1, 2]]


async def test_cancelled_in_the_moment_of_its_turn() -> None:
    slow = Slow()
    first, second, third = await under_way(Batch(slow.work), 0, 1, 2)
    slow.go.set()
    first.add_done_callback(lambda _: second.cancel())  # it has been woken by then
    assert await asyncio.wait_for(third, 5) == 4
    assert first.result() == 0


async def test_who_does_not_wait_any_more_is_left_out() -> None:
    slow = Slow()
    first, second, third = await under_way(Batch(slow.work), 0, 1, 2)
    second.cancel()
    await asyncio.wait({second})
    slow.go.set()
    assert await asyncio.gather(first, third) == [0, 4]
    assert slow.given == [[0], [2]]
