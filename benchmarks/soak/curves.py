"""Curves of what must not grow, and how fast it grows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.soak.process import Metrics, SoakedBot
from benchmarks.soak.traffic import Traffic

EVERY = 5.0  # seconds
STARVED = 50.0  # percent of the time, from which on a late answer tells nothing about the bot
NAMES = {
    "rss": "memory, MB",
    "loop_tasks": "tasks of the event loop",
    "tasks": "Muster's tasks and timers",
    "lane_users": "presses in lanes",
    "threads": "threads",
    "sockets": "sockets",
    "files": "open files",
    "wal": "write-ahead log, MB",
    "database": "database, MB",
    "pending": "journal: pending",
    "sent": "journal: sent",
    "unknown": "journal: unknown",
    "circuits": "circuits not closed",
    "open": "acts without an outcome",
    "starved": "waiting for a CPU, %",
}
_FROM_METRICS = {
    "loop_tasks": "muster_loop_tasks",
    "tasks": "muster_background_tasks",
    "lane_users": "muster_lane_users",
}


@dataclass
class Curves:
    """Samples of everything in `NAMES`, taken together; `at` in seconds since `began`."""

    began: float = field(default_factory=time.monotonic)
    at: list[float] = field(default_factory=list)
    values: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in NAMES})

    def starved(self, began: float, ended: float) -> bool:
        """Whether the bot mostly waited for a CPU at some time between (monotonic seconds)."""
        edges = [0.0, *self.at]
        return any(
            share > STARVED
            for start, end, share in zip(edges, self.at, self.values["starved"], strict=False)
            if start <= ended - self.began and began - self.began <= end + EVERY
        )

    def add(self, at: float, sample: dict[str, float]) -> None:
        """One more sample."""
        self.at.append(at)
        for name, values in self.values.items():
            values.append(sample[name])


async def watch(bot: SoakedBot, traffic: Traffic, curves: Curves, until: asyncio.Event) -> None:
    """Take samples until told."""
    waited, at = bot.status()["cpu_waited"], curves.began
    while not until.is_set():
        numbers = bot.status() | bot.stored() | from_metrics(await bot.metrics())
        before, at = at, time.monotonic()
        starved = 100 * (numbers["cpu_waited"] - waited) / max(at - before, 0.1)
        waited = numbers["cpu_waited"]
        curves.add(at - curves.began, numbers | {"open": traffic.open, "starved": starved})
        try:
            await asyncio.wait_for(until.wait(), EVERY)
        except TimeoutError:
            continue


def from_metrics(metrics: Metrics) -> dict[str, float]:
    """What the bot's own numbers say of the curves."""
    numbers = {name: metrics.get((metric,), 0.0) for name, metric in _FROM_METRICS.items()}
    circuits = (
        value for (name, *labels), value in metrics.items()
        if name == "muster_platform_circuits" and labels[-1] != "closed"
    )  # fmt: skip
    return numbers | {"circuits": sum(circuits)}


def slope(at: Sequence[float], values: Sequence[float]) -> float:
    """How much the values grow in a unit of `at`, by the line that fits best."""
    count = len(at)
    if count < 2:
        return 0.0
    middle, mean = sum(at) / count, sum(values) / count
    spread = sum((one - middle) ** 2 for one in at)
    return sum((a - middle) * (v - mean) for a, v in zip(at, values, strict=True)) / spread
