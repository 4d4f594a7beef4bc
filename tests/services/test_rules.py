"""The one function that decides: as a table, in its order, and by what must always hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import Capabilities, Claim, ClaimsForm, Place, Role, Server, Session, SessionState
from bot.services.outcomes import Code
from bot.services.rules import Applicant, Verdict, judge_claim, needs_rank
from tests.services.worlds import (
    GUARD,
    HELPER,
    MAIN,
    NOW,
    READMIN,
    SECOND,
    SERIES,
    SESSION,
    TRAINER,
    place_of,
    with_claims,
    with_role,
)

ME = 5


def judge(
    session: Session = SESSION,
    place: Place | None = None,
    *,
    rank: int | None = None,
    move: bool = False,
    reserved: frozenset[int] = frozenset(),
    capabilities: Capabilities = READMIN,
) -> Verdict | None:
    """What is said to ME, who wants to be Trainer unless told otherwise."""
    applicant = Applicant(ME, rank, move)
    return judge_claim(session, place or place_of(), applicant, reserved, capabilities, NOW)


def code(verdict: Verdict | None) -> Code | None:
    """The verdict's code."""
    return verdict.code if verdict else None


TWO = replace(SESSION, servers=(MAIN, SECOND))
RANKED = replace(TRAINER, min_rank=100)
ONCE = replace(HELPER, claim_once=True)
SENIOR = with_role(SESSION, RANKED)
AGAIN = with_role(TWO, ONCE)


@pytest.mark.parametrize(
    ("session", "place", "options", "expected"),
    [
        (SESSION, None, {}, None),
        (replace(SESSION, state=SessionState.LIVE), None, {}, None),
        (replace(SESSION, state=SessionState.NOT_OPEN), None, {}, Code.NOT_OPEN),
        (replace(SESSION, state=SessionState.CANCELLED), None, {}, Code.CLOSED),
        (replace(SESSION, state=SessionState.ENDED), None, {}, Code.CLOSED),
        (replace(SESSION, ends_at=NOW), None, {}, Code.CLOSED),
        (replace(SESSION, ends_at=NOW + timedelta(seconds=1)), None, {}, None),
        (replace(SESSION, claimable=False), None, {}, Code.CLOSED),
        (SESSION, place_of(server=SECOND), {}, Code.GONE),
        (replace(SESSION, servers=()), None, {}, Code.GONE),
        (replace(SESSION, roles=(HELPER,)), None, {}, Code.GONE),
        (SESSION, replace(place_of(), group_id="other"), {}, Code.GONE),
        (
            replace(SESSION, servers=(replace(MAIN, form=ClaimsForm.LIST),)),
            None,
            {},
            Code.LIST_FORM,
        ),
        (with_claims(SESSION, ME), None, {}, Code.ALREADY_SAME),
        (SENIOR, None, {"rank": 99}, Code.NOT_ELIGIBLE_RANK),
        (SENIOR, None, {"rank": None}, Code.NOT_ELIGIBLE_RANK),
        (SENIOR, None, {"rank": 100}, None),
        (SENIOR, None, {"rank": 0, "capabilities": SERIES}, None),
        (with_claims(SESSION, 9), None, {}, Code.FULL),
        (SESSION, None, {"reserved": frozenset({9})}, Code.FULL),
        (SESSION, None, {"reserved": frozenset({ME})}, None),
        (with_role(SESSION, replace(TRAINER, capacity=0)), None, {}, Code.FULL),
        (with_role(SESSION, replace(TRAINER, capacity=None)), None, {}, None),
        (with_claims(SESSION, *range(100, 200), role=GUARD), place_of(GUARD), {}, None),
        (with_claims(TWO, 9, server="second"), None, {}, None),
        (with_claims(SESSION, ME, role=HELPER), None, {}, Code.MOVE),
        (with_claims(SESSION, ME, role=HELPER), None, {"move": True}, None),
        (with_claims(SESSION, ME, role=HELPER), None, {"capabilities": SERIES}, None),
        (with_claims(TWO, ME, role=HELPER, server="second"), None, {}, None),
        (with_claims(AGAIN, ME, role=ONCE, server="second"), place_of(HELPER), {}, Code.CLAIM_ONCE),
        (with_claims(AGAIN, 9, role=ONCE, server="second"), place_of(HELPER), {}, None),
        (with_claims(TWO, ME, role=HELPER, server="second"), place_of(HELPER), {}, None),
    ],
)
def test_each_verdict(
    session: Session, place: Place | None, options: dict[str, object], expected: Code | None
) -> None:
    assert code(judge(session, place, **options)) is expected  # type: ignore[arg-type]  # a table


