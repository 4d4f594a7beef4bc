"""Every announcement of a workspace with threads gets one, whatever happens in between."""

from __future__ import annotations

import pytest

from bot.errors import ChannelLost, Refusal
from bot.models import AnnouncementState, Workspace
from tests.services.automatic import Automatic, wanting
from tests.services.bench import CHANNEL, LOG_CHANNEL, Bench, actor
from tests.services.conftest import Posted
from tests.services.worlds import SESSION

MESSAGE = 1001


@pytest.fixture
def automatic(bench: Bench, posted: Posted) -> Automatic:
    """SESSION is posted."""
    return Automatic(bench)


async def test_off_by_default(automatic: Automatic) -> None:
    await automatic.open_threads()
    assert automatic.bench.messenger.threads == {}


async def test_opened_once_and_remembered(automatic: Automatic, workspace: Workspace) -> None:
    await wanting(automatic.bench, workspace, threads=True)
    await automatic.open_threads()
    assert automatic.bench.messenger.threads == {MESSAGE: SESSION.name}
    assert [one.thread_id for one in await automatic.announced()] == [MESSAGE]
    automatic.bench.messenger.threads.clear()
    after = await automatic.crash()
    await after.open_threads()
    assert after.bench.messenger.threads == {}


async def test_not_for_what_is_over(automatic: Automatic, workspace: Workspace) -> None:
    bench = automatic.bench
    await wanting(bench, workspace, threads=True)
    (announcement,) = await automatic.announced()
    await bench.announcements.set_state(
        announcement.announcement_id, AnnouncementState.ENDED, now=bench.clock()
    )
    await automatic.open_threads()
    assert bench.messenger.threads == {}


async def test_a_failure_is_told_once_and_tried_again_later(
    automatic: Automatic, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, tries = automatic.bench, []
    await wanting(bench, workspace, threads=True)
    bench.messenger.missing_for_threads = ["Create Public Threads"]
    open_thread = bench.messenger.open_thread

    async def fail(*_: object) -> int:
        tries.append(bench.clock())
        raise ChannelLost("Muster cannot use the channel.")

    monkeypatch.setattr(bench.messenger, "open_thread", fail)
    for _ in range(31):
        await automatic.open_threads()
        bench.clock.advance(60)
    assert len(tries) == 3
    ((channel, told),) = bench.messenger.notices
    assert channel == LOG_CHANNEL
    assert "Muster lacks Create Public Threads" in told
    monkeypatch.setattr(bench.messenger, "open_thread", open_thread)
    bench.clock.advance(15 * 60)
    await automatic.open_threads()
    assert [one.thread_id for one in await automatic.announced()] == [MESSAGE]


async def test_switching_on_needs_the_permissions(bench: Bench, workspace: Workspace) -> None:
    bench.messenger.missing_for_threads = ["Send Messages in Threads"]
    with pytest.raises(Refusal, match=f"lacks Send Messages in Threads in <#{CHANNEL}>"):
        await bench.workspaces.update(actor(), "", {"threads": True})
    bench.messenger.missing_for_threads = []
    assert (await bench.workspaces.update(actor(), "", {"threads": True})).threads
    bench.messenger.missing_for_threads = ["Send Messages in Threads"]
    with pytest.raises(Refusal, match="in <#99>"):  # and so does another channel
        await bench.workspaces.update(actor(), "", {"announcement_channel_id": 99})
    assert (await bench.workspaces.update(actor(), "", {"auto_filter": "x"})).threads
    assert not (await bench.workspaces.update(actor(), "", {"threads": False})).threads


async def test_a_workspace_without_a_channel(bench: Bench) -> None:
    await bench.add_workspace(announcement_channel_id=None, ping_role_id=None)
    for changes in ({"threads": True}, {"auto_lead_minutes": 60}):
        with pytest.raises(Refusal, match="no announcement channel"):
            await bench.workspaces.update(actor(), "", changes)
    with pytest.raises(Refusal, match="no ping role"):
        await bench.workspaces.update(actor(), "", {"auto_ping": True})


async def test_settings_that_do_not_go_together(bench: Bench, workspace: Workspace) -> None:
    with pytest.raises(Refusal, match="nobody could claim"):
        await bench.workspaces.update(actor(), "", {"auto_lead_minutes": 60, "cutoff_minutes": 60})
    await bench.workspaces.update(actor(), "", {"auto_lead_minutes": 60, "cutoff_minutes": 59})
    with pytest.raises(Refusal, match="nobody could claim"):
        await bench.workspaces.update(actor(), "", {"auto_lead_minutes": 30})
    with pytest.raises(Refusal, match="at most 100"):
        await bench.workspaces.update(actor(), "", {"auto_filter": "x" * 101})
