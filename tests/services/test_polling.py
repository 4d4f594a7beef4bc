"""One list call serves all boards of a workspace, at each workspace's own pace."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import Misread, RateLimited, Unavailable
from bot.models import AnnouncementState, ClaimsForm, Server, Session, Workspace
from bot.services import polling
from bot.services.polling import LONGEST, NEAR, TICK, USUAL
from tests.services.bench import STRANGERS, Bench, actor, until
from tests.services.conftest import Posted
from tests.services.fakes import FACTS, FakePlatform
from tests.services.worlds import HOUR, MAIN, SESSION, with_claims


def numbered(number: int) -> Session:
    """One of many sessions."""
    return replace(SESSION, session_id=f"session{number}", name=f"Training {number}")


async def tick(bench: Bench, seconds: float = 0.0) -> None:
    """Let time pass, then see whose turn it is; to the end of what comes of it."""
    bench.ticks += seconds
    await bench.poller.tick()
    await bench.background.settle()


async def lists_after(bench: Bench, seconds: float) -> int:
    """How many lists were asked for within so many seconds."""
    before = bench.platform.lists
    for _ in range(int(seconds / TICK)):
        await tick(bench, TICK)
    return bench.platform.lists - before


async def post_many(bench: Bench, workspace: Workspace, many: int) -> None:
    """So many posted sessions."""
    for number in range(many):
        session = numbered(number)
        bench.platform.sessions[session.session_id] = session
        await bench.post(workspace, session)
    await bench.catch_up()
    bench.platform.reads = bench.platform.lists = 0


async def test_one_list_serves_all_boards(bench: Bench, workspace: Workspace) -> None:
    await post_many(bench, workspace, 30)
    await bench.catch_up()
    assert (bench.platform.lists, bench.platform.reads) == (1, 1)
    changed = with_claims(numbered(7), 55)
    bench.platform.sessions["session7"] = changed
    await bench.catch_up()
    assert bench.platform.lists == 2
    assert bench.platform.reads == 3  # the list, and the one board that is corrected
    ((_, board),) = bench.messenger.edits
    assert (board.title, board.lines[0].taken) == ("Training 7", 1)


async def test_lists_suffice_after_a_restart(bench: Bench, workspace: Workspace) -> None:
    await post_many(bench, workspace, 10)
    after = await bench.crash()
    await after.catch_up()
    assert (bench.platform.lists, bench.platform.reads) == (1, 1)


async def test_only_a_reading_of_its_own_says_that_a_session_is_gone(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def list_sessions() -> list[Session]:
        bench.platform.lists += 1
        return []  # such as a session that runs on another day, on ReAdmin's v1

    monkeypatch.setattr(bench.platform, "list_sessions", list_sessions)
    bench.platform.sessions["training"] = with_claims(SESSION, 55)
    await bench.catch_up()
    assert bench.messenger.edits[-1][1].lines[0].taken == 1
    bench.platform.sessions.clear()
    await bench.catch_up()
    found = await bench.announcements.get_anywhere(posted.announcement.announcement_id)
    assert found is not None
    assert found.state is AnnouncementState.GONE


async def test_a_server_that_the_list_does_not_describe_is_read_by_itself(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list tells every server as one that takes claims from us; this one does not."""
    panel = Server("panel", "Panel", (), ClaimsForm.LIST)
    bench.platform.sessions["training"] = replace(SESSION, servers=(MAIN, panel))

    async def list_sessions() -> list[Session]:
        servers = (MAIN, replace(panel, form=ClaimsForm.MAP))
        return [replace(SESSION, servers=servers)]

    monkeypatch.setattr(bench.platform, "list_sessions", list_sessions)
    await bench.catch_up()
    assert bench.platform.reads > 0
    bench.platform.reads = 0
    await bench.catch_up()
    assert bench.platform.reads == 0  # known from now on
    shown = bench.messenger.edits[-1][1] if bench.messenger.edits else bench.messenger.posts[0][1]
    assert len(shown.lines) == 3


