"""A crowd that presses at once: first everybody is acknowledged, then the work is done."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 3.0  # seconds that work waits at most; by then Discord takes no acknowledgement any more
PAUSE = 0.1  # seconds without anybody new, after which no more are expected


class Rush:
    """Counts who is still owed an acknowledgement, which Discord wants within 3 s."""

    def __init__(self) -> None:
        self._owed = 0
        self._over = asyncio.Event()
        self._over.set()

    @contextmanager
    def owing(self) -> Iterator[None]:
        """An acknowledgement is being given."""
        self._owed += 1
        self._over.clear()
        try:
            yield
        finally:
            self._owed -= 1
            if not self._owed:
                self._over.set()

    async def over(self) -> None:
        """Return once nobody is owed one for a while, or after `PATIENCE`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                calm = False
                while not calm:
                    await self._over.wait()
                    await asyncio.sleep(PAUSE)
                    calm = self._over.is_set()
