"""The cache with an age: what it holds, for how long, and who asks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from bot.providers.identity.cache import AgedCache


class Source:
    """Squares of even numbers, an hour glass, and a gate to hold calls at."""

    def __init__(self, size: int = 100) -> None:
        self.now = 50.0
        self.cache: AgedCache[int, int] = AgedCache(size, lambda: self.now)
        self.asked: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def load(self, keys: list[int]) -> Mapping[int, int]:
        self.asked.append(keys)
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return {key: key * key for key in keys if key % 2 == 0}

    async def fetch(self, *keys: int, max_age: float = 10, absent: float = 3) -> dict[int, int]:
        return await self.cache.fetch_many(keys, self.load, max_age, absent)

    async def start(self, *keys: int) -> asyncio.Task[dict[int, int]]:
        """A fetch that is under way: it waits at the closed gate, or for those who do."""
        task = asyncio.create_task(self.fetch(*keys))
        await asyncio.sleep(0)  # runs it up to its first wait
        return task


async def test_answers_and_absences_have_their_own_age() -> None:
    source = Source()
    assert await source.fetch(2, 3, 4, 2) == {2: 4, 4: 16}
    assert source.asked == [[2, 3, 4]]
    source.now += 2
    assert await source.fetch(2, 3, 4) == {2: 4, 4: 16}
    assert len(source.asked) == 1
    source.now += 1
    assert await source.fetch(2, 3) == {2: 4}
    assert source.asked[1:] == [[3]]
    source.now += 6
    await source.fetch(2)
    assert len(source.asked) == 2
    source.now += 1
    await source.fetch(2)
    assert source.asked[2:] == [[2]]
    await source.fetch(2, max_age=0)
    assert source.asked[3:] == [[2]]


async def test_an_answer_is_as_old_as_its_question() -> None:
    source = Source()
    source.gate.clear()
    task = await source.start(2)
    source.now += 11
    source.gate.set()
    await task
    await source.fetch(2)
    assert source.asked == [[2], [2]]


async def test_the_least_recently_used_leave() -> None:
    source = Source(size=3)
    await source.fetch(2, 4, 6)
    await source.fetch(2)  # used: stays
    await source.fetch(8)
    assert len(source.cache) == 3
    assert await source.fetch(2, 6, 8) == {2: 4, 6: 36, 8: 64}
    assert source.asked == [[2, 4, 6], [8]]
    await source.fetch(4)
    assert source.asked[2:] == [[4]]


async def test_more_than_fits_is_still_answered() -> None:
    source = Source(size=2)
    assert len(await source.fetch(*range(0, 100, 2))) == 50
    assert len(source.cache) == 2


async def test_who_asks_the_same_shares_one_request() -> None:
    source = Source()
    source.gate.clear()
    first = await source.start(2, 3, 4)
    second = await source.start(4, 3, 6)
    assert source.asked == [[2, 3, 4], [6]]
    source.gate.set()
    assert await first == {2: 4, 4: 16}
    assert await second == {4: 16, 6: 36}
    assert len(source.asked) == 2


async def test_an_error_is_shared_and_not_kept() -> None:
    source = Source()
    source.gate.clear()
    source.error = ValueError("no")
    tasks = [await source.start(2) for _ in range(3)]
    source.gate.set()
    for task in tasks:
        with pytest.raises(ValueError, match="no"):
            await task
    assert source.asked == [[2]]
    source.error = None
    assert await source.fetch(2) == {2: 4}


async def test_those_who_wait_go_on_when_the_first_gives_up() -> None:
    source = Source()
    source.gate.clear()
    first, second, third = [await source.start(2) for _ in range(3)]
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    second.cancel()  # one who waits can give up without harm
    with pytest.raises(asyncio.CancelledError):
        await second
    source.gate.set()
    async with asyncio.timeout(30):
        assert await third == {2: 4}
    assert source.asked == [[2], [2]]


async def test_what_is_held_can_be_had_at_any_age() -> None:
    source = Source()
    await source.fetch(2, 3)
    source.now += 10_000
    assert source.cache.get_held([2, 3, 4]) == {2: 4}
    assert len(source.asked) == 1


async def test_one_at_a_time() -> None:
    source = Source()

    async def load() -> int:
        source.asked.append([])
        return 0

    assert [await source.cache.fetch(1, load, 10) for _ in range(3)] == [0, 0, 0]
    assert source.asked == [[]]


async def test_what_is_forgotten_is_not_held_even_if_it_is_being_asked_for() -> None:
    source = Source()
    await source.fetch(2, 4)
    source.gate.clear()
    asking = await source.start(6)
    joining = await source.start(6)
    for key in (2, 6, 8):
        source.cache.forget(key)
    source.gate.set()
    assert (await asking, await joining) == ({6: 36}, {6: 36})
    assert source.cache.get_held([2, 4, 6]) == {4: 16}
    assert await source.fetch(6) == {6: 36}
    assert source.cache.get_held([6]) == {6: 36}


async def test_who_asks_anew_after_it_was_forgotten_is_held() -> None:
    source = Source()
    source.gate.clear()
    before = await source.start(2)
    source.cache.forget(2)
    after = await source.start(2)
    source.gate.set()
    assert (await before, await after) == ({2: 4}, {2: 4})
    assert source.asked == [[2], [2]]
    assert source.cache.get_held([2]) == {2: 4}