def test_which_thing_is_gone() -> None:
    assert judge(replace(SESSION, servers=())) == Verdict(Code.GONE, what="server")
    assert judge(replace(SESSION, roles=())) == Verdict(Code.GONE, what="role")


def test_full_names_who_holds_it() -> None:
    verdict = judge(with_claims(SESSION, 9))
    assert verdict is not None
    assert verdict.holders == (9,)
    assert verdict.role == TRAINER


def test_move_names_what_is_held_also_when_its_name_is_lost() -> None:
    verdict = judge(with_claims(SESSION, ME, role=HELPER))
    assert verdict is not None
    assert (verdict.held_role_name, verdict.held_server_id) == ("Helper", "main")
    nameless = replace(SESSION, servers=(replace(MAIN, claims=(Claim(ME, None),)),))
    verdict = judge(nameless)
    assert verdict is not None
    assert verdict.code is Code.MOVE
    assert verdict.held_role_name == "a role that no longer exists"


def test_claim_once_names_where_it_is_held() -> None:
    verdict = judge(with_claims(AGAIN, ME, role=ONCE, server="second"), place_of(HELPER))
    assert verdict is not None
    assert (verdict.held_role_name, verdict.held_server_id) == ("Helper", "second")


def test_the_verdicts_come_in_their_order() -> None:
    """Everything is wrong at once; one thing after another is put right."""
    strict = replace(TRAINER, min_rank=100, claim_once=True)
    held = with_claims(with_role(TWO, strict), ME, role=strict, server="second")
    held = with_claims(with_claims(held, ME, role=HELPER), 9, role=strict)
    listed = replace(held.servers[0], form=ClaimsForm.LIST)
    worst = replace(
        held, state=SessionState.NOT_OPEN, ends_at=NOW, claimable=False, servers=(listed,), roles=()
    )
    steps = [
        (worst, Code.NOT_OPEN),
        (replace(worst, state=SessionState.SCHEDULED), Code.CLOSED),
        (replace(held, claimable=False, servers=(listed,), roles=()), Code.CLOSED),
        (replace(held, servers=(), roles=()), Code.GONE),
        (replace(held, servers=(listed,), roles=()), Code.LIST_FORM),
        (replace(held, roles=()), Code.GONE),
        (with_claims(held, ME, role=strict), Code.ALREADY_SAME),
        (held, Code.NOT_ELIGIBLE_RANK),
    ]
    assert [code(judge(session, rank=1)) for session, _ in steps] == [said for _, said in steps]
    assert code(judge(held, rank=200)) is Code.CLAIM_ONCE
    free = replace(held, servers=held.servers[:1])
    assert code(judge(free, rank=200)) is Code.FULL
    empty = with_claims(replace(SESSION, roles=free.roles), ME, role=HELPER)
    assert code(judge(empty, rank=200)) is Code.MOVE
    assert code(judge(empty, rank=200, move=True)) is None


@pytest.mark.parametrize(
    ("session", "capabilities", "expected"),
    [(SENIOR, READMIN, True), (SENIOR, SERIES, False), (SESSION, READMIN, False),
     (replace(SENIOR, roles=()), READMIN, False)],
)  # fmt: skip
def test_a_rank_is_asked_for_only_where_it_decides(
    session: Session, capabilities: Capabilities, expected: bool
) -> None:
    assert needs_rank(session, place_of(), capabilities) is expected


