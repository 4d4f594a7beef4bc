"""Every outcome and every error has words; none of them exceeds a message or carries a ping."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from unittest.mock import Mock

import pytest
from discord import AppCommandOptionType, app_commands
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.buttons import Action
from bot.errors import (
    AlreadyHeld,
    ChannelLost,
    KeyErased,
    KeyRefused,
    MessengerError,
    Misread,
    NotClaimable,
    NotPermitted,
    OutcomeUnknown,
    PlanTooLow,
    ProviderError,
    RankTooLow,
    RateLimited,
    Refusal,
    SlotTaken,
    StartRefused,
    Unavailable,
    UpstreamFacts,
    UpstreamNotFound,
    UpstreamRefused,
)
from bot.replies import NO_PINGS, Reply, outcome_reply, report
from bot.services.outcomes import Code, Outcome
from bot.text import size
from bot.views import to_view
from tests.hostile import labels, texts, times

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FACTS = UpstreamFacts("ReAdmin", 400, "no **more** @everyone")
PLAIN = Outcome(
    Code.CLAIMED, opening_id=7, session_title="12:00 Training", starts_at=NOON, role_name="Trainer",
    server_name="Main", platform="ReAdmin", reference="0123abcd", holders=("<@5>", "Ana_1"),
    capacity=2, needed_rank=10, rank=3, held_role_name="Helper", held_server_name="Second",
    why="the session is over", what="role", role_ids=(5, 6),
)  # fmt: skip

outcomes = st.builds(
    Outcome,
    code=st.sampled_from(Code),
    opening_id=st.none() | st.integers(0, 2**63 - 1),
    session_title=texts,
    starts_at=st.none() | times,
    role_name=texts,
    server_name=texts,
    platform=st.sampled_from(["", "ReAdmin", "ReAdmin (legacy v1)", "Series HR"]),
    reference=st.sampled_from(["", "0123abcd"]),
    holders=st.lists(labels, max_size=20).map(tuple),
    capacity=st.none() | st.integers(0, 1000),
    needed_rank=st.integers(0, 255),
    rank=st.integers(0, 255),
    held_role_name=texts,
    held_server_name=texts,
    words=texts,
    why=st.sampled_from(["", "the session is over", "closed by <@5> <t:1700000000:R>"]),
    what=st.sampled_from(["", "session", "server", "role", "route", "button", "workspace"]),
    until=st.none() | times,
    can_release=st.booleans(),
    role_ids=st.lists(st.integers(1, 2**63 - 1), max_size=100).map(tuple),
    barred_role_ids=st.lists(st.integers(1, 2**63 - 1), max_size=100).map(tuple),
    clash_title=texts,
    clash_starts_at=st.none() | times,
    clash_until=st.none() | times,
    clash_may_be_confirmed=st.booleans(),
    subject_id=st.none() | st.integers(1, 2**63 - 1),
    reason=texts,
)


def assert_discord_takes(reply: Reply) -> None:
    """Within a message's limits, by characters and by UTF-16 units."""
    assert 1 <= len(reply.text.strip()) <= size(reply.text) <= 2000
    view = to_view(reply.buttons)
    parts = [part for row in view.to_components() for part in row["components"]] if view else []
    assert len({part["custom_id"] for part in parts}) == len(parts) <= 25
    for part in parts:
        assert 1 <= len(part["label"]) <= size(part["label"]) <= 80
        assert len(part["custom_id"]) <= 100


@settings(max_examples=300, deadline=None)
@given(outcomes)
def test_any_outcome_fits_into_a_message(outcome: Outcome) -> None:
    reply = outcome_reply(outcome)
    assert_discord_takes(reply)
    assert "@everyone" not in reply.text
    assert "@here" not in reply.text


@pytest.mark.parametrize("code", Code)
def test_every_code_has_words(code: Code) -> None:
    reply = outcome_reply(replace(PLAIN, code=code))
    assert_discord_takes(reply)
    assert "None" not in reply.text
    assert "{" not in reply.text


