"""Rules of single roles, as admins set them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import NotPermitted, Refusal
from bot.models import RoleRule, Workspace
from bot.services.outcomes import Code
from tests.services.bench import ANA, BEN, HOST, STRANGERS, Bench, actor
from tests.services.conftest import Posted
from tests.services.worlds import HELPER, SESSION, TRAINER

CREW, ROOKIES = frozenset({501}), frozenset({502})


async def test_a_rule_is_set_half_by_half(bench: Bench, workspace: Workspace) -> None:
    rule = await bench.role_rules.set(actor(), workspace, " trainer ", allowed=CREW, barred=None)
    number = workspace.workspace_id
    assert rule == RoleRule(number, "staff", "trainer", "Trainer", CREW, frozenset())
    rule = await bench.role_rules.set(actor(), workspace, "Trainer", allowed=None, barred=ROOKIES)
    assert (rule.allowed_role_ids, rule.barred_role_ids) == (CREW, ROOKIES)
    assert await bench.role_rules.list_all(workspace) == [rule]


async def test_a_rule_that_says_nothing_is_gone(bench: Bench, workspace: Workspace) -> None:
    await bench.role_rules.set(actor(), workspace, "Trainer", allowed=CREW, barred=None)
    nobody: frozenset[int] = frozenset()
    await bench.role_rules.set(actor(), workspace, "Trainer", allowed=nobody, barred=None)
    assert await bench.role_rules.list_all(workspace) == []


async def test_what_autocomplete_offers_can_be_chosen(bench: Bench, workspace: Workspace) -> None:
    await bench.catalog.get_recent(workspace.workspace_id)
    choices = await bench.role_rules.list_roles(actor(), "")
    assert [choice.name for choice in choices] == ["Guard", "Helper", "Trainer"]
    assert len({choice.value for choice in choices}) == 3
    rule = await bench.role_rules.set(
        actor(), workspace, choices[1].value, allowed=CREW, barred=None
    )
    assert rule.role_id == HELPER.role_id


async def test_a_role_that_is_offered_no_more_keeps_its_rule_in_reach(
    bench: Bench, workspace: Workspace
) -> None:
    await bench.role_rules.set(actor(), workspace, "Trainer", allowed=CREW, barred=None)
    bench.platform.sessions["training"] = replace(SESSION, roles=(HELPER,))
    bench.catalog.expire(workspace.workspace_id)
    nobody: frozenset[int] = frozenset()
    await bench.role_rules.set(actor(), workspace, "trainer", allowed=nobody, barred=None)
    assert await bench.role_rules.list_all(workspace) == []


async def test_two_roles_of_one_name_are_told_apart_by_their_choice(
    bench: Bench, workspace: Workspace
) -> None:
    twin = replace(TRAINER, group_id="night", group_name="Night", role_id="other")
    bench.platform.sessions["training"] = replace(SESSION, roles=(TRAINER, twin))
    await bench.catalog.get_recent(workspace.workspace_id)
    choices = await bench.role_rules.list_roles(actor(), "")
    (night,) = [choice for choice in choices if choice.group_name == "Night"]
    rule = await bench.role_rules.set(actor(), workspace, night.value, allowed=CREW, barred=None)
    assert (rule.group_id, rule.role_id) == ("night", "other")


async def test_an_unknown_role_is_refused_with_those_that_there_are(
    bench: Bench, workspace: Workspace
) -> None:
    with pytest.raises(Refusal, match=r"Roles I know of: Guard, Helper, Trainer\."):
        await bench.role_rules.set(actor(), workspace, "Wizard", allowed=CREW, barred=None)
    bench.platform.sessions.clear()
    other = await bench.add_workspace(STRANGERS, "Theirs")
    with pytest.raises(Refusal, match="none yet"):
        await bench.role_rules.set(
            actor(guild_id=STRANGERS), other, "Trainer", allowed=CREW, barred=None
        )


async def test_admins_only(bench: Bench, workspace: Workspace) -> None:
    await bench.catalog.get_recent(workspace.workspace_id)
    for who in (HOST, ANA):
        assert await bench.role_rules.list_roles(actor(who), "") == []
        with pytest.raises(NotPermitted):
            await bench.role_rules.set(actor(who), workspace, "Trainer", allowed=CREW, barred=None)
    assert await bench.role_rules.list_all(workspace) == []


async def test_with_several_workspaces_one_must_be_named(
    bench: Bench, workspace: Workspace
) -> None:
    await bench.add_workspace(name="Second")
    await bench.catalog.get_recent(workspace.workspace_id)
    assert await bench.role_rules.list_roles(actor(), "") == []
    assert len(await bench.role_rules.list_roles(actor(), workspace.name)) == 3


async def test_the_rule_decides_who_may_claim(
    bench: Bench, workspace: Workspace, posted: Posted
) -> None:
    await bench.role_rules.set(actor(), workspace, "Trainer", allowed=CREW, barred=ROOKIES)
    without = await bench.claims.claim(bench.press(posted.trainer, BEN))
    barred = await bench.claims.claim(bench.press(posted.trainer, ANA, *CREW, *ROOKIES))
    assert {without.code, barred.code} == {Code.NOT_ELIGIBLE_DISCORD}
    assert (await bench.claims.claim(bench.press(posted.trainer, BEN, *CREW))).code is Code.CLAIMED
    assert (await bench.claims.claim(bench.press(posted.helper, ANA))).code is Code.CLAIMED
