"""What a call passes before it is sent: is the platform up, may we ask yet, is a line free."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from bot.errors import (
    KeyRefused,
    Misread,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Unavailable,
    UpstreamFacts,
)
from bot.models import Health
from bot.providers.bounds import Bounds, Clock, Monotonic
from bot.providers.breaker import Breaker

_TROUBLE = (Unavailable, OutcomeUnknown, RateLimited, KeyRefused, Misread)


class TokenBucket:
    """So many calls at once after a quiet time, then so many per second."""

    def __init__(self, burst: int, rate: float, monotonic: Monotonic) -> None:
        self._burst = burst
        self._rate = rate
        self._monotonic = monotonic
        self._tokens = float(burst)  # below zero: promised to calls that wait
        self._at = monotonic()

    def take(self, patience: float) -> float | None:
        """Seconds until this call may go, or None (nothing taken) when that is past `patience`."""
        now = self._monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        wait = max(0.0, (1 - self._tokens) / self._rate)
        if wait > patience:
            return None
        self._tokens -= 1
        return wait

    def give_back(self) -> None:
        """The call did not go after all."""
        self._tokens += 1


class Gate:
    """One workspace's own: what happens here delays no other workspace."""

    def __init__(self, platform: str, bounds: Bounds, clock: Clock, monotonic: Monotonic) -> None:
        self.breaker = Breaker(bounds, monotonic)
        self._platform = platform
        self._bounds = bounds
        self._clock = clock
        self._monotonic = monotonic
        self._bucket = TokenBucket(bounds.burst, bounds.rate, monotonic)
        # httpx's pool gets slow when calls wait inside it: they wait in front of it.
        self._lines = asyncio.Semaphore(bounds.at_once)
        self._waiting = 0
        self._paused_until = monotonic()
        self._limited_times = 0
        self._last_error = ""
        self._last_error_at: datetime | None = None

    @asynccontextmanager
    async def line(self, *, writing: bool, trial: bool = False) -> AsyncIterator[None]:
        """A free line, for one request. Raises RateLimited or Unavailable: nothing was sent."""
        self._waiting += 1
        try:
            async with asyncio.timeout(self._bounds.queue if writing else None):
                await self._wait_out_pause(writing=writing)
                await self._wait_for_token(writing=writing)
                await self._lines.acquire()
        except TimeoutError:
            raise self._silent("did not answer: too many calls are waiting.") from None
        finally:
            self._waiting -= 1
        try:
            # While this call waited, others may have found out that nobody answers.
            if not trial:
                self.check(writing=writing)
            yield
        finally:
            self._lines.release()

    def check(self, *, writing: bool) -> None:
        """Raise Unavailable at once while the platform is left alone."""
        breaker = self.breaker
        if breaker.admits_write() if writing else breaker.admits_read():
            return
        until = self._clock() + timedelta(seconds=breaker.resting_for())
        raise self._silent(
            f"did not answer several times in a row. It is not asked again before"
            f" {until:%H:%M:%S} UTC."
        )

    def note(self, error: ProviderError) -> None:
        """Remember trouble; obey a pause that the platform asked for."""
        if isinstance(error, _TROUBLE):
            self._last_error, self._last_error_at = type(error).__name__, self._clock()
        if isinstance(error, RateLimited):
            self._limited_times += 1
            pause = (error.until - self._clock()).total_seconds()
            self._paused_until = max(self._paused_until, self._monotonic() + pause)

    def health(self) -> Health:
        """How things stand, for people and for metrics."""
        resting, paused = self.breaker.resting_for(), self._pause_left()
        now = self._clock()
        return Health(
            state=self.breaker.state,
            since=now - timedelta(seconds=self._monotonic() - self.breaker.since),
            asked_again_at=now + timedelta(seconds=resting) if resting else None,
            limited_until=now + timedelta(seconds=paused) if paused else None,
            last_error=self._last_error,
            last_error_at=self._last_error_at,
            waiting=self._waiting,
            limited=self._limited_times,
        )

    def _pause_left(self) -> float:
        return max(0.0, self._paused_until - self._monotonic())

    async def _wait_out_pause(self, *, writing: bool) -> None:
        while left := self._pause_left():
            if writing or left > self._bounds.longest_pause:
                raise self._limited(f"{self._platform} asked for a pause.", left)
            await asyncio.sleep(left)

    async def _wait_for_token(self, *, writing: bool) -> None:
        patience = self._bounds.queue if writing else self._bounds.longest_pause
        wait = self._bucket.take(patience)
        if wait is None:
            sentence = f"Muster asks {self._platform} as often as it may already."
            raise self._limited(sentence, patience)
        if not wait:
            return
        try:
            await asyncio.sleep(wait)
        except asyncio.CancelledError:
            self._bucket.give_back()
            raise

    def _limited(self, sentence: str, seconds: float) -> RateLimited:
        until = self._clock() + timedelta(seconds=seconds)
        return RateLimited(sentence, UpstreamFacts(self._platform), until)

    def _silent(self, what: str) -> Unavailable:
        return Unavailable(f"{self._platform} {what}", UpstreamFacts(self._platform))
