"""A line about a key that Discord did not take is posted at a later occasion, once."""

from __future__ import annotations

import asyncio

from bot.errors import ChannelLost, MessengerError
from bot.models import Workspace
from bot.services.key_notices import PAUSE
from tests.services.bench import GUILD, Bench, actor
from tests.services.test_workspaces import DOWN, KEY_REFUSED, OK, see

AGAIN = PAUSE.total_seconds()
OTHER_CHANNEL = 99


async def fail(bench: Bench, workspace: Workspace, error: MessengerError) -> None:
    """The key is refused while Discord takes nothing."""
    bench.messenger.error = error
    await see(bench, workspace, KEY_REFUSED)
    bench.messenger.error = None


async def test_it_is_posted_once_when_discord_is_back(bench: Bench, workspace: Workspace) -> None:
    await fail(bench, workspace, MessengerError("Discord answered 500."))
    bench.clock.advance(AGAIN - 1)
    await see(bench, workspace, KEY_REFUSED, KEY_REFUSED)
    assert bench.messenger.notices == []  # not at once: a rush would try for every press
    bench.clock.advance(1)
    await asyncio.gather(*(see(bench, workspace, KEY_REFUSED) for _ in range(20)))
    ((_, text),) = bench.messenger.notices
    assert "refuses the key" in text
    bench.clock.advance(10 * AGAIN)
    await see(bench, workspace, KEY_REFUSED, DOWN, KEY_REFUSED)
    assert len(bench.messenger.notices) == 1


async def test_it_goes_to_the_channel_of_that_day(bench: Bench, workspace: Workspace) -> None:
    await fail(bench, workspace, ChannelLost("gone"))
    number = workspace.workspace_id
    await bench.workspace_store.update(GUILD, number, log_channel_id=OTHER_CHANNEL)
    bench.clock.advance(AGAIN)
    await see(bench, workspace, KEY_REFUSED)
    ((channel, _),) = bench.messenger.notices
    assert channel == OTHER_CHANNEL


async def test_a_later_change_takes_its_place(bench: Bench, workspace: Workspace) -> None:
    await fail(bench, workspace, MessengerError("Discord answered 500."))
    await see(bench, workspace, OK)
    bench.clock.advance(AGAIN)
    await see(bench, workspace, OK)
    ((_, text),) = bench.messenger.notices
    assert "works again" in text


async def test_a_new_key_settles_it(bench: Bench, workspace: Workspace) -> None:
    await fail(bench, workspace, MessengerError("Discord answered 500."))
    await bench.workspaces.set_key(actor(), workspace.workspace_id, "another-key")
    bench.clock.advance(AGAIN)
    await see(bench, workspace, OK)
    assert bench.messenger.notices == []
