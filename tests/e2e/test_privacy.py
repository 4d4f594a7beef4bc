"""The real bot forgets: in a direct message, across kill -9, and when it is taken out itself."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import aiohttp
import pytest

from bot.sandbox.acts import holders
from bot.sandbox.comings import Comings
from bot.sandbox.discord.people import Answer, Person, text_of
from bot.sandbox.platforms import seeds
from tests.e2e.conftest import Story

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOON = seeds.record_id("northgate/soon")
ROBLOX = {a.display_name: str(a.user_id) for a in (*seeds.HOSTS, *seeds.STAFF)}


def stored(story: Story, query: str, *values: Any) -> list[Any]:
    """What the bot's database says, or does."""
    with closing(sqlite3.connect(story.town._database, timeout=30)) as connection, connection:
        return connection.execute(query, values).fetchall()


async def until(happened: Callable[[], object]) -> None:
    """Wait for what the bot does by itself."""
    async with asyncio.timeout(40):
        while not happened():  # noqa: ASYNC110  # another process does it
            await asyncio.sleep(0.1)


async def erase(person: Person) -> Answer:
    """/mydata erase, with the word typed."""
    asked = await person.command("mydata erase")
    form = await person.press(asked, "Erase my data")
    return await person.submit(form, {"Type ERASE to erase your data": "ERASE"})


async def file_of(answer: Answer) -> str:
    """The file to read."""
    assert answer.message is not None
    url = answer.message["attachments"][0]["url"]
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return await response.text()


async def test_somebody_who_left_sees_and_erases_in_a_direct_message(story: Story) -> None:
    town, otto = story.town, story.town.people["Otto"]
    here = story.cast.person("Otto", town.coast)
    await here.press(story.boards["northgate"], "Cabin Crew")
    await here.wait_for(
        town.coast.sessions, lambda m: f"<@{otto.id}>" in text_of(m) and not m["ephemeral"]
    )
    town.world.remove_member(town.coast.guild, otto)
    town.world.remove_member(town.forest.guild, otto)
    alone = await here.open_dm()
    words = await file_of(await alone.command("mydata show"))
    assert "what: claim; how it stands: confirmed" in words
    assert "NG204 Evening Flight" in words
    sable = town.people["Sable"]
    assert str(sable.id) not in words
    assert (await erase(alone)).text.startswith("✔ Your data is erased in all servers.")
    assert str(otto.id) not in (await file_of(await alone.command("mydata show"))).replace(
        f"member: {otto.id}", ""
    )
    watching = story.cast.person("Sable", town.coast)
    number = story.boards["northgate"]["id"]
    board = await watching.wait_for(
        town.coast.sessions, lambda m: m["id"] == number and f"<@{otto.id}>" not in text_of(m)
    )
    assert next(a.name for a in seeds.STAFF if a.display_name == "Otto") in text_of(board)
    assert (ROBLOX["Otto"], "Cabin Crew") in holders(town.northgate, SOON)


async def test_erased_while_a_claim_is_in_flight_and_killed(story: Story) -> None:
    """The claim is settled and told truthfully first; then nothing of the person is left."""
    town, pip = story.town, story.cast.person("Pip", story.town.coast)
    town.northgate.faults.add("slow", match="claim", times=1, seconds=60)
    claiming = asyncio.create_task(pip.press(story.boards["northgate"], "Captain"))
    await until(lambda: (ROBLOX["Pip"], "Captain") in holders(town.northgate, SOON))
    waiting = await pip.wait_for(town.coast.sessions, lambda m: m["ephemeral"] and m["loading"])
    receipt = await erase(pip)
    assert "1 of your claims or releases are still being confirmed" in receipt.text
    await town.bot.kill()
    claiming.cancel()
    town.northgate.faults.clear()
    await town.start_bot()
    told = await pip.wait_for(
        town.coast.sessions, lambda m: m["id"] == waiting["id"] and not m["loading"]
    )
    assert "You are **Captain**" in text_of(told)
    who = town.people["Pip"].id
    mine = "SELECT count(*) FROM claim_attempts WHERE ? IN (actor_id, subject_id)"
    await town.bot.kill()
    for table, column, earlier in (
        ("erasures", "requested_at", "-2 minutes"), ("claim_attempts", "created_at", "-3 minutes"),
    ):  # fmt: skip
        then = f"strftime('%Y-%m-%d %H:%M:%f', {column}, '{earlier}') || '000'"
        stored(story, f"UPDATE {table} SET {column} = {then}")
    await town.start_bot()
    await until(lambda: stored(story, mine, who) == [(0,)])
    await until(lambda: stored(story, "SELECT count(*) FROM erasures") == [(0,)])
    for table in ("links", "preferences", "refusals"):
        column = "actor_id" if table == "refusals" else "discord_id"
        query = f"SELECT count(*) FROM {table} WHERE {column} = ?"
        assert stored(story, query, who) == [(0,)], table
    again = await pip.press(story.boards["northgate"], "Observer")
    assert "do not know your Roblox account" in again.text


async def test_an_outage_or_a_lost_connection_is_no_removal(story: Story) -> None:
    town = story.town
    town.world.set_unavailable(town.forest.guild, True)
    town.discord.core.gateway.disconnect(resumable=False)
    await until(lambda: town.discord.core.gateway.is_connected(None))
    await town.bot.kill()
    await town.start_bot()  # the guild is absent at this start
    tobin = story.cast.person("Tobin", town.coast)
    assert "NG204" in (await tobin.command("open")).text  # the bot is at work
    assert stored(story, "SELECT count(*) FROM removed_guilds") == [(0,)]
    assert stored(story, "SELECT count(*) FROM workspaces WHERE encrypted_key = ''") == [(0,)]
    town.world.set_unavailable(town.forest.guild, False)


async def test_taken_out_and_invited_again(story: Story) -> None:
    town, comings = story.town, Comings(story.town)
    guild_id = town.forest.guild.id
    keys = "SELECT state, encrypted_key FROM workspaces WHERE guild_id = ?"
    comings.set_gone("take-out", gone=True)
    await until(lambda: stored(story, keys, guild_id) == [("no key", "")])
    comings.set_gone("take-out", gone=False)
    await until(lambda: stored(story, "SELECT count(*) FROM removed_guilds") == [(0,)])
    marlowe = story.cast.person("Marlowe", town.forest)
    assert "its key was erased" in (await marlowe.command("workspace list")).text
    form = await marlowe.command("workspace key")
    assert "is connected" in (await marlowe.submit(form, Key=seeds.REDWOOD_KEY)).text
    tobin = story.cast.person("Tobin", town.forest)
    claimed = await tobin.press(story.boards["redwood"], "Lead Ranger")
    assert "You are **Lead Ranger**" in claimed.text


async def test_discord_saw_no_violation_of_its_rules(story: Story) -> None:
    report = await story.sandbox.report()
    assert report["unknown_routes"] == []
    assert report["violations"] == []
