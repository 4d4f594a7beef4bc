"""What a person's client refuses, and what its tabs show."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox.discord.people import Refused, Sandbox
from tests.sandbox.discord_bench import Api, Community, running_stand_in
from tests.sandbox.discord_people import COMMANDS, FORM, PeopleBench

Json = dict[str, Any]


@pytest.fixture
async def bench() -> AsyncIterator[PeopleBench]:
    town = Community()
    async with (
        running_stand_in(town.world) as stand_in,
        aiohttp.ClientSession() as session,
        Sandbox(stand_in.url) as sandbox,
    ):
        api = Api(stand_in, session)
        await api.call("PUT", f"/applications/{town.bot.id}/commands", COMMANDS)
        yield PeopleBench(town, stand_in, api, sandbox)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "text: this option is required"),
        ({"text": "x"}, "at least 2 characters"),
        ({"text": "xx", "count": 0}, "count: at least 1"),
        ({"text": "xx", "count": 10}, "count: at most 9"),
        ({"text": "xx", "count": 1.5}, "count: a number"),
        ({"text": "xx", "count": True}, "count: a number"),
        ({"text": "xx", "level": 0.6}, "level: at most 0.5"),
        ({"text": "xx", "flag": "yes"}, "flag: true or false"),
        ({"text": "xx", "who": "17"}, "who: there is no user 17"),
        ({"text": "xx", "role": "17"}, "role: there is no role 17"),
        ({"text": "xx", "where": "BOARD"}, "where: not a channel of the right kind"),
        ({"text": "xx", "pick": "2"}, "pick: one of One"),
        ({"text": "xx", "more": "2"}, "no such option: more"),
        ({"text": "x" * 6001}, "at most 6000"),
    ],
)
async def test_the_client_checks_options(bench: PeopleBench, options: Json, why: str) -> None:
    if options.get("where") == "BOARD":
        options = {**options, "where": bench.town.board}
    with pytest.raises(Refused, match=why):
        await bench.sam.command("full", **options)
    assert not bench.stand_in.core.interactions.by_id


async def test_permission_and_place_decide_what_one_can_do(bench: PeopleBench) -> None:
    with pytest.raises(Refused, match="you see no channel"):
        await bench.sam.at(bench.town.back_room).command("plain")
    hana = bench.sandbox.person(bench.town.hana, bench.town.back_room, patience=0.0)
    assert (await hana.command("plain")).state == "waiting"
    world, board = bench.town.world, bench.town.board
    world.set_permissions(board, bench.town.sam.id, 0, "use_application_commands")
    with pytest.raises(Refused, match="no command /plain"):
        await bench.sam.command("plain")


async def test_waiting_for_a_message_that_never_comes(bench: PeopleBench) -> None:
    path = f"/channels/{bench.town.board.id}/messages"
    await bench.api.call("POST", path, {"content": "something else"})
    with pytest.raises(TimeoutError, match="something else"):
        await bench.sam.wait_for(bench.town.board, lambda m: m["content"] == "this", timeout=0.1)


async def test_tabs_stay_live_each_with_their_own_view(bench: PeopleBench) -> None:
    base = bench.stand_in.url.replace("http", "ws") + "/sandbox/live?as="
    town = bench.town
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{base}{town.sam.id}") as of_sam,
        session.ws_connect(f"{base}{town.tess.id}") as of_tess,
    ):
        answer = await bench.sam.command("plain")
        await bench.reply(answer, {"type": 5, "data": {"flags": 64}})
        await bench.api.call(
            "PATCH", f"{bench.webhook(answer)}/messages/@original", {"content": "secret"}
        )
        shown = await bench.sam.command("plain")
        await bench.reply(shown, {"type": 9, "data": FORM})
        path = f"/channels/{town.board.id}/messages"
        _, public = await bench.api.call("POST", path, {"content": "public"})
        await bench.api.call("DELETE", f"{path}/{public['id']}")
        await bench.sandbox.admin("dms", user_id=town.sam.id, open=False)
        sams = await events_until_second_world(of_sam)
        tesses = await events_until_second_world(of_tess)
    kinds = [event["type"] for event in sams]
    assert kinds == [
        *("world", "message", "interaction", "message_edit", "interaction"),
        *("interaction", "form", "message", "message_delete", "world"),
    ]
    assert [e["message"]["content"] for e in sams if e["type"] == "message_edit"] == ["secret"]
    assert sams[6]["form"]["title"] == "Form"
    assert sams[-1]["world"]["me"]["dms_open"] is False
    assert [e["type"] for e in tesses] == ["world", "message", "message_delete", "world"]
    assert "secret" not in str(tesses)


async def events_until_second_world(socket: aiohttp.ClientWebSocketResponse) -> list[Json]:
    events: list[Json] = []
    while [e["type"] for e in events].count("world") < 2:
        events.append(await socket.receive_json(timeout=20))
    return events


async def test_everybody_one_can_act_as(bench: PeopleBench) -> None:
    found = await bench.sandbox.call("GET", "/people")
    assert [p["display_name"] for p in found["people"]] == ["Olga", "Hana", "Sam", "Tess"]


async def test_admin_calls_say_what_is_wrong(bench: PeopleBench) -> None:
    with pytest.raises(Refused, match="no such action"):
        await bench.sandbox.admin("explode")
    with pytest.raises(Refused, match="no such channel"):
        await bench.sandbox.admin("delete_channel", channel_id="1")
    with pytest.raises(Refused, match="no such user"):
        await bench.sandbox.admin("dms", user_id="1", open=True)
