"""Presses that no board offers: of other guilds, of other versions, from direct messages."""

from __future__ import annotations

from simcord.actors import _dispatch_actor_interaction

from bot.buttons import Interaction
from bot.sandbox.platforms import seeds
from tests.cogs.hands import button_id, buttons, craft, text
from tests.cogs.stage import House, Stage, build_house
from tests.cogs.stories import PIP, SABLE, V2

LATER = seeds.record_id("northgate/later")


async def test_an_id_of_another_version_is_answered(ready: Stage) -> None:
    board = ready.board()
    for custom_id in (
        "claim:2:5", "claim", "claim:1:", "dance:1:4", "x" * 100, "claim:1:-1", "claim:1:0",
        "a:b:c",
    ):  # fmt: skip
        words = text(await craft(ready.house.pip, board, custom_id))
        assert "This button is too old to work" in words, custom_id
    assert ready.board().embeds == board.embeds
    assert ready.upstream_calls("claim") == 0


async def test_a_number_that_leads_nowhere_is_answered(ready: Stage) -> None:
    for action in ("claim", "release", "releasenow", "move", "post", "addserver", "removews"):
        for number in ("99", "9999999999999999999"):
            shown = await ready.slash(ready.house.admin, "workspace list")
            words = text(await craft(ready.house.admin, shown.response, f"{action}:1:{number}"))
            assert "no longer" in words or "any more" in words, (action, number)
    assert "is connected" in text(await ready.slash(ready.house.admin, "workspace test"))


async def neighbours(stage: Stage) -> House:
    """Another guild, connected to another workspace, with a board and links of its own."""
    other = build_house(stage.env, "Redwood")
    connected = await stage.setup(other, V2, key=seeds.REDWOOD_KEY, ping_role=other.roles["ping"])
    assert "is connected" in text(connected)
    await stage.link(other, other.pip, PIP)
    await stage.link(other, other.sable, SABLE)
    await stage.post(other, seeds.record_id("redwood/soon"))
    return other


async def test_a_button_of_another_guild_is_refused(ready: Stage) -> None:
    """Guilds are strangers: every id of one is nothing in the other."""
    ours = {
        "claim": button_id(ready.board(), "First Officer").rpartition(":")[2],
        "workspace": "1",
        "announcement": "1",
    }
    receipt = await ready.claim(ready.house.sable, "First Officer")
    draft = await ready.draft(ready.house, LATER)
    assert receipt.response is not None
    assert draft.response is not None
    post = buttons(draft.response.components)["Post"]["custom_id"]
    other = await neighbours(ready)
    private = await ready.slash(other.admin, "claims")
    before = ready.upstream_calls("claim"), ready.upstream_calls("release")
    for custom_id in (
        f"claim:1:{ours['claim']}", f"move:1:{ours['claim']}", f"release:1:{ours['claim']}",
        f"releasenow:1:{ours['claim']}", f"removews:1:{ours['workspace']}", str(post),
        f"addserver:1:{ours['announcement']}",
    ):  # fmt: skip
        for who in (other.admin, other.pip):
            shown = private if who is other.admin else await ready.slash(who, "claims")
            words = text(await craft(who, shown.response, custom_id))
            assert not words.startswith("✔"), (custom_id, words)
            assert "no longer" in words or "any more" in words or "Manage Server" in words
            assert V2.title not in words
    assert (ready.upstream_calls("claim"), ready.upstream_calls("release")) == before
    assert ready.holders("First Officer") == [SABLE]
    assert len(ready.house.board.history()) == 1
    assert "is connected" in text(await ready.slash(ready.house.admin, "workspace test"))


async def test_commands_of_another_guild_find_nothing_of_ours(ready: Stage) -> None:
    other = build_house(ready.env, "Redwood")
    assert await ready.choices(other.admin, "session post", "session") == {}
    assert await ready.choices(other.admin, "session close", "announcement") == {}
    assert await ready.choices(other.pip, "claim", "session") == {}
    assert await ready.choices(other.pip, "claim", "role", "", session="1") == {}
    assert await ready.choices(other.admin, "workspace test", "workspace") == {}
    for command, options in (
        ("session post", {"session": f"1:{LATER}"}),
        ("session close", {"announcement": "1"}),
        ("session refresh", {"announcement": "1"}),
        ("claim", {"session": "1", "role": "1"}),
        ("release", {"claim": "1"}),
        ("open", {}),
        ("workspace list", {}),
        ("workspace test", {"workspace": "ReAdmin"}),
    ):
        words = text(await ready.slash(other.admin, command, **options))
        assert not words.startswith("✔")
        assert V2.title not in words
        assert "127.0.0.1" not in words


async def test_two_guilds_side_by_side(ready: Stage) -> None:
    other = await neighbours(ready)
    board = other.board.last_message
    assert board is not None
    await other.pip.click(board, custom_id=button_id(board, "Visitor Guide"))
    assert ready.holders("Visitor Guide", seeds.record_id("redwood/soon")) == [PIP]
    await ready.claim(ready.house.pip, "Observer")
    assert ready.holders("Observer") == [PIP]
    mine = text(await ready.slash(other.pip, "claims"))
    assert "Visitor Guide" in mine
    assert "Observer" not in mine


async def test_only_ones_own_data_is_offered_in_direct_messages(stage: Stage) -> None:
    assert set(stage.house.pip.user.available_commands()) == {"mydata erase", "mydata show"}
    assert {"claim", "session post", "workspace key"} <= set(
        stage.house.admin.available_commands(stage.house.chat)
    )


async def test_a_command_that_comes_from_a_direct_message_anyway(ready: Stage) -> None:
    user = ready.house.pip.user
    for name in ("claims", "open"):
        command = ready.env.backend.find_command(name, None)
        assert command is not None
        data = {"id": command["id"], "name": name, "type": 1, "options": []}
        result = await _dispatch_actor_interaction(user, 2, user.dm_channel, data)
        assert "in the community's Discord server" in text(result)


async def test_two_thousand_characters_of_options_are_answered(ready: Stage) -> None:
    words = text(
        await ready.slash(ready.house.pip, "claim", session="1", role="r" * 2000, server="s" * 2000)
    )
    assert "has no such role" in words
    assert len(words) <= 2000


async def test_of_a_pressed_message_only_the_outside_is_parsed(ready: Stage) -> None:
    """In a rush nobody waits until what the board shows was parsed a thousand times."""
    seen: list[Interaction] = []

    async def see(interaction: Interaction) -> None:
        seen.append(interaction)

    ready.bot.add_listener(see, "on_interaction")
    board = ready.board()
    assert board.embeds
    await craft(ready.house.pip, board, "nothing:1:1")
    [interaction] = seen
    assert interaction.message is not None
    assert interaction.message.id == board.id
    assert not interaction.message.embeds
    assert not interaction.message.components
