"""No statement reads a whole table, so that a claim costs the same with 10 million rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine, event, text

from bot.models import (
    AnnouncementState,
    AttemptState,
    News,
    RoleRule,
    Swap,
    SwapState,
    WorkspaceState,
)
from bot.store.announcements import AnnouncementStore
from bot.store.app_state import AppState
from bot.store.attempts import AttemptStore
from bot.store.database import Database
from bot.store.keyring import KeyRing
from bot.store.links import LinkStore
from bot.store.role_rules import RoleRuleStore
from bot.store.swaps import SwapStore
from bot.store.workspaces import WorkspaceStore
from tests.store.samples import (
    GUILD,
    KEY,
    NOW,
    UPSTREAM,
    a_link,
    a_swap,
    add_live,
    add_workspace,
    an_attempt,
)

# Indexes that hold only what is live or running: reading one from end to end is cheap.
SMALL = (
    "uq_announcements_live",
    "ix_announcements_live_session",
    "ix_announcements_drafts",
    "uq_claim_attempts_running",
    "ix_claim_attempts_running_age",
    "ix_claim_attempts_untold",
    "ix_swaps_asked",
    "ix_swaps_carried",
    "ix_swaps_unnoted",
    "ix_swap_sides_news",
)


@contextmanager
def statements() -> Iterator[dict[str, Any]]:
    """Collects every statement with one set of its parameters."""
    seen: dict[str, Any] = {}

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE", "INSERT")):
            seen[statement] = parameters[0] if many else parameters

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def plan(database: Database, statement: str, parameters: Any) -> list[str]:
    """What the database would do, one step a line."""
    word = "EXPLAIN QUERY PLAN" if database.dialect == "sqlite" else "EXPLAIN"
    async with database.write() as connection:
        if database.dialect == "postgresql":  # else it reads a table of no rows from end to end
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
            await connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        rows = await connection.exec_driver_sql(f"{word} {statement}", parameters)
        return [str(row[-1]) for row in rows]


def reads_a_whole_table(step: str) -> bool:
    """Whether this step of a plan looks at every row of a table that grows."""
    if "Seq Scan" in step:
        return True
    return step.startswith("SCAN ") and not step.endswith(SMALL) and "CONSTANT" not in step


async def test_no_statement_reads_a_whole_table(database: Database, keyring: KeyRing) -> None:
    with statements() as seen:
        await use_links(LinkStore(database))
        await use_workspaces(database, keyring)
        await use_announcements(database, keyring)
        await use_role_rules(database, keyring)
        await use_attempts(AttemptStore(database, keyring))
        await use_swaps(database, keyring)
        await AppState(database).set("key", "value")
        await AppState(database).get("key")
    assert len(seen) > 35
    plans = {statement: await plan(database, statement, seen[statement]) for statement in seen}
    assert all(steps for statement, steps in plans.items() if not statement.startswith("INSERT"))
    slow = {
        statement: steps
        for statement, steps in plans.items()
        if any(reads_a_whole_table(step) for step in steps)
    }
    assert slow == {}


async def test_the_check_above_notices_a_whole_table(database: Database) -> None:
    steps = await plan(database, "SELECT * FROM links WHERE username = 'x'", ())
    assert any(reads_a_whole_table(step) for step in steps)


async def use_links(store: LinkStore) -> None:
    await store.add(a_link())
    await store.add(a_link())
    await store.replace(a_link(roblox_id=11))
    await store.get(GUILD, 1)
    await store.get_by_roblox(GUILD, 11)
    await store.map_by_roblox(GUILD, [11, 12, 13])
    await store.remove(GUILD, 1)


async def use_workspaces(database: Database, keyring: KeyRing) -> None:
    """All but `list_anywhere` and `rotate_keys_anywhere`, which are for every workspace."""
    store = WorkspaceStore(database, keyring)
    workspace_id = (await add_workspace(database, keyring, name="first")).workspace_id
    await store.get(GUILD, workspace_id)
    await store.get_anywhere(workspace_id)
    await store.get_by_name(GUILD, "first")
    await store.list_all(GUILD)
    await store.get_key(workspace_id)
    await store.set_key(GUILD, workspace_id, KEY, NOW)
    await store.update(GUILD, workspace_id, ping_role_id=1)
    await store.set_state(workspace_id, WorkspaceState.DOWN, NOW)
    await store.remove(GUILD, workspace_id)


async def use_announcements(database: Database, keyring: KeyRing) -> None:
    store = AnnouncementStore(database)
    live = await add_live(database, await add_workspace(database, keyring))
    one = live.announcement_id
    (opening,) = await store.sync_openings(one, [(an_attempt().place, "Role", "Server")])
    await store.get_opening(GUILD, opening.opening_id)
    await store.get_opening_anywhere(opening.opening_id)
    await store.get_anywhere(one)
    await store.list_live(GUILD)
    await store.list_live_anywhere()
    await store.list_live_for_session(UPSTREAM, "session")
    await store.refresh_facts(one, "Title", NOW, NOW)
    await store.set_rendered(one, "hash")
    await store.set_state(one, AnnouncementState.CLOSED, by=1, now=NOW)
    await store.set_state(one, AnnouncementState.ENDED, now=NOW)
    await store.mark_draft(one)
    await store.reset_unposted()
    await store.remove_drafts_before(NOW)


async def use_role_rules(database: Database, keyring: KeyRing) -> None:
    store = RoleRuleStore(database)
    number = (await add_workspace(database, keyring, name="ruled")).workspace_id
    await store.set(RoleRule(number, "group", "role", "Role", frozenset({1})))
    await store.get(number, "group", "role")
    await store.list_all(number)


async def use_attempts(store: AttemptStore) -> None:
    first = an_attempt(interaction_id=1)
    await store.add(first)
    await store.add(first)
    await store.add(an_attempt(interaction_id=1))
    await store.add(an_attempt(interaction_id=2))
    await store.get(first.operation_id)
    await store.list_unsettled(10)
    await store.list_unsettled_for(UPSTREAM, "session")
    await store.list_untold(GUILD, 1)
    await store.list_unanswered(NOW, 10)
    await store.take(replace(first, owner=1))
    await store.mark_sent(first, NOW)
    await store.erase_token(first.operation_id)
    await store.count_unsettled()
    await store.list_for_member(GUILD, 1, 10)
    await store.save(replace(first, state=AttemptState.CONFIRMED))
    await store.mark_told([first.operation_id])


async def use_swaps(database: Database, keyring: KeyRing) -> None:
    attempts = AttemptStore(database, keyring)
    store = SwapStore(database, keyring, attempts)
    swap = await store.add(a_swap())
    assert isinstance(swap, Swap)
    rows = [an_attempt(operation_id=f"{swap.key}0claim", roblox_id=77)]
    await store.get_live(swap.proposer.opening_id, swap.proposer.roblox_id)
    await store.accept(swap.swap_id, rows, "token", NOW)
    await store.list_carried()
    await store.list_expired(NOW)
    await store.take(replace(swap, owner=1))
    await store.record(swap, "0 release old", NOW)
    await store.pause(swap)
    await store.turn_back(swap)
    ended = replace(swap, state=SwapState.UNDONE, settled_at=NOW, noted=False)
    await store.settle(ended, rows, [an_attempt()])
    await store.hear(swap.swap_id, swap.proposer.discord_id, News.KEPT)
    await store.list_news(GUILD, swap.proposer.discord_id)
    await store.list_all_news()
    await store.list_unnoted()
    await store.note(swap.swap_id)
    again = await store.add(a_swap())
    assert isinstance(again, Swap)
    await store.accept(again.swap_id, (), "", NOW)
    await store.ask_again(again)
    await store.close(replace(again, state=SwapState.DECLINED, settled_at=NOW))
