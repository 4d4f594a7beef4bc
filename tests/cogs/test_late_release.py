"""Giving a role back after the cut-off: a form asks why, and the log channel reads it."""

from __future__ import annotations

import pytest
from simcord import InteractionResult

from tests.cogs.hands import craft, fields_of, text
from tests.cogs.stage import Stage
from tests.cogs.stories import PIP, SERIES, V2, Story

both = pytest.mark.parametrize("story", [V2, SERIES], indirect=True, ids=lambda s: s.kind.value)


async def close_claims(stage: Stage) -> None:
    """The host sets a cut-off that has passed."""
    await stage.slash(stage.house.host, "session edit", announcement="1", cutoff=1440)


async def say_why(stage: Stage, asked: InteractionResult, why: str) -> InteractionResult:
    """Press the question's yes, and type the reason."""
    form = await stage.house.pip.click(asked.response, label="Say why and release")
    assert form.modal is not None
    assert form.modal["title"] == "Release a role"
    return await stage.house.pip.submit_modal(form, {fields_of(form)[0]: why})


def last_line(stage: Stage) -> str:
    """What the log channel reads last."""
    message = stage.house.log.last_message
    return message.content if message is not None else ""


@both
async def test_the_receipt_leads_to_a_question_then_a_form(ready: Stage, story: Story) -> None:
    pip = ready.house.pip
    receipt = await ready.claim(pip, story.single)
    before = await pip.click(receipt.response, label="Release")
    await close_claims(ready)
    asked = await pip.click(receipt.response, label="Release")
    assert text(asked).startswith(f"⚠ Claims have closed, so only a host can give **{story.single}")
    kept = await pip.click(asked.response, label="Keep it")
    assert text(kept) == "Nothing was changed."
    # A question from before the cut-off does not go round the new one.
    asked = await pip.click(before.response, label="Release")
    assert "Release it all the same?" in text(asked)
    assert ready.holders(story.single) == [PIP]
    done = await say_why(ready, asked, "ill, sorry @everyone")
    assert text(done).startswith(f"✔ Released: you no longer hold **{story.single}**")
    assert "The hosts read of it, with your reason." in text(done)
    assert done.response is not None
    assert done.response.components == []
    assert ready.holders(story.single) == []
    line = last_line(ready)
    assert f"↩ {pip.mention} has released **{story.single}** in “{story.title}”" in line
    assert "after the cut-off. Reason: “ill, sorry @\u200beveryone”" in line


async def test_by_command_the_reason_is_an_option(ready: Stage) -> None:
    pip, role = ready.house.pip, ready.story.single
    await ready.claim(pip, role)
    await close_claims(ready)
    (claim,) = (await ready.choices(pip, "release", "claim")).values()
    asked = await ready.slash(pip, "release", claim=claim)
    assert "say why you give it back" in text(asked)
    assert ready.holders(role) == [PIP]
    done = await ready.slash(pip, "release", claim=claim, reason="my train is late")
    assert text(done).startswith("✔ Released")
    assert "Reason: “my train is late”" in last_line(ready)


async def test_a_failed_try_asks_why_again_since_it_is_not_kept(ready: Stage) -> None:
    pip, role = ready.house.pip, ready.story.single
    receipt = await ready.claim(pip, role)
    await close_claims(ready)
    asked = await pip.click(receipt.response, label="Release")
    ready.shut()
    down = await say_why(ready, asked, "ill")
    assert "does not answer" in text(down)
    ready.reopen()
    form = await pip.click(down.response, label="Try again")
    done = await pip.submit_modal(form, {fields_of(form)[0]: "still ill"})
    assert text(done).startswith("✔ Released")
    assert "Reason: “still ill”" in last_line(ready)


async def test_a_made_up_button_opens_a_form_that_leads_nowhere(ready: Stage) -> None:
    pip = ready.house.pip
    for number in (777, 2**62):
        form = await craft(pip, ready.board(), f"releasewhy:1:{number}")
        words = text(await pip.submit_modal(form, {fields_of(form)[0]: "ill"}))
        assert "no longer leads anywhere" in words


async def test_the_form_outlives_no_restart_but_its_button_does(ready: Stage) -> None:
    pip, role = ready.house.pip, ready.story.single
    receipt = await ready.claim(pip, role)
    await close_claims(ready)
    asked = await pip.click(receipt.response, label="Release")
    await ready.restart()
    assert text(await say_why(ready, asked, "ill")).startswith("✔ Released")


async def test_who_waits_is_counted_in_the_question(ready: Stage) -> None:
    house, role = ready.house, ready.story.single
    receipt = await ready.claim(house.pip, role)
    asked = await house.pip.click(receipt.response, label="Release")
    assert text(asked).endswith("Somebody else can take it then.")
    full = await ready.claim(house.sable, role)
    await house.sable.click(full.response, label="Join waitlist (you would be no. 1)")
    await ready.env.advance_time(5)  # the board follows
    asked = await house.pip.click(receipt.response, label="Release")
    assert text(asked).endswith("Somebody waits for it and is asked then.")
