"""An evening of linking everybody, with the bot as a real process."""

from __future__ import annotations

import pytest

from bot.sandbox.discord.people import Answer, Json, text_of
from bot.sandbox.platforms import seeds
from tests.e2e.conftest import Story

pytestmark = pytest.mark.asyncio(loop_scope="module")

FERN, NICO = (next(a for a in seeds.STAFF if a.display_name == name) for name in ("Fern", "Nico"))


def tells_of_link(message: Json) -> bool:
    """Whether this is the notice that a member reads after their next answer."""
    return "You were linked to the Roblox account" in text_of(message)


async def read(story: Story, answer: Answer) -> str:
    """The file under an answer, as the stand-in serves it."""
    assert answer.message is not None
    (file,) = answer.message["attachments"]
    kept = story.town.discord.core.files.get(int(file["id"]))
    return kept.content.decode("utf-8-sig")


async def test_import_killed_and_carried_on_then_undone(story: Story) -> None:
    town, admin = story.town, story.cast.person("Marlowe", story.town.coast)
    fern, nico = (town.people[name] for name in ("Fern", "Nico"))
    file = (
        f"Discord ID;Roblox\r\n{fern.id};{FERN.name}\r\n{nico.id};{NICO.user_id}\r\n"
        "1,2E+17;156\r\n=1+1;156\r\n345678901234567891;PipWintergreen\r\n"
    )
    dry = await admin.command("links import", file={"filename": "staff.csv", "text": file})
    assert "**2 new**" in dry.text
    assert "**1 in conflict**" in dry.text
    assert "**2 unreadable**" in dry.text
    assert "Set the column to Text" in await read(story, dry)
    await town.bot.kill()
    await town.start_bot()
    done = await admin.press(dry, "Apply")
    assert "2 members linked" in done.text

    person = story.cast.person("Nico", town.coast)
    await person.command("claims")
    await person.wait_for(town.coast.sessions, tells_of_link)
    claimed = await person.press(story.boards["northgate"], "Gate Agent")
    assert "You are **Gate Agent**" in claimed.text

    exported = await admin.command("links export")
    assert f"{nico.id},{NICO.user_id},{NICO.name},import," in await read(story, exported)

    asked = await admin.press(done, "Undo this import")
    undone = await admin.press(asked, "Undo it")
    assert "what was before it is back" in undone.text
    shown = await admin.command("links show", member=nico)
    assert "is not linked here" in shown.text


async def test_a_member_says_that_an_account_is_not_theirs(story: Story) -> None:
    town, admin = story.town, story.cast.person("Marlowe", story.town.forest)
    nico = town.people["Nico"]
    card = await admin.command("links add", member=nico, roblox=FERN.name)
    await admin.press(card, "Link")
    person = story.cast.person("Nico", town.forest)
    await person.command("claims")
    notice = await person.wait_for(town.forest.sessions, tells_of_link)
    gone = await person.press(notice, "Not mine")
    assert f"no longer linked to **{FERN.name}**" in gone.text
    await admin.wait_for(town.forest.log, lambda m: "is not their Roblox account" in text_of(m))


async def test_discord_saw_nothing_wrong(story: Story) -> None:
    report = await story.sandbox.report()
    assert report["unknown_routes"] == []
    assert report["violations"] == []
