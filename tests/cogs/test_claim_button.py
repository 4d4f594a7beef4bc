"""Claiming by pressing a role on a board: every answer of the outcome table that rules decide."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from bot.providers.identity.roblox import RANK_AGE
from bot.sandbox.platforms import seeds
from tests.cogs.hands import button_id, buttons, claim_buttons, craft, embed_text, press, text
from tests.cogs.stage import Stage
from tests.cogs.stories import OTTO, PIP, SABLE, SERIES, STORIES, V1, V2, Story

NAMES = {"ids": lambda story: story.kind.value}
every_platform = pytest.mark.parametrize("story", STORIES, indirect=True, **NAMES)
two_platforms = pytest.mark.parametrize("story", [V2, SERIES], indirect=True, **NAMES)
TWO_SERVERS = seeds.record_id("northgate/two-servers")


@every_platform
async def test_claimed(ready: Stage, story: Story) -> None:
    house = ready.house
    result = await ready.claim(house.pip, story.single)
    words = text(result)
    assert words.startswith(f"✔ You are **{story.single}** in “{story.title}”")
    assert "Starts <t:" in words
    assert ready.holders(story.single) == [PIP]
    assert result.response is not None
    offered = set(buttons(result.response.components))
    assert offered == ({"Release"} if story.has_release else set())
    await ready.env.advance_time(3)
    board = ready.board()
    assert f"{story.single} 1/1 · full" in buttons(board)
    assert house.pip.mention in embed_text(board)
    assert not buttons(board)[f"{story.single} 1/1 · full"].get("disabled")


@two_platforms
async def test_many_claims_are_few_edits(ready: Stage, story: Story) -> None:
    before = len(ready.env.http_requests)
    await ready.claim(ready.house.pip, story.double)
    await ready.claim(ready.house.sable, story.double)
    await ready.env.advance_time(3)
    edits = [r for r in ready.env.http_requests[before:] if r.method == "PATCH"]
    assert len(edits) == 1
    assert f"{story.double} 2/2 · full" in buttons(ready.board())
    assert sorted(ready.holders(story.double)) == sorted([PIP, SABLE])


@two_platforms
async def test_full_is_refused_without_a_write(ready: Stage, story: Story) -> None:
    await ready.claim(ready.house.pip, story.single)
    words = text(await ready.claim(ready.house.sable, story.single))
    assert "is full 1/1" in words
    assert ready.house.pip.mention in words
    assert ready.holders(story.single) == [PIP]
    assert ready.upstream_calls("claim") == 1


@every_platform
async def test_already_same(ready: Stage, story: Story) -> None:
    await ready.claim(ready.house.pip, story.double)
    words = text(await ready.claim(ready.house.pip, story.double))
    assert words.startswith("✔ You already hold")
    assert ready.holders(story.double) == [PIP]
    assert ready.upstream_calls("claim") == 1


async def test_an_answer_with_buttons_leaves_nothing_behind(ready: Stage) -> None:
    before = asyncio.all_tasks()
    result = await ready.claim(ready.house.pip, "Observer")
    assert result.response is not None
    assert "Release" in buttons(result.response.components)
    await ready.env.advance_time(3)
    kept = [task for task in asyncio.all_tasks() - before if "timeout" in repr(task.get_coro())]
    assert kept == []


async def test_not_linked(ready: Stage) -> None:
    words = text(await ready.claim(ready.house.guest, "Observer"))
    assert "I do not know your Roblox account here" in words
    assert "/links add" in words
    assert ready.holders("Observer") == []


@every_platform
async def test_rank_too_low(ready: Stage, story: Story) -> None:
    words = text(await ready.claim(ready.house.wren, story.ranked))
    if story.platform == "Series HR":
        assert "Series HR says your rank is too low" in words
        assert "Rank is too low for this role" in words
    else:
        assert "needs group rank 50 or higher; yours is 5" in words
        assert ready.upstream_calls("claim") == 0
    assert ready.holders(story.ranked) == []


async def test_the_rank_counts_as_it_is_now_not_when_linked(ready: Stage) -> None:
    users = ready.platforms.worlds.roblox.users
    wren = next(user for user in users.values() if user.name == "WrenHollis")
    wren.ranks[seeds.NORTHGATE_GROUP] = 120
    assert text(await ready.claim(ready.house.wren, "Captain")).startswith("✔ You are")


async def test_roblox_down_is_not_a_low_rank(ready: Stage) -> None:
    ranks = ready.bot.services.links.cards._roblox._ranks  # the card of the link has read one
    ranks._monotonic = lambda: time.monotonic() + RANK_AGE
    ready.platforms.roblox.fault("error-500")
    words = text(await ready.claim(ready.house.pip, "Captain"))
    assert "Roblox does not answer" in words
    assert "rank" not in words
    assert ready.holders("Captain") == []


async def test_the_staff_role_is_required(ready: Stage) -> None:
    house, staff = ready.house, ready.house.roles["staff"]
    await ready.slash(house.admin, "workspace settings", staff_role=staff)
    await ready.link(house, house.guest, OTTO)
    words = text(await ready.claim(house.guest, "Observer"))
    assert f"need the Discord role {staff.mention}" in words
    assert text(await ready.claim(house.pip, "Observer")).startswith("✔")
    assert ready.holders("Observer") == [PIP]


@pytest.mark.parametrize("story", [V2, V1], indirect=True, **NAMES)
async def test_another_role_on_the_server_is_asked_about(ready: Stage, story: Story) -> None:
    house = ready.house
    await ready.claim(house.pip, "First Officer")
    asked = await ready.claim(house.pip, "Cabin Crew")
    assert "You hold **First Officer** on this server already" in text(asked)
    kept = await house.pip.click(asked.response, label="Keep First Officer")
    assert text(kept) == "Nothing was changed."
    assert (ready.holders("First Officer"), ready.holders("Cabin Crew")) == ([PIP], [])
    asked = await ready.claim(house.pip, "Cabin Crew")
    moved = await house.pip.click(asked.response, label="Move to Cabin Crew")
    assert text(moved).startswith("✔ You are **Cabin Crew**")
    assert (ready.holders("First Officer"), ready.holders("Cabin Crew")) == ([], [PIP])


async def test_a_move_question_answered_late_is_judged_anew(ready: Stage) -> None:
    house = ready.house
    await ready.claim(house.pip, "Observer")
    asked = await ready.claim(house.pip, "First Officer")
    await ready.claim(house.sable, "First Officer")
    words = text(await house.pip.click(asked.response, label="Move to First Officer"))
    assert "is full 1/1" in words
    assert (ready.holders("First Officer"), ready.holders("Observer")) == ([SABLE], [PIP])


@pytest.mark.parametrize("story", [SERIES], indirect=True)
async def test_series_keeps_several_roles(ready: Stage, story: Story) -> None:
    await ready.claim(ready.house.pip, "Trainer")
    assert text(await ready.claim(ready.house.pip, "Barista")).startswith("✔ You are")
    assert (ready.holders("Trainer"), ready.holders("Barista")) == ([PIP], [PIP])


async def test_claim_once_holds_over_all_servers(ready: Stage) -> None:
    board = await ready.post(ready.house, TWO_SERVERS)
    await press(ready.house.pip, board, "Captain", "Server 1")
    words = text(await press(ready.house.pip, board, "Captain", "Server 2"))
    assert "You hold **Captain** in this session already on Server 1" in words
    assert ready.holders("Captain", TWO_SERVERS) == [PIP]


@two_platforms
async def test_a_session_that_ended_a_moment_ago(ready: Stage, story: Story) -> None:
    old = ready.board()
    ready.env.backend.advance_clock(timedelta(hours=3).total_seconds())
    words = text(await press(ready.house.pip, old, story.double))
    assert "cannot be claimed" in words
    assert "over" in words
    assert ready.holders(story.double) == []
    await ready.env.advance_time(61)
    words = text(await craft(ready.house.pip, ready.board(), button_id(old, story.double)))
    assert "cannot be claimed" in words


@every_platform
async def test_a_session_that_vanished(ready: Stage, story: Story) -> None:
    worlds = ready.platforms.worlds
    series = story.platform == "Series HR"
    workspaces = worlds.series.workspaces if series else worlds.readmin.workspaces
    ready.upstream.call(lambda: workspaces[story.key].sessions.pop(story.session_id))
    words = text(await ready.claim(ready.house.pip, story.double))
    assert "This session no longer exists on" in words
    await ready.env.advance_time(3)
    assert "✖ no longer exists" in embed_text(ready.board())
    assert buttons(ready.board()) == {}


@pytest.mark.parametrize("story", [V2, V1], indirect=True, **NAMES)
async def test_a_server_that_vanished(ready: Stage, story: Story) -> None:
    board = await ready.post(ready.house, TWO_SERVERS)
    servers = ready.platforms.worlds.readmin.get_session(TWO_SERVERS)["servers"]
    ready.upstream.call(lambda: servers.pop(next(iter(servers))))
    words = text(await press(ready.house.pip, board, "Observer", "Server 1"))
    assert "This server no longer exists on" in words
    assert ready.upstream_calls("claim") == 0
    await ready.env.advance_time(3)
    assert len(claim_buttons(ready.board())) == 6


async def test_a_role_that_vanished(ready: Stage) -> None:
    """Roles are remembered for a while, so here the platform itself says no."""
    groups = ready.platforms.worlds.readmin.workspaces[V2.key].role_groups
    ready.upstream.call(lambda: groups[0]["roles"].pop(2))
    words = text(await ready.claim(ready.house.pip, "Cabin Crew"))
    assert "This role no longer exists on ReAdmin" in words
    assert ready.holders("Cabin Crew") == []


async def test_claiming_switched_off_on_series(stage: Stage) -> None:
    stage.story = SERIES
    await stage.setup(stage.house, SERIES)
    await stage.link_staff(stage.house)
    board = await stage.post(stage.house)
    stage.platforms.worlds.series.get_session(SERIES.session_id).claimable = False
    words = text(await press(stage.house.pip, board, "Barista"))
    assert "claiming is switched off" in words
    assert stage.holders("Barista") == []


async def test_an_unlinked_holder_is_named_and_cannot_write_markdown(ready: Stage) -> None:
    user = ready.platforms.worlds.roblox.users[OTTO]
    user.name = "__Otto__"
    record = ready.platforms.worlds.readmin.get_session(V2.session_id)
    role = seeds.stable_uuid("northgate/First Officer")
    ready.platforms.worlds.readmin.panel_claim(
        V2.session_id, next(iter(record["servers"])), OTTO, role
    )
    words = text(await ready.claim(ready.house.pip, "First Officer"))
    assert r"\_\_Otto\_\_" in words
    await ready.env.advance_time(3)
    assert r"\_\_Otto\_\_" in embed_text(ready.board())
