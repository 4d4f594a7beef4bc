"""Giving a role back: by receipt, by /claims, by /release."""

from __future__ import annotations

import pytest

from bot.sandbox.platforms import seeds
from tests.cogs.hands import buttons, craft, embed_text, press, text
from tests.cogs.stage import Stage
from tests.cogs.stories import PIP, SABLE, SERIES, STORIES, V1, V2, Story

NAMES = {"ids": lambda story: story.kind.value}
every_platform = pytest.mark.parametrize("story", STORIES, indirect=True, **NAMES)
with_release = pytest.mark.parametrize("story", [V2, SERIES], indirect=True, **NAMES)


@with_release
async def test_release_asks_and_no_means_no(ready: Stage, story: Story) -> None:
    pip = ready.house.pip
    receipt = await ready.claim(pip, story.single)
    asked = await pip.click(receipt.response, label="Release")
    assert f"Release **{story.single}** in “{story.title}”" in text(asked)
    kept = await pip.click(asked.response, label="Keep it")
    assert text(kept) == "Nothing was changed."
    assert ready.holders(story.single) == [PIP]
    assert ready.upstream_calls("release") == 0


@with_release
async def test_release_by_the_receipt(ready: Stage, story: Story) -> None:
    pip = ready.house.pip
    receipt = await ready.claim(pip, story.single)
    asked = await pip.click(receipt.response, label="Release")
    done = await pip.click(asked.response, label="Release")
    assert text(done).startswith(f"✔ Released: you no longer hold **{story.single}**")
    assert done.response is not None
    assert done.response.components == []
    assert ready.holders(story.single) == []
    await ready.env.advance_time(3)
    assert f"{story.single} 0/1" in buttons(ready.board())
    again = await ready.claim(ready.house.sable, story.single)
    assert text(again).startswith("✔ You are")
    assert ready.holders(story.single) == [SABLE]


@with_release
async def test_release_by_the_list_of_claims(ready: Stage, story: Story) -> None:
    pip = ready.house.pip
    await ready.claim(pip, story.double)
    mine = await ready.slash(pip, "claims")
    asked = await pip.click(mine.response, label=f"Release {story.double}")
    assert text(await pip.click(asked.response, label="Release")).startswith("✔ Released")
    assert ready.holders(story.double) == []


@with_release
async def test_release_by_command(ready: Stage, story: Story) -> None:
    pip = ready.house.pip
    await ready.claim(pip, story.double)
    offered = await ready.choices(pip, "release", "claim")
    assert list(offered) == [f"{story.double} · {story.title} · in 40 min"]
    words = text(await ready.slash(pip, "release", claim=next(iter(offered.values()))))
    assert words.startswith("✔ Released")
    assert ready.holders(story.double) == []
    assert await ready.choices(pip, "release", "claim") == {}


async def test_release_of_typed_nonsense(ready: Stage) -> None:
    for typed in ("nonsense", "0", "-1", "²", "9" * 40):
        words = text(await ready.slash(ready.house.pip, "release", claim=typed))
        assert words == "Choose a claim from the list that appears while you type."
    words = text(await ready.slash(ready.house.pip, "release", claim="777"))
    assert "no longer leads anywhere" in words
    assert ready.upstream_calls("release") == 0


async def test_nobody_releases_for_others(ready: Stage) -> None:
    await ready.claim(ready.house.pip, "First Officer")
    receipt = await ready.claim(ready.house.sable, "Observer")
    words = text(await craft(ready.house.sable, receipt.response, "releasenow:1:2"))
    assert words.startswith("You do not hold **First Officer**")
    assert ready.holders("First Officer") == [PIP]
    assert ready.upstream_calls("release") == 0


async def test_release_of_what_the_panel_took_away(ready: Stage) -> None:
    pip, world = ready.house.pip, ready.platforms.worlds.readmin
    receipt = await ready.claim(pip, "Observer")
    server = next(iter(world.get_session(V2.session_id)["servers"]))
    ready.upstream.call(lambda: world.panel_release(V2.session_id, server, PIP))
    asked = await pip.click(receipt.response, label="Release")
    words = text(await pip.click(asked.response, label="Release"))
    assert words.startswith("You do not hold **Observer**")


async def test_release_without_a_link(ready: Stage) -> None:
    words = text(await ready.slash(ready.house.guest, "release", claim="1"))
    assert "I do not know your Roblox account" in words