people = st.integers(1, 8)
roles = st.builds(
    Role,
    group_id=st.just("g"),
    group_name=st.just("G"),
    role_id=st.sampled_from("abc"),
    name=st.just("R"),
    capacity=st.none() | st.integers(0, 4),
    min_rank=st.sampled_from([0, 0, 50]),
    claim_once=st.booleans(),
)
claims = st.builds(Claim, roblox_id=people, role_id=st.sampled_from("abc") | st.none())
servers = st.builds(
    Server,
    server_id=st.sampled_from(["s1", "s2"]),
    name=st.just("S"),
    claims=st.lists(claims, max_size=8).map(tuple),
    form=st.sampled_from([ClaimsForm.MAP, ClaimsForm.MAP, ClaimsForm.LIST]),
)
sessions = st.builds(
    replace,
    st.just(SESSION),
    state=st.sampled_from([SessionState.SCHEDULED, SessionState.LIVE, *SessionState]),
    ends_at=st.integers(-1, 3).map(lambda hours: NOW + timedelta(hours=hours)),
    servers=st.lists(servers, max_size=3, unique_by=lambda one: one.server_id).map(tuple),
    roles=st.lists(roles, max_size=3, unique_by=lambda one: one.role_id).map(tuple),
    claimable=st.sampled_from([True, True, False]),
)
places = st.builds(Place, st.just("training"), st.sampled_from(["s1", "s2"]), st.just("g"),
                   st.sampled_from("abc"))  # fmt: skip
applicants = st.builds(Applicant, people, st.none() | st.integers(0, 255), st.booleans())
capabilities = st.builds(Capabilities, st.booleans(), st.booleans(), st.booleans(), st.booleans())
reservations = st.frozensets(people, max_size=5)


@given(sessions, places, applicants, reservations, capabilities)
def test_what_may_be_sent_breaks_no_limit(
    session: Session, place: Place, who: Applicant, reserved: frozenset[int], can: Capabilities
) -> None:
    verdict = judge_claim(session, place, who, reserved, can, NOW)
    if verdict is not None:
        return
    server, role = session.server(place.server_id), session.role(place.group_id, place.role_id)
    assert server is not None
    assert role is not None
    assert server.form is ClaimsForm.MAP
    assert session.state in (SessionState.SCHEDULED, SessionState.LIVE)
    assert session.ends_at > NOW
    assert session.claimable
    holders = set(session.holders(place.server_id, place.role_id)) | reserved | {who.roblox_id}
    assert role.capacity is None or len(holders) <= role.capacity  # with the applicant among them
    assert who.roblox_id not in session.holders(place.server_id, place.role_id)
    assert can.enforces_limits or (who.rank or 0) >= role.min_rank
    here = [one for where, one in session.held_by(who.roblox_id) if where == place.server_id]
    assert not here or who.move_confirmed or not can.one_claim_per_server
    everywhere = [one.role_id for _, one in session.held_by(who.roblox_id)]
    assert not role.claim_once or role.role_id not in everywhere


@given(sessions, places, applicants, reservations, capabilities)
def test_unlimited_is_never_full(
    session: Session, place: Place, who: Applicant, reserved: frozenset[int], can: Capabilities
) -> None:
    unlimited = replace(session, roles=tuple(replace(r, capacity=None) for r in session.roles))
    assert code(judge_claim(unlimited, place, who, reserved, can, NOW)) is not Code.FULL


@given(sessions, places, applicants, reservations, capabilities)
def test_ones_own_reservation_changes_nothing(
    session: Session, place: Place, who: Applicant, reserved: frozenset[int], can: Capabilities
) -> None:
    with_mine = judge_claim(session, place, who, reserved | {who.roblox_id}, can, NOW)
    without = judge_claim(session, place, who, reserved - {who.roblox_id}, can, NOW)
    assert with_mine == without


@given(sessions, places, applicants, reservations, capabilities, people)
def test_a_further_reservation_never_opens_a_door(
    session: Session,
    place: Place,
    who: Applicant,
    reserved: frozenset[int],
    can: Capabilities,
    other: int,
) -> None:
    before = judge_claim(session, place, who, reserved, can, NOW)
    after = judge_claim(session, place, who, reserved | {other}, can, NOW)
    assert after == before or code(after) is Code.FULL


@given(sessions, places, applicants, reservations, capabilities)
def test_the_same_facts_give_the_same_verdict(
    session: Session, place: Place, who: Applicant, reserved: frozenset[int], can: Capabilities
) -> None:
    first = judge_claim(session, place, who, reserved, can, NOW)
    assert judge_claim(session, place, who, reserved, can, NOW) == first
