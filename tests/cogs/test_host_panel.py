"""The host's panel beyond the plain buttons: people, co-hosts, many roles, and giving back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from simcord import InteractionResult, MemberActor

from bot.sandbox.platforms import seeds
from bot.sandbox.platforms.readmin_world import Role, Server
from tests.cogs.hands import buttons, craft, embed_text, text
from tests.cogs.stage import Stage, build_house
from tests.cogs.stories import PIP


async def _panel(ready: Stage, announcement: str = "1") -> Any:
    shown = await ready.slash(ready.house.host, "session edit", announcement=announcement)
    assert shown.response is not None
    return shown.response


def _menus(result: InteractionResult) -> dict[str, dict[str, str]]:
    """Placeholder -> label -> value, of the menus of an answer."""
    assert result.response is not None
    parts = [part for row in result.response.components for part in row["components"]]
    return {
        part["placeholder"]: {o["label"]: o["value"] for o in part["options"]}
        for part in parts
        if part["type"] == 3
    }


async def _about(ready: Stage, member: MemberActor) -> InteractionResult:
    """The panel's menus for a member."""
    panel = await _panel(ready)
    return await ready.house.host.select(panel, [member], custom_id="addmember:m1:1")


async def _choose(
    ready: Stage, member: MemberActor, menu: str, label: str, action: str
) -> InteractionResult:
    about = await _about(ready, member)
    value = _menus(about)[menu][label]
    return await ready.house.host.select(about.response, [value], custom_id=f"{action}:m1:1")


async def test_a_person_is_moved_and_taken_off(ready: Stage) -> None:
    house = ready.house
    await ready.claim(house.pip, "Observer")
    about = await _about(ready, house.pip)
    assert "holds **Observer**." in text(about)
    moved = await _choose(ready, house.pip, "Move to another role", "Cabin Crew", "movemember")
    assert f"✔ {house.pip.mention} is now **Cabin Crew**" in text(moved)
    assert (ready.holders("Observer"), ready.holders("Cabin Crew")) == ([], [PIP])
    gone = await _choose(ready, house.pip, "Take a role away", "Cabin Crew", "removemember")
    assert "no longer holds **Cabin Crew**" in text(gone)
    assert ready.holders("Cabin Crew") == []
    assert set(_menus(await _about(ready, house.pip))) == {"Give a role", "Co-host"}


async def test_a_co_host_by_the_panel(ready: Stage) -> None:
    house = ready.house
    made = await _choose(ready, house.pip, "Co-host", "Make a co-host of this session", "cohost")
    assert "✔ Changed." in text(made)
    assert f"with {house.pip.mention}" in embed_text(ready.board())
    await _choose(ready, house.pip, "Co-host", "Not a co-host any more", "cohost")
    assert "with <@" not in embed_text(ready.board())


async def test_a_co_host_may_step_down(ready: Stage) -> None:
    house = ready.house
    await ready.slash(house.host, "session edit", announcement="1", cohost=house.pip)
    words = text(
        await ready.slash(house.pip, "session edit", announcement="1", no_cohost=house.pip)
    )
    assert "✔ Changed." in words
    assert "Only" in text(await ready.slash(house.pip, "session close", announcement="1"))


async def test_a_server_by_the_panel_is_asked_about(ready: Stage) -> None:
    host = ready.house.host
    asked = await host.click(await _panel(ready), label="Add a server")
    assert "cannot be taken away from here" in text(asked)
    assert asked.response is not None
    back = await host.click(asked.response, label="Back")
    assert "✔ open for claims. Only you see this." in text(back)
    assert len(buttons(back.response.components)) > 5  # type: ignore[union-attr]  # shown above
    assert ready.upstream_calls("server") == 0


async def test_the_second_ping_leaves_the_panel(ready: Stage) -> None:
    host, role = ready.house.host, ready.house.roles["ping"]
    await ready.slash(ready.house.admin, "workspace settings", ping_role=role)
    asked = await host.click(await _panel(ready), label="Ping once more")
    assert asked.response is not None
    done = await host.click(asked.response, label="Ping")
    assert done.response is not None
    assert "Ping once more" not in buttons(done.response.components)


