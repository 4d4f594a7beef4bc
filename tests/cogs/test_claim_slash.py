"""/claim, /claims and /open."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.sandbox.platforms import seeds
from tests.cogs.hands import buttons, text
from tests.cogs.stage import Stage
from tests.cogs.stories import PIP, SERIES, STORIES, V2, Story

NAMES = {"ids": lambda story: story.kind.value}
every_platform = pytest.mark.parametrize("story", STORIES, indirect=True, **NAMES)
two_platforms = pytest.mark.parametrize("story", [V2, SERIES], indirect=True, **NAMES)
TWO_SERVERS = seeds.record_id("northgate/two-servers")
LATER = seeds.record_id("northgate/later")


@every_platform
async def test_claim_with_what_autocomplete_offers(ready: Stage, story: Story) -> None:
    pip = ready.house.pip
    sessions = await ready.choices(pip, "claim", "session", story.title[:4].lower())
    [(name, session)] = sessions.items()
    assert name.startswith(f"{story.title} · in ")
    assert name.endswith("roles open")
    roles = await ready.choices(pip, "claim", "role", "", session=session)
    [(label, role)] = [(n, v) for n, v in roles.items() if n.startswith(story.single)]
    assert label == f"{story.single} (✔ open 0/1)"
    words = text(await ready.slash(pip, "claim", session=session, role=role))
    assert words.startswith(f"✔ You are **{story.single}**")
    assert ready.holders(story.single) == [PIP]
    await ready.env.advance_time(3)
    roles = await ready.choices(pip, "claim", "role", "", session=session)
    assert list(roles)[-1] == f"{story.single} (■ full 1/1)"


@two_platforms
async def test_claim_with_typed_names(ready: Stage, story: Story) -> None:
    words = text(
        await ready.slash(
            ready.house.pip, "claim", session=story.title.upper(), role=f" {story.double.lower()} "
        )
    )
    assert words.startswith(f"✔ You are **{story.double}**")
    assert ready.holders(story.double) == [PIP]


async def test_typed_nonsense_names_what_there_is(ready: Stage) -> None:
    pip = ready.house.pip
    for typed in ("nonsense", "999", "²", "@everyone", "x" * 300):
        words = text(await ready.slash(pip, "claim", session=typed, role="Captain"))
        assert V2.title in words
        assert "No posted session is called that" in words
    for typed in ("nonsense", "999", "²", "@everyone", "x" * 300):
        words = text(await ready.slash(pip, "claim", session="1", role=typed))
        assert "has no such role. It has: Captain, First Officer" in words
    words = text(await ready.slash(pip, "claim", session="1", role="Captain", server="Mars"))
    assert "has no such role" in words
    assert ready.upstream_calls("claim") == 0


async def test_nothing_is_posted(stage: Stage) -> None:
    await stage.setup(stage.house, V2)
    await stage.link_staff(stage.house)
    words = text(await stage.slash(stage.house.pip, "claim", session="x", role="y"))
    assert "No session is posted here right now" in words
    assert "Nothing can be claimed right now" in text(await stage.slash(stage.house.pip, "open"))
    assert await stage.choices(stage.house.pip, "claim", "role", "", session="1") == {}


async def test_a_session_with_two_servers(ready: Stage) -> None:
    pip = ready.house.pip
    await ready.post(ready.house, TWO_SERVERS)
    sessions = await ready.choices(pip, "claim", "session")
    session = list(sessions.values())[-1]
    servers = await ready.choices(pip, "claim", "server", "", session=session)
    assert list(servers) == ["Server 1", "Server 2"]
    roles = await ready.choices(pip, "claim", "role", "observer", session=session)
    assert [name.split(" (")[0] for name in roles] == ["Observer · Server 1", "Observer · Server 2"]
    asked = text(await ready.slash(pip, "claim", session=session, role="Observer"))
    assert "Which server? Choose one with the option `server`: Server 1, Server 2." in asked
    words = text(
        await ready.slash(pip, "claim", session=session, role="Observer", server="server 2")
    )
    assert words.startswith("✔ You are **Observer**")
    assert "Server 2" in words
    held = next(s for s in ready.upstream.state()["workspaces"][0]["sessions"]
                if s["id"] == TWO_SERVERS)  # fmt: skip
    assert [len(server["claims"]) for server in held["servers"]] == [0, 1]


async def test_the_role_of_one_server_with_the_name_of_another(ready: Stage) -> None:
    """Both options are chosen from lists; the server decides."""
    pip = ready.house.pip
    await ready.post(ready.house, TWO_SERVERS)
    session = list((await ready.choices(pip, "claim", "session")).values())[-1]
    roles = await ready.choices(pip, "claim", "role", "observer", session=session)
    role = roles[next(name for name in roles if "Server 1" in name)]
    words = text(await ready.slash(pip, "claim", session=session, role=role, server="Server 2"))
    assert words.startswith("✔ You are **Observer**")
    assert "Server 2" in words


async def test_refusals_are_those_of_the_buttons(ready: Stage) -> None:
    house = ready.house
    await ready.claim(house.sable, "First Officer")
    full = text(await ready.slash(house.pip, "claim", session="1", role="First Officer"))
    assert "is full 1/1" in full
    unlinked = text(await ready.slash(house.guest, "claim", session="1", role="Observer"))
    assert "I do not know your Roblox account" in unlinked
    low = text(await ready.slash(house.wren, "claim", session="1", role="Captain"))
    assert "yours is 5" in low
    await ready.slash(house.host, "session close", announcement="1")
    closed = text(await ready.slash(house.pip, "claim", session="1", role="Observer"))
    assert f"closed by {house.host.mention}" in closed
    assert ready.upstream_calls("claim") == 1


@every_platform
async def test_claims_lists_what_the_platform_holds(ready: Stage, story: Story) -> None:
    pip = ready.house.pip
    await ready.claim(pip, story.double)
    result = await ready.slash(pip, "claims")
    words = text(result)
    assert f"✔ **{story.double}** in “{story.title}”" in words
    assert words.count("✔") == 2  # the seed has Pip in the live session, too, which is not posted
    assert result.response is not None
    offered = set(buttons(result.response.components)) if result.response.components else set()
    wanted = {f"Release {story.double}", f"Swap {story.double}"}
    assert offered == (wanted if story.has_release else set())


async def test_claims_of_nobody(ready: Stage) -> None:
    assert "I do not know your Roblox account" in text(
        await ready.slash(ready.house.guest, "claims")
    )
    assert "You hold no role" in text(await ready.slash(ready.house.wren, "claims"))


async def test_claims_says_which_platform_could_not_be_asked(ready: Stage) -> None:
    await ready.setup(ready.house, SERIES)
    await ready.claim(ready.house.pip, "Observer")
    await ready.env.advance_time(3)
    ready.shut()
    words = text(await ready.slash(ready.house.pip, "claims"))
    assert "⚠ ReAdmin does not answer; claims there are not shown." in words
    assert "**Trainer** in “Lunch Rush”" in words
    assert "Observer" not in words


@two_platforms
async def test_open_lists_what_is_free(ready: Stage, story: Story) -> None:
    await ready.claim(ready.house.pip, story.single)
    await ready.env.advance_time(3)
    words = text(await ready.slash(ready.house.guest, "open"))
    assert f"[{story.title}](https://discord.com/channels/" in words
    assert f"/{ready.board().id})" in words
    assert f"{story.double} ✔ open 0/2" in words
    assert story.single not in words


async def test_autocomplete_of_many_sessions_and_roles_stays_within_limits(ready: Stage) -> None:
    workspace = ready.platforms.worlds.readmin.workspaces[V2.key]
    template = dict(workspace.templates[0], name="A long name " * 20)
    ids = [
        workspace.add_session(template, timedelta(minutes=10 + n), servers=())["_id"]
        for n in range(40)
    ]
    await ready.slash(ready.house.pip, "claims")  # reads the sessions anew
    offered = await ready.house.host.autocomplete(ready.house.chat, "session post", "session", "")
    assert len(offered) == 25
    assert all(1 <= len(choice["name"]) <= 100 for choice in offered)
    assert len({choice["value"] for choice in offered}) == 25
    assert any(choice["value"].endswith(ids[0]) for choice in offered)
