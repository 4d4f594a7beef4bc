"""Who is pinged by what the bot sends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox.discord.people import Refused, Sandbox
from tests.sandbox.discord_bench import Api, Community, RestBench, running_stand_in

Json = dict[str, Any]
THREAD: Json = {"name": "talk"}


@pytest.fixture
async def bench() -> AsyncIterator[RestBench]:
    town = Community()
    async with (
        running_stand_in(town.world, window=60) as stand_in,
        aiohttp.ClientSession() as session,
    ):
        yield RestBench(town, stand_in, Api(stand_in, session))


NOBODY = (False, [], [])
# content, allowed_mentions, may the bot mention everyone, (everyone, users, roles) pinged
PINGS: list[tuple[str, Json | None, bool, tuple[bool, list[str], list[str]]]] = [
    ("plain", None, True, NOBODY),
    ("<@{sam}> <@!{tess}>", None, True, (False, ["sam", "tess"], [])),
    ("<@{sam}> <@{sam}>", None, True, (False, ["sam"], [])),
    ("<@&{staff}> <@&{hosts}>", None, True, (False, [], ["staff", "hosts"])),
    ("<@&{staff}> <@&{hosts}>", None, False, (False, [], ["staff"])),
    ("@everyone", None, True, (True, [], [])),
    ("@here", None, True, (True, [], [])),
    ("@everyone", None, False, NOBODY),
    ("@everyone <@{sam}> <@&{staff}>", {"parse": []}, True, NOBODY),
    ("@everyone <@{sam}> <@&{staff}>", {}, True, NOBODY),
    ("<@{sam}> <@{tess}>", {"users": ["{tess}"]}, True, (False, ["tess"], [])),
    ("<@&{staff}> <@&{hosts}>", {"roles": ["{hosts}"]}, True, (False, [], ["hosts"])),
    ("@everyone <@&{staff}>", {"parse": ["roles"]}, True, (False, [], ["staff"])),
    ("@everyone <@{sam}>", {"parse": ["everyone"]}, True, (True, [], [])),
    ("nobody named", {"users": ["{sam}"]}, True, NOBODY),
    ("`<@{sam}>` ```@everyone```", None, True, NOBODY),
    ("<@{outsider}>", None, True, NOBODY),
]


@pytest.mark.parametrize(("content", "allowed", "may", "expected"), PINGS)
async def test_who_is_pinged(
    bench: RestBench,
    content: str,
    allowed: Json | None,
    may: bool,
    expected: tuple[bool, list[str], list[str]],
) -> None:
    town = bench.town
    people = {"sam": town.sam, "tess": town.tess, "outsider": town.world.add_user("outsider")}
    ids = {name: str(user.id) for name, user in people.items()}
    ids |= {"staff": str(town.staff.id), "hosts": str(town.hosts.id)}
    if not may:
        bench.deny("mention_everyone")
    body: Json = {"content": content.format(**ids)}
    if allowed is not None:
        body["allowed_mentions"] = {
            kind: [entry.format(**ids) for entry in listed] for kind, listed in allowed.items()
        }
    await bench.post(body)
    async with Sandbox(bench.stand_in.url) as sandbox:
        [message] = await sandbox.person(town.sam, town.board).messages()
    everyone, users, roles = expected
    assert message["pings"] == {
        "everyone": everyone,
        "users": [ids[name] for name in users],
        "roles": [ids[name] for name in roles],
    }


async def test_embeds_and_edits_ping_nobody(bench: RestBench) -> None:
    town = bench.town
    message = await bench.post({"content": "-", "embeds": [{"description": f"<@{town.sam.id}>"}]})
    url = f"{bench.board}/messages/{message['id']}"
    status, edited = await bench.api.call("PATCH", url, {"content": f"<@{town.sam.id}>"})
    assert (status, [user["id"] for user in edited["mentions"]]) == (200, [str(town.sam.id)])
    async with Sandbox(bench.stand_in.url) as sandbox:
        [seen] = await sandbox.person(town.sam, town.board).messages()
    assert seen["pings"]["users"] == []


async def test_a_mention_brings_people_into_a_private_thread(bench: RestBench) -> None:
    town = bench.town
    _, thread = await bench.api.call("POST", f"{bench.board}/threads", THREAD)
    assert thread["type"] == 12
    quiet = {"content": f"<@{town.tess.id}>", "allowed_mentions": {"parse": []}}
    await bench.api.call("POST", f"/channels/{thread['id']}/messages", quiet)
    await bench.api.call(
        "POST", f"/channels/{thread['id']}/messages", {"content": f"<@{town.sam.id}>"}
    )
    async with Sandbox(bench.stand_in.url) as sandbox:
        assert len(await sandbox.person(town.sam, thread["id"]).messages()) == 2
        with pytest.raises(Refused, match="you see no channel"):
            await sandbox.person(town.tess, thread["id"]).messages()
