"""What services tell whoever measures them. They know no more of it than this."""

from __future__ import annotations

from typing import Protocol

from bot.models import AttemptKind
from bot.services.outcomes import Code
from bot.services.swap_outcomes import SwapCode


class Observer(Protocol):
    """Counts and times; must neither raise nor take long. No argument names a person or guild."""

    def outcome(self, kind: AttemptKind, code: Code, platform: str, seconds: float) -> None:
        """Somebody's claim or release came to this, so many seconds after it was taken up.

        `platform` is its label; empty when it did not matter. Presses that join one count with it.
        """
        ...

    def swapped(self, code: SwapCode, platform: str) -> None:
        """Somebody's press about a swap came to this."""
        ...

    def settled(self, kind: AttemptKind | None, code: Code | SwapCode, platform: str) -> None:
        """A claim or release, or a swap (None), ended when no press waited for it any more.

        What its press came to, if it was answered, was counted then: it was not known yet.
        """
        ...

    def polled(self, result: str, seconds: float) -> None:
        """A workspace was polled. `result`: `ok`, or the class of what went wrong."""
        ...


class Unobserved:
    """Nobody measures."""

    def outcome(self, kind: AttemptKind, code: Code, platform: str, seconds: float) -> None:
        """See the protocol."""

    def swapped(self, code: SwapCode, platform: str) -> None:
        """See the protocol."""

    def settled(self, kind: AttemptKind | None, code: Code | SwapCode, platform: str) -> None:
        """See the protocol."""

    def polled(self, result: str, seconds: float) -> None:
        """See the protocol."""