@pytest.mark.parametrize(
    ("code", "part"),
    [
        (Code.CLAIMED, "✔ You are **Trainer** in “12:00 Training”, Main.\nStarts <t:1772366400:F>"),
        (Code.RELEASED, "✔ Released: you no longer hold **Trainer**"),
        (Code.NOT_LINKED, "`/links add`"),
        (Code.NOT_ELIGIBLE_DISCORD, "need the Discord role <@&5> or <@&6>"),
        (Code.CLASH, "Claim **Trainer** in “12:00 Training”, Main all the same?"),
        (Code.GAVE_UP, "could not find out"),
        (Code.NOT_ELIGIBLE_RANK, "needs group rank 10 or higher; yours is 3"),
        (Code.CLAIM_ONCE, "You hold **Helper** in this session already on Second"),
        (Code.FULL, "is full 2/2: <@5>, Ana\\_1."),
        (Code.ALREADY_SAME, "already hold"),
        (Code.MOVE, "You hold **Helper** on this server already"),
        (Code.CLOSED, "cannot be claimed: the session is over."),
        (Code.NOT_OPEN, "not your fault"),
        (Code.LIST_FORM, "not your fault"),
        (Code.GONE, "This role no longer exists on ReAdmin"),
        (Code.KEY, "not your fault"),
        (Code.PLAN, "not your fault"),
        (Code.DOWN, "Nothing was changed"),
        (Code.UNKNOWN, "need not press again"),
        (Code.UPSTREAM_SAID, "Nothing was changed"),
        (Code.NOT_HELD, "nothing to release"),
        (Code.CANNOT_RELEASE, "You still hold"),
        (Code.DID_NOT_ARRIVE, "You can try again now"),
        (Code.INTERRUPTED, "Press again"),
    ],
)
def test_what_each_ending_says(code: Code, part: str) -> None:
    assert part in outcome_reply(replace(PLAIN, code=code)).text


def test_a_limit_says_until_when() -> None:
    limited = replace(PLAIN, code=Code.LIMITED, until=NOON)
    assert "until <t:1772366400:T>" in outcome_reply(limited).text


@pytest.mark.parametrize("what", ["button", "route", "workspace"])
def test_what_is_gone_has_its_own_words(what: str) -> None:
    own = outcome_reply(replace(PLAIN, code=Code.GONE, what=what)).text
    assert f"This {what} no longer exists on" not in own


@pytest.mark.parametrize(
    "code",
    [Code.CLOSED, Code.NOT_ELIGIBLE_RANK, Code.UPSTREAM_SAID, Code.KEY, Code.PLAN, Code.DOWN],
)
def test_the_platforms_words_are_quoted_and_harmless(code: Code) -> None:
    text = outcome_reply(replace(PLAIN, code=code, words=FACTS.words)).text
    assert "“no \\*\\*more\\*\\* @\u200beveryone”" in text


@pytest.mark.parametrize("code", Code)
def test_every_ending_can_be_quoted(code: Code) -> None:
    assert outcome_reply(replace(PLAIN, code=code)).text.endswith("\n-# Reference 0123abcd")
    assert "Reference" not in outcome_reply(replace(PLAIN, code=code, reference="")).text


def test_a_long_answer_keeps_its_reference() -> None:
    crowd = replace(PLAIN, code=Code.NOT_ELIGIBLE_DISCORD, role_ids=tuple(range(2**62, 2**62 + 99)))
    reply = outcome_reply(crowd)
    assert_discord_takes(reply)
    assert reply.text.endswith("…\n-# Reference 0123abcd")


@pytest.mark.parametrize(
    ("code", "actions"),
    [
        (Code.CLAIMED, [Action.RELEASE]),
        (Code.ALREADY_SAME, [Action.RELEASE]),
        (Code.MOVE, [Action.MOVE, Action.KEEP]),
        (Code.DOWN, [Action.CLAIM]),
        (Code.LIMITED, [Action.CLAIM]),
        (Code.DID_NOT_ARRIVE, [Action.CLAIM]),
        (Code.INTERRUPTED, [Action.CLAIM]),
        (Code.KEY, [Action.CLAIM]),
        (Code.NOT_ELIGIBLE_RANK, [Action.CLAIM]),
        (Code.CLASH, [Action.CLAIM_ANYWAY, Action.KEEP]),
        (Code.UNKNOWN, []),
        (Code.NOT_ELIGIBLE_DISCORD, []),
        (Code.CLOSED, []),
    ],
)
def test_the_next_step_is_a_button(code: Code, actions: list[Action]) -> None:
    buttons = outcome_reply(replace(PLAIN, code=code)).buttons
    assert [button.action for button in buttons] == actions
    assert {button.number for button in buttons} <= {7}
    assert outcome_reply(replace(PLAIN, code=code, opening_id=None)).buttons == ()


def test_a_last_place_that_is_being_confirmed_can_be_tried_again() -> None:
    full = replace(PLAIN, code=Code.FULL)
    assert outcome_reply(full).buttons == ()
    (button,) = outcome_reply(replace(full, holders=("<@5>",))).buttons
    assert (button.action, button.label) == (Action.CLAIM, "Try again")


