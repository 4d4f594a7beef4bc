"""/session post: choose, preview, post."""

from __future__ import annotations

import discord
import pytest

from bot.sandbox.platforms import seeds
from tests.cogs.hands import (
    button_id,
    buttons,
    claim_buttons,
    embed_text,
    press,
    press_together,
    sent_payloads,
    text,
)
from tests.cogs.stage import Stage
from tests.cogs.stories import PIP, STORIES, V1, V2, Story, holders_in

NO_SERVER = seeds.record_id("northgate/no-server")
PANEL_SERVER = seeds.record_id("northgate/panel-server")
LATER = seeds.record_id("northgate/later")
NAMES = {"ids": lambda story: story.kind.value}


@pytest.mark.parametrize("story", STORIES, indirect=True, **NAMES)
async def test_autocomplete_offers_what_can_be_posted(stage: Stage, story: Story) -> None:
    house = stage.house
    await stage.setup(house, story)
    offered = await stage.choices(house.host, "session post", "session")
    ids = {value.partition(":")[2] for value in offered.values()}
    assert story.session_id in ids
    name = "harbour/{}" if story.platform == "Series HR" else "northgate/{}"
    make = seeds.series_id if story.platform == "Series HR" else seeds.record_id
    assert ids.isdisjoint(make(name.format(over)) for over in ("ended", "completed", "cancelled"))
    assert all(len(choice) <= 100 for choice in (*offered, *offered.values()))
    typed = await stage.choices(house.host, "session post", "session", story.title[:5].upper())
    assert typed
    assert all(story.title[:5] in choice for choice in typed)
    await stage.post(house)
    left = await stage.choices(house.host, "session post", "session")
    assert not any(value.endswith(story.session_id) for value in left.values())


@pytest.mark.parametrize("story", [V2, V1], indirect=True, **NAMES)
async def test_a_template_is_marked_and_refused(stage: Stage, story: Story) -> None:
    house = stage.house
    await stage.setup(house, story)
    offered = await stage.choices(house.host, "session post", "session", "Charter Shuttle")
    assert [name.rpartition(" · ")[2] for name in offered] == [
        "not open yet: open it in the panel first"
    ]
    value = next(iter(offered.values()))
    words = text(await stage.slash(house.host, "session post", session=value))
    assert "Open it once in the ReAdmin panel" in words
    assert house.board.history() == []


async def test_typed_nonsense_is_answered(ready: Stage) -> None:
    for typed in ("nonsense", "1:", "x:y", "9:5", "1:deadbeef", "1:../../x", "²:1"):
        words = text(await ready.slash(ready.house.host, "session post", session=typed))
        assert words
        assert "went wrong inside Muster" not in words
    assert len(ready.house.board.history()) == 1


@pytest.mark.parametrize("story", STORIES, indirect=True, **NAMES)
async def test_preview_then_post(stage: Stage, story: Story) -> None:
    house = stage.house
    await stage.setup(house, story)
    preview = await stage.draft(house, note="Bring **coffee** @everyone")
    assert house.board.mention in text(preview)
    assert house.board.history() == []
    assert preview.response is not None
    rows = buttons(preview.response.components)
    assert rows[f"{story.single} 0/1"]["disabled"]
    posted = await house.host.click(preview.response, label="Post")
    assert f"✔ Posted in {house.board.mention}" in text(posted)
    assert posted.response is not None
    assert "Cancel the session" in buttons(posted.response.components)
    [board] = house.board.history()
    words = embed_text(board)
    assert board.embeds[0].title == story.title
    assert "✔ open for claims" in words
    assert f"**{story.single}** ✔ open 0/1" in words
    assert house.host.mention in words
    assert "coffee" in words
    assert "@everyone" not in words
    assert not buttons(board)[f"{story.single} 0/1"].get("disabled")


async def test_discard(stage: Stage) -> None:
    house = stage.house
    await stage.setup(house, V2)
    preview = await stage.draft(house)
    gone = await house.host.click(preview.response, label="Discard")
    assert "discarded; nothing was posted" in text(gone)
    assert "stays on ReAdmin" in text(gone)
    assert house.board.history() == []
    assert (await stage.post(house)).embeds[0].title == V2.title


async def test_a_double_press_of_post_posts_once(stage: Stage) -> None:
    house = stage.house
    await stage.setup(house, V2)
    preview = await stage.draft(house)
    assert preview.response is not None
    post = str(buttons(preview.response.components)["Post"]["custom_id"])
    results = await press_together(stage.env, preview.response, [(house.host, post)] * 2)
    assert len(house.board.history()) == 1
    assert all(result.acknowledged for result in results)


async def test_two_previews_of_one_session_post_once(stage: Stage) -> None:
    house = stage.house
    await stage.setup(house, V2)
    first, second = await stage.draft(house), await stage.draft(house, by=house.admin)
    assert "✔ Posted" in text(await house.host.click(first.response, label="Post"))
    words = text(await house.admin.click(second.response, label="Post"))
    assert "✔" not in words
    assert words == "This session already has an announcement here."
    assert len(house.board.history()) == 1


