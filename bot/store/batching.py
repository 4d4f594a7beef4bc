"""What arrives while the database is busy with its like goes there together, read or written."""

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
    woken: asyncio.Future[None]  # it is done, or it is its turn to go
    results: Sequence[Result] = ()  # one when done
    error: Exception | None = None

    @property
    def done(self) -> bool:
        return bool(self.results) or self.error is not None

    def wake(self) -> None:
        if not self.woken.done():
            self.woken.set_result(None)


class Batch(Generic[Item, Result]):
    """Collects items of one kind; the oldest that waits goes, with all others, for everybody.

    `work` gets the items in the order they came and returns one result for each. It may see an
    item twice when the first time was cancelled half-way, and must not mind. It always begins
    after the item was submitted, so that what it reads is as new as if it had gone alone.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]) -> None:
        self._work = work
        self._turn: _Entry[Item, Result] | None = None  # whose it is to go
        self._waiting: dict[_Entry[Item, Result], None] = {}  # in the order they came

    async def submit(self, item: Item) -> Result:
        """Returns when the item is done. Raises what its work raised."""
        entry: _Entry[Item, Result] = _Entry(item, asyncio.get_running_loop().create_future())
        self._waiting[entry] = None
        if self._turn is None:
            self._pass_turn()
        try:
            await entry.woken
            if not entry.done:
                await self._do_waiting()
        finally:
            self._waiting.pop(entry, None)
            if self._turn is entry:
                self._pass_turn()
        if entry.error is not None:
            raise entry.error
        return entry.results[0]

    def _pass_turn(self) -> None:
        self._turn = next(iter(self._waiting), None)
        if self._turn is not None:
            self._turn.wake()

    async def _do_waiting(self) -> None:
        entries = list(islice(self._waiting, _BIGGEST_BATCH))
        if not await self._try(entries):
            for entry in entries:  # one bad row must not fail its neighbours
                await self._try([entry])
        for entry in entries:
            self._waiting.pop(entry, None)
            entry.wake()

    async def _try(self, entries: Sequence[_Entry[Item, Result]]) -> bool:
        """Do these together. False when one of several was refused, and none is written."""
        try:
            results = await self._work([entry.item for entry in entries])
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
