"""/setup: an admin connects a workspace with the key form."""

from __future__ import annotations

import discord
import pytest

from tests.cogs.hands import refusals, text, type_key
from tests.cogs.stage import Stage, override_command
from tests.cogs.stories import STORIES, V2, Story

NAMES = {"ids": lambda story: story.kind.value}


@pytest.mark.parametrize("story", STORIES, indirect=True, **NAMES)
async def test_a_good_key_connects_and_says_what_works(stage: Stage, story: Story) -> None:
    house = stage.house
    words = text(await stage.setup(house, story))
    assert f"is connected to {story.kind.label}" in words
    assert f"release from Discord: {'yes' if story.has_release else 'no'}" in words
    assert house.board.mention in words
    assert house.log.mention in words
    assert house.roles["host"].mention in words
    assert "Missing permission" not in words
    assert story.key not in words
    listed = text(await stage.slash(house.admin, "workspace list"))
    assert f"key …{story.key[-4:]}" in listed.replace("\\", "")
    assert stage.platforms.of(story).base_url in listed


@pytest.mark.parametrize("story", STORIES, indirect=True, **NAMES)
async def test_a_wrong_key_is_refused_in_the_platforms_words(stage: Stage, story: Story) -> None:
    words = text(await stage.setup(stage.house, story, key="not-the-key"))
    assert words.startswith("⛔")
    assert story.platform.partition(" (")[0] in words
    assert story.bad_key_words in words
    assert "No workspace is connected" in text(
        await stage.slash(stage.house.admin, "workspace list")
    )


async def test_what_cannot_be_a_key_never_reaches_the_platform(stage: Stage) -> None:
    for key in ("two\nlines", "kéy", "   "):
        words = text(await stage.setup(stage.house, V2, key=key))
        assert "That is not a key" in words
        assert key not in words
    assert stage.upstream.requests() == []


async def test_a_bad_address_is_refused_before_the_form(stage: Stage) -> None:
    for address in ("ftp://api.example.org", "no address", "http://user:pw@x.org", "https://"):
        result = await stage.setup(stage.house, V2, address=address)
        assert result.modal is None
        assert text(result) == refusals(stage.env)[-1]


async def test_an_address_where_nobody_answers(stage: Stage) -> None:
    stage.shut()
    words = text(await stage.setup(stage.house, V2))
    assert "does not answer" in words
    assert "No workspace is connected" in text(
        await stage.slash(stage.house.admin, "workspace list")
    )


async def test_an_address_with_something_else_behind_it(stage: Stage) -> None:
    """Such as the panel instead of the API; here it is Roblox."""
    words = text(await stage.setup(stage.house, V2, address=stage.platforms.roblox.base_url))
    assert words.startswith(("⛔", "⚠"))
    assert "Check the address" in words


async def test_a_name_can_be_used_once(stage: Stage) -> None:
    await stage.setup(stage.house, V2, name="Flights")
    again = await stage.setup(stage.house, V2, name="flights")
    assert again.modal is None
    assert "connected already" in text(again)
    assert len(refusals(stage.env)) == 1


async def test_a_second_workspace_under_another_name(stage: Stage) -> None:
    for story in STORIES:
        assert "is connected" in text(await stage.setup(stage.house, story, name=story.kind.value))
    listed = text(await stage.slash(stage.house.admin, "workspace list"))
    assert [listed.count(story.kind.label) for story in STORIES[1:]] == [1, 1]


async def test_no_permission_even_if_discord_lets_them_type_it(stage: Stage) -> None:
    house = stage.house
    override_command(house, "setup")
    result = await house.host.slash(
        house.chat, "setup", provider="readmin-v2", announcements=house.board
    )
    assert result.modal is None
    assert "Manage Server" in text(result)
    assert len(refusals(stage.env)) == 1


async def test_the_form_checks_the_right_again(stage: Stage) -> None:
    """The name was free when the form opened, and is not when it is sent."""
    house = stage.house
    shown = await house.admin.slash(
        house.chat, "setup", provider="readmin-v2", announcements=house.board, name="Flights",
        address=stage.upstream.base_url,
    )  # fmt: skip
    await stage.setup(house, V2, name="Flights")
    assert "connected already" in text(await type_key(house.admin, shown, V2.key))


async def test_missing_permissions_are_listed_by_channel(stage: Stage) -> None:
    house = stage.house
    mute = house.guild.create_text_channel(
        "mute",
        overwrites={
            stage.bot.user: discord.PermissionOverwrite(send_messages=False, embed_links=False)
        },
    )
    hidden = house.guild.create_text_channel(
        "hidden",
        overwrites={stage.bot.user: discord.PermissionOverwrite(view_channel=False)},
    )
    words = text(await stage.setup(house, V2, announcements=mute, log=hidden))
    assert f"⚠ Missing permission: Send Messages in {mute.mention}" in words
    assert f"⚠ Missing permission: Embed Links in {mute.mention}" in words
    assert f"⚠ Missing permission: View Channel in {hidden.mention}" in words
    assert "is connected" in words
