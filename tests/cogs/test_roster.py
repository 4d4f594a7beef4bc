"""/session add, remove and move: hosts change the roster, the log channel hears of it."""

from __future__ import annotations

import pytest

from tests.cogs.hands import text
from tests.cogs.stage import Stage
from tests.cogs.stories import OTTO, PIP, SABLE, SERIES, STORIES, V1, V2, Story

NAMES = {"ids": lambda story: story.kind.value}
every_platform = pytest.mark.parametrize("story", STORIES, indirect=True, **NAMES)


async def host_does(stage: Stage, did: str, role: str, **options: object) -> str:
    """The host runs `/session add|remove|move` for Pip with what autocomplete offers."""
    who = stage.house.host
    announcement = next(iter((await stage.choices(who, f"session {did}", "announcement")).values()))
    roles = await stage.choices(who, f"session {did}", "role", role, announcement=announcement)
    chosen = {"member": stage.house.pip, **options}
    result = await stage.slash(
        who, f"session {did}", announcement=announcement, role=next(iter(roles.values())), **chosen
    )
    return text(result)


def notices(stage: Stage) -> list[str]:
    """What stands in the log channel."""
    return [message.content for message in stage.house.log.history()]


@every_platform
async def test_a_host_adds_somebody(ready: Stage, story: Story) -> None:
    pip, host = ready.house.pip.mention, ready.house.host.mention
    words = await host_does(ready, "add", story.double, reason="asked me @everyone")
    assert words.startswith(f"✔ {pip} is now **{story.double}** in “{story.title}”")
    assert ready.holders(story.double) == [PIP]
    (notice,) = notices(ready)
    assert notice.startswith(f"✎ {host} added {pip}: **{story.double}** in “{story.title}”")
    assert "Reason: “asked me @\u200beveryone”" in notice
    assert notice.rsplit("Reference ", 1)[1] in words


@pytest.mark.parametrize("story", [V2, SERIES], indirect=True, **NAMES)
async def test_a_host_removes_somebody(ready: Stage, story: Story) -> None:
    await ready.claim(ready.house.pip, story.double)
    words = await host_does(ready, "remove", story.double, reason="ill")
    assert words.startswith(f"✔ Released: {ready.house.pip.mention} no longer holds")
    assert "Reason: “ill”" in words
    assert ready.holders(story.double) == []
    assert " removed " in notices(ready)[0]
    again = await host_does(ready, "remove", story.double)
    assert "does not hold" in again
    assert len(notices(ready)) == 1


@pytest.mark.parametrize("story", [V1], indirect=True, **NAMES)
async def test_where_nothing_can_be_released_the_host_reads_so(ready: Stage, story: Story) -> None:
    await ready.claim(ready.house.pip, story.double)
    words = await host_does(ready, "remove", story.double)
    assert f"{ready.house.pip.mention} still holds **{story.double}**" in words
    assert ready.holders(story.double) == [PIP]
    assert notices(ready) == []


@pytest.mark.parametrize("story", [V2, V1], indirect=True, **NAMES)
async def test_a_host_moves_somebody(ready: Stage, story: Story) -> None:
    await ready.claim(ready.house.pip, story.single)
    asked = await host_does(ready, "add", story.double)
    assert "`/session move`" in asked
    assert ready.holders(story.single) == [PIP]
    words = await host_does(ready, "move", story.double)
    assert words.startswith(f"✔ {ready.house.pip.mention} is now **{story.double}**")
    assert (ready.holders(story.single), ready.holders(story.double)) == ([], [PIP])
    assert " moved " in notices(ready)[0]


@pytest.mark.parametrize("story", [SERIES], indirect=True, **NAMES)
async def test_nothing_to_move_where_people_hold_several_roles(ready: Stage, story: Story) -> None:
    words = await host_does(ready, "move", story.double)
    assert "`/session add`" in words
    assert ready.holders(story.double) == []


async def test_a_host_cannot_overbook(ready: Stage) -> None:
    await ready.claim(ready.house.sable, "First Officer")
    words = await host_does(ready, "add", "First Officer")
    assert "is full 1/1" in words
    assert ready.holders("First Officer") == [SABLE]
    assert notices(ready) == []


async def test_a_member_without_a_link_is_named(ready: Stage) -> None:
    words = await host_does(ready, "add", "Observer", member=ready.house.guest)
    assert f"do not know the Roblox account of {ready.house.guest.mention}" in words


async def test_hosts_may_override_cut_off_roles_and_closing(ready: Stage) -> None:
    house = ready.house
    await ready.slash(house.admin, "workspace settings", staff_role=house.roles["admin"])
    offered = await ready.choices(house.host, "session close", "announcement")
    await ready.slash(house.host, "session close", announcement=next(iter(offered.values())))
    assert (await host_does(ready, "add", "Observer")).startswith("✔")
    assert ready.holders("Observer") == [PIP]


async def test_nobody_else_may(ready: Stage) -> None:
    await ready.claim(ready.house.pip, "Observer")
    sable = ready.house.sable
    assert await ready.choices(sable, "session remove", "role", announcement="1") == {}
    for did in ("add", "remove", "move"):
        result = await ready.slash(
            sable, f"session {did}", announcement="1", role="1", member=ready.house.pip
        )
        assert "can do this" in text(result)
    assert ready.holders("Observer") == [PIP]


async def test_typed_nonsense_is_refused(ready: Stage) -> None:
    host = ready.house.host
    for announcement, role in (("1", "Wizard"), ("x", "1"), ("99", "1"), ("1", "9" * 40)):
        result = await ready.slash(
            host, "session add", announcement=announcement, role=role, member=ready.house.pip
        )
        assert not text(result).startswith("✔")
    typed = await ready.slash(
        host, "session add", announcement="1", role="observer", member=ready.house.pip
    )
    assert text(typed).startswith("✔")
    assert ready.holders("Observer") == [PIP]


async def test_a_host_who_adds_themselves_reads_it_as_their_own(ready: Stage) -> None:
    await ready.link(ready.house, ready.house.host, OTTO)
    words = await host_does(ready, "add", "Observer", member=ready.house.host)
    assert words.startswith("✔ You are **Observer**")
