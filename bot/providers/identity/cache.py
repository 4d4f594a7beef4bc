"""What was read a moment ago: bounded in size and age, asked for once at a time."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.providers.bounds import Monotonic

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _Held(Generic[V]):
    value: V | None
    at: float


class AgedCache(Generic[K, V]):
    """The newest `size` answers by key; that something does not exist is an answer too.

    The reader says how old an answer may be. Readers who want the same key at the same time share
    one request, its error included.
    """

    def __init__(self, size: int, monotonic: Monotonic = time.monotonic) -> None:
        self._size = size
        self._monotonic = monotonic
        self._held: OrderedDict[K, _Held[V]] = OrderedDict()  # least recently used first
        self._flights: dict[K, asyncio.Future[Mapping[K, V]]] = {}

    def __len__(self) -> int:
        return len(self._held)

    async def fetch(self, key: K, load: Callable[[], Awaitable[V]], max_age: float) -> V:
        """One answer, which always exists; otherwise like `fetch_many`."""

        async def load_one(keys: list[K]) -> dict[K, V]:
            return {keys[0]: await load()}

        return (await self.fetch_many([key], load_one, max_age))[key]

    async def fetch_many(
        self,
        keys: Iterable[K],
        load: Callable[[list[K]], Awaitable[Mapping[K, V]]],
        max_age: float,
        absent_max_age: float = 0,
    ) -> dict[K, V]:
        """The answers for those keys that have one, less than `max_age` seconds old.

        `load` is asked for the others; what it leaves out does not exist, which is believed for
        `absent_max_age` seconds. With 0 nothing that is held will do; a request that is under way
        does. Raises what `load` raises, and then holds nothing new.
        """
        found: dict[K, V] = {}
        missing = dict.fromkeys(keys)
        while missing:
            for key in list(missing):
                if self._get(key, found, max_age, absent_max_age):
                    del missing[key]
            flying = {key: self._flights[key] for key in missing if key in self._flights}
            if mine := [key for key in missing if key not in flying]:
                answer = await self._lead(mine, load)
                found.update((key, answer[key]) for key in mine if key in answer)
            for key, flight in flying.items():
                await asyncio.wait([flight])
                if not flight.cancelled() and key in flight.result():
                    found[key] = flight.result()[key]
            # Where the leader of a flight went away, nobody has asked yet: then we do.
            missing = dict.fromkeys(key for key, flight in flying.items() if flight.cancelled())
        return found

    def forget(self, key: K) -> None:
        """Hold nothing of it, nor what is being asked for just now."""
        self._held.pop(key, None)
        self._flights.pop(key, None)

    def get_held(self, keys: Iterable[K]) -> dict[K, V]:
        """What is held of these keys, however old."""
        held = {key: self._held[key].value for key in keys if key in self._held}
        return {key: value for key, value in held.items() if value is not None}

    def _get(self, key: K, found: dict[K, V], max_age: float, absent_max_age: float) -> bool:
        """Whether a young enough answer is held; puts it into `found` when it is not an absence."""
        held = self._held.get(key)
        if held is None:
            return False
        if self._monotonic() - held.at >= (absent_max_age if held.value is None else max_age):
            return False
        self._held.move_to_end(key)
        if held.value is not None:
            found[key] = held.value
        return True

    async def _lead(
        self, keys: list[K], load: Callable[[list[K]], Awaitable[Mapping[K, V]]]
    ) -> Mapping[K, V]:
        asked_at = self._monotonic()  # an answer is as old as its question
        flight = asyncio.get_running_loop().create_future()
        self._flights.update(dict.fromkeys(keys, flight))
        try:
            answer = await load(keys)
            flight.set_result(answer)
        except Exception as error:
            flight.set_exception(error)
            flight.exception()  # perhaps nobody shares it: asyncio would complain
            raise
        finally:
            wanted = [key for key in keys if self._flights.get(key) is flight]
            for key in wanted:  # the others were forgotten meanwhile
                del self._flights[key]
            flight.cancel()  # does nothing to a flight that has landed
        self._hold(wanted, answer, asked_at)
        return answer

    def _hold(self, keys: list[K], answer: Mapping[K, V], asked_at: float) -> None:
        for key in keys:
            self._held[key] = _Held(answer.get(key), asked_at)
            self._held.move_to_end(key)
        while len(self._held) > self._size:
            self._held.popitem(last=False)
