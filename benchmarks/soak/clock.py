"""A wall clock that runs fast and can be wrong, in the process that wears it."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

import time_machine

TICK = 0.1  # seconds; the clock moves on by so many, times its speed


class FastClock:
    """While it is worn, this process is told a time that runs `speed` times as fast.

    It is what `datetime.now()` and `time.time()` say; the monotonic clock and all timers stay as
    they are. Two processes that are given the same `began` (UTC and monotonic seconds) agree.
    """

    def __init__(self, speed: float, began: tuple[float, float] | None = None) -> None:
        self.speed = speed
        self.began = began or (time.time(), time.monotonic())
        self._wrong_by = 0.0  # seconds
        self._stop = threading.Event()

    def jump(self, seconds: float) -> None:
        """Be wrong by so many seconds from now on; 0 is right again."""
        self._wrong_by = seconds

    def tick(self) -> None:
        """Show the time that it is by now."""
        self._traveller.move_to(self._now())

    def __enter__(self) -> Self:
        self._travel = time_machine.travel(self._now())
        self._traveller = self._travel.start()
        self._thread = threading.Thread(target=self._run, name="fast clock", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._travel.stop()

    def _run(self) -> None:
        while not self._stop.wait(TICK):
            self.tick()

    def _now(self) -> float:
        utc, monotonic = self.began
        return utc + (time.monotonic() - monotonic) * self.speed + self._wrong_by
