"""When a line is over, whatever the platform holds; and how often a lost board's is read."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.models import AnnouncementState, WaitEnd
from bot.services.waiting_line import last_call
from bot.store.waitlist_reads import BoardFacts

LONGEST_CUT_OFF = timedelta(days=1)  # that a host can choose
OFTENEST, RAREST = timedelta(minutes=1), timedelta(minutes=10)
_PART = 10  # of the time to the last call passes between two readings
_CLOSED = {
    AnnouncementState.CLOSED: WaitEnd.CLOSED,
    AnnouncementState.CANCELLED: WaitEnd.CANCELLED,
    AnnouncementState.ENDED: WaitEnd.OVER,
    AnnouncementState.GONE: WaitEnd.GONE,
}


def why_over(board: BoardFacts, now: datetime) -> WaitEnd | None:
    """Why nobody waits for the roles of this board any more, or None."""
    if board.state is None or board.starts_at is None or board.ends_at is None:
        return WaitEnd.DISCONNECTED
    if board.keyless:
        return WaitEnd.DISCONNECTED  # nobody can claim there, and others wait behind them
    if board.state in _CLOSED:
        return _CLOSED[board.state]
    if board.ends_at <= now:
        return WaitEnd.OVER
    if last_call(board.starts_at, board.cutoff_minutes) <= now:
        return WaitEnd.LAST_MINUTES
    return None


def lost_pause(board: BoardFacts, now: datetime) -> timedelta:
    """How long the line of a lost board is left alone, as each look costs a platform reading."""
    assert board.starts_at is not None  # else it is over
    left = last_call(board.starts_at, board.cutoff_minutes) - now
    return min(max(left / _PART, OFTENEST), RAREST)
