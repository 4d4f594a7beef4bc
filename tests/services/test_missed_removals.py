"""Muster was taken out while nobody heard it, or while it could not be stored."""

from __future__ import annotations

import pytest

from bot.errors import MessengerError
from bot.models import Workspace, WorkspaceState
from tests.services.bench import GUILD, STRANGERS, Bench
from tests.services.private import APPLICATION, Private

OK, NO_KEY = WorkspaceState.OK, WorkspaceState.NO_KEY


@pytest.fixture
async def private(bench: Bench, workspace: Workspace) -> Private:
    """Two guilds, of which Discord has told before; the process that starts next."""
    await bench.add_workspace(STRANGERS)
    before = Private(bench)
    await before.ready(GUILD, STRANGERS)
    return Private(bench)


async def states(bench: Bench) -> list[WorkspaceState]:
    """Of the workspaces of GUILD and STRANGERS."""
    found = [await bench.workspaces.list_all(guild_id) for guild_id in (GUILD, STRANGERS)]
    return [workspaces[0].state for workspaces in found]


async def test_a_removal_while_the_process_was_down_is_noticed_at_the_start(
    bench: Bench, private: Private
) -> None:
    bench.messenger.taken_out_of.add(GUILD)
    await private.ready(STRANGERS)
    assert await states(bench) == [NO_KEY, OK]


async def test_a_guild_that_discord_only_forgot_to_name_keeps_its_keys(
    bench: Bench, private: Private
) -> None:
    await private.ready(STRANGERS)
    assert await states(bench) == [OK, OK]


async def test_another_bots_token_erases_nothing(bench: Bench, private: Private) -> None:
    bench.messenger.taken_out_of |= {GUILD, STRANGERS}
    await private.ready(application_id=APPLICATION + 1)
    assert await states(bench) == [OK, OK]


async def test_while_discord_does_not_answer_nothing_goes_and_then_it_does(
    bench: Bench, private: Private
) -> None:
    bench.messenger.taken_out_of.add(GUILD)
    bench.messenger.error = MessengerError("Discord cannot be reached.")
    await private.ready(STRANGERS)
    assert await states(bench) == [OK, OK]
    bench.messenger.error = None
    await private.removed.catch_up()
    assert await states(bench) == [NO_KEY, OK]


async def test_who_invites_muster_meanwhile_keeps_all(bench: Bench, private: Private) -> None:
    bench.messenger.taken_out_of.add(GUILD)
    bench.messenger.error = MessengerError("Discord cannot be reached.")
    await private.ready(STRANGERS)
    bench.messenger.error = None
    await private.removed.note_present([GUILD])
    await private.removed.catch_up()
    assert await states(bench) == [OK, OK]


async def test_a_removal_that_could_not_be_stored_survives_a_kill(
    bench: Bench, private: Private, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> list[int]:
        raise OSError("disk full")

    bench.messenger.taken_out_of.add(GUILD)
    await private.ready(GUILD, STRANGERS)
    with monkeypatch.context() as patch:
        patch.setattr("bot.store.removed_guilds.RemovedGuildStore.mark_removed", broken)
        with pytest.raises(OSError, match="disk full"):
            await private.removed.note_removed(GUILD)
    after = await private.crash()  # before the next try
    await after.ready(STRANGERS)
    assert await states(bench) == [NO_KEY, OK]
    await after.bench.workspaces.aclose()


async def test_a_start_whose_database_is_away_compares_later(
    bench: Bench, private: Private, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> list[int]:
        raise OSError("disk full")

    await private.removed.note_removed(GUILD)
    after = await private.crash()
    with monkeypatch.context() as patch:
        patch.setattr("bot.store.removed_guilds.RemovedGuildStore.mark_joined", broken)
        with pytest.raises(OSError, match="disk full"):
            await after.ready(GUILD, STRANGERS)
    assert len(await bench.live.list_workspaces()) == 0
    await after.removed.catch_up()
    assert await after.removed._store.list_removed() == []
    await after.bench.workspaces.aclose()
