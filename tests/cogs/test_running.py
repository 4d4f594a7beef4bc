"""What hosts do with a posted session: edit, close, cancel, post again; by command and by panel."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cogs.hands import (
    button_id,
    buttons,
    claim_buttons,
    craft,
    embed_text,
    fields_of,
    press,
    text,
)
from tests.cogs.stage import Stage
from tests.cogs.stories import PIP, V2


async def _panel(ready: Stage) -> object:
    result = await ready.slash(ready.house.host, "session edit", announcement="1")
    assert result.response is not None
    return result.response


async def test_edit_changes_what_is_named_and_nothing_else(ready: Stage) -> None:
    house = ready.house
    words = text(
        await ready.slash(
            house.host, "session edit", announcement="1", note="Bring @everyone", cutoff=30
        )
    )
    assert "✔ Changed." in words
    board = embed_text(ready.board())
    assert "📝 Bring @\u200beveryone" in board
    assert "until <t:" in board
    await ready.slash(house.host, "session edit", announcement="1", cutoff=-1)
    board = embed_text(ready.board())
    assert "📝 Bring" in board
    assert "until <t:" not in board
    await ready.slash(house.host, "session edit", announcement="1", note="-")
    assert "📝" not in embed_text(ready.board())


async def test_a_co_host_is_shown_and_may_run_it_until_taken_off(ready: Stage) -> None:
    house = ready.house
    await ready.slash(house.host, "session edit", announcement="1", cohost=house.pip)
    assert f"with {house.pip.mention}" in embed_text(ready.board())
    closed = text(await ready.slash(house.pip, "session close", announcement="1"))
    assert "✔" in closed
    await ready.slash(house.host, "session edit", announcement="1", no_cohost=house.pip)
    refused = text(await ready.slash(house.pip, "session reopen", announcement="1"))
    assert "Only" in refused
    assert "⛔ closed" in embed_text(ready.board())


async def test_close_and_reopen_by_the_panel(ready: Stage) -> None:
    host = ready.house.host
    closed = await host.click(await _panel(ready), label="Close claims")
    assert "⛔ closed" in embed_text(ready.board())
    assert closed.response is not None
    await host.click(closed.response, label="Reopen")
    assert "✔ open for claims" in embed_text(ready.board())
    assert not any(one.get("disabled") for one in claim_buttons(ready.board()).values())


async def test_cancel_says_so_and_leaves_the_platform_alone(ready: Stage) -> None:
    house = ready.house
    await ready.claim(house.pip, "Observer")
    old = ready.board()
    words = text(
        await ready.slash(house.host, "session cancel", announcement="1", reason="No **pilots**")
    )
    assert "were told: 0; who can only read it on the board: 1." in words
    assert "Claims that still stand on the platform: 1." in words
    board = embed_text(ready.board())
    assert "✖ cancelled by" in board
    assert "No \\*\\*pilots\\*\\*" in board
    assert ready.holders("Observer") == [PIP]
    late = text(await craft(house.sable, ready.board(), button_id(old, "Captain")))
    assert "the announcement is cancelled" in late
    assert ready.holders("Captain") == []
    again = text(await ready.slash(house.host, "session reopen", announcement="1"))
    assert "✔ Open again." in again
    assert "✔ open for claims" in embed_text(ready.board())


async def test_cancel_gives_everything_back_when_asked(ready: Stage) -> None:
    house = ready.house
    await ready.claim(house.pip, "Observer")
    await ready.claim(house.sable, "Captain")
    words = text(
        await ready.slash(house.host, "session cancel", announcement="1", release_all=True)
    )
    assert "Claims given back: 2; still standing: 0." in words
    assert ready.holders("Observer") == []
    assert ready.holders("Captain") == []


async def test_cancel_by_the_panel_asks_why(ready: Stage) -> None:
    host = ready.house.host
    form = await host.click(await _panel(ready), label="Cancel the session")
    [field] = fields_of(form)
    done = await host.submit_modal(form, {field: "Storm"})
    assert "✔ Cancelled." in text(done)
    assert "✖ Storm" in embed_text(ready.board())


async def test_a_session_is_posted_again_after_its_message_was_deleted(ready: Stage) -> None:
    house, old = ready.house, ready.board()
    ready.env.backend.delete_message(old.channel.id, old.id)
    await ready.slash(house.host, "session refresh", announcement="1")
    words = text(await ready.slash(house.host, "session repost", announcement="1"))
    assert "✔ Posted again." in words
    board = ready.board()
    assert board.id != old.id
    assert text(await press(house.pip, board, "Observer")).startswith("✔ You are")


async def test_posting_again_leaves_a_way_from_the_old_message(ready: Stage) -> None:
    house, old = ready.house, ready.board()
    await ready.slash(house.host, "session repost", announcement="1")
    history = house.board.history()
    retired = next(one for one in history if one.id == old.id)
    posted = next(one for one in history if one.id != old.id)
    assert "was posted again: https://discord.com/channels/" in retired.content
    assert buttons(retired) == {}
    assert "✔ open for claims" in embed_text(posted)


async def test_a_person_is_added_by_the_panel(ready: Stage) -> None:
    house = ready.house
    whom = await house.host.select(await _panel(ready), [house.pip], custom_id="addmember:m1:1")
    assert text(whom).startswith(f"{house.pip.mention} in [")
    assert text(whom).endswith("holds no role.")
    assert whom.response is not None
    options = {
        o["label"]: o["value"] for o in whom.response.components[0]["components"][0]["options"]
    }
    added = await house.host.select(
        whom.response, [options["Observer"]], custom_id="addmember:m1:1"
    )
    assert text(added).startswith(f"✔ {house.pip.mention} is now **Observer**")
    assert ready.holders("Observer") == [PIP]


async def test_roles_are_taken_off_the_board(ready: Stage) -> None:
    house = ready.house
    shown = await house.host.click(await _panel(ready), label="Choose roles shown")
    assert shown.response is not None
    menu = shown.response.components[0]["components"][0]
    keep = [o["value"] for o in menu["options"] if o["label"] in ("Observer", "Captain")]
    await house.host.select(shown.response, keep, custom_id=menu["custom_id"])
    labels = list(claim_buttons(ready.board()))
    assert sorted(label.split()[0] for label in labels) == ["Captain", "Observer"]


async def test_a_second_ping_is_asked_about_and_goes_out_once(ready: Stage) -> None:
    host, role = ready.house.host, ready.house.roles["ping"]
    refused = await host.click(await _panel(ready), label="Ping once more")
    assert "No ping role is set" in text(refused)
    await ready.slash(ready.house.admin, "workspace settings", ping_role=role)
    asked = await host.click(await _panel(ready), label="Ping once more")
    assert asked.response is not None
    before = len(ready.house.board.history())
    done = await host.click(asked.response, label="Ping")
    assert "✔ Pinged." in text(done)
    pings = [one for one in ready.house.board.history() if one.content == role.mention]
    assert len(ready.house.board.history()) == before + 1
    assert len(pings) == 1
    again = await craft(host, ready.board(), "pingagain:1:1")
    assert "pinged a second time already" in text(again)


async def test_one_more_server_is_asked_about_and_shown(ready: Stage) -> None:
    host = ready.house.host
    asked = await ready.slash(host, "session server", announcement="1")
    assert "cannot be taken away from here" in text(asked)
    assert asked.response is not None
    done = await host.click(asked.response, label="Add a server")
    assert "✔ A server was added." in text(done)
    await ready.env.advance_time(8)
    assert any("Server 2" in label for label in buttons(ready.board()))


async def test_the_roster_is_shown_to_the_one_who_asks(ready: Stage) -> None:
    house = ready.house
    await ready.claim(house.pip, "Observer")
    by_button = await house.sable.click(ready.board(), label="Roster")
    by_command = await ready.slash(house.host, "session roster", announcement="1")
    for result in (by_button, by_command):
        assert result.ephemeral
        assert result.response is not None
        roster = embed_text(result.response)
        assert house.pip.mention in roster
        assert "nobody yet" in roster


@pytest.mark.parametrize(
    "command", ["refresh", "close", "edit", "reopen", "cancel", "repost", "roster", "server"]
)
async def test_who_is_no_host_may_not(ready: Stage, command: str) -> None:
    before = embed_text(ready.board())
    words = text(await ready.slash(ready.house.pip, f"session {command}", announcement="1"))
    assert "Only" in words
    assert embed_text(ready.board()) == before


@pytest.mark.parametrize(
    "action",
    ["close", "reopen", "refresh", "repost", "showroles", "askping", "pingagain", "moreservers",
     "edit", "cancelsession"],
)  # fmt: skip
async def test_a_panel_serves_nobody_but_hosts(ready: Stage, action: str) -> None:
    """The ids of somebody else's panel, pressed as a hostile client could."""
    before = embed_text(ready.board())
    words = text(await craft(ready.house.pip, ready.board(), f"{action}:1:1"))
    assert "Only" in words
    assert embed_text(ready.board()) == before