@pytest.mark.parametrize("story", [V2, V1], indirect=True, **NAMES)
async def test_a_session_without_a_server_gets_one(stage: Stage, story: Story) -> None:
    house = stage.house
    await stage.setup(house, story)
    await stage.link_staff(house)
    preview = await stage.draft(house, NO_SERVER)
    assert preview.response is not None
    assert "Claims need a server" in text(preview)
    assert set(buttons(preview.response.components)) == {"Add a server", "Discard"}
    added = await house.host.click(preview.response, label="Add a server")
    assert added.response is not None
    assert {"Post", "Discard"} <= set(buttons(added.response.components))
    await house.host.click(added.response, label="Post")
    board = stage.board()
    assert text(await press(house.pip, board, "First Officer")).startswith("✔ You are")
    assert stage.holders("First Officer", NO_SERVER) == [PIP]


async def test_add_a_server_twice_adds_one(stage: Stage) -> None:
    house = stage.house
    await stage.setup(house, V2)
    preview = await stage.draft(house, NO_SERVER)
    assert preview.response is not None
    add = str(buttons(preview.response.components)["Add a server"]["custom_id"])
    stage.upstream.fault("slow", "read", times=2, seconds=0.2)  # both read before either writes
    await press_together(stage.env, preview.response, [(house.host, add)] * 2)
    servers = stage.platforms.worlds.readmin.get_session(NO_SERVER)["servers"]
    assert len(servers) == 1


async def test_a_panel_made_server_is_warned_about(stage: Stage) -> None:
    house = stage.house
    await stage.setup(house, V2)
    preview = await stage.draft(house, PANEL_SERVER)
    assert preview.response is not None
    embed = preview.response.embeds[0]
    assert "made in the ReAdmin panel and cannot take claims" in (embed.description or "")
    assert "Post" not in buttons(preview.response.components)
    added = await house.host.click(preview.response, label="Add a server")
    assert added.response is not None
    await house.host.click(added.response, label="Post")
    servers = stage.platforms.worlds.readmin.get_session(PANEL_SERVER)["servers"].values()
    assert [type(server["claims"]) for server in servers] == [list, dict]
    assert len(claim_buttons(stage.board())) == 6


async def test_a_missing_permission_is_named_and_nothing_is_half_posted(stage: Stage) -> None:
    house = stage.house
    deny = discord.PermissionOverwrite(embed_links=False)
    bare = house.guild.create_text_channel("bare", overwrites={stage.bot.user: deny})
    await stage.setup(house, V2, announcements=bare)
    preview = await stage.draft(house)
    assert f"⚠ Muster lacks Embed Links in {bare.mention}" in text(preview)
    refused = text(await house.host.click(preview.response, label="Post"))
    assert f"lacks Embed Links in {bare.mention}" in refused
    assert bare.history() == []
    await stage.slash(house.admin, "workspace settings", announcements=house.board)
    assert (await stage.post(house)).channel.id == house.board.id


async def test_discord_failing_leaves_the_draft_postable(stage: Stage) -> None:
    house = stage.house
    await stage.setup(house, V2)
    preview = await stage.draft(house)
    stage.env.inject_error("POST", f"/channels/{house.board.id}/messages", status=403, code=50013)
    assert "⚠" in text(await house.host.click(preview.response, label="Post"))
    assert house.board.history() == []
    assert len((await stage.post(house)).embeds) == 1


@pytest.mark.parametrize("ping", [True, False])
async def test_the_ping_role_is_pinged_only_when_asked(stage: Stage, ping: bool) -> None:
    house = stage.house
    role = house.roles["ping"]
    await stage.setup(house, V2, ping_role=role)
    board = await stage.post(house, ping=ping)
    sent = [p for p in sent_payloads(stage.env) if "nonce" in p]
    assert len(sent) == 1
    assert sent[0]["allowed_mentions"]["parse"] == []
    assert sent[0]["allowed_mentions"].get("roles", []) == ([role.id] if ping else [])
    assert board.content == (role.mention if ping else "")


async def test_a_ping_without_a_role_is_warned_about(stage: Stage) -> None:
    house = stage.house
    await stage.setup(house, V2)
    assert "No ping role is set" in text(await stage.draft(house, ping=True))
    board = await stage.post(house, ping=True)
    assert board.content == ""
    assert board.role_mentions == []


async def test_the_session_can_change_between_preview_and_post(stage: Stage) -> None:
    house = stage.house
    await stage.setup(house, V2)
    preview = await stage.draft(house)
    world = stage.platforms.worlds.readmin
    stage.upstream.call(lambda: world.workspaces[V2.key].sessions.pop(V2.session_id))
    words = text(await house.host.click(preview.response, label="Post"))
    assert "no longer has this session" in words
    assert house.board.history() == []


async def test_two_sessions_have_their_own_buttons(ready: Stage) -> None:
    first, second = ready.board(), await ready.post(ready.house, LATER)
    assert button_id(first, "Captain") != button_id(second, "Captain")
    await press(ready.house.pip, second, "Captain")
    state = ready.upstream.state()
    assert holders_in(state, LATER, "Captain") == [PIP]
    assert holders_in(state, V2.session_id, "Captain") == []
