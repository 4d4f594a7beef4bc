"""Who goes before whom, and how long an offer stands: the pure rules of a line."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import Attempt, AttemptKind, AttemptState, Door, Waiter, WaitState
from bot.services.waiting_line import (
    GRACE,
    LAST_MINUTES,
    LONGEST_OFFER,
    UNHEARD_OFFER,
    is_claiming,
    is_promised,
    kept_from,
    last_call,
    length,
    may_move,
    number_of,
    offer_until,
)
from tests.services.worlds import HELPER, NOW, SESSION, TRAINER, place_of, with_claims, with_role

MINUTE = timedelta(minutes=1)


def waiter(number: int, **changes: Any) -> Waiter:
    """Somebody who waits for the Trainer since so many minutes after noon."""
    one = Waiter(
        number, 1, 1, 1, 1, "readmin", place_of(), number, 100 + number, NOW + number * MINUTE
    )
    return replace(one, **changes)


def asked(number: int, until: datetime = NOW + MINUTE) -> Waiter:
    """Somebody who was offered a place."""
    return waiter(number, state=WaitState.OFFERED, until=until)


def press(roblox_id: int, **changes: Any) -> Attempt:
    """A claim of the Trainer that was not sent yet."""
    attempt = Attempt(
        "operation", AttemptKind.CLAIM, AttemptState.PENDING, 1, 1, 1, 1, "readmin", place_of(),
        Door.BUTTON, 1, 1, roblox_id, NOW,
    )  # fmt: skip
    return replace(attempt, **changes)


LINE = (waiter(1), asked(2), waiter(3), waiter(4, place=place_of(HELPER)))


@pytest.mark.parametrize(
    ("attempt", "before"),
    [
        (press(999), [1, 2, 3]),  # a passer-by
        (press(101), [2]),  # the first of those who wait, but somebody was asked
        (press(103), [1, 2]),
        (press(102), []),  # who was asked
        (press(999, door=Door.HOST), [2]),
        (press(999, state=AttemptState.SENT), [2]),  # it was let through before
        (press(999, place=place_of(HELPER)), [4]),
    ],
)
def test_who_goes_before_a_claim(attempt: Attempt, before: list[int]) -> None:
    assert [one.waitlist_id for one in kept_from(attempt, LINE, NOW)] == before


def test_who_only_waits_in_another_guild_holds_nobody_up() -> None:
    passer_by = press(999)
    elsewhere = waiter(1, guild_id=2)
    assert kept_from(passer_by, [elsewhere], NOW) == ()
    offered = replace(asked(1), guild_id=2)
    assert kept_from(passer_by, [offered], NOW) == (offered,)


def test_an_offer_without_an_answer_keeps_nothing_after_a_moment() -> None:
    until = NOW + MINUTE
    assert is_promised(asked(1, until), until + GRACE - timedelta(milliseconds=1))
    assert not is_promised(asked(1, until), until + GRACE)
    assert not is_promised(waiter(1), NOW)


def test_accounts_count_once() -> None:
    twin = waiter(5, guild_id=2, roblox_id=101)
    line = [*LINE, twin]
    assert [number_of(line, one) for one in LINE[:3]] == [1, 2, 3]
    assert number_of(line, twin) == 3
    assert (length(line, place_of()), length(line, place_of(HELPER))) == (3, 1)


def test_what_may_yet_hold_a_place() -> None:
    assert not is_claiming(press(1))
    assert is_claiming(press(1, door=Door.WAITLIST))
    assert is_claiming(press(1, state=AttemptState.UNKNOWN))
    assert not is_claiming(press(1, kind=AttemptKind.RELEASE, state=AttemptState.SENT))


@given(st.integers(1, 100_000), st.booleans())
def test_an_offer_ends_in_time_and_before_the_last_minutes(seconds: int, heard: bool) -> None:
    ends = last_call(NOW + LAST_MINUTES + timedelta(seconds=seconds), None)
    until = offer_until(NOW, ends, heard=heard)
    assert NOW < until <= min(ends, NOW + (LONGEST_OFFER if heard else UNHEARD_OFFER))
    assert heard or until == min(ends, NOW + UNHEARD_OFFER)


def test_a_cut_off_comes_first() -> None:
    start = NOW + timedelta(hours=2)
    assert last_call(start, 30) == last_call(start, None) - timedelta(minutes=30)


def test_which_readings_concern_who_waits() -> None:
    held = with_claims(SESSION, 9)
    assert not may_move([waiter(1)], held, NOW)
    assert may_move([waiter(1)], SESSION, NOW)
    assert not may_move([asked(1)], SESSION, NOW)
    assert not may_move([asked(1), waiter(2)], SESSION, NOW)
    assert may_move([asked(1), waiter(2)], with_role(SESSION, replace(TRAINER, capacity=2)), NOW)
    assert may_move([asked(1, NOW - MINUTE)], held, NOW)
    assert may_move([waiter(1)], with_claims(SESSION, 101), NOW)
    assert may_move([waiter(1)], replace(held, roles=()), NOW)