async def test_a_whole_day_is_previewed_and_posted_at_once(stage: Stage) -> None:
    house = stage.house
    await stage.setup(house, V2)
    await stage.link_staff(house)
    offered = await stage.choices(house.host, "session post", "session")
    [(name, value)] = [(n, v) for n, v in offered.items() if v.endswith(":today")]
    assert name.startswith("All ")
    preview = await stage.slash(house.host, "session post", session=value)
    assert "of today in" in text(preview)
    assert house.board.history() == []
    assert preview.response is not None
    [label] = [one for one in buttons(preview.response.components) if one.startswith("Post ")]
    posted = await house.host.click(preview.response, label=label)
    links = text(posted).count("✔ [")
    assert links == len(house.board.history()) == int(label.split()[1])
    stale = await craft(house.host, preview.response, f"posttoday:1:{value.partition(':')[0]}")
    assert "⛔" in text(stale) or "out of date" in text(stale)
    assert len(house.board.history()) == links


async def _said(stage: Stage) -> Any:
    """Some message that Pip sees."""
    return (await stage.slash(stage.house.pip, "open")).response


async def test_a_day_is_posted_by_hosts_only(stage: Stage) -> None:
    await stage.setup(stage.house, V2)
    words = text(await stage.slash(stage.house.pip, "session post", session="1:today"))
    assert words.startswith("Only ")
    pressed = text(await craft(stage.house.pip, await _said(stage), "posttoday:1:1"))
    assert pressed.startswith("Only ")
    assert stage.house.board.history() == []
