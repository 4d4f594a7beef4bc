"""No statement reads a whole table, so that a claim costs the same with 10 million rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine, event, text

from bot.models import (
    AnnouncementState,
    AttemptState,
    ImportLine,
    LinkNotice,
    LinkWish,
    News,
    NoticeKind,
    RobloxUser,
    RoleRule,
    Swap,
    SwapState,
    Verdict,
    WaitEnd,
    Waiter,
    WorkspaceState,
)
from bot.store.announcements import AnnouncementStore
from bot.store.app_state import AppState
from bot.store.attempts import AttemptStore
from bot.store.automation import AutomationStore
from bot.store.database import Database
from bot.store.departures import DepartureStore
from bot.store.hosting import HostingStore
from bot.store.keyring import KeyRing
from bot.store.link_imports import ImportStore
from bot.store.link_lists import LinkLists
from bot.store.link_notices import LinkNoticeStore
from bot.store.link_wishes import LinkWishStore
from bot.store.links import LinkStore
from bot.store.live_boards import LiveBoards
from bot.store.reminders import ReminderStore
from bot.store.role_rules import RoleRuleStore
from bot.store.swaps import SwapStore
from bot.store.waitlist import WaitlistStore
from bot.store.workspaces import WorkspaceStore
from tests.store.oneself import use_linking_oneself
from tests.store.samples import (
    GUILD,
    HOUR,
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
    "ix_announcements_live_by_start",
    "ix_announcements_live_guild",
    "ix_workspaces_automatic",
    "ix_announcements_drafts",
    "ix_announcements_cancel_untold",
    "uq_claim_attempts_running",
    "ix_claim_attempts_running_age",
    "ix_claim_attempts_untold",
    "uq_waitlist_member",
    "ix_waitlist_line",
    "ix_waitlist_untold",
    "ix_waitlist_board",
    "ix_waitlist_offered",
    "page",  # likewise, and limited
    "waited",  # what a step before found by the first of these two
    "ix_waitlist_untold_since",
    "ix_swaps_asked",
    "ix_swaps_carried",
    "ix_swaps_unnoted",
    "ix_swap_sides_news",
    "ix_swap_sides_due",
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
        await use_links_of_admins(database)
        await use_imports(database)
        await use_linking_oneself(database, keyring)
        await use_workspaces(database, keyring)
        await use_announcements(database, keyring)
        await use_role_rules(database, keyring)
        await use_attempts(AttemptStore(database, keyring))
        await use_waitlist(WaitlistStore(database))
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
    await store.replace(a_link(roblox_id=11), a_link())
    await store.get(GUILD, 1)
    await store.get_by_roblox(GUILD, 11)
    await store.map_by_roblox(GUILD, [11, 12, 13])
    await store.remove(GUILD, 1)


async def use_links_of_admins(database: Database) -> None:
    wishes, notices, lists = LinkWishStore(database), LinkNoticeStore(database), LinkLists(database)
    wish = LinkWish(0, GUILD, 99, 1, 10, "x", None, None, NOW)
    number = await wishes.add(wish)
    wish = replace(wish, wish_id=number)
    await wishes.get(GUILD, number)
    notice = LinkNotice(0, GUILD, 1, NoticeKind.LINKED, 10, "x", 99, NOW)
    await wishes.grant(wish, a_link(), [notice])
    await wishes.remove(number)
    await wishes.remove_before(NOW)
    await notices.get(GUILD, 1)
    await notices.get_untold(GUILD, 1)
    await notices.mark_told(1)
    await lists.count(GUILD)
    await lists.page(GUILD, 0, 10)
    _ = [part async for part in lists.walk(GUILD)]
    await lists.map_by_discord(GUILD, [1, 2])
    aged = await lists.list_aged(NOW + HOUR, 10)
    await lists.rename(aged, {10: RobloxUser(10, "y", "y")}, NOW)


async def use_imports(database: Database) -> None:
    store = ImportStore(database)
    one = await store.begin(GUILD, 99, NOW)
    await store.list_under_way()
    new = ImportLine(1, 71, 710, "x", Verdict.NEW)
    changed = ImportLine(2, 1, 720, "x", Verdict.CHANGED, a_link())
    await store.plan(one.import_id, [new, changed])
    await store.get(GUILD, one.import_id)
    await store.get_latest(GUILD)
    await store.count(one.import_id)
    await store.list_lines(one.import_id)
    await store.apply_some(one, 0, NOW)
    await store.note_applied(one.import_id, NOW)
    await store.undo_some(one, 0)
    await store.remove(one.import_id)
    await store.remove_before(NOW)


async def test_the_look_up_of_a_claim_is_one_query_by_an_index(database: Database) -> None:
    with statements() as seen:
        await LinkStore(database).get(GUILD, 1)
    ((statement, parameters),) = seen.items()
    steps = [step for step in await plan(database, statement, parameters) if step]
    index = "sqlite_autoindex_links_1" if database.dialect == "sqlite" else "pk_links"
    assert index in steps[0]
    assert "(guild_id=? AND discord_id=?)" in steps[0] or "discord_id = " in " ".join(steps)
    assert not any(reads_a_whole_table(step) for step in steps)


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
    await store.list_automatic()
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
    await use_live_boards(database)
    await store.list_live_for_session(UPSTREAM, "session")
    await store.refresh_facts(one, "Title", NOW, NOW)
    await store.set_rendered(one, "hash")
    await store.set_state(one, AnnouncementState.CLOSED, by=1, now=NOW)
    await store.set_state(one, AnnouncementState.ENDED, now=NOW)
    await store.mark_draft(one)
    await store.reset_unposted()
    await store.remove_drafts_before(NOW)


async def use_live_boards(database: Database) -> None:
    live = LiveBoards(database)
    await live.list_workspaces()
    await live.list_of(GUILD, 1)
    await live.list_ids()
    await HostingStore(database).is_untold(1)
    await HostingStore(database).list_untold(NOW, 0)
    await AutomationStore(database).list_threadless(0)
    await ReminderStore(database).list_coming(NOW, NOW + HOUR, 0)
    await DepartureStore(database).list_unchecked(NOW, NOW + HOUR, 0)


async def use_role_rules(database: Database, keyring: KeyRing) -> None:
    store = RoleRuleStore(database)
    number = (await add_workspace(database, keyring, name="ruled")).workspace_id
    await store.set(RoleRule(number, "group", "role", "Role", frozenset({1})))
    await store.get(number, "group", "role")
    await store.list_all(number)


async def use_waitlist(store: WaitlistStore) -> None:
    place = an_attempt().place
    waiter = Waiter(0, GUILD, 1, 1, 7, UPSTREAM, place, 1, 10, NOW)
    waiter = await store.join(waiter)
    await store.join(waiter)
    await store.get(waiter.waitlist_id)
    await store.list_line(UPSTREAM, "session")
    await store.list_for_member(GUILD, 1)
    await store.list_for_board(1)
    await store.list_untold(NOW, 10)
    await store.list_overdue(NOW, ("", ""))
    await store.list_odd_boards(NOW, NOW, NOW, 0)
    await store.list_unlinked(0, 10)
    offered = await store.offer(waiter, NOW, NOW)
    assert offered is not None
    await store.take_telling(offered, NOW)
    await store.put_off(offered, NOW)
    await store.mark_told([offered])
    await store.take_back(offered, NOW)
    await store.silence(offered, 2, NOW)
    ended = await store.end(waiter, WaitEnd.OVER, NOW)
    assert ended is not None
    await store.mark_told([ended])
    await store.remove(waiter)
    await store.forget_member(GUILD, 1)
    await store.forget_endings(NOW)


async def use_attempts(store: AttemptStore) -> None:
    first = an_attempt(interaction_id=1)
    await store.add(first)
    await store.add(first)
    await store.add(an_attempt(interaction_id=1))
    await store.add(an_attempt(interaction_id=2))
    await store.get(first.operation_id)
    await store.list_unsettled(10)
    await store.list_doubtful(UPSTREAM, "session")
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
    await store.list_due()
    await store.list_waiting((0, 0), 10)
    await store.list_unnoted()
    await store.note(swap.swap_id)
    again = await store.add(a_swap())
    assert isinstance(again, Swap)
    await store.accept(again.swap_id, (), "", NOW)
    await store.ask_again(again, "why")
    await store.close(replace(again, state=SwapState.DECLINED, settled_at=NOW))
