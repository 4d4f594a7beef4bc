"""A member who is not linked, in the real bot: a code, Bloxlink, and a kill in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.sandbox import identities
from bot.sandbox.acts import holders
from bot.sandbox.discord.people import Answer, text_of
from bot.sandbox.platforms import seeds
from bot.sandbox.tour_linking import code_in
from tests.e2e.conftest import Story

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOON = seeds.record_id("northgate/soon")
ROBLOX = {a.display_name: a for a in seeds.STAFF}


async def card_of(story: Story, name: str, role: str) -> Answer:
    """Somebody presses a role, is not linked, and says who they are on Roblox."""
    person = story.cast.person(name, story.town.coast)
    answer = await person.press(story.boards["northgate"], role)
    assert "do not know your Roblox account" in answer.text
    form = await person.press(answer, "Verify with a code")
    card = await person.submit(form, **{"Your Roblox username": ROBLOX[name].name})
    assert "Is this you?" in card.text
    return card


def acknowledged(story: Story) -> bool:
    """Whether Discord knows that an answer to the latest press will come."""
    book = story.town.discord.core.interactions.by_id
    return book[max(book)].acknowledged is not None


async def until(happened: Callable[[], bool]) -> None:
    """Wait for something inside the sandbox."""
    async with asyncio.timeout(30):
        while not happened():  # noqa: ASYNC110  # there is nothing to wait on
            await asyncio.sleep(0.05)


async def test_a_code_links_and_the_claim_goes_on_although_the_bot_is_killed(story: Story) -> None:
    town, nico = story.town, story.cast.person("Nico", story.town.coast)
    card = await card_of(story, "Nico", "Observer")
    await town.bot.kill()
    await town.start_bot()
    town.identities.write_profile("Nico", code_in(card).title())
    town.northgate.faults.add("slow", match="claim", times=1, seconds=60)
    checking = asyncio.create_task(nico.press(card, "Check"))
    observer = (str(ROBLOX["Nico"].user_id), "Observer")
    await until(lambda: observer in holders(town.northgate, SOON) and acknowledged(story))
    await town.bot.kill()
    checking.cancel()
    town.northgate.faults.clear()
    await town.start_bot()
    assert card.message is not None
    shown = await nico.wait_for(
        town.coast.sessions,
        lambda m: m["ephemeral"] and "You are **Observer**" in text_of(m),
        timeout=60,
    )
    assert shown["id"] == card.message["id"], "in the very message where Check was pressed"
    assert holders(town.northgate, SOON).count(observer) == 1


async def test_bloxlink_links_and_the_claim_goes_on(story: Story) -> None:
    town = story.town
    marlowe, fern = (story.cast.person(name, town.coast) for name in ("Marlowe", "Fern"))
    panel = await marlowe.command("links services")
    form = await marlowe.press(panel, "Bloxlink: enter the key")
    saved = await marlowe.submit(form, Key=identities.BLOXLINK_KEY)
    assert "accepts the key" in saved.text
    assert identities.BLOXLINK_KEY not in saved.text
    answer = await fern.press(story.boards["northgate"], "Observer")
    question = await fern.press(answer, "Link with Bloxlink")
    assert f"Are you **{ROBLOX['Fern'].name}**?" in question.text
    done = await fern.press(question, "Yes, that is me")
    assert "You are **Observer**" in done.text
    assert (str(ROBLOX["Fern"].user_id), "Observer") in holders(town.northgate, SOON)


def files_of(story: Story) -> dict[str, bytes]:
    """Everything that the bot has written: its log and its database."""
    return {file.name: file.read_bytes() for file in Path(story.town.folder.name).iterdir()}


async def test_no_key_of_a_service_is_in_any_output_or_file(story: Story) -> None:
    files = files_of(story)
    assert b"debug" in files["bot.log"]
    for name, content in files.items():
        assert identities.BLOXLINK_KEY.encode() not in content, name


async def test_discord_saw_no_violation_of_its_rules(story: Story) -> None:
    report = await story.sandbox.report()
    assert report["unknown_routes"] == []
    assert report["violations"] == []
