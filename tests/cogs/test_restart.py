"""What outlives the process, what it settles when it comes back, and what it asks of Discord."""

from __future__ import annotations

from bot.sandbox.platforms import seeds
from tests.cogs.hands import button_id, buttons, embed_text, press, text, type_key
from tests.cogs.stage import Stage
from tests.cogs.stories import PIP, SABLE, V2


def syncs(stage: Stage) -> int:
    """How often the bot told Discord about its commands."""
    return sum(r.method == "PUT" and r.path.endswith("/commands") for r in stage.env.http_requests)


async def test_an_old_board_still_works(ready: Stage) -> None:
    board = ready.board()
    await ready.restart()
    assert text(await press(ready.house.pip, board, "First Officer")).startswith("✔ You are")
    assert ready.holders("First Officer") == [PIP]
    await ready.env.advance_time(3)
    assert "First Officer 1/1 · full" in buttons(ready.board())


async def test_old_receipts_and_questions_still_work(ready: Stage) -> None:
    pip = ready.house.pip
    receipt = await ready.claim(pip, "First Officer")
    asked = await ready.claim(pip, "Cabin Crew")
    await ready.restart()
    moved = await pip.click(asked.response, label="Move to Cabin Crew")
    assert text(moved).startswith("✔ You are **Cabin Crew**")
    question = await pip.click(receipt.response, label="Release")
    await ready.restart()
    words = text(await pip.click(question.response, label="Release"))
    assert words.startswith("You do not hold **First Officer**")
    assert (ready.holders("First Officer"), ready.holders("Cabin Crew")) == ([], [PIP])


async def test_an_old_preview_can_still_be_posted(ready: Stage) -> None:
    later = seeds.record_id("northgate/later")
    preview = await ready.draft(ready.house, later)
    await ready.restart()
    assert "✔ Posted" in text(await ready.house.host.click(preview.response, label="Post"))
    assert len(ready.house.board.history()) == 2


async def test_lists_are_warm_after_a_restart(ready: Stage) -> None:
    await ready.restart()
    assert len(await ready.choices(ready.house.pip, "claim", "session")) == 1
    assert await ready.choices(ready.house.host, "session post", "session") != {}
    [(_, session)] = (await ready.choices(ready.house.pip, "claim", "session")).items()
    assert len(await ready.choices(ready.house.pip, "claim", "role", "", session=session)) == 6


async def test_an_unknown_claim_is_settled_by_the_next_process(ready: Stage) -> None:
    ready.upstream.fault("cut-before", "claim", times=1)
    result = await ready.claim(ready.house.pip, "First Officer")
    assert "has not confirmed" in text(result)
    world = ready.platforms.worlds.readmin
    server = next(iter(world.get_session(V2.session_id)["servers"]))
    role = seeds.stable_uuid("northgate/First Officer")
    ready.upstream.call(lambda: world.panel_claim(V2.session_id, server, PIP, role))
    await ready.restart()
    assert text(result).startswith("✔ You are **First Officer**")
    assert ready.upstream_calls("claim") == 1


async def test_what_changed_while_it_was_off_is_on_the_board(ready: Stage) -> None:
    world = ready.platforms.worlds.readmin
    server = next(iter(world.get_session(V2.session_id)["servers"]))
    role = seeds.stable_uuid("northgate/First Officer")
    ready.upstream.call(lambda: world.panel_claim(V2.session_id, server, SABLE, role))
    await ready.restart()
    await ready.env.advance_time(30)  # first looks are spread over some seconds
    assert ready.house.sable.mention in embed_text(ready.board())


async def test_a_form_opened_before_a_restart_is_the_one_thing_lost(stage: Stage) -> None:
    house = stage.house
    shown = await house.admin.slash(
        house.chat, "setup", provider="readmin-v2", announcements=house.board,
        address=stage.upstream.base_url,
    )  # fmt: skip
    await stage.restart()
    lost = await type_key(house.admin, shown, V2.key)
    assert lost.response is None
    assert "No workspace is connected" in text(await stage.slash(house.admin, "workspace list"))
    assert "is connected" in text(await stage.setup(house, V2))


async def test_commands_are_synced_only_when_they_changed(stage: Stage) -> None:
    assert syncs(stage) == 1
    await stage.restart()
    assert syncs(stage) == 1
    state, known = stage.bot.services.app_state, f"commands:{stage.bot.application_id}"
    assert await state.get(known)
    await state.set(known, "the commands of an older version")
    await stage.restart()
    assert syncs(stage) == 2
    await stage.restart()
    assert syncs(stage) == 2


async def test_a_closed_announcement_stays_closed(ready: Stage) -> None:
    old = ready.board()
    await ready.slash(ready.house.host, "session close", announcement="1")
    await ready.restart()
    assert "⛔ closed" in embed_text(ready.board())
    words = text(await ready.slash(ready.house.pip, "claim", session="1", role="Observer"))
    assert "closed by" in words
    assert button_id(old, "Observer")
    assert ready.holders("Observer") == []
