"""A demo whose bot does not come up says so in a sentence, with the bot's own last words."""

from __future__ import annotations

import pytest

from bot.errors import StartRefused
from bot.sandbox.demo import run_demo
from bot.sandbox.town import Town


async def test_a_bot_that_stays_away_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    async def stay_away(_: Town) -> None:
        raise TimeoutError("the bot did not come online:\nits last words")

    monkeypatch.setattr(Town, "start_bot", stay_away)
    with pytest.raises(StartRefused) as refused:
        await run_demo(0, browser=False)
    words = str(refused.value)
    assert "its last words" in words
    assert words.endswith("Try again; if it stays so, that log says why.")
