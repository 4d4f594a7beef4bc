"""Rate limits of the stand-in, with the headers discord.py reads."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from bot.sandbox.discord.errors import ApiError, refuse


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds and the sizes of the rate limits; the defaults are Discord's.

    `old_edit_age` switches the limit on edits of messages older than that on (3 per 6 s).
    """

    acknowledge: float = 3.0
    token_life: float = 900.0
    burst: int = 5
    window: float = 5.0
    global_per_second: int = 50
    old_edit_age: float | None = None
    heartbeat: float = 41.25
    shards: int = 1
    identifies_left: int = 1000  # as told to the bot; nothing is counted
    identifies_at_once: int = 1

    def with_old_edit_age(self, seconds: float | None) -> Limits:
        """The same limits with the limit on old edits switched on, or off by None."""
        return replace(self, old_edit_age=seconds)


def too_many(
    retry_after: float, *, is_global: bool = False, scope: str = "user", code: int = 0
) -> ApiError:
    """The 429 answer; `Via` is what tells discord.py that it comes from Discord itself."""
    error = refuse(30046) if code == 30046 else None
    message = error.body["message"] if error else "You are being rate limited."
    body = {"message": message, "retry_after": round(retry_after, 3), "global": is_global}
    headers = {
        "Retry-After": str(max(1, round(retry_after))),
        "X-RateLimit-Scope": "global" if is_global else scope,
        "Via": "1.1 google",
    }
    if is_global:
        headers["X-RateLimit-Global"] = "true"
    return ApiError(429, body | {"code": code}, headers)


class Buckets:
    """Fixed windows, one for every key."""

    def __init__(self) -> None:
        self._windows: dict[str, tuple[int, float]] = {}

    def take(self, bucket: str, major: str, burst: int, window: float) -> dict[str, str]:
        """Count one call and return the headers of its answer.

        Raises ApiError 429 when the window is used up.
        """
        now = time.monotonic()
        key = f"{bucket}:{major}"
        used, ends = self._windows.get(key, (0, 0.0))
        if now >= ends:
            used, ends = 0, now + window
            self._forget_ended(now)
        left = ends - now
        headers = {
            "X-RateLimit-Limit": str(burst),
            "X-RateLimit-Remaining": str(max(0, burst - used - 1)),
            "X-RateLimit-Reset": f"{time.time() + left:.3f}",
            "X-RateLimit-Reset-After": f"{left:.3f}",
            "X-RateLimit-Bucket": bucket,
        }
        if used >= burst:
            error = too_many(left)
            error.headers |= headers
            raise error
        self._windows[key] = (used + 1, ends)
        return headers

    def take_global(self, per_second: int) -> None:
        """Count one call against the limit over all routes. Raises ApiError 429 (global)."""
        try:
            self.take("global", "", per_second, 1.0)
        except ApiError as error:
            raise too_many(error.body["retry_after"], is_global=True) from None

    def take_old_edit(self, channel_id: int) -> None:
        """Count one edit of an old message. Raises ApiError 429 with code 30046."""
        try:
            self.take("old-edit", str(channel_id), 3, 6.0)
        except ApiError as error:
            raise too_many(error.body["retry_after"], scope="shared", code=30046) from None

    def _forget_ended(self, now: float) -> None:
        if len(self._windows) > 2000:
            self._windows = {k: v for k, v in self._windows.items() if v[1] > now}
