"""Group commit: writes that arrive while another is under way go to the disk together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError

Item = TypeVar("Item")
Result = TypeVar("Result")

_BIGGEST_BATCH = 500  # keeps one transaction to some tens of milliseconds


@dataclass(eq=False, slots=True)
class _Entry(Generic[Item, Result]):
    item: Item
    results: Sequence[Result] = ()  # one when done
    error: Exception | None = None

    @property
    def done(self) -> bool:
        return bool(self.results) or self.error is not None


class Batch(Generic[Item, Result]):
    """Collects items of one kind; whoever's turn it is writes all that wait, for everybody.

    `write` gets the items in the order they came and returns one result for each. It may see an
    item twice when the first time was cancelled half-way, and must not mind.
    """

    def __init__(self, write: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]) -> None:
        self._write = write
        self._turn = asyncio.Lock()
        self._waiting: dict[_Entry[Item, Result], None] = {}  # in the order they came

    async def submit(self, item: Item) -> Result:
        """Returns when the item is written. Raises what writing it raised."""
        entry: _Entry[Item, Result] = _Entry(item)
        self._waiting[entry] = None
        try:
            async with self._turn:
                if not entry.done:  # then it is the oldest, for the lock is fair too
                    await self._write_waiting()
        finally:
            self._waiting.pop(entry, None)
        if entry.error is not None:
            raise entry.error
        return entry.results[0]

    async def _write_waiting(self) -> None:
        entries = list(islice(self._waiting, _BIGGEST_BATCH))
        if not await self._try(entries):
            for entry in entries:  # one bad row must not fail its neighbours
                await self._try([entry])
        for entry in entries:
            self._waiting.pop(entry, None)

    async def _try(self, entries: Sequence[_Entry[Item, Result]]) -> bool:
        """Write these together. False when one of several was refused, and none is written."""
        try:
            results = await self._write([entry.item for entry in entries])
        except (DBAPIError, OSError) as error:
            away = isinstance(error, (OperationalError, OSError))
            if len(entries) > 1 and not away:
                return False
            for entry in entries:
                entry.error = error
        else:
            for entry, result in zip(entries, results, strict=True):
                entry.results = (result,)
        return True
