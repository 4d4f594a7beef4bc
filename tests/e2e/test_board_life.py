"""The life of a board over the wire: run by its host, changed by others, and true to the end."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.sandbox.acts import holders
from bot.sandbox.discord.people import Answer, Json, Person, buttons_of, roles_of, text_of
from bot.sandbox.platforms import seeds
from tests.e2e.conftest import Story

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOON = seeds.record_id("northgate/soon")
PIP = str(seeds.STAFF[0].user_id)


def _host(story: Story) -> Person:
    return story.cast.person("Juno", story.town.coast)


async def _number(story: Story, name: str) -> str:
    """The announcement's value in the list that the host is offered."""
    offered = await _host(story).autocomplete("session edit", "announcement", announcement=name)
    return str(offered[0]["value"])


async def _board(story: Story, told: str, *, after: str = "") -> Json:
    """The board of NG204 once its words contain this."""
    return await _host(story).wait_for(
        story.town.coast.sessions,
        lambda m: (
            not m["ephemeral"] and bool(m["embeds"]) and "NG204" in text_of(m)
            and told in text_of(m) and m["id"] > after
        ),
    )  # fmt: skip


def _option(answer: Answer, placeholder: str, label: str) -> str:
    assert answer.message is not None
    menus = [c for row in answer.message["components"] for c in row["components"]]
    (menu,) = [menu for menu in menus if menu.get("placeholder") == placeholder]
    return next(str(o["value"]) for o in menu["options"] if o["label"] == label)


async def test_a_host_runs_a_session_from_the_panel(story: Story) -> None:
    juno, number = _host(story), await _number(story, "NG204")
    panel = await juno.command("session edit", announcement=number, note="Gate **4**", cutoff=10)
    await _board(story, "📝 Gate \\*\\*4\\*\\*")
    closed = await juno.press(panel, "Close claims")
    assert [b["disabled"] for b in roles_of(await _board(story, "⛔ closed by"))] == [True] * 6
    await juno.press(closed, "Reopen")
    await _board(story, "✔ open for claims until")
    whom = "Add or change a person"
    person = await juno.press(panel, whom, story.town.people["Pip"])
    added = await juno.press(person, "Give a role", _option(person, "Give a role", "Captain"))
    assert "is now **Captain**" in added.text
    await _board(story, f"<@{story.town.people['Pip'].id}>")
    again = await juno.press(panel, "Post again")
    assert "✔ Posted again." in again.text
    old = story.boards["northgate"]["id"]
    new = await _board(story, "■ full 1/1", after=old)
    retired = next(m for m in await juno.messages() if m["id"] == old)
    assert "was posted again: " in retired["content"]
    assert (retired["embeds"], buttons_of(retired)) == ([], [])
    story.boards["northgate"] = new


async def test_what_others_change_is_shown(story: Story) -> None:
    town, pip = story.town, story.cast.person("Pip", story.town.coast)
    town.worlds.readmin.panel_release(SOON, seeds.stable_uuid("northgate/soon/1"), int(PIP))
    record = town.worlds.readmin.workspaces[seeds.NORTHGATE_KEY].sessions[SOON]
    for key in ("date", "endsAt"):
        moved = datetime.fromisoformat(record[key].replace("Z", "+00:00")) + timedelta(minutes=5)
        record[key] = moved.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    await _host(story).command("session refresh", announcement=await _number(story, "NG204"))
    board = await _board(story, "moved, was <t:")
    assert "**Captain** ✔ open 0/1" in text_of(board)
    assert "✔ You are" in (await pip.press(board, "Captain")).text  # the place is free again


async def test_a_cancelled_session_gives_back_what_stood(story: Story) -> None:
    juno, pip = _host(story), story.cast.person("Pip", story.town.coast)
    await pip.command("reminders", direct="on")
    number = await _number(story, "NG204")
    done = await juno.command("session cancel", announcement=number, reason="Storm @everyone")
    assert "told: 1." in done.text  # by direct message
    board = await _board(story, "✖ cancelled by")
    assert "✖ Storm @\u200beveryone" in text_of(board)
    assert (PIP, "Captain") in holders(story.town.northgate, SOON)
    asked = await juno.press(done, "Give all claims back")
    given = await juno.press(asked, "Give all back")
    assert "Claims given back: 1; still standing: 0." in given.text
    assert holders(story.town.northgate, SOON) == []


async def test_two_hosts_post_one_board(story: Story) -> None:
    town, later = story.town, seeds.series_id("harbour/later")
    hosts = [story.cast.person(name, town.coast) for name in ("Juno", "Tobin")]
    previews = [await story.cast.preview(town.coast, name, later) for name in ("Juno", "Tobin")]
    answers = await asyncio.gather(
        *(host.press(preview, "Post") for host, preview in zip(hosts, previews, strict=True))
    )
    assert sorted("✔ Posted" in answer.text for answer in answers) == [False, True]
    assert any("already has an announcement here" in answer.text for answer in answers)
    boards = [m for m in await hosts[0].messages() if not m["ephemeral"] and m["embeds"]]
    assert sum("Barista Shift" in text_of(m) for m in boards) == 1