async def test_claims_are_given_back_after_a_cancel(ready: Stage) -> None:
    house = ready.house
    await ready.claim(house.pip, "Observer")
    early = text(await craft(house.host, ready.board(), "givebacknow:1:1"))
    assert "once a session is cancelled" in early
    assert ready.holders("Observer") == [PIP]
    await ready.slash(house.host, "session cancel", announcement="1")
    assert ready.holders("Observer") == [PIP]
    asked = await house.host.click(await _panel(ready), label="Give all claims back")
    assert "Whoever holds a role there loses it" in text(asked)
    assert ready.holders("Observer") == [PIP]
    assert asked.response is not None
    done = await house.host.click(asked.response, label="Give all back")
    assert "Claims given back: 1; still standing: 0." in text(done)
    assert ready.holders("Observer") == []


async def test_a_second_cancel_gives_back_what_the_first_left(ready: Stage) -> None:
    house = ready.house
    await ready.claim(house.pip, "Observer")
    await ready.slash(house.host, "session cancel", announcement="1")
    words = text(
        await ready.slash(house.host, "session cancel", announcement="1", release_all=True)
    )
    assert "✔ Cancelled. Claims given back: 1; still standing: 0." in words
    again = text(await ready.slash(house.host, "session cancel", announcement="1"))
    assert "already cancelled" in again


async def test_sixty_roles_can_be_chosen_from(ready: Stage) -> None:
    house = ready.house
    workspace = ready.platforms.worlds.readmin.workspaces[seeds.NORTHGATE_KEY]
    group = workspace.add_role_group("Crowd", [Role(f"Seat {n:02}", 1) for n in range(60)])
    template = workspace.add_template("Mega Raid", [group])
    record = workspace.add_session(template, timedelta(hours=2), servers=[Server("Main")])
    await ready.slash(house.admin, "workspace test")  # reads the list anew
    await ready.env.advance_time(60)
    await ready.post(house, str(record["_id"]))
    shown = await house.host.click(await _panel(ready, "2"), label="Choose roles shown")
    menus = _menus(shown)
    assert [len(menu) for menu in menus.values()] == [25, 25, 10]
    assert list(menus)[1] == "Roles on the board: Seat 25 to Seat 49"
    for number in (1, 2):  # nothing of the second menu and of the third
        await _show(ready, shown, number, 0)
    done = await _show(ready, shown, 0, 2)
    assert text(done).startswith("✔ The board shows these roles now.")
    assert list(buttons(ready.board())) == ["Seat 00 0/1", "Seat 01 0/1", "Roster"]
    assert "At least one role must stay" in text(await _show(ready, done, 0, 0))


async def _show(
    ready: Stage, menus: InteractionResult, number: int, keep: int
) -> InteractionResult:
    """Choose the first `keep` roles of a menu."""
    assert menus.response is not None
    (menu,) = menus.response.components[number]["components"]
    chosen = [option["value"] for option in menu["options"]][:keep]
    return await ready.house.host.select(menus.response, chosen, custom_id=menu["custom_id"])


async def test_a_panel_of_another_guild_is_no_panel_here(ready: Stage) -> None:
    """The admin of another guild, with the ids of this one."""
    strangers = build_house(ready.env, "Strangers")
    before = embed_text(ready.board())
    message = (await strangers.admin.slash(strangers.chat, "open")).response
    for action in (
        "panel", "close", "edit", "cancelsession", "giveback", "givebacknow", "repost", "showroles",
        "askserver", "moreservers", "pingagain", "roster", "page", "claim",
    ):  # fmt: skip
        shown = await craft(strangers.admin, message, f"{action}:1:1")
        words = text(shown)
        assert words, action
        assert "NG204" not in words, action
        assert "✔" not in words, action
    assert embed_text(ready.board()) == before


async def test_after_the_cut_off_the_panel_does_not_call_it_open(ready: Stage) -> None:
    shown = await ready.slash(
        ready.house.host, "session edit", announcement="1", note="Gate 4", cutoff=1440
    )
    assert "⛔ claims have closed; you can still add people" in text(shown)
    shown = await ready.slash(ready.house.host, "session edit", announcement="1", cutoff=-1)
    assert "✔ open for claims. Only you see this." in text(shown)
