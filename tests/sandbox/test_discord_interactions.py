"""The rules of interaction answers, spoken raw."""

from __future__ import annotations

import asyncio
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


async def test_a_component_and_its_follow_ups(bench: PeopleBench) -> None:
    press = await bench.board_press()
    status, body = await bench.reply(press, {"type": 6})
    assert (status, body["resource"]["type"]) == (200, 6)
    assert (await press.refresh()).state == "thinking"
    hook = bench.webhook(press)
    _, edited = await bench.api.call("PATCH", f"{hook}/messages/@original", {"content": "new"})
    now = await press.refresh()
    assert (now.state, now.text) == ("done", "new")
    _, extra = await bench.api.call("POST", hook, {"content": "extra", "flags": 64})
    assert extra["id"] != edited["id"]
    assert (await press.refresh()).text == "extra"
    assert [m["content"] for m in await bench.tess.messages()] == ["new"]
    assert (await bench.api.call("DELETE", f"{hook}/messages/{extra['id']}"))[0] == 204
    assert await bench.api.code("GET", f"{hook}/messages/{extra['id']}") == (404, 10008)
    board = f"/channels/{bench.town.board.id}/messages/{extra['id']}"
    assert await bench.api.code("GET", board) == (404, 10008)


async def test_the_first_follow_up_fills_a_deferred_answer(bench: PeopleBench) -> None:
    answer = await bench.sam.command("plain")
    _, body = await bench.reply(answer, {"type": 5, "data": {"flags": 64}})
    assert body["interaction"]["response_message_loading"]
    assert body["interaction"]["response_message_ephemeral"]
    _, first = await bench.api.call("POST", bench.webhook(answer), {"content": "now"})
    assert first["id"] == body["interaction"]["response_message_id"]
    assert first["flags"] & 64
    now = await answer.refresh()
    assert (now.state, now.text) == ("done", "now")


@pytest.mark.parametrize("kind", [1, 6, 7, 8, 10])
async def test_a_command_cannot_be_answered_like_that(bench: PeopleBench, kind: int) -> None:
    answer = await bench.sam.command("plain")
    status, body = await bench.reply(answer, {"type": kind, "data": {"content": "x"}})
    assert (status, body["code"]) == (400, 50035)
    assert (await bench.reply(answer, {"type": 4, "data": {"content": "x"}}))[0] == 200


async def test_an_invalid_answer_leaves_the_interaction_open(bench: PeopleBench) -> None:
    answer = await bench.sam.command("plain")
    status, body = await bench.reply(answer, {"type": 4, "data": {"content": ""}})
    assert (status, body["code"]) == (400, 50006)
    status, body = await bench.reply(answer, {"type": 5, "data": {"flags": 1 << 15}})
    assert (status, body["code"]) == (400, 50035)
    assert (await bench.reply(answer, {"type": 4, "data": {"content": "x"}}))[0] == 200
    status, body = await bench.reply(answer, {"type": 4, "data": {"content": "y"}})
    assert (status, body["code"]) == (400, 40060)


async def test_a_form_cannot_answer_a_form(bench: PeopleBench) -> None:
    shown = await bench.sam.command("plain")
    assert (await bench.reply(shown, {"type": 9, "data": FORM}))[0] == 200
    shown = await shown.refresh()
    with pytest.raises(Refused, match="Text: this is required"):
        await bench.sam.submit(shown, {"Text": ""})
    with pytest.raises(Refused, match="no field other"):
        await bench.sam.submit(shown, i="x", other="y")
    sent = await bench.sam.submit(shown, Text="hello")
    [row] = bench.known(sent).data["components"]
    assert row["components"][0]["value"] == "hello"
    status, body = await bench.reply(sent, {"type": 9, "data": FORM})
    assert (status, body["code"]) == (400, 50035)


async def test_a_follow_up_needs_an_answer_first(bench: PeopleBench) -> None:
    answer = await bench.sam.command("plain")
    code = await bench.api.code("POST", bench.webhook(answer), {"content": "x"})
    assert code == (404, 10015)
    assert [v["kind"] for v in bench.stand_in.report.violations] == ["follow_up_first"]


async def test_answers_ping_users_only_unless_told(bench: PeopleBench) -> None:
    text = f"<@{bench.town.tess.id}> <@&{bench.town.staff.id}> @everyone"
    for allowed, everyone, roles in (({}, False, 0), ({"parse": ["roles", "everyone"]}, True, 1)):
        answer = await bench.sam.command("plain")
        data: Json = {"content": text}
        if allowed:
            data["allowed_mentions"] = allowed
        await bench.reply(answer, {"type": 4, "data": data})
        message = (await answer.refresh()).message
        assert message is not None
        assert message["pings"]["everyone"] is everyone
        assert len(message["pings"]["roles"]) == roles
        assert bool(message["pings"]["users"]) is not bool(allowed)


async def test_an_ephemeral_answer_pings_nobody_else(bench: PeopleBench) -> None:
    answer = await bench.sam.command("plain")
    data = {"content": f"<@{bench.town.tess.id}>", "flags": 64}
    await bench.reply(answer, {"type": 4, "data": data})
    message = (await answer.refresh()).message
    assert message is not None
    assert message["pings"]["users"] == []


async def test_autocomplete_may_fail() -> None:
    town = Community()
    async with (
        running_stand_in(town.world, acknowledge=0.2) as stand_in,
        aiohttp.ClientSession() as session,
        Sandbox(stand_in.url) as sandbox,
    ):
        api = Api(stand_in, session)
        await api.call("PUT", f"/applications/{town.bot.id}/commands", COMMANDS)
        with pytest.raises(Refused, match="Loading options failed"):
            await sandbox.person(town.sam, town.board).autocomplete("find", "q", q="x")


@pytest.mark.parametrize(
    ("count", "name", "value", "fine"),
    [(25, 100, 100, True), (26, 1, 1, False), (1, 101, 1, False), (1, 1, 101, False)],
)
async def test_autocomplete_limits(
    bench: PeopleBench, count: int, name: int, value: int, fine: bool
) -> None:
    asked = asyncio.create_task(bench.sam.autocomplete("find", "q", q="x"))
    book = bench.stand_in.core.interactions
    async with asyncio.timeout(20):
        while not book.by_id:  # noqa: ASYNC110  # the request is under way on a real socket
            await asyncio.sleep(0.01)
    [known] = book.by_id.values()
    path = f"/interactions/{known.id}/{known.token}/callback"
    choices = [{"name": "n" * name, "value": "v" * value}] * count
    status, _ = await bench.api.call("POST", path, {"type": 8, "data": {"choices": choices}})
    assert status == (204 if fine else 400)
    if fine:
        assert await asked == choices
    else:
        assert (await bench.api.call("POST", path, {"type": 8, "data": {"choices": []}}))[0] == 204
        assert await asked == []
