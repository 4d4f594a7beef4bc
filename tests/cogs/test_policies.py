"""Cut-off, Discord roles and clashes, as admins set them and members meet them."""

from __future__ import annotations

from bot.models import ClashPolicy
from tests.cogs.hands import button_id, claim_buttons, craft, embed_text, text
from tests.cogs.stage import Stage, override_command
from tests.cogs.stories import PIP, WREN

OTHER = "Cabin Crew Training"  # runs already; Pip holds a role in it


async def test_a_cut_off_is_shown_then_closes_and_hosts_may_still_add(stage: Stage) -> None:
    house = stage.house
    await stage.setup(house, stage.story)
    await stage.link_staff(house)
    board = await stage.post(house, cutoff=30)
    assert "✔ open for claims until <t:" in embed_text(board)
    await stage.skip(11 * 60)  # it starts in 40 minutes
    late = button_id(board, "Observer")  # as pressed before the board has followed
    refused = text(await craft(house.pip, board, late))
    assert "claims closed 30 minutes before the start" in refused
    assert stage.holders("Observer") == []
    await stage.env.advance_time(65)
    assert "⛔ claims have closed <t:" in embed_text(stage.board())
    assert all(button.get("disabled") for button in claim_buttons(stage.board()).values())
    added = await stage.slash(
        house.host, "session add", announcement="1", role="Observer", member=house.pip
    )
    assert text(added).startswith(f"✔ {house.pip.mention} is now **Observer**")
    assert stage.holders("Observer") == [PIP]


async def test_a_cut_off_in_the_past_is_pointed_out(stage: Stage) -> None:
    await stage.setup(stage.house, stage.story)
    preview = await stage.draft(stage.house, cutoff=1440)
    assert "that cut-off has passed already" in text(preview)


async def test_a_clash_is_asked_about_and_yes_claims(ready: Stage) -> None:
    await ready.set_clash(ready.house, ClashPolicy.WARN)
    pip = ready.house.pip
    asked = await ready.claim(pip, "Observer")
    assert f"You hold a role in “{OTHER}” (<t:" in text(asked)
    kept = await pip.click(asked.response, label="Cancel")
    assert text(kept) == "Nothing was changed."
    assert ready.holders("Observer") == []
    asked = await ready.claim(pip, "Observer")
    claimed = await pip.click(asked.response, label="Claim anyway")
    assert text(claimed).startswith("✔ You are **Observer**")
    moving = await ready.claim(pip, "Cabin Crew")  # in it already: only the move is asked about
    moved = await pip.click(moving.response, label="Move to Cabin Crew")
    assert text(moved).startswith("✔ You are **Cabin Crew**")
    assert ready.holders("Cabin Crew") == [PIP]


async def test_a_refused_clash_cannot_be_confirmed(ready: Stage) -> None:
    admin, pip = ready.house.admin, ready.house.pip
    shown = text(await ready.slash(admin, "workspace settings", clash="refuse"))
    assert "Two sessions at the same time: nobody may claim both" in shown
    refused = await ready.claim(pip, "Observer")
    assert "one at a time" in text(refused)
    assert refused.response is not None
    assert refused.response.components == []
    shown = text(await ready.slash(admin, "workspace settings", clash="off"))
    assert "not looked at" in shown
    assert text(await ready.claim(pip, "Observer")).startswith("✔")


async def test_a_barred_role_and_how_it_is_cleared(ready: Stage) -> None:
    house, ping = ready.house, ready.house.roles["staff"]
    shown = text(await ready.slash(house.admin, "workspace settings", barred_role=ping))
    assert f"may claim: everybody, but not {ping.mention}" in shown
    refused = text(await ready.claim(house.pip, "Observer"))
    assert f"With the Discord role {ping.mention} you cannot claim" in refused
    shown = text(await ready.slash(house.admin, "workspace settings", everyone_claims=True))
    assert "may claim: everybody ·" in shown
    assert text(await ready.claim(house.pip, "Observer")).startswith("✔")


async def test_a_rule_for_one_role_only(ready: Stage) -> None:
    house, admin, ping = ready.house, ready.house.admin, ready.house.roles["ping"]
    offered = await ready.choices(admin, "workspace settings", "only_for", "Observer")
    value = next(iter(offered.values()))
    shown = text(await ready.slash(admin, "workspace settings", only_for=value, staff_role=ping))
    assert f"Only for **Observer**, may claim: {ping.mention}" in shown
    assert "may claim: everybody ·" in shown
    refused = text(await ready.claim(house.pip, "Observer"))
    assert f"need the Discord role {ping.mention}" in refused
    assert text(await ready.claim(house.pip, "Cabin Crew")).startswith("✔")
    shown = text(
        await ready.slash(admin, "workspace settings", only_for="observer", everyone_claims=True)
    )
    assert "Only for" not in shown
    assert text(await ready.claim(house.wren, "Observer")).startswith("✔")
    assert ready.holders("Observer") == [WREN]


async def test_only_for_needs_a_role_and_a_rule(ready: Stage) -> None:
    admin, ping = ready.house.admin, ready.house.roles["ping"]
    alone = text(await ready.slash(admin, "workspace settings", only_for="Observer"))
    assert "say the rule as well" in alone
    unknown = text(
        await ready.slash(admin, "workspace settings", only_for="Wizard", staff_role=ping)
    )
    assert "names no role" in unknown
    assert "Observer" in unknown
    override_command(ready.house, "workspace")
    assert await ready.choices(ready.house.host, "workspace settings", "only_for") == {}
