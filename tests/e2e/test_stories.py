"""What people live through when things around the bot misbehave."""

from __future__ import annotations

import asyncio
import copy
from pathlib import Path

import pytest

from bot.sandbox.acts import holders
from bot.sandbox.discord.models import Message
from bot.sandbox.discord.people import Json, Person, buttons_of, text_of
from bot.sandbox.platforms import seeds
from tests.e2e.conftest import Story

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOON = seeds.record_id("northgate/soon")
ROBLOX = {a.display_name: str(a.user_id) for a in (*seeds.HOSTS, *seeds.STAFF)}


async def test_a_double_press_is_one_claim_and_both_are_answered(story: Story) -> None:
    town, otto = story.town, story.cast.person("Otto", story.town.coast)
    town.northgate.faults.add("slow", match="claim", times=1, seconds=1)
    before = _writes(story)
    answers = await asyncio.gather(
        *(otto.press(story.boards["northgate"], "Cabin Crew") for _ in range(3))
    )
    assert ["You are **Cabin Crew**" in answer.text for answer in answers] == [True] * 3
    assert _writes(story) == before + 1
    assert (ROBLOX["Otto"], "Cabin Crew") in holders(town.northgate, SOON)


async def test_many_at_once_never_overbook(story: Story) -> None:
    town = story.town
    names = [name for name in ROBLOX if name not in ("Fern", "Nico", "Wren")]
    session, board = seeds.series_id("harbour/soon"), story.boards["harbour"]
    people = [story.cast.person(name, town.coast) for name in names]
    answers = await asyncio.gather(*(person.press(board, "Barista") for person in people))
    told = [answer.text.startswith("✔ You are") for answer in answers]
    held = [roblox_id for roblox_id, role in holders(town.harbour, session) if role == "Barista"]
    assert sum(told) == len(held) == 2
    assert sorted(ROBLOX[n] for n, yes in zip(names, told, strict=True) if yes) == held
    assert all("is full" in a.text for a, yes in zip(answers, told, strict=True) if not yes)


async def test_a_claim_that_was_stored_although_the_answer_was_lost(story: Story) -> None:
    town, sable = story.town, story.cast.person("Sable", story.town.coast)
    town.northgate.faults.add("cut-after", match="claim", times=1)
    answer = await sable.press(story.boards["northgate"], "Gate Agent")
    assert "You are **Gate Agent**" in answer.text
    assert (ROBLOX["Sable"], "Gate Agent") in holders(town.northgate, SOON)


async def test_a_claim_stored_late_is_told_when_it_is_there(story: Story) -> None:
    town, juno = story.town, story.cast.person("Juno", story.town.coast)
    town.northgate.faults.add("store-late", match="claim", times=1, seconds=3)
    answer = await juno.press(story.boards["northgate"], "Observer")
    assert "has not confirmed" in answer.text
    again = await juno.press(story.boards["northgate"], "Dispatcher")
    assert "still being confirmed" in again.text, "no second write while the first is open"
    assert answer.message is not None
    message_id = answer.message["id"]
    told = await juno.wait_for(
        town.coast.sessions,
        lambda m: m["id"] == message_id and "You are **Observer**" in text_of(m),
        timeout=40,
    )
    assert "Release" in [button["label"] for button in buttons_of(told)]


async def test_a_button_of_another_guild_leads_nowhere(story: Story) -> None:
    town = story.town
    board = _stored(story, story.boards["redwood"])
    foreign = buttons_of(story.boards["northgate"])[0]["custom_id"]
    original = copy.deepcopy(board.components)
    try:
        board.components[0]["components"][0]["custom_id"] = foreign
        pip = story.cast.person("Pip", town.forest)
        shown = next(m for m in await pip.messages() if m["id"] == story.boards["redwood"]["id"])
        before = _writes(story)
        answer = await pip.press(shown, foreign)
    finally:
        board.components = original
    assert "no longer leads anywhere" in answer.text
    assert _writes(story) == before


