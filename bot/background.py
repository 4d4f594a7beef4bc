"""The one place for work that outlives its caller: spawned tasks and timers, stopped together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from bot.errors import MusterError

log = logging.getLogger(__name__)

T = TypeVar("T")


CROWD = 75  # tasks that are not asleep; an answer under way is two or three of them


class Background:
    """Owns every task that Muster starts itself. Errors nobody awaits are logged, never lost."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._asleep: set[asyncio.Task[Any]] = set()
        self._stopping = False

    @property
    def stopping(self) -> bool:
        """Whether the process is about to end: nothing new is begun any more."""
        return self._stopping

    @property
    def crowded(self) -> bool:
        """Whether so much is under way that what is begun now will not soon be done."""
        return len(self._tasks) - len(self._asleep) > CROWD

    @property
    def size(self) -> int:
        """How many tasks and timers there are."""
        return len(self._tasks)

    def spawn(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Run `work` to its end, whatever becomes of the caller. `name` appears in the log."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    def after(
        self, seconds: float, work: Callable[[], Awaitable[object]], name: str
    ) -> asyncio.Task[None]:
        """Run `work` once, `seconds` from now. Cancel the returned task to call it off."""

        async def wait_and_work() -> None:
            await self._sleep(seconds)
            await work()

        return self.spawn(wait_and_work(), name)

    def every(
        self, seconds: float, work: Callable[[], Awaitable[object]], name: str
    ) -> asyncio.Task[None]:
        """Run `work` again and again with a pause of `seconds`; a failure is logged only."""

        async def repeat() -> None:
            while True:
                await self._sleep(seconds)
                try:
                    await work()
                except Exception:
                    log.exception("%s failed; trying again in %s s", name, seconds)

        return self.spawn(repeat(), name)

    async def stop(self, grace: float = 5.0) -> None:
        """Call off timers, give running work `grace` seconds, then cancel it and wait for it."""
        self._stopping = True
        for task in self._asleep:
            task.cancel()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace
        while self._tasks and (left := deadline - loop.time()) > 0:  # work may spawn more work
            await asyncio.wait(self._tasks, timeout=left)
        while late := list(self._tasks):
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _sleep(self, seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None  # always called inside a spawned task
        if self._stopping:
            raise asyncio.CancelledError
        self._asleep.add(task)
        try:
            await asyncio.sleep(seconds)
        finally:
            self._asleep.discard(task)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, MusterError):  # foreseen: its text says it all
            log.warning("%s: %s", task.get_name(), error)
        else:
            log.error("background work %s failed", task.get_name(), exc_info=error)
