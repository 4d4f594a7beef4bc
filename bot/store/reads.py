"""Look-ups that a crowd shares: what is asked together, or again before anything has changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Generic, TypeVar

from bot.store.batching import Batch
from bot.store.database import Database

Key = TypeVar("Key")
Found = TypeVar("Found")

_MOST_KNOWN = 5_000  # answers; a claim writes, so that they seldom become many


class Reads(Generic[Key, Found]):
    """Look-ups of one kind, never older than the moment of asking.

    `fetch` gets different keys and returns what it found, by key; what it returns is shared and
    must not be changed.
    """

    def __init__(
        self,
        database: Database,
        fetch: Callable[[Collection[Key]], Awaitable[Mapping[Key, Found]]],
    ) -> None:
        self._database = database
        self._fetch = fetch
        self._batch = Batch(self._look_up)
        self._version: int | None = None
        self._known: dict[Key, Found | None] = {}  # as of that version

    async def get(self, key: Key) -> Found | None:
        """What is there under the key, or None."""
        version = self._database.version()
        if version is None:  # none is cheap to have, or nobody may look at the moment
            return await self._batch.submit(key)
        if version != self._version or len(self._known) > _MOST_KNOWN:
            self._version, self._known = version, {}
        if key in self._known:
            return self._known[key]
        known = self._known
        found = known[key] = await self._batch.submit(key)
        if self._database.version() != version:  # of which version that is, nobody can tell
            known.pop(key, None)
        return found

    async def _look_up(self, keys: Sequence[Key]) -> Sequence[Found | None]:
        found = await self._fetch(dict.fromkeys(keys))
        return [found.get(key) for key in keys]
