"""/workspace: admins look after a connection."""

from __future__ import annotations

from bot.sandbox.platforms import seeds
from tests.cogs.hands import craft, press, refusals, text, type_key
from tests.cogs.stage import Stage, override_command
from tests.cogs.stories import PIP, STORIES, V2

COMMANDS = ("list", "test", "settings", "automatic", "key", "remove")


async def test_only_admins(ready: Stage) -> None:
    override_command(ready.house, "workspace")
    for command in COMMANDS:
        result = await ready.slash(ready.house.host, f"workspace {command}")
        assert "Manage Server" in text(result), command
    assert len(refusals(ready.env)) == 1  # the form's; the others are answered


async def test_nothing_is_connected_yet(stage: Stage) -> None:
    for command in COMMANDS:
        result = await stage.slash(stage.house.admin, f"workspace {command}")
        assert "Connect one with `/setup`" in text(result), command
    assert len(refusals(stage.env)) == 1  # the form's; the others are answered


async def test_which_one_is_asked_when_there_are_several(stage: Stage) -> None:
    for story in STORIES:
        await stage.setup(stage.house, story, name=f"our {story.kind.value}")
    offered = await stage.choices(stage.house.admin, "workspace test", "workspace", "SERIES")
    assert offered == {"our series": "our series"}
    unnamed = text(await stage.slash(stage.house.admin, "workspace test"))
    assert "our series" in unnamed
    assert "our readmin" in unnamed
    named = text(await stage.slash(stage.house.admin, "workspace test", workspace="OUR Series"))
    assert "is connected to Series HR" in named


async def test_test_notices_a_refused_key_and_its_return(ready: Stage) -> None:
    admin = ready.house.admin
    assert "is connected to ReAdmin" in text(await ready.slash(admin, "workspace test"))
    ready.upstream.fault("revoked-key")
    assert "refuses the key" in text(await ready.slash(admin, "workspace test"))
    assert "⛔ **ReAdmin** · ReAdmin · key refused" in text(
        await ready.slash(admin, "workspace list")
    )
    ready.upstream.clear_faults()
    assert "is connected" in text(await ready.slash(admin, "workspace test"))
    assert "✔ **ReAdmin** · ReAdmin · ok" in text(await ready.slash(admin, "workspace list"))


async def test_test_notices_silence_and_its_end(ready: Stage) -> None:
    admin = ready.house.admin
    ready.shut()
    assert "does not answer" in text(await ready.slash(admin, "workspace test"))
    assert "⛔ **ReAdmin** · ReAdmin · down" in text(await ready.slash(admin, "workspace list"))
    ready.reopen()
    tested = text(await ready.slash(admin, "workspace test"))
    assert "is connected" in tested
    assert "• connection: in order · last trouble <t:" in tested
    listed = text(await ready.slash(admin, "workspace list"))
    assert "✔ **ReAdmin** · ReAdmin · ok" in listed
    assert "connection: in order · last trouble <t:" in listed
    assert ready.house.log.history() == []


async def test_a_line_that_is_left_alone_is_shown(ready: Stage) -> None:
    """After several silent calls nobody is asked; only the admin's own test still asks."""
    admin = ready.house.admin
    ready.upstream.fault("cut-before")
    for _ in range(6):
        await ready.slash(admin, "workspace test")
    shown = text(await ready.slash(admin, "workspace list"))
    assert "connection: not answering, asked again <t:" in shown
    assert "(Unavailable)" in shown
    seen = len(ready.upstream.requests())
    assert "does not answer" in text(await ready.claim(ready.house.pip, "Observer"))
    assert len(ready.upstream.requests()) == seen
    ready.upstream.clear_faults()
    assert "is connected" in text(await ready.slash(admin, "workspace test"))
    assert "connection: in order" in text(await ready.slash(admin, "workspace list"))
    assert text(await ready.claim(ready.house.pip, "Observer")).startswith("✔")


