"""What a service that knows which Roblox account a Discord account has can be asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Resolved:
    """The service says that the person has this Roblox account."""

    roblox_id: int
    username: str = ""  # as the service last saw it; often not told


class NotResolved(StrEnum):
    """The service was asked, and has no account to tell."""

    NOT_LINKED = "not linked"
    NOT_SHARED = "not shared with this guild"  # the person must agree at the service first


Resolution = Resolved | NotResolved


class IdentityService(Protocol):
    """One guild's line to one service, with the guild's own key."""

    async def resolve(self, discord_id: int, *, max_age: float = ...) -> Resolution:
        """Which Roblox account this Discord account has in the guild.

        An answer up to `max_age` seconds old is good enough. "Could not ask" never looks like
        "is not": it raises KeyRefused, PlanTooLow, RateLimited, Unavailable, Misread,
        UpstreamNotFound (only with `what` "route") or UpstreamRefused.
        """
        ...

    def forget(self, discord_id: int) -> None:
        """Hold nothing in memory of what was said about this person."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...
