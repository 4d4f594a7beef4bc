"""`/mydata erase`: promised durably, done at once, finished when the last claim is settled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.background import Background
from bot.services.boards import BoardService
from bot.store.erasures import Erasure, ErasureStore
from bot.store.personal import PersonalDataStore

log = logging.getLogger(__name__)

# A press that was taken up before the request reaches the journal well within this time.
ARRIVED = timedelta(minutes=1)

Erasing = Callable[[int], Awaitable[object]]  # (Discord id)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is true once somebody's data was erased."""

    waiting: int  # rows that keep their ids until they are settled
    boards: int  # that named the person and are being corrected


class ErasingService:
    """Erases whoever asks, and nobody else: the Discord id is the interaction's own."""

    def __init__(
        self,
        store: ErasureStore,
        data: PersonalDataStore,
        boards: BoardService,
        background: Background,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._data = data
        self._boards = boards
        self._background = background
        self._clock = clock
        self._running: dict[int, asyncio.Task[Receipt]] = {}
        self._listeners: list[Erasing] = []

    def on_erasing(self, listener: Erasing) -> None:
        """Call `listener` before somebody's data goes, to do what others wait for."""
        self._listeners.append(listener)

    async def erase(self, discord_id: int) -> Receipt:
        """Erase everything about this person in all guilds; harmless to repeat.

        What is not settled yet keeps its ids until it is, and is then erased by itself: a claim
        under way could not be told apart from nobody's otherwise.
        """
        erasure = await self._store.request(discord_id, self._clock())
        return await asyncio.shield(self._start(erasure))

    async def finish_open(self) -> None:
        """Go on with what a stop interrupted, and with what had to wait."""
        for erasure in await self._store.list_open():
            if erasure.discord_id in self._running:
                continue
            if erasure.swept_at is None:
                await self._start(erasure)
            elif self._clock() - erasure.requested_at >= ARRIVED:
                await self._finish(erasure)

    def _start(self, erasure: Erasure) -> asyncio.Task[Receipt]:
        who = erasure.discord_id
        task = self._background.spawn(self._sweep(erasure), "erase somebody's data")
        self._running[who] = task
        task.add_done_callback(lambda done: self._forget(who, done))
        return task

    def _forget(self, discord_id: int, done: asyncio.Task[Receipt]) -> None:
        if self._running.get(discord_id) is done:
            del self._running[discord_id]

    async def _sweep(self, erasure: Erasure) -> Receipt:
        who = erasure.discord_id
        # After a crash none may be found any more: then the next poll corrects their boards.
        boards = await self._data.list_boards(who)
        for listener in self._listeners:
            await listener(who)
        await self._data.erase(who)
        waiting = await self._data.erase_waiting(who, erasure.requested_at)
        await self._store.mark_swept(erasure, self._clock())
        for number in boards:
            self._boards.mark_dirty(number)
        log.info("somebody's data was erased; %s rows wait to be settled", waiting)
        return Receipt(waiting, len(boards))

    async def _finish(self, erasure: Erasure) -> None:
        # Asked first: what is not coming any more is stored, and erased below.
        coming = await self._data.is_coming(erasure.requested_at)
        waiting = await self._data.erase_waiting(erasure.discord_id, erasure.requested_at)
        if not coming and not waiting:
            await self._store.finish(erasure)
            log.info("an erasure is finished")