async def test_roles_that_the_list_leaves_out_are_read(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def list_sessions() -> list[Session]:
        return [replace(SESSION, roles=())]

    monkeypatch.setattr(bench.platform, "list_sessions", list_sessions)
    bench.platform.sessions["training"] = with_claims(SESSION, 55)
    await bench.catch_up()
    assert bench.messenger.edits[-1][1].lines[0].taken == 1
    await bench.catch_up()
    assert len(bench.messenger.edits) == 1


async def test_a_broken_list_leaves_the_readings_of_single_sessions(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def list_sessions() -> list[Session]:
        raise Misread("one session is malformed", FACTS)

    monkeypatch.setattr(bench.platform, "list_sessions", list_sessions)
    bench.platform.sessions["training"] = with_claims(SESSION, 55)
    await bench.catch_up()
    assert bench.messenger.edits[-1][1].lines[0].taken == 1


async def test_a_silent_platform_is_asked_once_more_and_not_for_every_board(
    bench: Bench, workspace: Workspace
) -> None:
    await post_many(bench, workspace, 10)
    bench.platform.read_error = Unavailable("m", FACTS)
    await bench.catch_up()
    assert bench.platform.reads == 2


async def test_the_usual_pace_and_the_one_near_a_start(bench: Bench, posted: Posted) -> None:
    await lists_after(bench, NEAR)
    assert await lists_after(bench, 10 * USUAL) == 10
    bench.clock.advance(31 * 60)  # starts in 29 minutes
    await lists_after(bench, USUAL)
    assert await lists_after(bench, 10 * USUAL) == 30


async def test_a_failing_platform_is_asked_less_and_less(bench: Bench, posted: Posted) -> None:
    await lists_after(bench, NEAR)
    bench.platform.read_error = Unavailable("m", FACTS)
    assert await lists_after(bench, 3600) <= 9
    assert await lists_after(bench, 3600) == 3600 / LONGEST
    bench.platform.read_error = None
    await lists_after(bench, LONGEST)
    assert await lists_after(bench, 10 * USUAL) == 10


async def test_a_pause_that_the_platform_asks_for_is_obeyed(bench: Bench, posted: Posted) -> None:
    await lists_after(bench, NEAR)
    until = bench.clock() + timedelta(seconds=1800)
    bench.platform.read_error = RateLimited("m", FACTS, until)
    await lists_after(bench, USUAL)
    reads = bench.platform.reads
    assert await lists_after(bench, 1700) == 0
    assert bench.platform.reads == reads
    bench.platform.read_error = None
    assert await lists_after(bench, 200) > 0


async def test_a_slow_platform_is_asked_less(bench: Bench, posted: Posted) -> None:
    await lists_after(bench, NEAR)
    bench.platform.list_gate.clear()
    bench.ticks += USUAL
    before = bench.platform.lists
    await bench.poller.tick()
    await until(lambda: bench.platform.lists > before)
    bench.ticks += 30
    bench.platform.list_gate.set()
    await bench.background.settle()
    assert await lists_after(bench, 30 * polling.SHARE - 1) == 0
    assert await lists_after(bench, USUAL) > 0


async def test_never_two_polls_of_one_workspace_at_once(bench: Bench, posted: Posted) -> None:
    before = bench.platform.lists
    bench.platform.list_gate.clear()
    for _ in range(5):
        await bench.poller.poll_all()
        bench.ticks += LONGEST
        await bench.poller.tick()
    bench.platform.list_gate.set()
    await bench.background.settle()
    assert bench.platform.lists == before + 1


async def test_workspaces_are_spread_out(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = "https://second.example.test"
    bench.platforms[elsewhere] = other = FakePlatform(SESSION)
    await bench.post(await bench.add_workspace(STRANGERS, base_url=elsewhere))
    await bench.background.settle()
    other.lists = 0
    monkeypatch.setattr(polling, "APART", NEAR)
    chances = iter((0.2, 0.8))
    monkeypatch.setattr(bench.poller, "_chance", lambda: next(chances, 0.5))
    await tick(bench)
    assert await lists_after(bench, 0.6 * NEAR) + other.lists == 1
    await lists_after(bench, 0.5 * NEAR)
    assert other.lists == 1


async def test_a_list_from_before_the_boards_last_reading_tells_nothing(
    bench: Bench, posted: Posted
) -> None:
    number = posted.announcement.announcement_id
    bench.ticks = 10.0
    await bench.boards.refresh(number)
    found = await bench.announcements.get_anywhere(number)
    assert found is not None
    older = replace(with_claims(SESSION, 55), name="Old", starts_at=SESSION.starts_at + HOUR)
    await bench.boards.compare(found, older, 9.0)
    assert bench.background.timers == []
    assert await bench.announcements.get_anywhere(number) == found
    await bench.boards.compare(found, older, 10.0)
    assert len(bench.background.timers) == 1


async def test_what_is_over_is_not_polled(bench: Bench, posted: Posted) -> None:
    bench.platform.end("training")
    await bench.catch_up()
    lists = bench.platform.lists
    await lists_after(bench, 2 * USUAL)
    assert bench.platform.lists == lists
    await bench.poller.tidy()
    assert bench.boards._latest == {}


async def test_a_closed_board_is_polled(bench: Bench, posted: Posted) -> None:
    host = actor(2)
    await bench.running.close(host, str(posted.announcement.announcement_id))
    bench.platform.sessions["training"] = with_claims(SESSION, 55)
    await bench.catch_up()
    assert bench.messenger.edits[-1][1].lines[0].taken == 1
