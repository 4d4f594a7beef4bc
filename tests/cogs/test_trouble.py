"""When a platform, Discord or Muster itself fails: the member reads the truth."""

from __future__ import annotations

import asyncio
import logging
import re
from unittest import mock

import pytest

from bot import answering
from bot.sandbox.platforms import seeds
from bot.services.claims import Press
from bot.services.outcomes import Outcome
from tests.cogs.hands import button_id, buttons, embed_text, press, press_together, text
from tests.cogs.stage import Stage
from tests.cogs.stories import PIP, SABLE, SERIES, STORIES, V1, V2, Story

NAMES = {"ids": lambda story: story.kind.value}
every_platform = pytest.mark.parametrize("story", STORIES, indirect=True, **NAMES)
two_platforms = pytest.mark.parametrize("story", [V2, SERIES], indirect=True, **NAMES)


@every_platform
async def test_down(ready: Stage, story: Story) -> None:
    ready.shut()
    result = await ready.claim(ready.house.pip, story.single)
    assert f"⚠ {story.platform} does not answer" in text(result)
    assert "Nothing was changed" in text(result)
    ready.reopen()
    retried = await ready.house.pip.click(result.response, label="Try again")
    assert text(retried).startswith("✔ You are")
    assert ready.holders(story.single) == [PIP]


@two_platforms
async def test_a_refused_key_is_reported_once(ready: Stage, story: Story) -> None:
    house = ready.house
    ready.upstream.fault("revoked-key")
    words = text(await ready.claim(house.pip, story.double))
    assert f"{story.platform} refuses this workspace's key" in words
    assert "It is not your fault" in words
    assert "refuses this workspace's key" in text(await ready.claim(house.sable, story.double))
    [notice] = house.log.history()
    assert "refuses the key of the workspace" in notice.content
    assert "/workspace key" in notice.content
    ready.upstream.clear_faults()
    assert text(await ready.claim(house.pip, story.double)).startswith("✔ You are")
    [_, healed] = house.log.history()
    assert "works again" in healed.content
    assert ready.holders(story.double) == [PIP]


async def test_a_lost_log_channel_hinders_nobody(ready: Stage) -> None:
    ready.env.inject_error(
        "POST", f"/channels/{ready.house.log.id}/messages", status=404, code=10003, times=None
    )
    ready.upstream.fault("revoked-key")
    assert "refuses this workspace's key" in text(await ready.claim(ready.house.pip, "Observer"))
    ready.upstream.clear_faults()
    assert text(await ready.claim(ready.house.pip, "Observer")).startswith("✔ You are")


@every_platform
async def test_an_unclear_answer_of_a_stored_claim(ready: Stage, story: Story) -> None:
    for fault, who, role in (
        ("error-500-after", ready.house.pip, story.double),
        ("cut-after", ready.house.sable, story.double),
    ):
        ready.upstream.fault(fault, "claim", times=1)
        assert text(await ready.claim(who, role)).startswith("✔ You are")
    assert sorted(ready.holders(story.double)) == sorted([PIP, SABLE])
    assert ready.upstream_calls("claim") == 2


@every_platform
async def test_unknown_then_it_never_arrived(ready: Stage, story: Story) -> None:
    ready.upstream.fault("cut-before", "claim", times=1)
    result = await ready.claim(ready.house.pip, story.single)
    assert f"❔ {story.platform} has not confirmed" in text(result)
    reference = re.search(r"Reference ([0-9a-f]{8})", text(result))
    assert reference
    await ready.env.advance_time(60)
    assert "has not confirmed" in text(result)
    await ready.env.advance_time(60)
    words = text(result)
    assert f"did not reach {story.platform}, so nothing was changed" in words
    assert f"Reference {reference[1]}" in words
    assert ready.holders(story.single) == []
    retried = await ready.house.pip.click(result.response, label="Try again")
    assert text(retried).startswith("✔ You are")
    assert ready.holders(story.single) == [PIP]


