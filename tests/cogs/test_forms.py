"""A form gives nobody the rights of the moment in which it was opened."""

from __future__ import annotations

from simcord import MemberActor

from tests.cogs.hands import embed_text, fields_of, text, type_key
from tests.cogs.stage import Stage
from tests.cogs.stories import V2


async def lose(stage: Stage, who: MemberActor, role: str) -> None:
    """Somebody takes the Discord role from the member."""
    guild, role_id = stage.house.guild, stage.house.roles[role].id
    stage.env.backend.remove_member_role(guild.id, who.id, role_id)
    await stage.env.settle()


async def test_who_is_no_admin_any_more_connects_nothing(stage: Stage) -> None:
    house = stage.house
    shown = await house.admin.slash(
        house.chat, "setup", provider="readmin-v2", announcements=house.board,
        address=stage.upstream.base_url,
    )  # fmt: skip
    await lose(stage, house.admin, "admin")
    assert "Manage Server" in text(await type_key(house.admin, shown, V2.key))
    assert await stage.bot.services.workspaces.list_all(house.guild.id) == []
    assert stage.upstream.requests() == []


async def test_who_is_no_admin_any_more_changes_no_key(ready: Stage) -> None:
    house, workspaces = ready.house, ready.bot.services.workspaces
    before = await workspaces.list_all(house.guild.id)
    shown = await ready.slash(house.admin, "workspace key")
    await lose(ready, house.admin, "admin")
    seen = len(ready.upstream.requests())
    assert "Manage Server" in text(await type_key(house.admin, shown, V2.key))
    assert await workspaces.list_all(house.guild.id) == before
    assert len(ready.upstream.requests()) == seen


async def test_who_is_no_admin_any_more_enters_no_service_key(stage: Stage) -> None:
    house, store = stage.house, stage.bot.services.oneself.services._store
    panel = await stage.slash(house.admin, "links services")
    shown = await house.admin.click(panel.response, label="Bloxlink: enter the key")
    await lose(stage, house.admin, "admin")
    assert "Manage Server" in text(await type_key(house.admin, shown, "blox_key_of_the_guild"))
    assert await store.list_all(house.guild.id) == []


async def test_who_is_no_host_any_more_edits_and_cancels_nothing(ready: Stage) -> None:
    admin = ready.house.admin  # whoever posted a session stays its host
    panel = await ready.slash(admin, "session edit", announcement="1")
    forms = [
        await admin.click(panel.response, label=label)
        for label in ("Edit note and cut-off", "Cancel the session")
    ]
    await lose(ready, admin, "admin")
    for form in forms:
        sent = await admin.submit_modal(form, {fields_of(form)[0]: "Storm"})
        assert "can do this" in text(sent)
    assert "Storm" not in embed_text(ready.board())
