"""The page of all endings is up to date, complete, and says what each ending must say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.buttons import Action
from bot.replies import outcome_reply
from bot.services.outcomes import Code, Outcome
from tests.wording_page import BASE, CASES, PAGE, build, outcomes

# What nobody can do anything about but read: no next step is offered.
NO_NEXT_STEP = {Code.RELEASED, Code.UNKNOWN, Code.NOT_HELD}
NEXT = ("/", "Ask ", "ask ", "Tell an admin", "Try again", "try again", "Press again", "panel")
LINES = pytest.mark.parametrize(
    ("heading", "outcome"), outcomes(), ids=[heading for heading, _ in outcomes()]
)


def test_the_page_shows_the_words_of_today() -> None:
    assert PAGE.read_text("utf-8") == build(), "run: python -m tests.wording_page"


def test_every_ending_is_on_the_page() -> None:
    assert set(CASES) == set(Code)
    headings = [heading for heading, _ in outcomes()]
    assert len(headings) == len(set(headings))


@LINES
def test_every_ending_offers_a_next_step(heading: str, outcome: Outcome) -> None:
    reply = outcome_reply(outcome)
    buttons = {button.action for button in reply.buttons}
    stepped = bool(buttons) or any(word in reply.text for word in NEXT)
    assert stepped or outcome.code in NO_NEXT_STEP, heading


@LINES
def test_every_ending_that_is_in_the_journal_can_be_quoted(heading: str, outcome: Outcome) -> None:
    assert outcome_reply(outcome).text.endswith(f"Reference {outcome.reference}") is bool(
        outcome.reference
    ), heading


@LINES
def test_the_first_line_says_what_happened_on_a_phone(heading: str, outcome: Outcome) -> None:
    first = outcome_reply(outcome).text.splitlines()[0]
    assert len(first) <= 220, heading
    assert "  " not in first, heading


@LINES
def test_a_host_is_told_about_the_member_and_gets_no_buttons_of_their_own(
    heading: str, outcome: Outcome
) -> None:
    reply = outcome_reply(outcome)
    if outcome.subject_id is None:
        return
    assert "<@5>" in reply.text, heading
    assert " you " not in reply.text.casefold().replace("you know", ""), heading
    assert reply.buttons == (), heading


def test_a_question_has_a_yes_and_a_no() -> None:
    for heading, outcome in outcomes():
        reply = outcome_reply(outcome)
        asks = reply.text.split("\n-#")[0].split(" You give up")[0].endswith("?")
        actions = [button.action for button in reply.buttons]
        assert asks is (Action.KEEP in actions), heading
        assert not asks or len(actions) == 2, heading


def test_a_name_that_turns_the_direction_turns_nothing_after_it() -> None:
    outcome = replace(BASE, role_name="\u202eTrainer", session_title="تدريب")
    text = outcome_reply(outcome).text
    assert "**\u2068\u202eTrainer\u2069** in “\u2068تدريب\u2069”, Main." in text
