"""/links: admins say which Roblox account a member is."""

from __future__ import annotations

import discord
import pytest
from simcord import InteractionResult

from bot.sandbox.platforms.seeds import STAFF
from tests.cogs.hands import buttons, refusals, text
from tests.cogs.stage import Stage, build_house, override_command
from tests.cogs.stories import OTTO, PIP, SABLE, V2

PIP_USER, SABLE_USER, OTTO_USER = STAFF[:3]


def card(shown: InteractionResult) -> discord.Message:
    """The answer as a message."""
    assert shown.response is not None
    return shown.response.message


async def test_add_by_name_or_number(stage: Stage) -> None:
    house = stage.house
    for roblox in (PIP_USER.name, PIP_USER.name.upper(), f" @{PIP_USER.name} ", str(PIP)):
        words = text(await stage.link(house, house.pip, roblox))
        assert words.startswith(f"✔ {house.pip.mention} is linked to **{PIP_USER.name}**")
        assert f"users/{PIP}/profile" in words
        shown = text(await stage.slash(house.admin, "links show", member=house.pip))
        assert f"Roblox account {PIP}" in shown
        assert f"Linked by {house.admin.mention}" in shown
        await stage.slash(house.admin, "links remove", member=house.pip)


async def test_a_previous_name_leads_to_the_account_of_today(stage: Stage) -> None:
    words = text(await stage.link(stage.house, stage.house.sable, "SableInTheTrees"))
    assert f"**{SABLE_USER.name}**" in words


async def test_an_account_that_roblox_does_not_know(stage: Stage) -> None:
    house = stage.house
    for roblox in ("NobodyIsCalledThis", "99999999999", "12345678901234567890"):
        words = text(await stage.link(house, house.pip, roblox))
        assert f"Roblox knows no account “{roblox}”" in words
    shown = text(await stage.slash(house.admin, "links show", member=house.pip))
    assert "is not linked here" in shown


async def test_what_cannot_be_a_name_is_explained(stage: Stage) -> None:
    for roblox in ("ab", "two words", "@everyone!", "**x**", "x" * 300):
        words = text(await stage.link(stage.house, stage.house.pip, roblox))
        assert "must be a Roblox username" in words
    assert stage.platforms.roblox.requests() == []


async def test_a_member_has_one_account(stage: Stage) -> None:
    house = stage.house
    await stage.link(house, house.pip, PIP)
    shown = await stage.link(house, house.pip, OTTO)
    assert f"They are linked to **{PIP_USER.name}** ({PIP}) now; this changes it" in text(shown)
    assert list(buttons(card(shown))) == ["Change link", "Cancel"]
    changed = text(await house.admin.click(shown.response, label="Change link"))
    assert f"✔ {house.pip.mention} is linked to **{OTTO_USER.name}**" in changed
    assert f"account {OTTO}" in text(await stage.slash(house.admin, "links show", member=house.pip))


async def test_an_account_serves_one_member(stage: Stage) -> None:
    house = stage.house
    await stage.link(house, house.pip, PIP)
    asked = await stage.link(house, house.guest, PIP)
    assert f"This account is {house.pip.mention}'s here" in text(asked)
    assert list(buttons(card(asked))) == ["Move link", "Cancel"]
    shown = text(await stage.slash(house.admin, "links show", member=house.guest))
    assert "is not linked here" in shown
    kept = await house.admin.click(asked.response, label="Cancel")
    assert text(kept) == "Nothing was changed."
    shown = text(await stage.slash(house.admin, "links show", member=house.pip))
    assert f"account {PIP}" in shown


async def test_the_same_link_twice(stage: Stage) -> None:
    house = stage.house
    assert text(await stage.link(house, house.pip, PIP)).startswith("✔")
    assert "already" in text(await stage.link(house, house.pip, PIP))
    assert f"account {PIP}" in text(await stage.slash(house.admin, "links show", member=house.pip))


async def test_roblox_in_trouble_is_never_called_unknown(stage: Stage) -> None:
    house, roblox = stage.house, stage.platforms.roblox
    for fault in ("error-500", "cut-before", "html-502", "rate-limit"):
        roblox.fault(fault, seconds=60)
        words = text(await stage.link(house, house.pip, PIP_USER.name))
        expected = "asks us to wait" if fault == "rate-limit" else "Roblox does not answer"
        assert expected in words
        assert "knows no account" not in words
        roblox.clear_faults()
    shown = text(await stage.slash(house.admin, "links show", member=house.pip))
    assert "is not linked here" in shown


async def test_a_hiccup_of_roblox_is_not_noticed(stage: Stage) -> None:
    stage.platforms.roblox.fault("error-500", times=1)
    words = text(await stage.link(stage.house, stage.house.pip, PIP_USER.name))
    assert words.startswith("✔")


async def test_remove_frees_both_sides_and_touches_no_claim(ready: Stage) -> None:
    house = ready.house
    await ready.claim(house.pip, "Observer")
    words = text(await ready.slash(house.admin, "links remove", member=house.pip))
    assert f"{house.pip.mention} is no longer linked to **{PIP_USER.name}**" in words
    assert ready.holders("Observer") == [PIP]
    assert "I do not know your Roblox account" in text(await ready.claim(house.pip, "Cabin Crew"))
    assert text(await ready.link(house, house.guest, PIP)).startswith("✔")
    assert text(await ready.link(house, house.pip, OTTO)).startswith("✔")


async def test_remove_without_a_link(stage: Stage) -> None:
    words = text(await stage.slash(stage.house.admin, "links remove", member=stage.house.pip))
    assert words == f"{stage.house.pip.mention} is not linked here."


@pytest.mark.parametrize("command", ["add", "show", "remove"])
async def test_only_admins(stage: Stage, command: str) -> None:
    house = stage.house
    await stage.link(house, house.pip, PIP)
    override_command(house, "links")
    options = {"roblox": str(OTTO)} if command == "add" else {}
    who = house.sable if command == "add" else house.pip
    result = await stage.slash(house.host, f"links {command}", member=who, **options)
    assert "Manage Server" in text(result)
    shown = text(await stage.slash(house.admin, "links show", member=house.pip))
    assert f"Roblox account {PIP}" in shown
    assert refusals(stage.env) == []


async def test_a_link_counts_in_its_own_guild_only(ready: Stage) -> None:
    other = build_house(ready.env, "Elsewhere")
    for who in (other.admin, other.pip):
        shown = text(await ready.slash(other.admin, "links show", member=who))
        assert "is not linked here" in shown
    await ready.setup(other, V2)
    assert text(await ready.link(other, other.guest, PIP)).startswith("✔")
    assert text(await ready.link(other, other.sable, SABLE)).startswith("✔")
