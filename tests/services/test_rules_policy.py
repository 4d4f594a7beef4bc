"""Cut-off, Discord roles and clashes: as a table, in their order, and by what must always hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import ClaimsForm, ClashPolicy, Session, SessionState
from bot.services.outcomes import Code
from bot.services.rules import Applicant, OtherClaim, Policy, Verdict, judge_claim
from tests.services.test_rules import applicants as plain_applicants
from tests.services.test_rules import capabilities, code, people, places, reservations, sessions
from tests.services.worlds import (
    HELPER,
    HOUR,
    MAIN,
    NOW,
    READMIN,
    SESSION,
    TRAINER,
    place_of,
    with_claims,
    with_role,
)

ME = 5
STAFF, TRAINERS, SUSPENDED = 71, 72, 73
MINUTE = timedelta(minutes=1)
START, END = SESSION.starts_at, SESSION.ends_at
OFF, WARN, REFUSE = ClashPolicy.OFF, ClashPolicy.WARN, ClashPolicy.REFUSE


def judge(policy: Policy, session: Session = SESSION, **who: Any) -> Verdict | None:
    """What is said to ME, who wants to be Trainer."""
    return judge_claim(session, place_of(), Applicant(ME, **who), frozenset(), READMIN, NOW, policy)


def other(starts_at: datetime = START, ends_at: datetime = END) -> OtherClaim:
    """A role that ME holds in another session."""
    return OtherClaim("12:30 Shift", starts_at, ends_at)


def clash(policy: ClashPolicy, *others: OtherClaim) -> Policy:
    """Only clashes matter; with a session at exactly the same time unless told otherwise."""
    return Policy(clash=policy, other_claims=others or (other(),))


IN_IT = with_claims(SESSION, ME, role=HELPER)
needs = Policy(allowed_role_ids=frozenset({STAFF, TRAINERS}))
bars = Policy(barred_role_ids=frozenset({SUSPENDED}))
both = Policy(allowed_role_ids=frozenset({STAFF}), barred_role_ids=frozenset({SUSPENDED}))


def roles(*role_ids: int) -> dict[str, object]:
    """Who has these Discord roles."""
    return {"discord_role_ids": frozenset(role_ids)}


@pytest.mark.parametrize(
    ("policy", "session", "who", "expected"),
    [
        (Policy(cut_off=NOW + MINUTE), SESSION, {}, None),
        (Policy(cut_off=NOW), SESSION, {}, Code.CLOSED),
        (Policy(cut_off=NOW - MINUTE), SESSION, {}, Code.CLOSED),
        (Policy(cut_off=NOW), SESSION, {"by_host": True}, None),
        (Policy(cut_off=NOW), with_claims(SESSION, ME), {}, Code.ALREADY_SAME),
        (Policy(cut_off=NOW), replace(SESSION, state=SessionState.LIVE), {}, Code.CLOSED),
        (needs, SESSION, roles(), Code.NOT_ELIGIBLE_DISCORD),
        (needs, SESSION, roles(SUSPENDED), Code.NOT_ELIGIBLE_DISCORD),
        (needs, SESSION, roles(TRAINERS), None),
        (needs, SESSION, {}, None),  # looked at before the restart
        (needs, SESSION, {"by_host": True, **roles()}, None),
        (bars, SESSION, roles(), None),
        (bars, SESSION, roles(SUSPENDED), Code.NOT_ELIGIBLE_DISCORD),
        (bars, SESSION, {"by_host": True, **roles(SUSPENDED)}, None),
        (both, SESSION, roles(STAFF, SUSPENDED), Code.NOT_ELIGIBLE_DISCORD),
        (both, SESSION, roles(STAFF), None),
        (clash(WARN), SESSION, {}, Code.CLASH),
        (clash(WARN), SESSION, {"clash_confirmed": True}, None),
        (clash(WARN), SESSION, {"by_host": True}, None),
        (clash(REFUSE), SESSION, {}, Code.CLASH),
        (clash(REFUSE), SESSION, {"clash_confirmed": True}, Code.CLASH),
        (clash(REFUSE), SESSION, {"by_host": True}, None),
        (clash(OFF), SESSION, {}, None),
        (Policy(clash=WARN), SESSION, {}, None),
        (clash(WARN, other(END, END + HOUR)), SESSION, {}, None),  # one begins as one ends
        (clash(WARN, other(START - HOUR, START)), SESSION, {}, None),
        (clash(WARN, other(END - MINUTE, END + HOUR)), SESSION, {}, Code.CLASH),
        (clash(WARN, other(START - HOUR, START + MINUTE)), SESSION, {}, Code.CLASH),
        (clash(WARN, other(START + MINUTE, END - MINUTE)), SESSION, {}, Code.CLASH),
        (clash(WARN, other(START - HOUR, END + HOUR)), SESSION, {}, Code.CLASH),
        (clash(WARN), IN_IT, {}, Code.MOVE),  # in it already: nothing new overlaps
        (clash(REFUSE), IN_IT, {"move_confirmed": True}, None),
        (clash(WARN), with_claims(SESSION, 9), {}, Code.FULL),
    ],
)
def test_each_verdict(
    policy: Policy, session: Session, who: dict[str, object], expected: Code | None
) -> None:
    assert code(judge(policy, session, **who)) is expected


@pytest.mark.parametrize(
    ("minutes", "span"),
    [
        (0, "at the start"),
        (1, "1 minute before the start"),
        (45, "45 minutes before the start"),
        (60, "1 hour before the start"),
        (90, "90 minutes before the start"),
        (1440, "24 hours before the start"),
    ],
)
def test_a_cut_off_says_when_it_was_and_who_still_can(minutes: int, span: str) -> None:
    session = replace(SESSION, starts_at=NOW + minutes * MINUTE, ends_at=NOW + 48 * HOUR)
    verdict = judge(Policy(cut_off=NOW), session)
    assert verdict is not None
    stamp = int(NOW.timestamp())
    assert verdict.why == f"claims closed {span}, <t:{stamp}:R>; a host can still add you"


def test_what_a_discord_role_refusal_names() -> None:
    assert judge(needs, **roles()) == Verdict(
        Code.NOT_ELIGIBLE_DISCORD, allowed_role_ids=(STAFF, TRAINERS)
    )
    assert judge(both, **roles(SUSPENDED, STAFF, 9)) == Verdict(
        Code.NOT_ELIGIBLE_DISCORD, barred_role_ids=(SUSPENDED,)
    )


def test_a_clash_names_the_first_that_overlaps_and_whether_yes_helps() -> None:
    early, late = other(START - 3 * HOUR, START - HOUR), other(START + MINUTE, END)
    asked = judge(clash(WARN, early, late))
    assert asked == Verdict(Code.CLASH, clash=late)
    refused = judge(clash(REFUSE, early, late))
    assert refused == Verdict(Code.CLASH, clash=late, clash_may_be_confirmed=False)


def test_the_verdicts_come_in_their_order() -> None:
    """Everything is wrong at once; one thing after another is put right."""
    strict = replace(TRAINER, min_rank=100)
    full = with_claims(with_role(SESSION, strict), 9, role=strict)
    listed = replace(full, servers=(replace(MAIN, form=ClaimsForm.LIST),))
    everything = Policy(NOW, frozenset({STAFF}), frozenset({SUSPENDED}), WARN, (other(),))
    later = replace(everything, cut_off=None)
    nobody, staff = roles(SUSPENDED), roles(STAFF)
    steps: list[tuple[Policy, Session, dict[str, object], Code | None]] = [
        (everything, replace(listed, ends_at=NOW), nobody, Code.CLOSED),
        (everything, listed, nobody, Code.LIST_FORM),
        (everything, with_claims(full, ME, role=strict), nobody, Code.ALREADY_SAME),
        (everything, full, nobody, Code.CLOSED),
        (later, full, nobody, Code.NOT_ELIGIBLE_DISCORD),
        (later, full, staff, Code.NOT_ELIGIBLE_RANK),
        (later, full, {"rank": 100, **staff}, Code.FULL),
        (later, SESSION, staff, Code.CLASH),
        (later, SESSION, {"clash_confirmed": True, **staff}, None),
    ]
    said = [code(judge(policy, session, **who)) for policy, session, who, _ in steps]
    assert said == [expected for *_, expected in steps]


def test_one_yes_to_a_move_does_not_ask_twice() -> None:
    """The button Move confirms both questions, of which the clash comes first."""
    assert code(judge(clash(WARN), IN_IT, move_confirmed=True, clash_confirmed=True)) is None
    assert code(judge(clash(WARN), SESSION, move_confirmed=True, clash_confirmed=True)) is None


moments = st.integers(-300, 300).map(lambda minutes: NOW + minutes * MINUTE)
role_sets = st.frozensets(st.sampled_from([STAFF, TRAINERS, SUSPENDED]), max_size=3)
others = st.builds(
    lambda start, minutes: OtherClaim("Other", start, start + minutes * MINUTE),
    moments,
    st.integers(1, 300),
)
policies = st.builds(
    Policy, st.none() | moments, role_sets, role_sets, st.sampled_from(ClashPolicy),
    st.lists(others, max_size=3).map(tuple),
)  # fmt: skip
applicants = st.builds(
    replace, plain_applicants, discord_role_ids=st.none() | role_sets,
    clash_confirmed=st.booleans(), by_host=st.booleans(),
)  # fmt: skip
cases = st.tuples(sessions, places, applicants, reservations, capabilities)


@given(cases, policies)
def test_what_may_be_sent_breaks_no_setting(case: tuple[Any, ...], policy: Policy) -> None:
    session, place, who, reserved, can = case
    verdict = judge_claim(session, place, who, reserved, can, NOW, policy)
    if verdict is not None or who.by_host:
        return
    assert policy.cut_off is None or policy.cut_off > NOW
    if who.discord_role_ids is not None:
        assert not who.discord_role_ids & policy.barred_role_ids
        assert not policy.allowed_role_ids or who.discord_role_ids & policy.allowed_role_ids
    overlaps = [
        one
        for one in policy.other_claims
        if max(one.starts_at, session.starts_at) < min(one.ends_at, session.ends_at)
    ]
    asked = policy.clash is ClashPolicy.WARN and who.clash_confirmed
    inside = session.held_by(who.roblox_id)
    assert not overlaps or policy.clash is ClashPolicy.OFF or asked or inside


@given(cases, policies)
def test_a_host_decides_over_settings_and_over_nothing_else(
    case: tuple[Any, ...], policy: Policy
) -> None:
    session, place, who, reserved, can = case
    host = replace(who, by_host=True)
    with_settings = judge_claim(session, place, host, reserved, can, NOW, policy)
    assert with_settings == judge_claim(session, place, who, reserved, can, NOW)


@given(cases, policies)
def test_a_setting_never_opens_a_door(case: tuple[Any, ...], policy: Policy) -> None:
    session, place, who, reserved, can = case
    without = judge_claim(session, place, who, reserved, can, NOW)
    if without is not None:
        assert judge_claim(session, place, who, reserved, can, NOW, policy) is not None


@given(cases, policies)
def test_yes_to_a_clash_changes_only_the_clash(case: tuple[Any, ...], policy: Policy) -> None:
    session, place, who, reserved, can = case
    before = judge_claim(
        session, place, replace(who, clash_confirmed=False), reserved, can, NOW, policy
    )
    after = judge_claim(
        session, place, replace(who, clash_confirmed=True), reserved, can, NOW, policy
    )
    assert after == before or code(before) is Code.CLASH


@given(cases, policies, people)
def test_what_overlaps_with_nothing_is_no_clash(
    case: tuple[Any, ...], policy: Policy, hours: int
) -> None:
    session, place, who, reserved, can = case
    apart = OtherClaim("Later", session.ends_at, session.ends_at + hours * HOUR)
    policy = replace(policy, other_claims=(apart,))
    if session.starts_at < session.ends_at:
        said = judge_claim(session, place, who, reserved, can, NOW, policy)
        assert code(said) is not Code.CLASH
