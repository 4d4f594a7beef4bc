"""Who waits for a full role, and what they were asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.models.platforms import Place


class WaitState(StrEnum):
    """Where somebody stands. The values are in the database."""

    WAITING = "waiting"
    OFFERED = "offered"  # asked, and the place is kept for them until their time is up
    ENDED = "ended"  # taken out; the row stays until they were told why


class WaitEnd(StrEnum):
    """Why somebody was taken out without having asked for it."""

    SILENT = "silent"
    NOT_LINKED = "not linked"
    RANK = "rank"
    DISCORD_ROLE = "discord role"
    CLAIM_ONCE = "claim once"
    CLASH = "clash"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    OVER = "over"
    GONE = "gone"  # the session, the server or the role
    DISCONNECTED = "disconnected"  # the workspace was removed
    LAST_MINUTES = "last minutes"  # from now on the first press wins


@dataclass(frozen=True, slots=True)
class Waiter:
    """One member in the line for one opening. Times are UTC."""

    waitlist_id: int
    guild_id: int
    workspace_id: int
    announcement_id: int
    opening_id: int
    upstream: str  # `Workspace.upstream`; with the place it names the line, over all guilds
    place: Place
    discord_id: int
    roblox_id: int  # as linked when they joined
    since: datetime  # the line's order
    state: WaitState = WaitState.WAITING
    until: datetime | None = None  # OFFERED: when the offer ends
    silences: int = 0  # offers that they let pass
    reason: WaitEnd | None = None  # ENDED
    told: bool = True  # what has to be said was said

    @property
    def order(self) -> tuple[datetime, int]:
        """Smaller is further ahead."""
        return (self.since, self.waitlist_id)
