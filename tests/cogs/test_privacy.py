"""/mydata in a guild, in a direct message and after leaving; and the bot's comings and goings."""

from __future__ import annotations

import json

from simcord import InteractionResult, MemberActor

from bot.models import WorkspaceState
from tests.cogs.hands import buttons, craft, embed_text, fields_of, press, text, type_key
from tests.cogs.stage import Stage
from tests.cogs.stories import PIP

ROLE = "First Officer"
YEAR = 365 * 24 * 3600


async def read(stage: Stage, answer: InteractionResult) -> tuple[str, dict[str, object]]:
    """Both files of an answer."""
    assert answer.response is not None
    to_read, for_programs = answer.response.attachments
    assert (to_read.filename, for_programs.filename) == (
        "muster-my-data.txt",
        "muster-my-data.json",
    )
    return (await to_read.read()).decode(), json.loads(await for_programs.read())["data"]


async def erase(who: MemberActor, asked: InteractionResult, word: str) -> InteractionResult:
    """Press the button under the explanation, and type a word into the form."""
    form = await who.click(asked.response, label="Erase my data")
    return await who.submit_modal(form, {fields_of(form)[0]: word})


async def guild_state(stage: Stage) -> WorkspaceState:
    (workspace,) = await stage.bot.services.workspaces.list_all(stage.house.guild.id)
    return workspace.state


async def test_show_gives_a_file_that_names_nobody_else(ready: Stage) -> None:
    house = ready.house
    await ready.claim(house.pip, ROLE)
    await ready.claim(house.sable, "Cabin Crew")
    await ready.env.advance_time(5)
    answer = await ready.slash(house.pip, "mydata show")
    assert "Everything that Muster stores about you" in text(answer)
    words, data = await read(ready, answer)
    assert f"role: {ROLE}" in words
    assert f"server: {house.guild.name}" in words
    assert "linked by: an admin" in words
    assert set(data) == {"links", "claim_attempts", "seen_claims"}
    for other in (house.sable, house.host, house.admin):
        assert str(other.id) not in words + json.dumps(data)


async def test_erase_asks_for_a_word_then_is_done_at_once(ready: Stage) -> None:
    house = ready.house
    await ready.claim(house.pip, ROLE)
    await ready.env.advance_time(5)
    assert house.pip.mention in embed_text(ready.board())
    asked = await ready.slash(house.pip, "mydata erase")
    for part in ("**Goes**", "**Stays without you**", "**Muster cannot delete**", "ReAdmin"):
        assert part in text(asked)
    refused = await erase(house.pip, asked, "yes")
    assert "Nothing was erased" in text(refused)
    words, _ = await read(ready, await ready.slash(house.pip, "mydata show"))
    assert "Nothing." not in words
    done = await erase(house.pip, await ready.slash(house.pip, "mydata erase"), "erase ")
    assert text(done).startswith("✔ Your data is erased in all servers.")
    assert "Boards that named you: 1" in text(done)
    await ready.env.advance_time(5)
    board = embed_text(ready.board())
    assert house.pip.mention not in board
    assert ready.holders(ROLE) == [PIP]  # the platform's own record stands, and the board says so
    words, data = await read(ready, await ready.slash(house.pip, "mydata show"))
    assert data.keys() <= {"erasures"}
    again = await ready.claim(house.pip, "Cabin Crew")
    assert "do not know your Roblox account" in text(again)


async def test_it_works_in_a_direct_message_and_after_leaving(ready: Stage) -> None:
    house = ready.house
    pip = house.pip.user
    await ready.claim(house.pip, ROLE)
    house.guild.remove_member(house.pip)
    shown = await pip.slash("mydata show")
    words, _ = await read(ready, shown)
    assert f"role: {ROLE}" in words
    asked = await pip.slash("mydata erase")
    form = await pip.click(asked.response, label="Erase my data")
    done = await pip.submit_modal(form, {fields_of(form)[0]: "ERASE"})
    assert text(done).startswith("✔ Your data is erased")
    words, data = await read(ready, await pip.slash("mydata show"))
    assert data.keys() <= {"erasures"}