@pytest.mark.parametrize("story", [V1], indirect=True, **NAMES)
async def test_legacy_readmin_cannot_release_and_says_so(ready: Stage, story: Story) -> None:
    await ready.claim(ready.house.pip, story.single)
    words = text(await ready.slash(ready.house.pip, "release", claim="2"))
    assert "roles can be released in its panel only" in words
    assert "You still hold" in words
    assert ready.holders(story.single) == [PIP]


@with_release
async def test_release_works_after_the_host_closed(ready: Stage, story: Story) -> None:
    pip = ready.house.pip
    receipt = await ready.claim(pip, story.single)
    await ready.slash(ready.house.host, "session close", announcement="1")
    asked = await pip.click(receipt.response, label="Release")
    assert text(await pip.click(asked.response, label="Release")).startswith("✔ Released")
    assert ready.holders(story.single) == []
    await ready.env.advance_time(8)  # the close was an edit, too
    assert f"**{story.single}** 0/1" in embed_text(ready.board())


@with_release
async def test_a_release_that_was_done_without_an_answer(ready: Stage, story: Story) -> None:
    pip = ready.house.pip
    receipt = await ready.claim(pip, story.single)
    asked = await pip.click(receipt.response, label="Release")
    ready.upstream.fault("error-500-after", "release", times=1)
    assert text(await pip.click(asked.response, label="Release")).startswith("✔ Released")
    assert ready.holders(story.single) == []


@with_release
async def test_release_while_the_platform_is_down(ready: Stage, story: Story) -> None:
    pip = ready.house.pip
    receipt = await ready.claim(pip, story.single)
    asked = await pip.click(receipt.response, label="Release")
    ready.shut()
    down = await pip.click(asked.response, label="Release")
    assert "does not answer" in text(down)
    ready.reopen()
    assert ready.holders(story.single) == [PIP]
    retried = await pip.click(down.response, label="Try again")
    assert text(retried).startswith("✔ Released")
    assert ready.holders(story.single) == []


async def test_claims_on_two_servers_can_be_told_apart(ready: Stage) -> None:
    two, pip = seeds.record_id("northgate/two-servers"), ready.house.pip
    board = await ready.post(ready.house, two)
    for server in ("Server 1", "Server 2"):
        await press(pip, board, "Observer", server)
    offered = await ready.choices(pip, "release", "claim", "observer")
    [first, second] = offered
    assert ("Server 1" in first, "Server 2" in second) == (True, True)
    mine = await ready.slash(pip, "claims")
    asked = await pip.click(mine.response, label="Release Observer · Server 2")
    await pip.click(asked.response, label="Release")
    session = ready.platforms.worlds.readmin.get_session(two)
    assert [list(server["claims"]) for server in session["servers"].values()] == [[str(PIP)], []]


async def test_claims_in_two_sessions_of_one_name_can_be_told_apart(ready: Stage) -> None:
    pip = ready.house.pip
    await ready.claim(pip, "Observer")
    board = await ready.post(ready.house, seeds.record_id("northgate/tomorrow"))
    await press(pip, board, "Observer")
    offered = await ready.choices(pip, "release", "claim", "observer")
    assert len(offered) == 2


async def test_the_buttons_of_claims_in_two_sessions_can_be_told_apart(ready: Stage) -> None:
    """The list says in words what has no button; a repeated label says which session it means."""
    pip, title = ready.house.pip, ready.story.title
    board = await ready.post(ready.house, seeds.record_id("northgate/tomorrow"))
    await press(pip, board, "Observer")
    mine = await ready.slash(pip, "claims")
    assert mine.response is not None
    assert "Release Observer" in buttons(mine.response.components)
    assert "· give it back in the ReAdmin panel" in text(mine)  # not posted here
    await ready.slash(pip, "claim", session="1", role="Observer")
    mine = await ready.slash(pip, "claims")
    assert mine.response is not None
    first, second = [one for one in buttons(mine.response.components) if one.startswith("Release")]
    assert first == f"Release Observer · {title} · in 40 min"
    assert second.startswith(f"Release Observer · {title} · in ")
    asked = await pip.click(mine.response, label=second)
    await pip.click(asked.response, label="Release")
    assert ready.holders("Observer") == [PIP]
