"""/session refresh and close, and who may host."""

from __future__ import annotations

import pytest
from simcord import MemberActor

from bot.sandbox.platforms import seeds
from tests.cogs.hands import button_id, buttons, claim_buttons, craft, embed_text, press, text
from tests.cogs.stage import Stage
from tests.cogs.stories import OTTO, PIP, STORIES, V2, Story

NAMES = {"ids": lambda story: story.kind.value}
LATER = seeds.record_id("northgate/later")


def somebody(stage: Stage, who: str) -> MemberActor:
    """A person of the house by name."""
    found: MemberActor = getattr(stage.house, who)
    return found


@pytest.mark.parametrize("who", ["admin", "host"])
async def test_admins_and_hosts_may(ready: Stage, who: str) -> None:
    actor = somebody(ready, who)
    preview = await ready.draft(ready.house, LATER, by=actor)
    posted = text(await actor.click(preview.response, label="Post"))
    assert "✔ Posted" in posted
    offered = await ready.choices(actor, "session close", "announcement")
    assert len(offered) == 2
    closed = await ready.slash(actor, "session close", announcement=next(iter(offered.values())))
    assert "is closed" in text(closed)


@pytest.mark.parametrize("who", ["pip", "guest"])
async def test_nobody_else_may(ready: Stage, who: str) -> None:
    actor, host_role = somebody(ready, who), ready.house.roles["host"]
    assert await ready.choices(actor, "session post", "session") == {}
    assert await ready.choices(actor, "session close", "announcement") == {}
    for command, options in (
        ("post", {"session": f"1:{LATER}"}),
        ("refresh", {"announcement": "1"}),
        ("close", {"announcement": "1"}),
    ):
        words = text(await ready.slash(actor, f"session {command}", **options))
        assert f"Only {host_role.mention} can do this" in words
    assert len(ready.house.board.history()) == 1
    assert not buttons(ready.board())["Captain 0/1"].get("disabled")


async def test_a_foreign_draft_is_posted_by_hosts_only(ready: Stage) -> None:
    receipt = await ready.claim(ready.house.pip, "Observer")
    draft = await ready.draft(ready.house, LATER)
    assert draft.response is not None
    post = str(buttons(draft.response.components)["Post"]["custom_id"])
    words = text(await craft(ready.house.pip, receipt.response, post))
    assert "Only" in words
    assert len(ready.house.board.history()) == 1


async def test_without_a_host_role_only_admins(stage: Stage) -> None:
    await stage.setup(stage.house, V2, host_role=None)
    words = text(await stage.slash(stage.house.host, "session post", session=f"1:{V2.session_id}"))
    assert "No host role is set" in words
    preview = await stage.draft(stage.house, by=stage.house.admin)
    assert "This is how it will look" in text(preview)


@pytest.mark.parametrize("story", STORIES, indirect=True, **NAMES)
async def test_refresh_shows_what_others_did(ready: Stage, story: Story) -> None:
    world = ready.platforms.worlds
    if story.platform == "Series HR":
        session = world.series.get_session(story.session_id)
        ready.upstream.call(
            lambda: world.series.panel_claim(story.session_id, story.single, "VACANT_0", OTTO)
        )
        ready.upstream.call(lambda: setattr(session, "title", "Another name"))
    else:
        record = world.readmin.get_session(story.session_id)
        server = next(iter(record["servers"]))
        role = seeds.stable_uuid(f"northgate/{story.single}")
        ready.upstream.call(lambda: world.readmin.panel_claim(story.session_id, server, OTTO, role))
        ready.upstream.call(lambda: record["template"].update(name="Another name"))
    offered = await ready.choices(ready.house.host, "session refresh", "announcement", story.title)
    [value] = offered.values()
    words = text(await ready.slash(ready.house.host, "session refresh", announcement=value))
    assert words.startswith("✔")
    assert ready.board().embeds[0].title == "Another name"
    assert f"**{story.single}** ■ full 1/1" in embed_text(ready.board())
    assert "OttoMeridian" in embed_text(ready.board())
    assert f"{story.single} 1/1 · full" in buttons(ready.board())


async def test_a_role_renamed_a_moment_ago_is_shown_by_a_refresh(ready: Stage) -> None:
    """Muster keeps ReAdmin's role groups for a minute; whoever says "refresh" means now."""
    workspace = ready.platforms.worlds.readmin.workspaces[ready.story.key]
    (role,) = [
        one
        for group in workspace.role_groups
        for one in group["roles"]
        if one["name"] == "Observer"
    ]
    ready.upstream.call(lambda: role.update(name="Watcher"))
    words = text(await ready.slash(ready.house.host, "session refresh", announcement="1"))
    assert words.startswith("✔")
    assert "**Watcher** ✔ 0 claimed" in embed_text(ready.board())
    assert "Observer" not in embed_text(ready.board())
    assert text(await ready.claim(ready.house.pip, "Watcher")).startswith("✔ You are **Watcher**")


