"""How long, how much and how often one workspace's platform is asked; and by which clocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

Clock = Callable[[], datetime]
Monotonic = Callable[[], float]


def utc_now() -> datetime:
    """The current time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long (seconds), how much (bytes) and how many (calls) for one workspace."""

    connect: float = 5  # looking the host up included
    read: float = 5  # silence while reading the answer to a read
    read_total: float = 8  # a read with its repetitions
    write: float = 25  # silence after a write: a ReAdmin claim may take many seconds
    write_total: float = 35
    queue: float = 10  # waiting for a free line before a write
    first_pause: float = 0.2  # before a read is repeated; then twice as long, and so on
    longest_pause: float = 2  # a Retry-After up to this is obeyed within a read
    max_bytes: int = 3_000_000  # to read that much at its worst takes half a second of everybody
    at_once: int = 20
    burst: int = 200  # calls that may go at once after a quiet time: a rush on one board
    rate: float = 50  # calls per second after that
    failures: int = 5  # silent calls in a row before the platform is left alone ...
    failing_within: float = 60  # ... when they lie no further apart than this
    rest: float = 20  # seconds until one read looks whether it is back


DEFAULT_BOUNDS = Bounds()
