"""Sessions are posted by themselves: in time, once, and never over a host's decision."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import ChannelLost, MessengerError, Unavailable
from bot.models import AnnouncementState, ClaimsForm, Server, SessionState, Workspace
from bot.models.announcements import NOBODY
from tests.services.automatic import Automatic, shifted, wanting
from tests.services.bench import (
    ANA,
    CHANNEL,
    GUILD,
    LOG_CHANNEL,
    PING_ROLE,
    Bench,
    actor,
    roblox_of,
)
from tests.services.fakes import FACTS
from tests.services.worlds import MAIN, SESSION

LEAD = 90  # minutes; SESSION starts in 60


@pytest.fixture
def automatic(bench: Bench) -> Automatic:
    return Automatic(bench)


@pytest.fixture
async def eager(bench: Bench, workspace: Workspace) -> Workspace:
    """The workspace posts by itself."""
    return await wanting(bench, workspace, auto_lead_minutes=LEAD)


def change(bench: Bench, **changes: Any) -> None:
    """The platform's session, otherwise."""
    bench.platform.sessions["training"] = replace(bench.platform.sessions["training"], **changes)


async def test_off_by_default(automatic: Automatic, workspace: Workspace) -> None:
    await automatic.post()
    assert automatic.bench.messenger.posts == []
    assert automatic.bench.platform.lists == 0


async def test_posted_once_by_nobody(automatic: Automatic, eager: Workspace) -> None:
    for _ in range(3):
        await automatic.post()
    ((channel, board, ping, _),) = automatic.bench.messenger.posts
    assert (channel, board.title, ping) == (CHANNEL, SESSION.name, None)
    (posted,) = await automatic.announced()
    assert (posted.automatic, posted.host_id, posted.message_id) == (True, NOBODY, 1001)
    assert (posted.ping, posted.cutoff_minutes) == (False, None)
    assert automatic.bench.messenger.notices == []


async def test_not_before_its_time(automatic: Automatic, eager: Workspace) -> None:
    shifted(automatic.bench, LEAD - 60 + 1)
    await automatic.post()
    assert automatic.bench.messenger.posts == []
    automatic.bench.clock.advance(60)
    await automatic.post()
    assert len(automatic.bench.messenger.posts) == 1


async def test_not_once_it_has_started(automatic: Automatic, eager: Workspace) -> None:
    automatic.bench.clock.advance(3600)
    await automatic.post()
    assert automatic.bench.messenger.posts == []


async def test_as_the_workspace_wants_it(automatic: Automatic, eager: Workspace) -> None:
    bench = automatic.bench
    await bench.link(ANA)
    change(bench, host_roblox_id=roblox_of(ANA))
    await wanting(bench, eager, auto_ping=True, cutoff_minutes=15, auto_filter="TRAIN")
    await automatic.post()
    ((_, board, ping, _),) = bench.messenger.posts
    assert ping == PING_ROLE
    (posted,) = await automatic.announced()
    assert (posted.host_id, posted.cutoff_minutes, posted.ping) == (ANA, 15, True)
    assert board.cut_off == posted.cut_off


async def test_a_host_who_is_not_linked_here_is_nobody(
    automatic: Automatic, eager: Workspace
) -> None:
    change(automatic.bench, host_roblox_id=roblox_of(ANA))
    await automatic.post()
    assert [one.host_id for one in await automatic.announced()] == [NOBODY]


async def test_only_names_that_were_asked_for(automatic: Automatic, eager: Workspace) -> None:
    await wanting(automatic.bench, eager, auto_filter="raid")
    await automatic.post()
    assert automatic.bench.messenger.posts == []
    assert automatic.bench.messenger.notices == []


@pytest.mark.parametrize("state", [s for s in AnnouncementState if s is not AnnouncementState.OPEN])
async def test_what_a_host_ended_stays_ended(
    automatic: Automatic, eager: Workspace, state: AnnouncementState
) -> None:
    bench = automatic.bench
    announcement = await bench.post(eager)
    await bench.announcements.set_state(announcement.announcement_id, state, now=bench.clock())
    await automatic.post()
    again = state is AnnouncementState.DRAFT  # a host only looked at it
    assert len(bench.messenger.posts) == 1 + again


async def test_two_processes_post_it_once(automatic: Automatic, eager: Workspace) -> None:
    bench = automatic.bench
    other = Automatic(
        Bench(bench.database, bench.messenger, bench.roblox, bench.clock, bench.platforms)
    )
    await asyncio.gather(*(one.post() for one in (automatic, other, automatic, other)))
    assert len(bench.messenger.posts) == 1
    assert bench.messenger.notices == []
    await other.bench.workspaces.aclose()


