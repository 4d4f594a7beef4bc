"""The words of swaps: complete, and each with what happened, why and what next."""

from __future__ import annotations

import pytest

from bot.buttons import Action
from bot.replies import swap_reply
from bot.services.swap_outcomes import SwapCode, SwapOutcome
from tests.wording_swaps import ANA, BEN, CASES, LOG, swap_outcomes

LINES = pytest.mark.parametrize(
    ("heading", "outcome", "reader"), swap_outcomes(), ids=[line[0] for line in swap_outcomes()]
)
NEXT = ("/swap", "ask a host", "Ask the", "Ask them", "is told", "press again", "Try again",
        "panel", "without an answer nothing changes", "I tell you")  # fmt: skip


def test_every_ending_is_on_the_page() -> None:
    assert set(CASES) == set(SwapCode)


@LINES
def test_each_has_a_reference_and_a_next_step(
    heading: str, outcome: SwapOutcome, reader: int
) -> None:
    reply = swap_reply(outcome, reader)
    assert reply.text.endswith(f"-# Reference {outcome.reference}"), heading
    assert reply.buttons or any(word in reply.text for word in NEXT), heading


@LINES
def test_nobody_reads_about_themselves_as_somebody_else(
    heading: str, outcome: SwapOutcome, reader: int
) -> None:
    text = swap_reply(outcome, reader).text
    own = text.replace(outcome.why, "") if outcome.why else text
    if reader != LOG and outcome.code is not SwapCode.BUSY:
        assert f"<@{reader}>" not in own or outcome.host_id == reader, heading
    assert "you holds" not in text
    assert "you is" not in text
    assert "> are " not in text


def test_only_the_partner_is_offered_an_answer() -> None:
    for heading, outcome, _ in swap_outcomes():
        for reader in (ANA, BEN, LOG):
            actions = {button.action for button in swap_reply(outcome, reader).buttons}
            answerable = outcome.code in (SwapCode.ASKS, SwapCode.BUSY, SwapCode.NOT_NOW)
            answers = {Action.SWAP_YES, Action.SWAP_NO} if answerable and reader == BEN else set()
            back = outcome.code is SwapCode.ASKED and reader == ANA
            assert actions == answers | ({Action.SWAP_BACK} if back else set()), heading
