"""Leaves a platform alone that does not answer, and looks now and then whether it is back."""

from __future__ import annotations

from bot.models import LineState
from bot.providers.bounds import Bounds, Monotonic


class Breaker:
    """Closed, open, half-open: whether a workspace's platform is worth asking right now.

    It opens after several silent calls in a row. When its rest is over, one read is let through
    alone; its end decides. Writes never find out: what they may have done would stay unknown.
    """

    def __init__(self, bounds: Bounds, monotonic: Monotonic) -> None:
        self._bounds = bounds
        self._monotonic = monotonic
        self._failures = 0
        self._first_failure = 0.0
        self._opened = False
        self._resting_until = 0.0  # monotonic seconds; counts while open
        self._trying = False
        self.since = monotonic()  # when it last opened or closed

    @property
    def state(self) -> LineState:
        """What happens to the next call."""
        if not self._opened:
            return LineState.CLOSED
        return LineState.HALF_OPEN if self._trying else LineState.OPEN

    def resting_for(self) -> float:
        """Seconds until a read may look; 0 when it may look now, or when all is well."""
        return max(0.0, self._resting_until - self._monotonic()) if self._opened else 0.0

    def admits_write(self) -> bool:
        """Whether a write may be sent."""
        return not self._opened

    def admits_read(self) -> bool:
        """Whether a read may be sent: always while closed, else only as the one trial."""
        return not self._opened or not (self._trying or self.resting_for())

    def begin_trial(self) -> bool:
        """For an admitted read: whether it is the trial. If so, `end_trial` must follow."""
        if not self._opened:
            return False
        self._turn(opened=True, trying=True)
        return True

    def end_trial(self) -> None:
        """The trial is over; when it told nothing (it was cancelled), the next read tries."""
        if self._trying:
            self._turn(opened=True, trying=False)

    def look_again(self) -> None:
        """Somebody wants to know: the next read is let through at once."""
        self._resting_until = self._monotonic()

    def succeeded(self) -> None:
        """The platform answered."""
        self._failures = 0
        if self._opened:
            self._turn(opened=False, trying=False)

    def failed(self, *, trial: bool = False) -> None:
        """The platform kept silent. Calls that were under way when it opened change nothing."""
        now = self._monotonic()
        if self._opened:
            if trial:
                self._resting_until = now + self._bounds.rest
            return
        if now - self._first_failure > self._bounds.failing_within:
            self._failures = 0
        if not self._failures:
            self._first_failure = now
        self._failures += 1
        if self._failures >= self._bounds.failures:
            self._resting_until = now + self._bounds.rest
            self._turn(opened=True, trying=False)

    def _turn(self, *, opened: bool, trying: bool) -> None:
        if opened is not self._opened:
            self.since = self._monotonic()
        self._opened, self._trying = opened, trying
        self._failures = 0