def test_a_refused_clash_has_no_yes() -> None:
    reply = outcome_reply(replace(PLAIN, code=Code.CLASH, clash_may_be_confirmed=False))
    assert reply.buttons == ()
    assert "one at a time" in reply.text


def test_who_acts_for_somebody_gets_no_buttons_that_act_for_themselves() -> None:
    for code in Code:
        assert outcome_reply(replace(PLAIN, code=code, subject_id=9)).buttons == ()


def test_no_release_button_where_nothing_can_be_released() -> None:
    assert outcome_reply(replace(PLAIN, can_release=False)).buttons == ()


ERRORS: list[tuple[Exception, str]] = [
    (KeyRefused("m", FACTS), "refuses the key"),
    (KeyErased("ReAdmin"), "no key for ReAdmin"),
    (UpstreamNotFound("m", FACTS, "route"), "no ReAdmin API at this address"),
    (UpstreamNotFound("m", FACTS, "session"), "no longer has this session"),
    (RateLimited("m", FACTS, NOON), "<t:1772366400:T>"),
    (PlanTooLow("m", FACTS), "plan does not include"),
    (OutcomeUnknown("m", FACTS), "Look before you try again"),
    (Misread("m", FACTS), "does not understand"),
    (UpstreamRefused("m", FACTS), "ReAdmin said"),
    (RankTooLow("m", FACTS), "ReAdmin said"),
    (AlreadyHeld("m", FACTS), "ReAdmin said"),
    (SlotTaken("m", FACTS), "ReAdmin said"),
    (NotClaimable("m", FACTS), "ReAdmin said"),
    (Unavailable("it hung up", UpstreamFacts("ReAdmin")), "ReAdmin does not answer"),
    (ChannelLost("The channel is gone."), "The channel is gone. Check the channel"),
    (MessengerError("Discord answered 500."), "Discord did not do it"),
    (NotPermitted("Only hosts."), "Only hosts."),
    (Refusal("Use /link first."), "Use /link first."),
    (StartRefused("MUSTER_X: is wrong."), "MUSTER_X: is wrong."),
]


@pytest.mark.parametrize(("error", "part"), ERRORS, ids=lambda value: type(value).__name__)
def test_every_error_has_words(error: Exception, part: str) -> None:
    reply = report(error)
    assert_discord_takes(reply)
    assert part in reply.text
    assert "@everyone" not in reply.text
    assert "**more**" not in reply.text


@pytest.mark.parametrize("error", [UpstreamRefused, NotClaimable, SlotTaken])
def test_a_refusal_without_words_is_not_called_silence(error: type[ProviderError]) -> None:
    text = report(error("ReAdmin redirects elsewhere.", UpstreamFacts("ReAdmin", 302))).text
    assert text == "⛔ ReAdmin redirects elsewhere."


def test_a_member_who_left_is_an_answer_not_a_fault() -> None:
    error = app_commands.TransformerError("5", AppCommandOptionType.user, Mock())
    reply = report(error)
    assert "may have left" in reply.text.replace("\n", " ")
    assert "went wrong" not in reply.text


def test_every_provider_error_is_in_the_list() -> None:
    def kinds(base: type[ProviderError]) -> set[type[ProviderError]]:
        below = base.__subclasses__()
        return set(below).union(*(kinds(one) for one in below))

    listed = {type(error) for error, _ in ERRORS if isinstance(error, ProviderError)}
    assert kinds(ProviderError) == listed


def test_an_erased_key_is_not_called_refused() -> None:
    text = outcome_reply(replace(PLAIN, code=Code.KEY, what="key")).text
    assert "key was erased" in text
    assert "refuses" not in text


def test_an_unexpected_error_shows_nothing_but_a_reference(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        reply = report(RuntimeError("the secret of the house"))
    assert "secret" not in reply.text
    reference = reply.text.split("`")[1]
    assert len(reference) == 8
    (record,) = caplog.records
    assert reference in record.getMessage()
    assert record.exc_info is not None


def test_two_unexpected_errors_have_two_references() -> None:
    assert report(RuntimeError("a")).text != report(RuntimeError("a")).text


def test_a_long_refusal_is_cut() -> None:
    assert_discord_takes(report(Refusal("🧨" * 3000)))


def test_answers_ping_nobody() -> None:
    assert NO_PINGS.to_dict() == {"parse": []}