async def test_unknown_then_it_arrives_late(ready: Stage) -> None:
    ready.upstream.fault("cut-before", "claim", times=1)
    result = await ready.claim(ready.house.pip, "First Officer")
    assert "has not confirmed" in text(result)
    world = ready.platforms.worlds.readmin
    server = next(iter(world.get_session(ready.story.session_id)["servers"]))
    role = seeds.stable_uuid("northgate/First Officer")
    ready.upstream.call(lambda: world.panel_claim(ready.story.session_id, server, PIP, role))
    await ready.env.advance_time(11)
    assert text(result).startswith("✔ You are **First Officer**")
    assert ready.upstream_calls("claim") == 1
    await ready.env.advance_time(3)
    assert ready.house.pip.mention in embed_text(ready.board())


@two_platforms
async def test_an_unknown_claim_keeps_its_place(ready: Stage, story: Story) -> None:
    """Nobody is let past it, and its owner does not send it twice."""
    ready.upstream.fault("cut-before", "claim", times=1)
    await ready.claim(ready.house.pip, story.single)
    assert "may be full" in text(await ready.claim(ready.house.sable, story.single))
    assert "still being confirmed" in text(await ready.claim(ready.house.pip, story.single))
    assert ready.upstream_calls("claim") == 1
    await ready.env.advance_time(120)
    assert text(await ready.claim(ready.house.sable, story.single)).startswith("✔ You are")
    assert ready.holders(story.single) == [SABLE]


@two_platforms
async def test_asked_to_slow_down(ready: Stage, story: Story) -> None:
    ready.upstream.fault("rate-limit", "claim", times=1, seconds=30)
    result = await ready.claim(ready.house.pip, story.double)
    assert f"⏳ {story.platform} is busy until <t:" in text(result)
    assert ready.holders(story.double) == []
    seen = len(ready.upstream.requests())
    retried = await ready.house.pip.click(result.response, label="Try again")
    assert "is busy until <t:" in text(retried)
    assert len(ready.upstream.requests()) == seen  # the pause is kept, also for the reading
    await ready.env.advance_time(31)
    retried = await ready.house.pip.click(retried.response, label="Try again")
    assert text(retried).startswith("✔ You are")
    assert ready.holders(story.double) == [PIP]


@pytest.mark.parametrize(
    ("story", "fault"),
    [
        (V2, "html-502"), (V2, "wrong-shape"), (V2, "truncated"), (V1, "empty-200"),
        (V1, "wrong-shape"), (SERIES, "truncated"), (SERIES, "empty-200"),
    ],
    indirect=["story"],
)  # fmt: skip
async def test_odd_answers_to_the_write_end_in_the_truth(
    ready: Stage, story: Story, fault: str
) -> None:
    ready.upstream.fault(fault, "claim", times=1)
    words = text(await ready.claim(ready.house.pip, story.double))
    if ready.holders(story.double) == [PIP]:
        assert words.startswith("✔ You are")
    else:
        assert "has not confirmed" in words


@every_platform
async def test_odd_answers_to_the_reading_write_nothing(ready: Stage, story: Story) -> None:
    for fault in ("html-502", "wrong-shape", "truncated", "empty-200", "redirect"):
        ready.upstream.fault(fault, "read")
        words = text(await ready.claim(ready.house.pip, story.double))
        assert words.startswith(("⚠", "⛔"))
        assert "went wrong inside Muster" not in words
        ready.upstream.clear_faults()
    assert ready.upstream_calls("claim") == 0


@two_platforms
async def test_a_double_press_is_one_claim(ready: Stage, story: Story) -> None:
    ready.upstream.fault("slow", "claim", times=1, seconds=0.2)
    board = ready.board()
    pressed = [(ready.house.pip, button_id(board, story.double))] * 3
    results = await press_together(ready.env, board, pressed)
    assert {text(result) for result in results} == {text(results[0])}
    assert text(results[0]).startswith("✔ You are")
    assert ready.upstream_calls("claim") == 1
    assert ready.holders(story.double) == [PIP]


