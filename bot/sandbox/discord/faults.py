"""Faults of Discord itself, switched on by tests and by the page's drawer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.sandbox.discord.errors import ApiError
from bot.sandbox.discord.ratelimits import too_many


@dataclass(slots=True)
class Fault:
    """Hits the next `times` calls whose "METHOD path" contains `match`.

    `status` 429 and 5xx answer with that; 0 only waits `delay` seconds and lets the call pass.
    """

    match: str = ""
    status: int = 0
    times: int = 1
    delay: float = 0.0
    retry_after: float = 1.0
    is_global: bool = False


class Faults:
    """The faults switched on at present, oldest first."""

    def __init__(self) -> None:
        self.active: list[Fault] = []

    async def hit(self, call: str) -> None:
        """Let the first fitting fault act on a call. Raises ApiError when it says so."""
        for fault in self.active:
            if fault.match not in call:
                continue
            fault.times -= 1
            if fault.times <= 0:
                self.active.remove(fault)
            await asyncio.sleep(fault.delay)
            if fault.status == 429:
                raise too_many(fault.retry_after, is_global=fault.is_global)
            if fault.status:
                raise ApiError(fault.status, {"message": f"{fault.status}: fault", "code": 0})
            return
