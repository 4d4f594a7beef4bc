"""What swaps need without anybody pressing: recovery after a crash, expiry, news that is due."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta

from bot.background import Background
from bot.errors import MusterError
from bot.models import News, Swap, SwapState
from bot.services.observing import Observer
from bot.services.pages import in_pages
from bot.services.swap_news import SwapNews
from bot.services.swap_outcomes import SwapCode
from bot.services.swapping import SwapEngine
from bot.store.attempts import AttemptStore
from bot.store.swaps import SwapStore

log = logging.getLogger(__name__)

TICK = 10.0  # seconds between two rounds
IN_FLIGHT = timedelta(seconds=30)  # until then whoever pressed may still be answered directly


class SwapRounds:
    """Brings every swap to its ending, and every ending to whom it concerns."""

    def __init__(
        self,
        store: SwapStore,
        attempts: AttemptStore,
        engine: SwapEngine,
        news: SwapNews,
        background: Background,
        clock: Callable[[], datetime],
        observer: Observer,
    ) -> None:
        self._store = store
        self._attempts = attempts
        self._engine = engine
        self._news = news
        self._background = background
        self._clock = clock
        self._observer = observer

    def start(self, background: Background) -> None:
        """Look at once at what the last run left open, and go on looking."""
        background.spawn(self.tick(), "settle swaps that the last run left open")
        background.every(TICK, self.tick, "settle swaps")

    async def tick(self) -> None:
        """One round. What another living process carries is left to it."""
        live = await self._attempts.live_owners()
        async for swap in _each(self._store.list_carried):
            if self._is_free(swap, live):
                # Side by side: a platform that hangs delays no other swap.
                self._background.spawn(self._recover(swap), f"settle swap {swap.reference}")
        now = self._clock()
        async for swap in _each(lambda after: self._store.list_expired(now, after)):
            if self._is_free(swap, live):
                await self._quietly(self._expire(swap), swap)
        for page in (self._store.list_due, self._store.list_unnoted):
            async for swap in _each(page):
                if self._is_due(swap, live):
                    await self._quietly(self._tell(swap), swap)
        await self._news.remember()

    def _is_free(self, swap: Swap, live: Collection[int]) -> bool:
        if self._engine.is_running(swap.swap_id):
            return False
        return self._store.owns(swap) or swap.owner not in live

    def _is_due(self, swap: Swap, live: Collection[int]) -> bool:
        if not self._is_free(swap, live) or swap.state in (SwapState.RUNNING, SwapState.UNDOING):
            return False
        if swap.noted and all(side.news is not News.DUE for side in swap.sides):
            return False
        since = swap.settled_at or swap.accepted_at or swap.asked_at
        return not self._store.owns(swap) or self._clock() - since >= IN_FLIGHT

    async def _recover(self, swap: Swap) -> None:
        if self._engine.is_running(swap.swap_id):
            return
        with self._engine.owning(swap.swap_id):
            if not await self._store.take(swap):
                return
            latest = await self._store.get(swap.swap_id)
            if latest is None or latest.state not in (SwapState.RUNNING, SwapState.UNDOING):
                return
            outcome = await self._engine.carry(latest)
            if outcome.code is SwapCode.NOT_NOW and latest.by_host:
                await self._news.tell_dropped(latest, outcome)
            elif outcome.code is not SwapCode.UNKNOWN:
                self._observer.settled(None, outcome.code, outcome.platform)
                await self._news.tell(swap.swap_id)

    async def _tell(self, swap: Swap) -> None:
        if await self._store.take(swap):
            await self._news.tell(swap.swap_id)

    async def _expire(self, swap: Swap) -> None:
        ended = replace(
            swap.with_news(News.DUE, News.NONE), state=SwapState.EXPIRED, settled_at=self._clock()
        )
        if await self._store.close(ended):
            self._observer.settled(None, SwapCode.EXPIRED, "")
            await self._news.tell(swap.swap_id)

    async def _quietly(self, work: Awaitable[None], swap: Swap) -> None:
        """One odd swap must not keep the others from their endings."""
        try:
            await work
        except MusterError as error:
            log.warning("swap %s: %s", swap.reference, error)
        except Exception:
            log.exception("swap %s is left for the next round", swap.reference)


def _each(page: Callable[[int], Awaitable[list[Swap]]]) -> AsyncIterator[Swap]:
    return in_pages(page, 0, lambda swap: swap.swap_id)
