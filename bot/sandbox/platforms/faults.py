"""Faults on demand: what goes wrong, for which calls, how often."""

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Kind = Literal["claim", "release", "read", "list", "other"]
Match = Literal["claim", "release", "read", "list", "other", "any"]

FAULTS = {
    "slow": "the work is done at once, the answer comes `seconds` later",
    "hang": "nothing is done and nothing answered; the connection closes when the fault is cleared",
    "cut-before": "the connection closes, nothing is done",
    "cut-after": "the work is done, the connection closes without an answer",
    "store-late": "the connection closes at once, the work is done `seconds` later",
    "overwrite-late": "the connection closes at once, the work is done; a ReAdmin release takes"
    " `seconds` between its read and its overwrite",
    "error-500": "the platform's own 500, nothing is done",
    "error-500-after": "the work is done, then the platform's own 500",
    "html-502": "a proxy's HTML page, nothing is done",
    "empty-200": "the work is done, the answer is 200 without a body",
    "wrong-shape": "the work is done, the answer is 200 with JSON of another shape",
    "truncated": "the work is done, the JSON of the answer ends half-way",
    "wrong-charset": "the work is done, the JSON of the answer comes as UTF-16",
    "deep": "the work is done, the answer is 200 with JSON nested 100,000 times",
    "drip": "the work is done, the answer comes byte by byte and never ends",
    "huge": "the work is done, the answer is 200 with 64 MiB of JSON",
    "rate-limit": "429 with Retry-After of `seconds`, nothing is done",
    "rate-limit-date": "429 with Retry-After as a date `seconds` ahead, nothing is done",
    "rate-limit-bare": "429 without Retry-After, nothing is done",
    "revoked-key": "401 as the platform words it, nothing is done",
    "redirect": "307 to another path of this server, nothing is done",
}
DEFAULT_SECONDS = 5.0
# How long the work of this call takes between its read and its overwrite; None: as ever.
gap: ContextVar[float | None] = ContextVar("gap", default=None)


class UnknownFaultError(ValueError):
    """A fault, match or number that does not exist; the text says which."""


@dataclass(eq=False)
class Fault:
    """One fault. `times` counts down to 0 and the fault ends; None means until cleared."""

    name: str
    match: Match = "any"
    times: int | None = None
    seconds: float = DEFAULT_SECONDS
    cleared: asyncio.Event = field(default_factory=asyncio.Event)

    def to_json(self) -> dict[str, Any]:
        """The fault as the control route shows and takes it."""
        return {
            "fault": self.name,
            "match": self.match,
            "times": self.times,
            "seconds": self.seconds,
        }


class Faults:
    """The faults of one platform, oldest first. Use it from the platform's own event loop only."""

    def __init__(self) -> None:
        self._active: list[Fault] = []
        self._taken: list[Fault] = []

    def add(
        self,
        name: str,
        match: Match = "any",
        times: int | None = None,
        seconds: float | None = None,
    ) -> Fault:
        """Arm a fault. Raises UnknownFaultError for a name, match or number that makes no sense."""
        if name not in FAULTS:
            raise UnknownFaultError(f"unknown fault {name!r}; one of {', '.join(FAULTS)}")
        if match not in get_args(Match):
            raise UnknownFaultError(f"unknown match {match!r}; one of {', '.join(get_args(Match))}")
        if times is not None and times < 1:
            raise UnknownFaultError("times must be at least 1, or null")
        if seconds is not None and seconds < 0:
            raise UnknownFaultError("seconds must not be negative")
        fault = Fault(name, match, times, DEFAULT_SECONDS if seconds is None else seconds)
        self._active.append(fault)
        return fault

    def take(self, kind: Kind) -> Fault | None:
        """The fault that hits this call, if any; counts it."""
        for fault in self._active:
            if fault.match in (kind, "any"):
                self._count(fault)
                return fault
        return None

    def _count(self, fault: Fault) -> None:
        if fault not in self._taken:
            self._taken.append(fault)
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times == 0:
            self._active.remove(fault)

    def clear(self) -> None:
        """End every fault and let go of the calls that hang."""
        for fault in [*self._active, *self._taken]:
            fault.cleared.set()
        self._active.clear()
        self._taken.clear()

    def to_json(self) -> list[dict[str, Any]]:
        """The faults still armed."""
        return [fault.to_json() for fault in self._active]