async def test_a_button_erases_only_whoever_presses_it(ready: Stage) -> None:
    """A replayed or made-up button: its number means nobody."""
    house = ready.house
    await ready.claim(house.sable, ROLE)
    for number in (1, house.sable.id, 2**62):
        form = await craft(house.guest, ready.board(), f"eraseme:1:{number}")
        done = await house.guest.submit_modal(form, {fields_of(form)[0]: "ERASE"})
        assert text(done).startswith("✔")
    _, data = await read(ready, await ready.slash(house.sable, "mydata show"))
    assert {"links", "claim_attempts"} <= set(data)


async def test_the_question_survives_a_restart(ready: Stage) -> None:
    house = ready.house
    asked = await ready.slash(house.pip, "mydata erase")
    await ready.restart()
    done = await erase(house.pip, asked, "ERASE")
    assert text(done).startswith("✔")


async def test_an_outage_or_a_start_without_the_guild_removes_nothing(ready: Stage) -> None:
    guild_id = str(ready.house.guild.id)
    ready.env.backend.emit("GUILD_DELETE", {"id": guild_id, "unavailable": True})
    await ready.env.settle()
    assert await guild_state(ready) is WorkspaceState.OK
    await ready.restart()
    assert await guild_state(ready) is WorkspaceState.OK


async def test_taken_out_the_key_goes_at_once_and_comes_back_only_by_hand(ready: Stage) -> None:
    house = ready.house
    board = ready.board()
    ready.env.backend.emit("GUILD_DELETE", {"id": str(house.guild.id)})
    await ready.env.settle()
    assert await guild_state(ready) is WorkspaceState.NO_KEY
    await ready.restart()  # Muster is there again: invited while it was away
    assert await ready.bot.services.privacy.removed_guilds._store.list_removed() == []
    listed = text(await ready.slash(house.admin, "workspace list"))
    assert "its key was erased when Muster was taken out" in listed
    refused = await press(house.pip, board, ROLE)
    assert "key was erased" in text(refused)
    form = await ready.slash(house.admin, "workspace key")
    assert "is connected" in text(await type_key(house.admin, form, ready.story.key))
    assert text(await press(house.pip, board, ROLE)).startswith("✔ You are")


async def test_the_data_of_a_community_goes_after_its_time(ready: Stage) -> None:
    house = ready.house
    await ready.claim(house.pip, ROLE)
    ready.env.backend.emit("GUILD_DELETE", {"id": str(house.guild.id)})
    await ready.env.settle()
    await ready.skip(YEAR)
    _, data = await read(ready, await house.pip.user.slash("mydata show"))
    assert data == {}


async def test_a_holder_who_left_is_flagged_and_marked_in_the_roster(ready: Stage) -> None:
    house = ready.house
    await ready.claim(house.pip, ROLE)
    await ready.claim(house.sable, "Cabin Crew")
    house.guild.remove_member(house.pip)
    await ready.skip(65)
    notice = house.log.last_message
    assert notice is not None
    assert f"{house.pip.mention} had a role" in notice.content
    number = next(
        b["custom_id"] for label, b in buttons(ready.board()).items() if label == "Roster"
    )
    roster = await house.host.click(ready.board(), custom_id=number)
    assert roster.response is not None
    shown = roster.response.embeds[0].description or ""
    assert f"{house.pip.mention} ⚠ has left this server" in shown
    assert f"{house.sable.mention} ⚠" not in shown
    assert ready.holders(ROLE) == [PIP]


async def test_their_claim_is_given_back_where_that_was_chosen(ready: Stage) -> None:
    house = ready.house
    saved = await ready.slash(house.admin, "workspace settings", leavers="release")
    assert "the hosts are told, and their claims are released" in text(saved)
    await ready.claim(house.pip, ROLE)
    house.guild.remove_member(house.pip)
    await ready.skip(65)
    notice = house.log.last_message
    assert notice is not None
    assert f"**{ROLE}** was given back" in notice.content
    assert ready.holders(ROLE) == []


async def test_an_erased_host_or_admin_is_named_no_more(ready: Stage) -> None:
    house = ready.house
    for who in (house.host, house.admin):
        done = await erase(who, await ready.slash(who, "mydata erase"), "ERASE")
        assert text(done).startswith("✔")
    await ready.env.advance_time(5)
    board = embed_text(ready.board())
    assert "no longer named" in board
    assert house.host.mention not in board
    shown = text(await ready.slash(house.admin, "links show", member=house.pip))
    assert "Linked by somebody no longer named" in shown
