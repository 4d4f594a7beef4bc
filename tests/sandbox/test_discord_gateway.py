"""Gateway: tokens, shards, intents, dropped connections, outages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import aiohttp
import discord
import pytest

from bot.sandbox.discord.people import Sandbox
from bot.sandbox.discord.people_actions import People
from tests.sandbox.discord_bench import TOKEN, Api, Community, running_stand_in
from tests.sandbox.discord_bot import BenchBot, running_bot


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110  # a condition of discord.py's own state
            await asyncio.sleep(0.01)


async def test_a_dropped_connection_loses_no_event(monkeypatch: pytest.MonkeyPatch) -> None:
    town = Community()
    async with (
        running_stand_in(town.world) as stand_in,
        running_bot(stand_in, monkeypatch) as bot,
        Sandbox(stand_in.url) as sandbox,
    ):
        sam = sandbox.person(town.sam, town.board)
        assert (await sam.command("say", text="before")).text == "before"
        # No await until the gateway has nobody to send to: all of this happens while it is gone.
        assert stand_in.core.gateway.disconnect() == 1
        entered = {"as": sam.id, "channel_id": sam.channel_id, "options": {"text": "during"}}
        interaction = People(stand_in.core).command({"name": "say", **entered})
        town.world.add_channel(town.guild, "made-meanwhile")
        assert not stand_in.core.gateway.is_connected(town.guild.id)
        answer = await sam.look(str(interaction.id), wait=20)
        assert answer.text == "during"
        await asyncio.wait_for(bot.resumed.wait(), 20)
        guild = bot.get_guild(town.guild.id)
        assert guild is not None
        assert "made-meanwhile" in [c.name for c in guild.text_channels]
        report = await sandbox.report()
        assert [s["connected"] for s in report["shards"]] == [True]


async def test_a_gateway_outage_is_got_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord.backoff.ExponentialBackoff, "delay", lambda _: 0.05)
    town = Community()
    async with (
        running_stand_in(town.world) as stand_in,
        running_bot(stand_in, monkeypatch),
        Sandbox(stand_in.url) as sandbox,
    ):
        await sandbox.admin("gateway", accepting=False)
        await sandbox.admin("disconnect_gateway")
        refused = stand_in.report.calls["CONNECT /gateway"] + 2
        await until(lambda: stand_in.report.calls["CONNECT /gateway"] >= refused)
        assert not stand_in.core.gateway.is_connected(None)
        await sandbox.admin("gateway", accepting=True)
        await until(lambda: stand_in.core.gateway.is_connected(None))
        assert (await sandbox.person(town.sam, town.board).command("say", text="x")).text == "x"


async def test_asked_to_reconnect_the_bot_resumes(monkeypatch: pytest.MonkeyPatch) -> None:
    town = Community()
    async with (
        running_stand_in(town.world) as stand_in,
        running_bot(stand_in, monkeypatch) as bot,
        Sandbox(stand_in.url) as sandbox,
    ):
        assert (await sandbox.admin("reconnect_gateway"))["asked"] == 1
        await asyncio.wait_for(bot.resumed.wait(), 20)
        assert (await sandbox.person(town.sam, town.board).command("say", text="x")).text == "x"


async def test_a_lost_session_is_identified_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    # discord.py pauses up to 5 s before it identifies again; here the pause is cut short
    monkeypatch.setattr("random.uniform", lambda *_: 0.0)
    town = Community()
    async with (
        running_stand_in(town.world) as stand_in,
        running_bot(stand_in, monkeypatch),
        Sandbox(stand_in.url) as sandbox,
    ):
        before = (await sandbox.report())["shards"][0]["session_id"]
        await sandbox.admin("disconnect_gateway", resumable=False)
        gateway = stand_in.core.gateway
        await until(lambda: gateway.is_connected(None))
        assert gateway.shards()[0]["session_id"] != before
        assert (await sandbox.person(town.sam, town.board).command("say", text="x")).text == "x"


async def test_two_shards_share_the_guilds(monkeypatch: pytest.MonkeyPatch) -> None:
    town = Community()
    other = town.world.add_guild("Second", town.olga)
    town.world.add_member(other, town.sam)
    town.world.invite_bot(other)
    square = town.world.add_channel(other, "square")
    async with (
        running_stand_in(town.world, shards=2) as stand_in,
        running_bot(stand_in, monkeypatch) as bot,
        Sandbox(stand_in.url) as sandbox,
    ):
        assert bot.shard_count == 2
        shards = {s["shard_id"]: s["guilds"] for s in (await sandbox.report())["shards"]}
        assert sorted(shards) == [0, 1]
        for guild in (town.guild, other):
            assert shards[(guild.id >> 22) % 2] == [str(guild.id)]
        for channel in (town.board, square):
            answer = await sandbox.person(town.sam, channel).command("say", text="hello")
            assert answer.text == "hello"


async def test_a_wrong_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    town = Community()
    async with running_stand_in(town.world) as stand_in, aiohttp.ClientSession() as session:
        monkeypatch.setattr(discord.http.Route, "BASE", stand_in.api_url)
        bot = BenchBot()
        async with bot:
            with pytest.raises(discord.LoginFailure):
                await bot.login("wrong")
        async with session.ws_connect(stand_in.gateway_url) as socket:
            assert json.loads((await socket.receive()).data)["op"] == 10
            await socket.send_json({"op": 2, "d": {"token": "wrong", "intents": 1}})
            closed = await socket.receive()
        assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 4004)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ({"op": 2, "d": {"token": TOKEN, "intents": 1 | 1 << 15}}, 4014),
        ({"op": 2, "d": {"token": TOKEN, "intents": 1, "shard": [2, 2]}}, 4010),
        ({"op": 99, "d": None}, 4001),
        ({"op": 6, "d": {"token": "wrong", "session_id": "x", "seq": 1}}, 4004),
    ],
)
async def test_gateway_close_codes(command: object, code: int) -> None:
    town = Community()
    async with running_stand_in(town.world) as stand_in, aiohttp.ClientSession() as session:
        async with session.ws_connect(stand_in.gateway_url) as socket:
            await socket.receive()
            await socket.send_json(command)
            closed = await socket.receive()
        assert closed.data == code
        assert stand_in.report.violation_count == 1


@pytest.mark.parametrize(("intents", "expected"), [(1, []), (1 | 1 << 9, ["MESSAGE_CREATE"])])
async def test_message_events_come_only_with_their_intents(
    intents: int, expected: list[str]
) -> None:
    town = Community()
    async with (
        running_stand_in(town.world) as stand_in,
        aiohttp.ClientSession() as session,
        session.ws_connect(stand_in.gateway_url) as socket,
    ):
        await socket.receive()
        await socket.send_json({"op": 2, "d": {"token": TOKEN, "intents": intents}})
        assert json.loads((await socket.receive()).data)["t"] == "READY"
        assert json.loads((await socket.receive()).data)["t"] == "GUILD_CREATE"
        status, _ = await Api(stand_in, session).call(
            "POST", f"/channels/{town.board.id}/messages", {"content": "to all"}
        )
        assert status == 200
        town.world.add_channel(town.guild, "next")
        events = []
        while "CHANNEL_CREATE" not in events:
            events.append(json.loads((await socket.receive()).data)["t"])
        assert events[:-1] == expected


async def test_a_silent_client_is_hung_up_on() -> None:
    town = Community()
    async with (
        running_stand_in(town.world, heartbeat=0.05) as stand_in,
        aiohttp.ClientSession() as session,
        session.ws_connect(stand_in.gateway_url) as socket,
    ):
        await socket.receive()
        assert (await socket.receive(timeout=20)).data == 4009


async def test_kicks_and_outages_reach_the_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    town = Community()
    async with (
        running_stand_in(town.world) as stand_in,
        running_bot(stand_in, monkeypatch) as bot,
        Sandbox(stand_in.url) as sandbox,
    ):
        guild_id = town.guild.id
        guild = bot.get_guild(guild_id)
        assert guild is not None
        await sandbox.admin("guild_outage", guild_id=guild_id, on=True)
        await until(lambda: guild.unavailable)
        await sandbox.admin("guild_outage", guild_id=guild_id, on=False)
        await until(lambda: not getattr(bot.get_guild(guild_id), "unavailable", True))
        await sandbox.admin("remove_member", guild_id=guild_id, user_id=town.bot.id)
        await until(lambda: bot.get_guild(guild_id) is None)


async def test_members_are_found_by_id_without_an_intent(monkeypatch: pytest.MonkeyPatch) -> None:
    town = Community()
    stranger = town.world.add_user("stranger", "Stranger")
    async with (
        running_stand_in(town.world) as stand_in,
        running_bot(stand_in, monkeypatch) as bot,
    ):
        guild = bot.get_guild(town.guild.id)
        assert guild is not None
        wanted = [town.sam.id, stranger.id, town.tess.id]
        found = await guild.query_members(user_ids=wanted, limit=3, cache=False)
        assert {member.id for member in found} == {town.sam.id, town.tess.id}
        assert stand_in.core.report.render([])["clean"]
