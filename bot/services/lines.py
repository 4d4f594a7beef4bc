"""The lines to the platforms, summed up for metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.models import Health, LineState, ProviderKind


@dataclass(frozen=True, slots=True)
class PlatformLines:
    """All lines of this process to one kind of platform."""

    platform: str  # its label
    states: tuple[LineState, ...]  # of each line's circuit breaker
    waiting: int  # calls that wait for a free line
    limited: int  # how often the platform said 429 since the start


def sum_up(
    lines: Iterable[tuple[ProviderKind, Health]], limited_before: Mapping[ProviderKind, int]
) -> list[PlatformLines]:
    """One entry for each kind; `limited_before`: what lines counted that are closed by now."""
    by_kind: dict[ProviderKind, list[Health]] = {kind: [] for kind in ProviderKind}
    for kind, health in lines:
        by_kind[kind].append(health)
    return [
        PlatformLines(
            kind.label,
            tuple(one.state for one in healths),
            sum(one.waiting for one in healths),
            sum(one.limited for one in healths) + limited_before.get(kind, 0),
        )
        for kind, healths in by_kind.items()
    ]
