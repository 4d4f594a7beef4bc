"""How a swap can end, or stand: one closed table for all doors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.models import Stands, SwapState


class SwapCode(StrEnum):
    """The table. `bot.services.swap_words` has the words of each."""

    ASKS = "asks"  # the question, as the partner reads it
    ASKED = "asked"  # the same, as the proposer reads it
    DONE = "swapped"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    REFUSED = "not allowed"
    UNDONE = "put back"
    PARTLY = "partly put back"
    GAVE_UP = "gave up"
    UNKNOWN = "unknown"
    BUSY = "busy"
    NOT_NOW = "not now"


CODES = {
    SwapState.ASKED: SwapCode.ASKED,
    SwapState.RUNNING: SwapCode.UNKNOWN,
    SwapState.UNDOING: SwapCode.UNKNOWN,
    SwapState.DONE: SwapCode.DONE,
    SwapState.DECLINED: SwapCode.DECLINED,
    SwapState.WITHDRAWN: SwapCode.WITHDRAWN,
    SwapState.EXPIRED: SwapCode.EXPIRED,
    SwapState.REFUSED: SwapCode.REFUSED,
    SwapState.UNDONE: SwapCode.UNDONE,
    SwapState.PARTLY: SwapCode.PARTLY,
    SwapState.GAVE_UP: SwapCode.GAVE_UP,
}


class Reach(StrEnum):
    """How the partner was asked."""

    THREAD = "thread"
    DIRECT = "direct"
    BOTH = "both"
    NOT_YET = "not yet"  # shown at their next use of Muster


@dataclass(frozen=True, slots=True)
class SwapPart:
    """One member with the role that they held when the swap was proposed. Texts are untrusted."""

    discord_id: int
    role_name: str
    session_title: str
    starts_at: datetime | None = None
    server_name: str = ""
    stands: Stands = Stands.OLD


@dataclass(frozen=True, slots=True)
class SwapOutcome:
    """Where a swap stands, with the facts that its sentence needs. Times are UTC."""

    code: SwapCode
    proposer: SwapPart
    partner: SwapPart
    swap_id: int = 0
    platform: str = ""  # the platform's label
    reference: str = ""
    host_id: int | None = None  # Discord id of the host who ordered it
    expires_at: datetime | None = None
    why: str = ""  # whole sentences of ours, safe to show
    reach: Reach | None = None

    def side_of(self, discord_id: int) -> SwapPart | None:
        """The member's side, or None for somebody else."""
        sides = (self.proposer, self.partner)
        return next((side for side in sides if side.discord_id == discord_id), None)
