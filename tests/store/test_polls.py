"""Last polls, and the screen that they are for."""

from __future__ import annotations

from bot.models import AttemptState, WorkspaceState
from bot.store.attempts import AttemptStore
from bot.store.database import Database
from bot.store.keyring import KeyRing
from bot.store.overview import OverviewStore
from bot.store.polls import PolledWorkspace, PollStore
from bot.store.workspaces import WorkspaceStore
from tests.store.samples import (
    GUILD,
    HOUR,
    NOW,
    STRANGERS,
    add_draft,
    add_live,
    add_workspace,
    an_attempt,
)


async def test_the_latest_poll_of_each_workspace_is_kept(
    database: Database, keyring: KeyRing
) -> None:
    one, two = [await add_workspace(database, keyring, name=name) for name in ("one", "two")]
    store = PollStore(database)
    numbers = [one.workspace_id, two.workspace_id]
    await store.save([PolledWorkspace(number, NOW, "ok") for number in numbers])
    later = PolledWorkspace(one.workspace_id, NOW + HOUR, "Unavailable")
    await store.save([later, PolledWorkspace(12_345, NOW, "ok")])  # removed meanwhile
    seen = {line.name: line for line in (await OverviewStore(database).look(9)).lines}
    assert (seen["one"].polled_at, seen["one"].result) == (NOW + HOUR, "Unavailable")
    assert (seen["two"].polled_at, seen["two"].result) == (NOW, "ok")
    await WorkspaceStore(database, keyring).remove(GUILD, one.workspace_id)
    assert [line.name for line in (await OverviewStore(database).look(9)).lines] == ["two"]


async def test_nothing_to_save(database: Database) -> None:
    await PollStore(database).save([])


async def test_the_overview_counts_across_guilds(database: Database, keyring: KeyRing) -> None:
    ours, down = [await add_workspace(database, keyring, name=name) for name in ("a", "b")]
    await add_workspace(database, keyring, STRANGERS)
    await add_live(database, ours)
    await add_live(database, ours, "another session")
    await add_draft(database, down)
    await WorkspaceStore(database, keyring).set_state(
        down.workspace_id, WorkspaceState.DOWN, NOW + HOUR
    )
    journal = AttemptStore(database, keyring)
    await journal.add(an_attempt(created_at=NOW + HOUR))
    await journal.add(an_attempt(roblox_id=11))
    await journal.add(an_attempt(roblox_id=12, state=AttemptState.CONFIRMED))
    overview = await OverviewStore(database).look(2)
    assert (overview.guilds, overview.workspaces, overview.boards) == (2, 3, 2)
    assert overview.states == {WorkspaceState.OK: 2, WorkspaceState.DOWN: 1}
    assert (overview.unsettled, overview.oldest_unsettled) == (2, NOW)
    first, _ = overview.lines
    assert (first.name, first.state, first.boards, first.polled_at, first.result) \
        == ("b", WorkspaceState.DOWN, 0, None, "")  # fmt: skip


async def test_an_empty_database(database: Database) -> None:
    overview = await OverviewStore(database).look(9)
    assert (overview.guilds, overview.unsettled, overview.oldest_unsettled) == (0, 0, None)
    assert overview.lines == []
