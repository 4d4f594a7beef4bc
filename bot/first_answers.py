"""Times every interaction from its arrival to its first answer, whichever that is.

A message, a deferral, a form and the choices of an autocomplete all go to Discord by one route.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from bot.metrics import Metrics

GIVEN_UP = 10.0  # seconds; Discord takes no first answer after 3


@dataclass(frozen=True, slots=True)
class _Waiting:
    kind: str
    arrived: float


@dataclass(frozen=True, slots=True)
class FirstAnswers:
    """Knows which interactions have had none yet. Times are seconds on the loop's clock."""

    metrics: Metrics
    # By the interaction's id, in the order they came.
    _waiting: OrderedDict[int, _Waiting] = field(default_factory=OrderedDict)

    def expect(self, interaction_id: int, kind: str, arrived: float, now: float) -> None:
        """An interaction of this kind, in Discord's words, has come."""
        self.give_up(now)
        self._waiting[interaction_id] = _Waiting(kind, arrived)

    def taken(self, interaction_id: int, now: float) -> None:
        """Discord took its first answer."""
        waiting = self._waiting.pop(interaction_id, None)
        if waiting is not None:
            self.metrics.acknowledged(waiting.kind, now - waiting.arrived)

    def give_up(self, now: float) -> None:
        """Count and forget those that can get none any more."""
        while self._waiting:
            interaction_id, waiting = next(iter(self._waiting.items()))
            if now - waiting.arrived < GIVEN_UP:
                return
            del self._waiting[interaction_id]
            self.metrics.unacknowledged(waiting.kind)