async def test_a_crash_while_posting_repeats_the_same_message(
    automatic: Automatic, eager: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord knows a message again by its nonce, which is the announcement's number."""
    bench = automatic.bench
    reached, held = asyncio.Event(), asyncio.Event()
    post_board = bench.messenger.post_board

    async def hang(*args: Any, **more: Any) -> int:
        await post_board(*args, **more)
        reached.set()
        await held.wait()
        return 0

    monkeypatch.setattr(bench.messenger, "post_board", hang)
    await automatic.autoposter.post_due()
    await reached.wait()
    after = await automatic.crash()
    monkeypatch.setattr(bench.messenger, "post_board", post_board)
    await after.bench.announcements.reset_unposted()
    await after.post()
    nonces = [nonce for _, _, _, nonce in bench.messenger.posts]
    assert len(nonces) == 2
    assert len(set(nonces)) == 1
    assert len(await after.announced()) == 1


CANNOT = [
    ({"servers": ()}, "no server that takes claims"),
    ({"servers": (replace(MAIN, form=ClaimsForm.LIST),)}, "no server that takes claims"),
    ({"claimable": False}, "switched off"),
    ({"roles": ()}, "No role"),
    ({"state": SessionState.NOT_OPEN}, "only as a template"),
]


@pytest.mark.parametrize(("changes", "words"), CANNOT)
async def test_what_nobody_could_claim_is_told_once_and_waits(
    automatic: Automatic, eager: Workspace, changes: dict[str, Any], words: str
) -> None:
    bench, before = automatic.bench, automatic.bench.platform.sessions["training"]
    change(bench, **changes)
    for _ in range(3):
        await automatic.post()
    after = await automatic.crash()
    await after.post()
    ((channel, told),) = bench.messenger.notices
    assert channel == LOG_CHANNEL
    assert words in told
    assert bench.messenger.posts == []
    bench.platform.sessions["training"] = before
    await after.post()
    assert len(bench.messenger.posts) == 1


@pytest.mark.parametrize("state", [SessionState.ENDED, SessionState.CANCELLED])
async def test_what_is_over_is_not_even_told(
    automatic: Automatic, eager: Workspace, state: SessionState
) -> None:
    change(automatic.bench, state=state)
    await automatic.post()
    assert (automatic.bench.messenger.posts, automatic.bench.messenger.notices) == ([], [])


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ChannelLost("Muster cannot use the channel."), "cannot use the channel"),
        (MessengerError("Discord answered 503."), "Discord did not take it"),
    ],
)
async def test_failures_are_told_once_and_tried_again_ever_later(
    automatic: Automatic,
    eager: Workspace,
    error: MessengerError,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench, tries = automatic.bench, []
    shifted(bench, 7 * 60)  # there is time
    await wanting(bench, eager, auto_lead_minutes=10_000)
    post_board = bench.messenger.post_board

    async def fail(*_: Any, **__: Any) -> int:
        tries.append((bench.clock() - SESSION.starts_at).total_seconds() // 60 + 60)
        raise error

    monkeypatch.setattr(bench.messenger, "post_board", fail)
    for _ in range(4 * 60):
        await automatic.post()
        bench.clock.advance(60)
    assert tries == [0, 2, 6, 14, 30, 62, 122, 182]
    ((_, told),) = bench.messenger.notices
    assert words in told
    assert await automatic.announced() == []
    monkeypatch.setattr(bench.messenger, "post_board", post_board)
    bench.clock.advance(3600)
    await automatic.post()
    assert len(await automatic.announced()) == 1


async def test_a_missing_permission_is_named(automatic: Automatic, eager: Workspace) -> None:
    bench = automatic.bench
    bench.messenger.missing = ["Embed Links"]
    for _ in range(2):
        await automatic.post()
    ((_, told),) = bench.messenger.notices
    assert f"Muster lacks Embed Links in <#{CHANNEL}>" in told
    assert bench.messenger.posts == []
    bench.messenger.missing = []
    await automatic.post()
    assert len(bench.messenger.posts) == 1


async def test_a_channel_not_seen_yet_after_a_start_is_no_obstacle(
    automatic: Automatic, eager: Workspace
) -> None:
    automatic.bench.messenger.missing = ["View Channel"]
    await automatic.post()
    assert len(automatic.bench.messenger.posts) == 1


async def test_a_silent_platform_is_asked_again(automatic: Automatic, eager: Workspace) -> None:
    automatic.bench.platform.read_error = Unavailable("m", FACTS)
    await automatic.post()
    automatic.bench.platform.read_error = None
    await automatic.post()
    assert len(automatic.bench.messenger.posts) == 1
    assert automatic.bench.messenger.notices == []


async def test_pauses_of_a_workspace_that_is_gone_are_forgotten(
    automatic: Automatic, eager: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any, **__: Any) -> int:
        raise MessengerError("Discord answered 503.")

    bench = automatic.bench
    monkeypatch.setattr(bench.messenger, "post_board", fail)
    await automatic.post()
    assert automatic.autoposter._pauses
    await bench.workspaces.remove(actor(), eager.workspace_id)
    await wanting(bench, await bench.add_workspace(name="Other"), auto_lead_minutes=LEAD)
    bench.clock.advance(2 * 3600)
    await automatic.post()
    assert not automatic.autoposter._pauses


async def test_guilds_post_each_for_itself(automatic: Automatic, eager: Workspace) -> None:
    bench = automatic.bench
    await bench.add_workspace(GUILD + 5, auto_lead_minutes=LEAD, announcement_channel_id=99)
    await automatic.post()
    assert sorted(channel for channel, *_ in bench.messenger.posts) == [CHANNEL, 99]


async def test_a_server_that_comes_later_lets_it_be_posted(
    automatic: Automatic, eager: Workspace
) -> None:
    change(automatic.bench, servers=())
    await automatic.post()
    change(automatic.bench, servers=(Server("new", "New"),))
    await automatic.post()
    assert len(automatic.bench.messenger.posts) == 1
