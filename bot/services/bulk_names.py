"""Many names and ids at Roblox, at a pace that Roblox can bear whoever asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from bot.errors import RateLimited, Unavailable
from bot.models import RobloxUser
from bot.providers.bounds import Monotonic
from bot.providers.identity.roblox import Roblox

K = TypeVar("K", int, str)

BATCH = 100  # names or ids in one call
PAUSE = 1.0  # seconds between two calls of the whole process
TRIES = 5
PATIENCE = 60.0  # seconds that one call is waited for at most before it is tried again

Sleep = Callable[[float], Awaitable[object]]
Told = Callable[[int], Awaitable[None]]  # how many were asked for so far


async def _untold(_: int) -> None:
    return


class BulkNames:
    """Asks for a hundred at a time, one call after the other, for imports and for the refresh."""

    def __init__(
        self,
        roblox: Roblox,
        clock: Callable[[], datetime],
        sleep: Sleep = asyncio.sleep,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        self._roblox = roblox
        self._clock = clock
        self._sleep = sleep
        self._monotonic = monotonic
        self._turn = asyncio.Lock()
        self._last = float("-inf")

    async def fetch_by_id(self, ids: Iterable[int], told: Told = _untold) -> dict[int, RobloxUser]:
        """The accounts with these ids. Raises ProviderErrors after some patience."""
        return await self._fetch(sorted(set(ids)), self._roblox.fetch_users, told)

    async def fetch_by_name(
        self, names: Iterable[str], told: Told = _untold
    ) -> dict[str, RobloxUser]:
        """The accounts with these names, present or previous, by the name as given."""
        return await self._fetch(sorted(set(names)), self._roblox.fetch_users_by_name, told)

    async def _fetch(
        self,
        wanted: Sequence[K],
        load: Callable[[Sequence[K]], Awaitable[Mapping[K, RobloxUser]]],
        told: Told,
    ) -> dict[K, RobloxUser]:
        found: dict[K, RobloxUser] = {}
        for start in range(0, len(wanted), BATCH):
            part = wanted[start : start + BATCH]
            found.update(await self._ask(part, load))
            await told(start + len(part))
        return found

    async def _ask(
        self,
        part: Sequence[K],
        load: Callable[[Sequence[K]], Awaitable[Mapping[K, RobloxUser]]],
    ) -> Mapping[K, RobloxUser]:
        for last in (*[False] * (TRIES - 1), True):
            async with self._turn:
                wait = self._last + PAUSE - self._monotonic()
                if wait > 0:
                    await self._sleep(wait)
                self._last = self._monotonic()
                try:
                    return await load(part)
                except (RateLimited, Unavailable) as error:
                    if last:
                        raise
                    pause = self._pause(error)
            await self._sleep(pause)
        raise AssertionError("the last try returns or raises")

    def _pause(self, error: RateLimited | Unavailable) -> float:
        if isinstance(error, RateLimited):
            left = (error.until - self._clock()).total_seconds()
            return min(max(left, PAUSE), PATIENCE)
        return 5 * PAUSE
