"""The card under /links add, the notice that members read, and lists of links."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from simcord import InteractionResult

from bot.models import AccountLink, LinkSource
from bot.sandbox.platforms.seeds import STAFF
from tests.cogs.hands import buttons, craft, text
from tests.cogs.stage import Stage, build_house, override_command
from tests.cogs.stories import OTTO, PIP
from tests.cogs.test_links import card

PIP_USER, OTTO_USER = STAFF[0], STAFF[2]
PICTURE = "https://tr.example.test/headshot.png"


def id_of(shown: InteractionResult, label: str) -> str:
    """The custom id of a button under an answer."""
    return str(buttons(card(shown))[label]["custom_id"])


async def test_the_card_shows_who_it_is(ready: Stage) -> None:
    house, account = ready.house, ready.platforms.worlds.roblox.users[OTTO]
    account.headshot = PICTURE
    shown = await ready.show_card(house, house.guest, OTTO_USER.name)
    assert f"Link {house.guest.mention} to this Roblox account?" in text(shown)
    (embed,) = card(shown).embeds
    assert embed.title == OTTO_USER.display_name
    assert f"@{OTTO_USER.name} · account {OTTO}" in (embed.description or "")
    assert embed.thumbnail.url == PICTURE
    fields = {field.name: field.value for field in embed.fields}
    assert f"<t:{int(account.created.timestamp())}:R>" in (fields["Account made"] or "")
    assert fields["Rank, ReAdmin"] == "60"


async def test_new_and_banned_accounts_are_pointed_out(stage: Stage) -> None:
    account = stage.platforms.worlds.roblox.users[OTTO]
    account.created, account.banned = stage.now() - timedelta(days=3), True
    shown = await stage.show_card(stage.house, stage.house.guest, OTTO)
    assert "banned" in text(shown)
    assert "very new" in str(card(shown).embeds[0].fields[0].value)


async def test_a_card_without_pictures_or_ranks(stage: Stage) -> None:
    stage.platforms.roblox.fault("error-500", match="other")
    shown = await stage.show_card(stage.house, stage.house.guest, OTTO)
    assert card(shown).embeds[0].thumbnail.url is None
    linked = await stage.house.admin.click(shown.response, label="Link")
    assert text(linked).startswith("✔")


async def test_a_rename_between_card_and_yes(stage: Stage) -> None:
    house = stage.house
    shown = await stage.show_card(house, house.guest, OTTO_USER.name)
    stage.platforms.worlds.roblox.users[OTTO].name = "OttoRenamed"
    words = text(await house.admin.click(shown.response, label="Link"))
    assert "is linked to **OttoRenamed**" in words
    assert f"called **{OTTO_USER.name}** on the card" in words


async def test_a_card_outlives_the_process(stage: Stage) -> None:
    house = stage.house
    shown = await stage.show_card(house, house.guest, OTTO)
    await stage.restart()
    linked = await house.admin.click(shown.response, label="Link")
    assert text(linked).startswith("✔")


async def test_cards_of_others_are_refused(stage: Stage) -> None:
    house, other = stage.house, build_house(stage.env, "Elsewhere")
    shown = await stage.show_card(house, house.guest, OTTO)
    number = id_of(shown, "Link")
    theirs = await stage.show_card(other, other.guest, PIP)
    stolen = await craft(other.admin, theirs.response, number)
    assert "answered already" in text(stolen)
    found = text(await stage.slash(house.admin, "links show", member=house.guest))
    assert "is not linked here" in found


async def test_a_member_reads_of_it_once_and_undoes_it(ready: Stage) -> None:
    house = ready.house
    shown = await ready.show_card(house, house.guest, OTTO)
    await house.admin.click(shown.response, label="Link")
    first = await ready.slash(house.guest, "claims")
    (notice,) = first.followups
    assert notice.ephemeral
    assert "You were linked to the Roblox account" in notice.content
    assert f"by {house.admin.mention}" in notice.content
    assert OTTO_USER.name in notice.content
    assert (await ready.slash(house.guest, "claims")).followups == []
    await ready.restart()
    gone = await house.guest.click(notice, label="Not mine: unlink me")
    assert f"no longer linked to **{OTTO_USER.name}**" in text(gone)
    found = text(await ready.slash(house.admin, "links show", member=house.guest))
    assert "is not linked here" in found
    last = house.log.last_message
    assert last is not None
    assert "is not their Roblox account" in last.content


async def test_somebody_elses_notice_is_no_use(ready: Stage) -> None:
    house = ready.house
    shown = await ready.show_card(house, house.guest, OTTO)
    await house.admin.click(shown.response, label="Link")
    (notice,) = (await ready.slash(house.guest, "claims")).followups
    number = buttons(notice.message)["Not mine: unlink me"]["custom_id"]
    own = await ready.slash(house.pip, "claims")
    stolen = await craft(house.pip, own.response, str(number))
    assert "somebody else's account" in text(stolen)
    found = text(await ready.slash(house.admin, "links show", member=house.guest))
    assert f"account {OTTO}" in found


async def test_a_move_is_read_by_both_and_in_the_log(ready: Stage) -> None:
    house = ready.house
    shown = await ready.link(house, house.guest, PIP)
    moved = text(await house.admin.click(shown.response, label="Move link"))
    assert f"no longer {house.pip.mention}'s" in moved
    (taken,) = (await ready.slash(house.pip, "claims")).followups
    assert "from you to another member" in taken.content
    assert buttons(taken.message) == {}
    (given,) = (await ready.slash(house.guest, "claims")).followups
    assert "You were linked to" in given.content
    line = house.log.last_message
    assert line is not None
    assert f"from {house.pip.mention} to {house.guest.mention}" in line.content


async def test_bots_are_not_linked(stage: Stage) -> None:
    house = stage.house
    robot = house.guild.add_member(stage.env.create_user("robot", bot=True))
    assert "bots do not claim" in text(await stage.show_card(house, robot, OTTO))


async def test_show_in_either_direction(ready: Stage) -> None:
    house = ready.house
    for roblox in (PIP_USER.name, str(PIP)):
        words = text(await ready.slash(house.admin, "links show", roblox=roblox))
        assert f"{house.pip.mention} is **{PIP_USER.name}**, Roblox account {PIP}" in words
        assert "(admin)" in words
    words = text(await ready.slash(house.admin, "links show", roblox=OTTO_USER.name))
    assert f"Nobody here is linked to **{OTTO_USER.name}**" in words
    for options in ({}, {"member": house.pip, "roblox": "x"}):
        words = text(await ready.slash(house.admin, "links show", **options))
        assert "Name either" in words


async def test_old_names_are_marked(ready: Stage) -> None:
    house = ready.house
    links = ready.bot.services.linking._links
    link = await links.get(house.guild.id, house.pip.id)
    assert link is not None
    await links.remove(house.guild.id, house.pip.id)
    long_ago = ready.now() - timedelta(days=40)
    await links.add(replace(link, username_at=long_ago))
    words = text(await ready.slash(house.admin, "links show", member=house.pip))
    assert "It is old" in words
    listed = text(await ready.slash(house.admin, "links list"))
    assert "⚠ an old name" in listed


async def test_the_list_has_pages(stage: Stage) -> None:
    house = stage.house
    empty = text(await stage.slash(house.admin, "links list"))
    assert "Nobody is linked here yet" in empty
    await fill(stage, 30)
    first = await stage.slash(house.admin, "links list")
    assert "**30 linked members**, page 1 of 3" in text(first)
    assert "imported file" in text(first)
    second = await house.admin.click(first.response, label="Next ▶")
    assert "page 2 of 3" in text(second)
    back = await house.admin.click(second.response, label="◀ Back")
    assert "page 1 of 3" in text(back)


async def fill(stage: Stage, number: int) -> None:
    """So many imported links."""
    links, now = stage.bot.services.linking._links, stage.now()
    for one in range(number):
        await links.add(
            AccountLink(
                stage.house.guild.id, 10**17 + one, 10**6 + one, "n" * 20, now, LinkSource.IMPORT,
                stage.house.admin.id, now,
            )
        )  # fmt: skip


@pytest.mark.parametrize("command", ["list", "export", "import"])
async def test_only_admins(stage: Stage, command: str) -> None:
    override_command(stage.house, "links")
    result = await stage.slash(stage.house.host, f"links {command}")
    assert "Manage Server" in text(result)
