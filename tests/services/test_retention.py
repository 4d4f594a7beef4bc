"""Days pass: history goes, and what a removal promised is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import KeyErased
from bot.models import Workspace, WorkspaceState
from bot.services.outcomes import Code
from bot.store.removed_guilds import RemovedGuildStore
from bot.store.retention import RetentionStore
from tests.services.bench import ADMIN, ANA, GUILD, KEY, STRANGERS, Bench, actor
from tests.services.conftest import Posted
from tests.services.private import LIMITS, Private

DAY = timedelta(days=1)


@pytest.fixture
def private(bench: Bench) -> Private:
    return Private(bench)


async def test_once_a_day_also_across_restarts(
    bench: Bench, private: Private, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    drop = RetentionStore.drop_history

    async def watched(store: RetentionStore, *how: Any) -> dict[str, int]:
        asked.append(how)
        return await drop(store, *how)

    monkeypatch.setattr(RetentionStore, "drop_history", watched)
    await private.ready()
    await private.retention.run_due()
    assert len(asked) == 1
    bench.clock.now += DAY
    await private.retention.run_due()
    assert len(asked) == 2
    after = await private.crash()
    await after.retention.run_due()
    assert len(asked) == 2
    await after.bench.workspaces.aclose()


async def test_old_claims_go_and_unsettled_ones_never(
    bench: Bench, posted: Posted, private: Private
) -> None:
    await bench.claims.claim(bench.press(posted.helper, ANA))
    bench.clock.now += DAY * (LIMITS.journal + 1)
    await private.retention.run_due()
    assert await bench.journal(ANA) == []


async def test_a_removed_guild_is_left_alone_and_its_key_is_gone(
    bench: Bench, posted: Posted, workspace: Workspace, private: Private
) -> None:
    other = await bench.add_workspace(STRANGERS)
    await private.removed.note_removed(GUILD)
    assert bench.platform.closed == 1  # its client, and with it the pool
    assert await bench.live.list_ids() == set()
    assert [one.workspace_id for one in await bench.workspaces.list_anywhere()] == [
        other.workspace_id
    ]
    bench.platform.reads = bench.platform.lists = 0
    await bench.catch_up()
    assert (bench.platform.reads, bench.platform.lists) == (0, 0)
    with pytest.raises(KeyErased):
        async with bench.workspaces.watch(workspace.workspace_id):
            pass
    (after,) = await bench.workspaces.list_all(GUILD)
    assert after.state is WorkspaceState.NO_KEY


async def test_invited_again_only_the_key_is_missing(
    bench: Bench, posted: Posted, workspace: Workspace, private: Private
) -> None:
    await private.removed.note_removed(GUILD)
    await private.removed.note_present([GUILD, STRANGERS])
    refused = await bench.claims.claim(bench.press(posted.trainer, ANA))
    assert (refused.code, refused.what) == (Code.KEY, "key")
    await bench.workspaces.set_key(actor(ADMIN), workspace.workspace_id, KEY)
    claimed = await bench.claims.claim(bench.press(posted.trainer, ANA))
    assert claimed.code is Code.CLAIMED
    bench.clock.now += DAY * (LIMITS.removed_guilds + 1)
    await private.retention.run_due()
    assert len(await bench.workspaces.list_all(GUILD)) == 1


async def test_a_call_in_flight_does_not_bring_the_state_back(
    bench: Bench, posted: Posted, workspace: Workspace, private: Private
) -> None:
    async with bench.workspaces.watch(workspace.workspace_id):
        await private.removed.note_removed(GUILD)
    (after,) = await bench.workspaces.list_all(GUILD)
    assert after.state is WorkspaceState.NO_KEY


async def test_data_goes_after_the_time_and_not_before(
    bench: Bench, posted: Posted, private: Private
) -> None:
    bench.messenger.taken_out_of.add(GUILD)
    await private.removed.note_removed(GUILD)
    await private.ready(STRANGERS)
    bench.clock.now += DAY * LIMITS.removed_guilds
    await private.retention.run_due()
    assert len(await bench.workspaces.list_all(GUILD)) == 1
    bench.clock.now += DAY * 2
    await private.retention.run_due()
    assert await bench.workspaces.list_all(GUILD) == []
    assert await bench.links.get(GUILD, ANA) is None


async def test_who_was_invited_again_unnoticed_keeps_all(
    bench: Bench, posted: Posted, private: Private
) -> None:
    await private.ready()
    await private.removed.note_removed(GUILD)  # and Muster is there again when the time has come
    bench.clock.now += DAY * (LIMITS.removed_guilds + 1)
    await private.retention.run_due()
    assert len(await bench.workspaces.list_all(GUILD)) == 1
    assert len(await bench.live.list_ids()) == 1


async def test_an_absent_guild_is_no_removed_guild(
    bench: Bench, posted: Posted, private: Private
) -> None:
    """An outage, a missing shard, a start without the guild: nothing is erased for these."""
    bench.messenger.taken_out_of.add(GUILD)
    await private.removed.note_present([STRANGERS])
    bench.clock.now += DAY * (LIMITS.removed_guilds + 5)
    await private.retention.run_due()
    (workspace,) = await bench.workspaces.list_all(GUILD)
    assert workspace.state is WorkspaceState.OK


async def test_a_database_out_of_order_only_delays_the_keys(
    bench: Bench, posted: Posted, private: Private, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> list[int]:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr("bot.store.removed_guilds.RemovedGuildStore.mark_removed", broken)
        with pytest.raises(OSError, match="disk full"):
            await private.removed.note_removed(GUILD)
    await private.removed.catch_up()
    (after,) = await bench.workspaces.list_all(GUILD)
    assert after.state is WorkspaceState.NO_KEY


async def test_taken_out_and_invited_within_a_moment(
    bench: Bench, posted: Posted, private: Private
) -> None:
    removed = private.removed
    await asyncio.gather(removed.note_removed(GUILD), removed.note_present([GUILD]))
    await removed.catch_up()
    assert len(await bench.live.list_ids()) == 1


async def test_nothing_goes_before_discord_has_named_the_guilds(
    bench: Bench, posted: Posted, private: Private
) -> None:
    """Muster may have been invited again while its process was down."""
    await private.removed.note_removed(GUILD)
    bench.messenger.taken_out_of.add(GUILD)  # nothing is in memory yet
    bench.clock.now += DAY * (LIMITS.removed_guilds + 1)
    after = await private.crash()
    await after.retention.run_due()
    assert len(await bench.workspaces.list_all(GUILD)) == 1
    await after.ready(GUILD)
    await after.retention.run_due()
    assert len(await bench.workspaces.list_all(GUILD)) == 1
    await after.removed.note_removed(GUILD)
    bench.clock.now += DAY * (LIMITS.removed_guilds + 1)
    last = await after.crash()
    await last.retention.run_due()
    assert len(await bench.workspaces.list_all(GUILD)) == 1
    await last.ready()
    await last.retention.run_due()  # on the same day
    assert await bench.workspaces.list_all(GUILD) == []
    await last.bench.workspaces.aclose()


async def test_who_is_just_being_noted_as_back_is_not_erased(
    bench: Bench, posted: Posted, private: Private, monkeypatch: pytest.MonkeyPatch
) -> None:
    await private.ready()
    await private.removed.note_removed(GUILD)
    bench.messenger.taken_out_of.add(GUILD)
    bench.clock.now += DAY * (LIMITS.removed_guilds + 1)
    begun, go_on = asyncio.Event(), asyncio.Event()
    real = RemovedGuildStore.mark_joined

    async def slow(store: RemovedGuildStore, guild_ids: Collection[int]) -> list[int]:
        begun.set()
        await go_on.wait()
        return await real(store, guild_ids)

    monkeypatch.setattr(RemovedGuildStore, "mark_joined", slow)
    back = asyncio.create_task(private.removed.note_present([GUILD]))
    await begun.wait()
    erasing = asyncio.create_task(private.retention.run_due())
    await bench.database.check()  # the other had time to do harm
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(back, erasing)
    assert len(await bench.workspaces.list_all(GUILD)) == 1
