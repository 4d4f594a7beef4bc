"""The rules of a line for a full role: who goes before whom, and how long an offer stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.models import (
    Announcement,
    AnnouncementState,
    Attempt,
    AttemptKind,
    AttemptState,
    Door,
    Place,
    Session,
    Waiter,
    WaitState,
)
from bot.services.cases import Case
from bot.services.lanes import Reading
from bot.services.outcomes import Outcome
from bot.store.waitlist import WaitlistStore

LAST_MINUTES = timedelta(minutes=10)  # before claims close or the start: the first press wins
LONGEST_OFFER = timedelta(minutes=30)
SHORTEST_OFFER = timedelta(minutes=5)  # unless the last minutes come before
UNHEARD_OFFER = timedelta(minutes=5)  # shown only if the member happens to use Muster
# An answer that came in time is in the journal this much later at most: so long the place is kept.
GRACE = timedelta(seconds=5)


def last_call(starts_at: datetime, cutoff_minutes: int | None) -> datetime:
    """When offers end. `cutoff_minutes` before the start members can no longer claim."""
    return starts_at - timedelta(minutes=cutoff_minutes or 0) - LAST_MINUTES


def may_wait(announcement: Announcement, now: datetime) -> bool:
    """Whether there is a line at all for the roles of an announcement."""
    ends = last_call(announcement.starts_at, announcement.cutoff_minutes)
    return announcement.state in _TAKES_CLAIMS and now < ends


def offer_until(now: datetime, ends: datetime, *, heard: bool) -> datetime:
    """When an offer made now ends. `ends` is the last call.

    Shorter near the start, so that one after the other can be asked; and when nobody can be told.
    """
    life = min(LONGEST_OFFER, max(SHORTEST_OFFER, (ends - now) / 2))
    return min(now + (life if heard else UNHEARD_OFFER), ends)


def is_promised(waiter: Waiter, now: datetime) -> bool:
    """Whether a place is kept for somebody who was asked."""
    return (
        waiter.state is WaitState.OFFERED
        and waiter.until is not None
        and now < waiter.until + GRACE
    )


def kept_from(attempt: Attempt, line: Iterable[Waiter], now: datetime) -> tuple[Waiter, ...]:
    """Those of a session's line who go before this attempt.

    Whoever was asked goes before everybody. Whoever waits and will be asked in a moment goes before
    passers-by of their own guild, too, and before who is further back; not before a host's
    decision, and not before what is under way already. Passers-by of another guild that shares the
    session would have to trust that this one's key and process are well.
    """
    line = [one for one in line if one.place == attempt.place]
    own = [one for one in line if one.roblox_id == attempt.roblox_id]
    asked = any(is_promised(one, now) for one in own)
    waiting_counts = (
        not asked and attempt.door is not Door.HOST and attempt.state is AttemptState.PENDING
    )
    ahead_of = min((one.order for one in own), default=None)
    return tuple(
        one
        for one in line
        if one.roblox_id != attempt.roblox_id
        and (
            is_promised(one, now)
            or (
                waiting_counts
                and one.state is WaitState.WAITING
                and one.guild_id == attempt.guild_id
                and (ahead_of is None or one.order < ahead_of)
            )
        )
    )


def reserved_at(
    reading: Reading, place: Place, now: datetime, besides: Collection[str]
) -> frozenset[int]:
    """Roblox ids that count as holders of a place by what no platform shows.

    Their claims may yet appear, but for the attempts `besides`; or the place is promised to them.
    """
    claiming = {
        other.roblox_id
        for other in reading.unsettled
        if other.place == place and other.operation_id not in besides and is_claiming(other)
    }
    promised = {
        one.roblox_id for one in reading.line if one.place == place and is_promised(one, now)
    }
    return frozenset(claiming | promised)


def kept_until(kept: Iterable[Waiter]) -> datetime | None:
    """When the first of those who were asked loses the place; None when nobody was asked yet."""
    return min((one.until for one in kept if one.until is not None), default=None)


def is_claiming(attempt: Attempt) -> bool:
    """Whether an unsettled attempt may yet come to hold its place.

    One that was not sent may still be refused; but who accepted an offer has a promise.
    """
    accepted = attempt.door is Door.WAITLIST or attempt.state is not AttemptState.PENDING
    return attempt.kind is AttemptKind.CLAIM and accepted


def number_of(line: Sequence[Waiter], waiter: Waiter) -> int:
    """Somebody's number in the line for their place, from 1; accounts count once."""
    ahead = {
        one.roblox_id
        for one in line
        if one.place == waiter.place and one.order < waiter.order
    }  # fmt: skip
    return len(ahead - {waiter.roblox_id}) + 1


def length(line: Iterable[Waiter], place: Place) -> int:
    """How many accounts wait for a place."""
    return len({one.roblox_id for one in line if one.place == place})


def is_overdue(waiter: Waiter, now: datetime) -> bool:
    """Whether an offer got no answer in time."""
    return waiter.state is WaitState.OFFERED and not is_promised(waiter, now)


def is_excused(waiter: Waiter, usable_since: datetime) -> bool:
    """Whether an offer ran out before the member had a fair time in which accepting worked.

    We were down, or the platform was: they keep their place, and are asked once more.
    """
    return waiter.until is not None and waiter.until - usable_since < SHORTEST_OFFER


def room_in(session: Session, place: Place, wanted: int, taken: int | None = None) -> int:
    """How many more the place takes, at most as many as `wanted`; gone places take none."""
    role = session.role(place.group_id, place.role_id)
    if role is None or session.server(place.server_id) is None:
        return wanted  # who waits for what is gone has to be told
    if role.capacity is None:
        return wanted
    held = len(session.holders(place.server_id, place.role_id)) if taken is None else taken
    return min(wanted, role.capacity - held)


def may_move(waiters: Sequence[Waiter], session: Session, now: datetime) -> bool:
    """Whether a reading shows something that concerns those who wait: room, or no role at all."""
    for waiter in waiters:
        place = waiter.place
        holds = waiter.roblox_id in session.holders(place.server_id, place.role_id)
        here = [one for one in waiters if one.place == place]
        asked = sum(is_promised(one, now) for one in here)
        free = waiter.state is WaitState.WAITING and room_in(session, place, len(here)) > asked
        if holds or free or is_overdue(waiter, now):
            return True
    return False


async def with_line(store: WaitlistStore, case: Case, outcome: Outcome, now: datetime) -> Outcome:
    """A FULL outcome with the member's number in the line, or the one that they would have."""
    if not may_wait(case.announcement, now):
        return outcome
    attempt = case.attempt
    line = await store.list_line(attempt.upstream, attempt.place.session_id)
    theirs = (attempt.opening_id, attempt.subject_id)
    own = next((one for one in line if (one.opening_id, one.discord_id) == theirs), None)
    if own is not None:
        return replace(outcome, waitlist_id=own.waitlist_id, waitlist_place=number_of(line, own))
    return replace(outcome, waitlist_place=length(line, attempt.place) + 1)


_TAKES_CLAIMS = (AnnouncementState.OPEN, AnnouncementState.LOST)  # a lost board hinders no claim