async def test_nobody_is_pinged_by_what_a_session_is_called(story: Story) -> None:
    town = story.town
    session = town.worlds.readmin.get_session(seeds.record_id("northgate/later"))
    assert session is not None
    session["template"]["name"] = "@everyone **free** <@&1> " + "x" * 6000
    session["template"]["description"] = "@here [link](https://example.org) " + "y" * 6000
    board = await story.cast.post(town.coast, "Juno", seeds.record_id("northgate/later"))
    pip = story.cast.person("Pip", town.coast)
    answer = await pip.press(board, "Cabin Crew")
    assert "You are **Cabin Crew**" in answer.text
    for message in await pip.messages():
        assert message["pings"] == {"everyone": False, "users": [], "roles": []}


async def test_a_channel_without_permission_is_named_before_posting(story: Story) -> None:
    town, tobin = story.town, story.cast.person("Tobin", story.town.coast)
    bot = town.world.bot_user
    town.world.set_permissions(town.coast.sessions, bot.id, allow=("view_channel",))
    town.world.set_permissions(town.coast.sessions, town.coast.guild.id, deny=("send_messages",))
    preview = await story.cast.preview(town.coast, "Tobin", seeds.record_id("northgate/tomorrow"))
    refused = await tobin.press(preview, "Post")
    town.world.set_permissions(
        town.coast.sessions, bot.id, allow=("view_channel", "send_messages", "embed_links")
    )
    again = await story.cast.post(town.coast, "Tobin", seeds.record_id("northgate/tomorrow"))
    assert "Muster lacks" in preview.text
    assert "Send Messages" in preview.text
    assert "Muster lacks" in refused.text
    assert "NG204 Evening Flight" in text_of(again)


async def test_killed_before_anything_was_sent_the_claim_is_carried_on(story: Story) -> None:
    town, tobin = story.town, story.cast.person("Tobin", story.town.forest)
    town.redwood.faults.add("hang", match="read", times=1)
    pressing = asyncio.create_task(tobin.press(story.boards["redwood"], "Lead Ranger"))
    waiting = await tobin.wait_for(town.forest.sessions, lambda m: m["ephemeral"] and m["loading"])
    await town.bot.kill()
    pressing.cancel()
    town.redwood.faults.clear()
    await town.start_bot()
    told = await tobin.wait_for(
        town.forest.sessions, lambda m: m["id"] == waiting["id"] and not m["loading"]
    )
    assert "You are **Lead Ranger**" in text_of(told)
    held = holders(town.redwood, seeds.record_id("redwood/soon"))
    assert held.count((ROBLOX["Tobin"], "Lead Ranger")) == 1


async def test_no_key_is_found_in_any_output_or_file(story: Story) -> None:
    files = _files(story)
    assert b'"level": "debug"' in files["bot.log"], "the bot was asked to log everything"
    assert "muster.db" in files
    for name, content in files.items():
        for key in (seeds.NORTHGATE_KEY, seeds.HARBOUR_KEY, seeds.REDWOOD_KEY):
            assert key.encode() not in content, name
    await _nobody_reads_a_key(story.cast.person("Marlowe", story.town.coast), story)


async def test_discord_saw_no_violation_of_its_rules(story: Story) -> None:
    report = await story.sandbox.report()
    assert report["unknown_routes"] == []
    assert report["violations"] == []


async def _nobody_reads_a_key(admin: Person, story: Story) -> None:
    community = story.town.coast
    texts = [
        text_of(message)
        for channel in (community.sessions, community.log)
        for message in await admin.messages(channel)
    ]
    assert not [t for t in texts if seeds.NORTHGATE_KEY in t or seeds.HARBOUR_KEY in t]


def _files(story: Story) -> dict[str, bytes]:
    """Everything that the bot has written: its log and its database."""
    return {file.name: file.read_bytes() for file in Path(story.town.folder.name).iterdir()}


def _writes(story: Story) -> int:
    platforms = story.town.platforms.values()
    return sum(seen.kind == "claim" for platform in platforms for seen in platform.requests)


def _stored(story: Story, board: Json) -> Message:
    channel = story.town.world.channels[int(board["channel_id"])]
    return channel.messages[int(board["id"])]