@two_platforms
async def test_two_people_one_place(ready: Stage, story: Story) -> None:
    ready.upstream.fault("slow", "claim", times=1, seconds=0.1)
    board = ready.board()
    wanted = button_id(board, story.single)
    results = await press_together(
        ready.env, board, [(ready.house.pip, wanted), (ready.house.sable, wanted)]
    )
    assert sorted("✔ You are" in text(result) for result in results) == [False, True]
    assert sorted("is full 1/1" in text(result) for result in results) == [False, True]
    [holder] = ready.holders(story.single)
    assert holder == (PIP if "✔ You are" in text(results[0]) else SABLE)


async def test_what_takes_long_is_answered_in_two_steps(
    ready: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here 20 ms are long; the claim itself is held until the member has read "thinking"."""
    monkeypatch.setattr(answering, "DIRECT", 0.02)
    claims, gate = ready.bot.services.claims, asyncio.Event()
    really = claims.claim

    async def held(asked: Press) -> Outcome:
        asked.journalled.set()  # as it is by then, so that nothing keeps the deferral back
        await ready.env.external_wait(gate.wait(), reason="held by the test")
        return await really(asked)

    monkeypatch.setattr(claims, "claim", mock.create_autospec(really, side_effect=held))
    result = await ready.claim(ready.house.pip, "Observer")
    assert result.deferred
    assert result.ephemeral
    assert ready.holders("Observer") == []
    gate.set()
    await ready.env.settle()
    assert text(result).startswith("✔ You are")
    assert result.response is not None
    assert "Release" in buttons(result.response.components)
    assert ready.holders("Observer") == [PIP]


async def test_an_answer_that_discord_refuses_does_not_undo_the_claim(
    ready: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    ready.env.inject_error("POST", "/interactions/*", status=404, code=10062)
    result = await ready.claim(ready.house.pip, "Observer")
    assert result.response is None
    assert ready.holders("Observer") == [PIP]
    assert "could not be answered" in caplog.text


async def test_a_board_that_cannot_be_edited_hinders_no_claim(ready: Stage) -> None:
    ready.env.inject_error("PATCH", "/channels/*/messages/*", status=403, code=50013, times=None)
    await ready.claim(ready.house.pip, "Observer")
    await ready.env.advance_time(61)
    assert text(await ready.claim(ready.house.sable, "Observer")).startswith("✔ You are")
    assert ready.holders("Observer") == [PIP, SABLE]


async def test_a_fault_of_ours_is_apologised_for(
    ready: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    claims = ready.bot.services.claims
    broken = mock.create_autospec(claims.claim, side_effect=RuntimeError("the inner detail"))
    monkeypatch.setattr(claims, "claim", broken)
    results = [
        await press(ready.house.pip, ready.board(), "Observer"),
        await ready.slash(ready.house.pip, "claim", session="1", role="Observer"),
    ]
    for result in results:
        words = text(result)
        assert "Something went wrong inside Muster; it is not your fault" in words
        assert "inner detail" not in words
        reference = re.search(r"`([0-9a-f]{8})`", words)
        assert reference
        [record] = [r for r in caplog.records if reference[1] in r.getMessage()]
        assert record.levelno == logging.ERROR
        assert record.exc_info
        assert isinstance(record.exc_info[1], RuntimeError)


async def test_a_fault_of_ours_before_a_form(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    workspaces = stage.bot.services.workspaces
    broken = mock.create_autospec(workspaces.check_draft, side_effect=RuntimeError("inner"))
    monkeypatch.setattr(workspaces, "check_draft", broken)
    result = await stage.setup(stage.house, stage.story)
    assert "Something went wrong inside Muster" in text(result)
    [error] = stage.env.errors
    assert isinstance(getattr(error, "original", None), RuntimeError)


async def test_a_fault_of_ours_while_completing_leaves_the_bot_alive(
    ready: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    openings = ready.bot.services.openings
    broken = mock.create_autospec(openings.list_open, side_effect=RuntimeError("inner"))
    monkeypatch.setattr(openings, "list_open", broken)
    assert await ready.choices(ready.house.pip, "claim", "session") == {}
    assert "Something went wrong" in text(await ready.slash(ready.house.pip, "open"))
    monkeypatch.undo()
    assert all(isinstance(getattr(e, "original", e), RuntimeError) for e in ready.env.errors)
