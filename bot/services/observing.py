"""What services tell whoever measures them. They know no more of it than this."""

from __future__ import annotations

from typing import Protocol

from bot.models import AttemptKind
from bot.services.outcomes import Code


class Observer(Protocol):
    """Counts and times; must neither raise nor take long. No argument names a person or guild."""

    def outcome(self, kind: AttemptKind, code: Code, platform: str, seconds: float) -> None:
        """Somebody's press came to this, so many seconds after the service took it up.

        `platform` is its label; empty when it did not matter.
        """
        ...

    def polled(self, result: str, seconds: float) -> None:
        """A workspace was polled. `result`: `ok`, or the class of what went wrong."""
        ...


class Unobserved:
    """Nobody measures."""

    def outcome(self, kind: AttemptKind, code: Code, platform: str, seconds: float) -> None:
        """See the protocol."""

    def polled(self, result: str, seconds: float) -> None:
        """See the protocol."""