async def test_settings_change_only_what_is_named(ready: Stage) -> None:
    house = ready.house
    before = text(await ready.slash(house.admin, "workspace settings"))
    assert "Saved" not in before
    assert "may claim: everybody" in before
    words = text(
        await ready.slash(
            house.admin, "workspace settings", staff_role=house.roles["staff"], log=house.chat
        )
    )
    assert words.startswith("✔ Saved.")
    assert f"may claim: {house.roles['staff'].mention}" in words
    assert f"log: {house.chat.mention}" in words
    assert f"hosts: {house.roles['host'].mention}" in words
    assert f"Announcements: {house.board.mention}" in words
    again = text(await ready.slash(house.admin, "workspace settings", everyone_claims=True))
    assert "may claim: everybody" in again


async def test_the_old_key_stays_when_the_new_one_fails(ready: Stage) -> None:
    house = ready.house
    shown = await ready.slash(house.admin, "workspace key")
    words = text(await type_key(house.admin, shown, "wrong-key"))
    assert "Workspace not found" in words
    assert text(await ready.claim(house.pip, "Observer")).startswith("✔")
    assert ready.holders("Observer") == [PIP]


async def test_a_new_key_replaces_the_old_one(ready: Stage) -> None:
    house, new = ready.house, "ReAdmin_Loader_ID=" + "ab12" * 50
    world = ready.platforms.worlds.readmin
    ready.upstream.call(lambda: world.change_key(seeds.NORTHGATE_KEY, new))
    assert "refuses this workspace's key" in text(await ready.claim(house.pip, "Observer"))
    shown = await ready.slash(house.admin, "workspace key")
    assert "is connected" in text(await type_key(house.admin, shown, new))
    assert "key …ab12" in text(await ready.slash(house.admin, "workspace list"))
    assert text(await ready.claim(house.pip, "Observer")).startswith("✔")
    assert ready.upstream.requests()[-1].headers["loader-id"] == new


async def test_remove_asks_and_no_means_no(ready: Stage) -> None:
    house = ready.house
    asked = await ready.slash(house.admin, "workspace remove")
    assert "Disconnect **ReAdmin**?" in text(asked)
    kept = await house.admin.click(asked.response, label="Keep it")
    assert text(kept) == "Nothing was changed."
    assert kept.response is not None
    assert kept.response.components == []
    assert text(await ready.claim(house.pip, "Observer")).startswith("✔")


async def test_remove_and_what_its_buttons_say_afterwards(ready: Stage) -> None:
    house, board = ready.house, ready.board()
    receipt = await ready.claim(house.pip, "Observer")
    draft = await ready.draft(house, seeds.record_id("northgate/later"))
    asked = await ready.slash(house.admin, "workspace remove")
    gone = await house.admin.click(asked.response, label="Disconnect")
    assert "is disconnected and its key erased" in text(gone)
    calls = len(ready.upstream.requests())
    pressed = text(await press(house.sable, board, "First Officer"))
    assert "no longer leads anywhere" in pressed
    released = text(await house.pip.click(receipt.response, label="Release"))
    assert "no longer on offer" in released
    posted = text(await house.host.click(draft.response, label="Post"))
    assert "no longer exists" in posted
    assert len(ready.upstream.requests()) == calls
    assert ready.holders("Observer") == [PIP]
    assert "No workspace is connected" in text(await ready.slash(house.admin, "workspace list"))
    assert await ready.choices(house.pip, "claim", "session") == {}


async def test_the_question_can_be_answered_once(ready: Stage) -> None:
    house = ready.house
    first = await ready.slash(house.admin, "workspace remove")
    second = await ready.slash(house.admin, "workspace remove")
    await house.admin.click(first.response, label="Disconnect")
    again = await house.admin.click(second.response, label="Disconnect")
    assert "not connected here any more" in text(again)


async def test_a_tampered_disconnect_by_somebody_else_is_refused(ready: Stage) -> None:
    own = await ready.draft(ready.house, seeds.record_id("northgate/later"))
    refused = text(await craft(ready.house.host, own.response, "removews:1:1"))
    assert "Manage Server" in refused
    assert "is connected" in text(await ready.slash(ready.house.admin, "workspace test"))


async def test_removing_and_connecting_again_starts_afresh(ready: Stage) -> None:
    house = ready.house
    asked = await ready.slash(house.admin, "workspace remove")
    await house.admin.click(asked.response, label="Disconnect")
    assert "is connected" in text(await ready.setup(house, V2))
    board = await ready.post(house)
    assert text(await press(house.pip, board, "First Officer")).startswith("✔")
    assert ready.holders("First Officer") == [PIP]
