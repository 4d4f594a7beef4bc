"""How a claim or a release can end: one closed table for all doors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Code(StrEnum):
    """The outcome table. `bot.replies` has the words of each."""

    CLAIMED = "claimed"
    RELEASED = "released"
    NOT_LINKED = "not linked"
    NOT_ELIGIBLE_DISCORD = "not eligible (Discord role)"
    NOT_ELIGIBLE_RANK = "not eligible (rank)"
    CLAIM_ONCE = "claim once"
    FULL = "full"
    ALREADY_SAME = "already same"
    MOVE = "move?"
    CLASH = "clash?"
    CLOSED = "closed"
    NOT_OPEN = "not open"
    LIST_FORM = "list form"
    GONE = "gone"
    PLAN = "plan"
    KEY = "key"
    LIMITED = "limited"
    DOWN = "down"
    UNKNOWN = "unknown"
    STILL_RUNNING = "still running"
    UPSTREAM_SAID = "upstream said"
    NOT_HELD = "not held"
    CANNOT_RELEASE = "cannot release"
    REASON = "reason?"
    DID_NOT_ARRIVE = "did not arrive"
    INTERRUPTED = "interrupted"
    GAVE_UP = "gave up"


class HostsTold(StrEnum):
    """How far the hosts hear of a role that is given back."""

    ALL = "with the reason"
    THREAD = "in the thread, where everybody reads, so without the reason"
    NOTHING = "there is no way to tell them"


DONE = frozenset({Code.CLAIMED, Code.RELEASED})


@dataclass(frozen=True, slots=True)
class Outcome:
    """One ending, with the facts that its sentence needs. Times are UTC.

    Every text in here may come from a platform or a member and is untrusted.
    """

    code: Code
    opening_id: int | None = None
    session_title: str = ""
    starts_at: datetime | None = None
    role_name: str = ""
    server_name: str = ""
    platform: str = ""  # the platform's label
    reference: str = ""  # journal reference that members can quote
    operation_id: str = ""  # whose ending this tells; empty when that is for somebody else to hear
    holders: tuple[str, ...] = ()  # who holds a full role
    capacity: int | None = None
    needed_rank: int = 0
    rank: int = 0
    held_role_name: str = ""  # MOVE, CLAIM_ONCE: what the member holds already
    held_server_name: str = ""
    words: str = ""  # the platform's own reason
    why: str = ""  # CLOSED: in our words
    what: str = ""  # GONE: which thing; KEY: "key" when it was erased
    until: datetime | None = None  # LIMITED
    can_release: bool = True
    releasing: bool = False  # what was asked for: a release, else a claim
    role_ids: tuple[int, ...] = ()  # NOT_ELIGIBLE_DISCORD: Discord roles of which one is needed
    barred_role_ids: tuple[int, ...] = ()  # NOT_ELIGIBLE_DISCORD: these of the member's forbid it
    clash_title: str = ""  # CLASH: the session that the member holds a role in at the same time
    clash_starts_at: datetime | None = None
    clash_until: datetime | None = None
    clash_may_be_confirmed: bool = True  # CLASH: False where the guild refuses clashes
    subject_id: int | None = None  # Discord id of whom it is for, when somebody else acted
    by_id: int | None = None  # Discord id of the host who acted, when the member is told later
    reason: str = ""  # why a host acted for somebody, or a role is given back late; never kept
    hosts_told: HostsTold | None = None  # RELEASED; None: they need not hear of it
    kept: bool = False  # FULL: the free places are kept for who waits
    kept_until: datetime | None = None  # for the one who was asked first; None: nobody was yet
    waitlist_place: int = 0  # FULL: the member's number in the line; 0: there is none to join
    waitlist_id: int | None = None  # of the member who waits already
