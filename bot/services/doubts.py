"""When a write of which nobody knows whether it was stored counts as decided."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.models import AttemptState
from bot.services.aftermath import Ending
from bot.services.cases import Case
from bot.services.outcomes import Code

log = logging.getLogger(__name__)

CERTAIN_AFTER = timedelta(seconds=90)  # ReAdmin may store a write this long after we gave up
GIVE_UP_AFTER = timedelta(hours=24)  # of reads that failed in a row: then the hosts are told


def steady(
    clock: Callable[[], datetime], monotonic: Callable[[], float] = time.monotonic
) -> Callable[[], datetime]:
    """The clock as it goes on from now if nobody ever sets it.

    Doubts are counted on it: a wall clock that jumps a minute ahead would end them at once.
    """
    began, since = clock(), monotonic()
    return lambda: began + timedelta(seconds=monotonic() - since)


def absent(case: Case, now: datetime, then: Code = Code.DID_NOT_ARRIVE) -> Ending:
    """A reading does not show it: UNKNOWN, until such readings agree for long enough (`then`)."""
    attempt = case.attempt
    since = min(attempt.absent_since or now, now)  # a clock that was ahead was put right since
    if now - since >= CERTAIN_AFTER:
        return Ending(case, then)
    open_still = replace(attempt, state=AttemptState.UNKNOWN, absent_since=since, unread_since=None)
    return Ending(replace(case, attempt=open_still), Code.UNKNOWN)


def unread(case: Case, now: datetime, error: Exception) -> Ending:
    """It could not be read back, for this reason: UNKNOWN, until that has lasted too long."""
    attempt = case.attempt
    log.warning("attempt %s could not be read back: %s", attempt.operation_id, error)
    since = min(attempt.unread_since or now, now)
    if now - since >= GIVE_UP_AFTER:
        return Ending(case, Code.GAVE_UP)
    open_still = replace(attempt, state=AttemptState.UNKNOWN, unread_since=since)
    return Ending(replace(case, attempt=open_still), Code.UNKNOWN)
