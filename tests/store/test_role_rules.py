"""Rules of single roles: one per role, gone with their workspace or when they say nothing."""

import asyncio
from dataclasses import replace

import pytest

from bot.errors import Refusal
from bot.models import ClashPolicy, RoleRule
from bot.store.database import Database
from bot.store.keyring import KeyRing
from bot.store.role_rules import RoleRuleStore
from bot.store.workspaces import WorkspaceStore
from tests.store.samples import GUILD, STRANGERS, add_draft, add_workspace

BIG = 2**62 + 1


def a_rule(workspace_id: int, **changes: object) -> RoleRule:
    """Only BIG may claim Trainer."""
    rule = RoleRule(workspace_id, "staff", "trainer", "Trainer", frozenset({BIG}))
    return replace(rule, **changes)  # type: ignore[arg-type]  # fields of a test's choice


async def test_a_rule_comes_back_as_it_was_set(database: Database, keyring: KeyRing) -> None:
    number = (await add_workspace(database, keyring)).workspace_id
    store = RoleRuleStore(database)
    assert await store.get(number, "staff", "trainer") is None
    rule = a_rule(number, barred_role_ids=frozenset({3, 4}))
    await store.set(rule)
    assert await store.get(number, "staff", "trainer") == rule
    assert await store.get(number, "other", "trainer") is None
    assert await store.list_all(number) == [rule]


async def test_a_later_rule_replaces_the_earlier(database: Database, keyring: KeyRing) -> None:
    number = (await add_workspace(database, keyring)).workspace_id
    store = RoleRuleStore(database)
    helper = a_rule(number, role_id="helper", role_name="helper")
    later = a_rule(number, role_name="Lead", allowed_role_ids=frozenset({7}))
    for rule in (a_rule(number), helper, later):
        await store.set(rule)
    assert await store.list_all(number) == [helper, later]


async def test_of_many_at_once_one_stays(database: Database, keyring: KeyRing) -> None:
    number = (await add_workspace(database, keyring)).workspace_id
    store = RoleRuleStore(database)
    rules = [a_rule(number, allowed_role_ids=frozenset({n})) for n in range(1, 9)]
    await asyncio.gather(*(store.set(rule) for rule in rules))
    (kept,) = await store.list_all(number)
    assert kept in rules


async def test_a_rule_that_says_nothing_is_removed(database: Database, keyring: KeyRing) -> None:
    number = (await add_workspace(database, keyring)).workspace_id
    store = RoleRuleStore(database)
    await store.set(a_rule(number))
    await store.set(a_rule(number, allowed_role_ids=frozenset()))
    assert await store.list_all(number) == []


async def test_rules_go_with_their_workspace(database: Database, keyring: KeyRing) -> None:
    first, second = [
        (await add_workspace(database, keyring, guild)).workspace_id for guild in (GUILD, STRANGERS)
    ]
    store = RoleRuleStore(database)
    await store.set(a_rule(first))
    await store.set(a_rule(second))
    await WorkspaceStore(database, keyring).remove(GUILD, first)
    assert await store.list_all(first) == []
    assert await store.list_all(second) == [a_rule(second)]
    with pytest.raises(Refusal, match="not connected"):
        await store.set(a_rule(first))


async def test_a_workspaces_policies(database: Database, keyring: KeyRing) -> None:
    added = await add_workspace(database, keyring)
    assert (added.clash, added.barred_role_ids) == (ClashPolicy.WARN, frozenset())
    store = WorkspaceStore(database, keyring)
    changed = await store.update(
        GUILD, added.workspace_id, clash=ClashPolicy.REFUSE, barred_role_ids=frozenset({BIG})
    )
    assert changed == replace(added, clash=ClashPolicy.REFUSE, barred_role_ids=frozenset({BIG}))


@pytest.mark.parametrize("minutes", [None, 0, 1440])
async def test_a_cut_off_is_kept(minutes: int | None, database: Database, keyring: KeyRing) -> None:
    workspace = await add_workspace(database, keyring)
    draft = await add_draft(database, workspace, cutoff_minutes=minutes)
    assert draft.cutoff_minutes == minutes
    if minutes is None:
        assert draft.cut_off is None
    else:
        assert draft.cut_off is not None
        assert (draft.starts_at - draft.cut_off).total_seconds() == minutes * 60