async def test_the_board_follows_by_itself_within_a_minute(ready: Stage) -> None:
    world = ready.platforms.worlds.readmin
    record = world.get_session(V2.session_id)
    role = seeds.stable_uuid("northgate/Observer")
    ready.upstream.call(
        lambda: world.panel_claim(V2.session_id, next(iter(record["servers"])), PIP, role)
    )
    await ready.env.advance_time(61)
    assert ready.house.pip.mention in embed_text(ready.board())
    edits = len([r for r in ready.env.http_requests if r.method == "PATCH"])
    await ready.env.advance_time(180)
    assert len([r for r in ready.env.http_requests if r.method == "PATCH"]) == edits


async def test_refresh_while_the_platform_is_down(ready: Stage) -> None:
    before = embed_text(ready.board())
    ready.shut()
    words = text(await ready.slash(ready.house.host, "session refresh", announcement="1"))
    assert "does not answer" in words
    assert embed_text(ready.board()) == before


@pytest.mark.parametrize("story", STORIES, indirect=True, **NAMES)
async def test_close_stops_claims_and_keeps_who_holds(ready: Stage, story: Story) -> None:
    house = ready.house
    await ready.claim(house.pip, story.single)
    old = ready.board()
    words = text(await ready.slash(house.host, "session close", announcement="1"))
    assert "is closed" in words
    board = ready.board()
    assert "⛔ closed" in embed_text(board)
    assert house.pip.mention in embed_text(board)
    assert all(button["disabled"] for button in claim_buttons(board).values())
    late = text(await craft(house.sable, board, button_id(old, story.double)))
    assert f"closed by {house.host.mention}" in late
    assert ready.holders(story.single) == [PIP]
    assert ready.holders(story.double) == []
    again = text(await ready.slash(house.host, "session close", announcement="1"))
    assert "already closed" in again


async def test_close_while_the_platform_is_down_still_closes(ready: Stage) -> None:
    house, old = ready.house, ready.board()
    ready.shut()
    words = text(await ready.slash(house.host, "session close", announcement="1"))
    assert "is closed" in words
    assert "⛔ closed by" in embed_text(ready.board())  # at once, from memory
    assert all(one.get("disabled") for one in claim_buttons(ready.board()).values())
    ready.reopen()
    assert "closed by" in text(await craft(house.pip, old, button_id(old, "Observer")))
    await ready.env.advance_time(61)
    assert "⛔ closed" in embed_text(ready.board())


async def test_a_deleted_message_frees_the_session_to_be_posted_again(ready: Stage) -> None:
    house = ready.house
    ready.env.backend.delete_message(ready.board().channel.id, ready.board().id)
    words = text(await ready.slash(house.host, "session refresh", announcement="1"))
    assert "was deleted. Post the session again: `/session repost`" in words
    closed = text(await ready.slash(house.host, "session close", announcement="1"))
    assert "Its message was deleted. Post it again first" in closed
    again = await ready.post(house)
    assert text(await press(house.pip, again, "Observer")).startswith("✔")
    assert ready.holders("Observer") == [PIP]


@pytest.mark.parametrize("command", ["refresh", "close"])
async def test_typed_nonsense(ready: Stage, command: str) -> None:
    for typed in ("nonsense", "0", "77", "-1", "²", "9" * 30):
        words = text(await ready.slash(ready.house.host, f"session {command}", announcement=typed))
        assert "announcement" in words
        assert "went wrong inside Muster" not in words
    assert not buttons(ready.board())["Captain 0/1"].get("disabled")


async def test_a_session_that_vanished_is_said_on_the_board(ready: Stage) -> None:
    world = ready.platforms.worlds.readmin
    ready.upstream.call(lambda: world.workspaces[V2.key].sessions.pop(V2.session_id))
    await ready.slash(ready.house.host, "session refresh", announcement="1")
    board = ready.board()
    assert "✖ no longer exists" in embed_text(board)
    assert buttons(board) == {}
    assert await ready.choices(ready.house.pip, "claim", "session") == {}


async def test_the_end_freezes_the_board(ready: Stage) -> None:
    await ready.claim(ready.house.pip, "Observer")
    await ready.skip(110 * 60)
    board = ready.board()
    assert "■ ended" in embed_text(board)
    assert ready.house.pip.mention in embed_text(board)
    assert list(buttons(board)) == ["Roster"]
