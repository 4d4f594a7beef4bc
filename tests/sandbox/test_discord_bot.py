"""A real discord.py bot lives on the stand-in as it would on Discord."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import discord
import pytest

from bot.sandbox.discord import DiscordStandIn
from bot.sandbox.discord.people import Answer, Person, Refused, Sandbox
from tests.sandbox.discord_bench import Community, running_stand_in
from tests.sandbox.discord_bot import BenchBot, running_bot


@dataclass
class Bench:
    town: Community
    stand_in: DiscordStandIn
    bot: BenchBot
    sandbox: Sandbox

    def person(self, user: object) -> Person:
        return self.sandbox.person(user, self.town.board)


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    town = Community()
    async with (
        running_stand_in(town.world) as stand_in,
        running_bot(stand_in, monkeypatch) as bot,
        Sandbox(stand_in.url) as sandbox,
    ):
        yield Bench(town, stand_in, bot, sandbox)


async def test_the_bot_is_ready_and_sees_its_guild(bench: Bench) -> None:
    guild = bench.bot.get_guild(bench.town.guild.id)
    assert guild is not None
    assert guild.name == "Harbour"
    assert guild.me is not None
    assert {c.name for c in guild.text_channels} == {"sessions", "back-room"}
    board = guild.get_channel(bench.town.board.id)
    back_room = guild.get_channel(bench.town.back_room.id)
    assert board is not None
    assert back_room is not None
    assert board.permissions_for(guild.me).send_messages
    assert not back_room.permissions_for(guild.me).view_channel
    report = await bench.sandbox.report()
    assert report["clean"]
    assert [shard["connected"] for shard in report["shards"]] == [True]


async def test_a_command_with_options_and_autocomplete(bench: Bench) -> None:
    sam = bench.person(bench.town.sam)
    offered = await sam.autocomplete("say", "text", text="a")
    assert [choice["value"] for choice in offered] == ["alpha", "beta", "gamma"]
    assert await sam.autocomplete("say", "text", text="et") == [{"name": "Beta", "value": "beta"}]
    answer = await sam.command("say", text="ahoy", times=3)
    assert (answer.state, answer.kind, answer.text) == ("done", "message", "ahoy ahoy ahoy")
    assert answer.message is not None
    assert answer.message["answers"]["user"]["display_name"] == "Sam"
    assert answer.data["acknowledged_after"] < 3


async def test_entities_reach_the_bot_resolved(bench: Bench) -> None:
    town = bench.town
    options = {"who": town.tess, "role": town.staff, "where": town.board}
    of_sam = await bench.person(town.sam).command("session post", **options)
    of_hana = await bench.person(town.hana).command("session post", **options)
    assert of_sam.text == "Tess Staff sessions False"
    assert of_hana.text == "Tess Staff sessions True"


async def test_a_dynamic_button_edits_its_message(bench: Bench) -> None:
    sam, tess = bench.person(bench.town.sam), bench.person(bench.town.tess)
    board = await sam.command("tools")
    pressed = await tess.press(board, "Count")
    assert (pressed.kind, pressed.text) == ("update", "count 2")
    assert [button["label"] for button in pressed.buttons] == ["Count 2"]
    again = await sam.press(pressed, "count:2")
    assert again.text == "count 3"
    assert (await tess.messages())[-1]["edited"]


async def test_selects_of_both_kinds(bench: Bench) -> None:
    sam = bench.person(bench.town.sam)
    board = await sam.command("tools")
    assert (await sam.press(board, "colour", "G")).text == "chose G"
    assert (await sam.press(board, "role", bench.town.staff)).text == "role Staff"
    with pytest.raises(Refused, match="not offered"):
        await sam.press(board, "colour", "Z")
    with pytest.raises(Refused, match="disabled"):
        await sam.press(board, "Off")


async def test_defer_then_edit(bench: Bench) -> None:
    sam = bench.person(bench.town.sam)
    board = await sam.command("tools")
    answer = await sam.press(board, "Slow")
    assert (answer.kind, answer.text) == ("deferred_message", "slow is done")
    assert answer.message is not None
    assert answer.message["ephemeral"]
    assert not answer.message["loading"]


async def test_a_deferred_answer_shows_thinking_until_it_is_edited(bench: Bench) -> None:
    tess = bench.person(bench.town.tess)
    impatient = bench.sandbox.person(bench.town.sam, bench.town.board, patience=0.0)
    answer = await impatient.command("later")
    while answer.state == "waiting":
        answer = await answer.next(timeout=0.02)
    assert (answer.state, answer.text) == ("thinking", "")
    assert answer.message is not None
    assert answer.message["loading"]
    bench.bot.gate.set()
    while answer.text != "and more":
        answer = await answer.next()
    mine = [m["content"] for m in await impatient.messages()]
    assert mine == ["finished", "and more"]
    assert await tess.messages() == []


async def test_a_form_goes_there_and_back(bench: Bench) -> None:
    hana = bench.person(bench.town.hana)
    shown = await hana.command("setup")
    assert shown.form is not None
    assert [item["label"] for item in shown.form["inputs"]] == ["Your note", "For whom"]
    with pytest.raises(Refused, match="at least 2"):
        await hana.submit(shown, {"Your note": "x", "For whom": bench.town.tess})
    answer = await hana.submit(shown, {"Your note": "hello", "For whom": bench.town.tess})
    assert answer.text == "hello for Tess"


async def test_ephemeral_answers_are_for_one_person(bench: Bench) -> None:
    sam, tess = bench.person(bench.town.sam), bench.person(bench.town.tess)
    await sam.command("say", text="secret", hidden=True)
    await sam.command("say", text="public")
    assert [m["content"] for m in await sam.messages()] == ["secret", "public"]
    assert [m["content"] for m in await tess.messages()] == ["public"]
    secret = (await sam.messages())[0]
    with pytest.raises(Refused, match="you see no message"):
        await tess.press(secret | {"components": board_row()}, "go")


def board_row() -> list[dict[str, object]]:
    return [{"components": [{"type": 2, "custom_id": "go", "label": "Go"}]}]


async def test_commands_are_offered_by_permission_and_place(bench: Bench) -> None:
    sam, hana = bench.person(bench.town.sam), bench.person(bench.town.hana)
    assert "setup" not in await command_names(sam)
    assert "setup" in await command_names(hana)
    with pytest.raises(Refused, match="no command /setup"):
        await sam.command("setup")
    dm = await hana.open_dm()
    assert (await dm.command("say", text="hi")).text == "hi"
    with pytest.raises(Refused, match="no command /setup"):
        await dm.command("setup")


async def command_names(person: Person) -> list[str]:
    world = await person.world()
    channels = world["guilds"][0]["channels"]
    return [c["name"] for c in channels[0]["commands"]]


async def test_a_file_goes_there_and_back(bench: Bench) -> None:
    sam = bench.person(bench.town.sam)
    answer = await sam.command("copy", file={"filename": "links.csv", "text": "a,b"})
    assert answer.text == "A,B"
    assert answer.message is not None
    [attachment] = answer.message["attachments"]
    assert (attachment["filename"], attachment["size"]) == ("links.csv", 3)


async def test_threads_and_dms(bench: Bench) -> None:
    town, bot = bench.town, bench.bot
    channel = bot.get_channel(town.board.id)
    assert isinstance(channel, discord.TextChannel)
    message = await channel.send("board")
    thread = await message.create_thread(name="Talk")
    await thread.send(f"<@{town.sam.id}> come")
    sam = bench.person(town.sam)
    seen = await sam.wait_for(thread, lambda m: "come" in m["content"])
    assert seen["pings"]["users"] == [str(town.sam.id)]
    [board] = await sam.messages()
    assert board["thread"]["name"] == "Talk"
    private = await channel.create_thread(name="Hosts only")
    assert (await bench.person(town.sam).world())["guilds"][0]["channels"][0]["threads"] == [
        {**t, "name": "Talk"} for t in await threads(sam)
    ]
    await private.add_user(discord.Object(town.sam.id))
    assert {t["name"] for t in await threads(sam)} == {"Talk", "Hosts only"}
    user = await bot.fetch_user(town.tess.id)
    await user.send("psst")
    tess = await bench.person(town.tess).open_dm()
    assert [m["content"] for m in await tess.messages()] == ["psst"]
    await bench.sandbox.admin("dms", user_id=town.tess.id, open=False)
    with pytest.raises(discord.Forbidden) as refused:
        await user.send("again")
    assert refused.value.code == 50007


async def threads(person: Person) -> list[dict[str, object]]:
    world = await person.world()
    found: list[dict[str, object]] = world["guilds"][0]["channels"][0]["threads"]
    return found


async def test_a_second_answer_is_refused(bench: Bench) -> None:
    answer = await bench.person(bench.town.sam).command("twice")
    assert answer.text == "once"
    while not bench.bot.codes:
        await answer.next(timeout=0.02)
    assert bench.bot.codes == [40060]
    report = await bench.sandbox.report()
    assert [v["kind"] for v in report["violations"]] == ["duplicate_response"]


async def test_an_unanswered_command_fails_and_a_late_answer_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    town = Community()
    async with (
        running_stand_in(town.world, acknowledge=0.3) as stand_in,
        running_bot(stand_in, monkeypatch) as bot,
        Sandbox(stand_in.url) as sandbox,
    ):
        answer: Answer = await sandbox.person(town.sam, town.board).command("mute")
        assert (answer.state, answer.text) == ("failed", "The application did not respond")
        bot.gate.set()
        while not bot.codes:
            await answer.next(timeout=0.02)
        assert bot.codes == [10062]
        kinds = {v["kind"] for v in (await sandbox.report())["violations"]}
        assert kinds == {"unanswered", "late_acknowledgement"}


async def test_a_token_ends_with_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    town = Community()
    async with (
        running_stand_in(town.world, token_life=0.4) as stand_in,
        running_bot(stand_in, monkeypatch) as bot,
        Sandbox(stand_in.url) as sandbox,
    ):
        answer = await sandbox.person(town.sam, town.board).command("later")
        assert answer.state == "failed"
        bot.gate.set()
        while not bot.codes:
            await answer.next(timeout=0.02)
        assert bot.codes == [50027]


async def test_the_library_waits_out_a_rate_limit(bench: Bench) -> None:
    channel = bench.bot.get_channel(bench.town.board.id)
    assert isinstance(channel, discord.TextChannel)
    await bench.sandbox.admin("fault", match="/messages", status=429, times=2, retry_after=0.05)
    message = await channel.send("after the wait")
    assert message.content == "after the wait"
    report = await bench.sandbox.report()
    assert report["rate_limited"] == 2
    assert report["clean"]


async def test_a_member_who_left_is_a_404(bench: Bench) -> None:
    guild = bench.bot.get_guild(bench.town.guild.id)
    assert guild is not None
    member = await guild.fetch_member(bench.town.sam.id)
    assert [role.name for role in member.roles] == ["@everyone", "Staff"]
    await bench.sandbox.admin("remove_member", guild_id=guild.id, user_id=bench.town.sam.id)
    with pytest.raises(discord.NotFound) as gone:
        await guild.fetch_member(bench.town.sam.id)
    assert gone.value.code == 10007
