"""What hosts read when Discord or somebody else is in the way."""

from __future__ import annotations

import pytest

from bot.errors import MessageGone
from bot.replies import report
from bot.services.lanes import LaneBusy


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MessageGone("It was deleted. Post it again."), "⚠ It was deleted. Post it again."),
        (
            LaneBusy("busy"),
            "⏳ Muster is still busy with this session for somebody else. Try again in a minute.",
        ),
    ],
    ids=["deleted", "busy"],
)
def test_what_a_host_reads(error: Exception, words: str) -> None:
    assert report(error).text == words
