"""Which write comes next, as a table: from every state of the platform both ways to the end."""

from __future__ import annotations

from itertools import product

import pytest

from bot.models import Session, Stands
from bot.services.outcomes import Code
from bot.services.swap_steps import (
    Exchange,
    Step,
    emptied,
    next_step,
    obstacle,
    overfull,
    shows,
    stands,
    to_step,
)
from tests.services.worlds import HELPER, NOW, READMIN, SESSION, TRAINER, place_of, with_claims

ANA, BEN, THIRD = 103, 104, 105
SIDES = (
    Exchange(ANA, place_of(TRAINER), place_of(HELPER)),
    Exchange(BEN, place_of(HELPER), place_of(TRAINER)),
)
ROLES = {"t": TRAINER, "h": HELPER}
STATES = list(product(("", "t", "h", "th"), repeat=2))  # what ANA and BEN hold


def session_of(ana: str, ben: str) -> Session:
    """The session in which both hold these."""
    session = SESSION
    for person, held in ((ANA, ana), (BEN, ben)):
        for role in held:
            session = with_claims(session, person, role=ROLES[role])
    return session


def applied(step: Step, ana: str, ben: str) -> tuple[str, str]:
    """What both hold after the write."""
    letter = "t" if step.place == place_of(TRAINER) else "h"
    held = [set(ana), set(ben)]
    if step.claiming:
        held[step.side].add(letter)
    else:
        held[step.side].discard(letter)
    return "".join(sorted(held[0])), "".join(sorted(held[1]))


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize(("ana", "ben"), STATES)
def test_every_state_comes_to_the_end(ana: str, ben: str, back: bool) -> None:
    writes = []
    while (step := _next(ana, ben, back)) is not None:
        assert to_step(step.name, SIDES) == step
        assert not shows(step, {SESSION.session_id: session_of(ana, ben)})
        ana, ben = applied(step, ana, ben)
        assert shows(step, {SESSION.session_id: session_of(ana, ben)})
        writes.append(step.claiming)
    assert (ana, ben) == (("t", "h") if back else ("h", "t"))
    assert writes == sorted(writes), "both releases come before both claims"
    assert len(writes) <= 4
    sessions = {SESSION.session_id: session_of(ana, ben)}
    assert {stands(side, sessions) for side in SIDES} == {Stands.OLD if back else Stands.NEW}


def _next(ana: str, ben: str, back: bool) -> Step | None:
    return next_step(SIDES, {SESSION.session_id: session_of(ana, ben)}, back=back)


def test_a_lost_side_is_left_alone() -> None:
    sessions = {SESSION.session_id: session_of("", "")}
    step = next_step(SIDES, sessions, back=True, lost={0})
    assert step is not None
    assert (step.side, step.claiming) == (1, True)
    assert next_step(SIDES, sessions, back=True, lost={0, 1}) is None


def test_a_session_that_is_gone_holds_nobody() -> None:
    sessions = {SESSION.session_id: None}
    assert {stands(side, sessions) for side in SIDES} == {Stands.NEITHER}


def test_between_the_writes_both_places_are_empty() -> None:
    between = emptied(with_claims(session_of("t", "h"), THIRD, role=HELPER), SIDES)
    assert [claim.roblox_id for claim in between.servers[0].claims] == [THIRD]


def test_what_can_be_in_the_way_of_a_claim() -> None:
    step = to_step("1 claim new", SIDES)
    assert step is not None
    taken = with_claims(SESSION, THIRD)
    refused = obstacle(step, taken, frozenset(), READMIN, NOW, back=False)
    assert refused is not None
    assert refused.code is Code.FULL
    reserved = obstacle(step, SESSION, frozenset({THIRD}), READMIN, NOW, back=False)
    assert reserved is not None
    assert obstacle(step, SESSION, frozenset(), READMIN, NOW, back=False) is None
    over = SESSION.ends_at
    assert obstacle(step, SESSION, frozenset(), READMIN, over, back=False) is not None
    assert obstacle(step, SESSION, frozenset(), READMIN, over, back=True) is None, (
        "what somebody had is given back also when the session is over"
    )
    assert overfull(with_claims(taken, BEN), step.place)
    assert not overfull(taken, step.place)


def test_a_name_of_no_step() -> None:
    assert to_step("", SIDES) is None
    assert to_step("2 claim new", SIDES) is None
