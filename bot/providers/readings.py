"""Readings of sessions, shared by those who ask for the same one at nearly the same moment."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from bot.errors import ProviderError
from bot.models import Session
from bot.providers.bounds import Monotonic

MOST = 100  # sessions whose latest reading is kept
KEPT = 10.0  # seconds; nobody shares an older one, and a session with its claims is large


class _Reading:
    """One reading, under way or done."""

    def __init__(self, started: float) -> None:
        self.started = started  # monotonic seconds: what it tells is at least as new as this
        self.done = asyncio.Event()
        self.session: Session | None = None
        self.error: ProviderError | None = None


class Readings:
    """The latest reading of each session of one workspace.

    A reading is as old as its request: the time counts from when it was asked for, not answered.
    """

    def __init__(self, monotonic: Monotonic) -> None:
        self._monotonic = monotonic
        self._latest: OrderedDict[str, _Reading] = OrderedDict()

    async def share(
        self, session_id: str, max_age: float, fetch: Callable[[], Awaitable[Session]]
    ) -> Session:
        """A reading that began at most `max_age` seconds ago; `fetch` makes one if there is none.

        `max_age` is at most `KEPT`.

        With 0 it begins now, whatever else is under way. None from before the end of a write of
        this client on the session is ever shared with somebody who asks after that.
        """
        since = self._monotonic() - max_age
        while max_age > 0:
            reading = self._latest.get(session_id)
            if reading is None or reading.started < since:
                break
            await reading.done.wait()
            if reading.error is not None:
                raise reading.error
            if reading.session is not None:
                return reading.session
        return await self._lead(session_id, fetch)

    @contextmanager
    def writing(self, session_id: str) -> Iterator[None]:
        """Around a write: what was read before its end proves nothing afterwards."""
        self._latest.pop(session_id, None)
        try:
            yield
        finally:
            self._latest.pop(session_id, None)

    def _forget_before(self, moment: float) -> None:
        while len(self._latest) > MOST or next(iter(self._latest.values())).started < moment:
            self._latest.popitem(last=False)

    async def _lead(self, session_id: str, fetch: Callable[[], Awaitable[Session]]) -> Session:
        reading = _Reading(self._monotonic())
        self._latest[session_id] = reading
        self._latest.move_to_end(session_id)
        self._forget_before(reading.started - KEPT)
        try:
            reading.session = await fetch()
        except ProviderError as error:
            reading.error = error
            raise
        finally:
            if reading.session is None and self._latest.get(session_id) is reading:
                del self._latest[session_id]  # a failure is shared with who waits, not kept
            reading.done.set()
        return reading.session
