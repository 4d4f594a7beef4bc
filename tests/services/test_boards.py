"""Boards show the platform's truth, with as few edits as can be."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.errors import (
    Unavailable,
)
from bot.models import (
    AnnouncementState,
    ClaimsForm,
    Session,
    SessionState,
)
from bot.services.boards import fingerprint
from bot.services.ports import Board
from tests.services.bench import (
    ANA,
    CHANNEL,
    HOST,
    Bench,
    actor,
    roblox_of,
    until,
)
from tests.services.conftest import Posted
from tests.services.fakes import FACTS, FakePlatform
from tests.services.looks import refresh, shown, stored
from tests.services.worlds import (
    GUARD,
    HELPER,
    MAIN,
    NOW,
    SECOND,
    SESSION,
    TRAINER,
    with_claims,
)


async def test_many_marks_are_one_edit(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, 55)
    for _ in range(500):
        bench.boards.mark_dirty(posted.announcement.announcement_id)
    assert await bench.background.fire() == 1
    assert len(bench.messenger.edits) == 1
    assert bench.messenger.edits[0][0] == posted.announcement.message_id


async def test_a_mark_during_the_edit_is_not_lost(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = posted.announcement.announcement_id
    bench.platform.sessions["training"] = with_claims(SESSION, 55)
    edit = bench.messenger.edit_board

    async def mark_and_edit(channel_id: int, message_id: int, board: Board) -> None:
        bench.boards.mark_dirty(number)
        await edit(channel_id, message_id, board)

    monkeypatch.setattr(bench.messenger, "edit_board", mark_and_edit)
    bench.boards.mark_dirty(number)
    assert await bench.background.fire() == 1
    assert await bench.background.fire() == 1
    assert len(bench.messenger.edits) == 1  # nothing new the second time


async def test_an_unchanged_board_is_not_edited(bench: Bench, posted: Posted) -> None:
    for _ in range(3):
        await bench.boards.refresh(posted.announcement.announcement_id)
    assert bench.messenger.edits == []


async def test_a_change_is_shown_and_remembered(bench: Bench, posted: Posted) -> None:
    bench.roblox.add(55, "stranger")
    board = await refresh(bench, posted, with_claims(SESSION, roblox_of(ANA), 55, role=HELPER))
    lines = {line.role_name: line for line in board.lines}
    assert set(lines["Helper"].holders) == {f"<@{ANA}>", "stranger"}
    assert (lines["Helper"].taken, lines["Helper"].capacity) == (2, 2)
    assert lines["Helper"].full
    assert not lines["Trainer"].full
    assert lines["Guard"].capacity is None
    assert (await stored(bench, posted)).rendered_hash == fingerprint(board)


async def test_a_board_of_an_unreachable_roblox_shows_ids(bench: Bench, posted: Posted) -> None:
    bench.roblox.error = Unavailable("m", FACTS)
    board = await refresh(bench, posted, with_claims(SESSION, 55))
    assert board.lines[0].holders == ("Roblox user 55",)


async def test_openings_keep_their_ids(bench: Bench, posted: Posted) -> None:
    board = await refresh(bench, posted, replace(SESSION, roles=(GUARD, TRAINER)))
    assert [line.role_name for line in board.lines] == ["Guard", "Trainer"]
    assert board.lines[1].opening_id == posted.trainer.opening_id
    board = await refresh(bench, posted, SESSION)
    assert [line.opening_id for line in board.lines][:2] == [
        posted.trainer.opening_id,
        posted.helper.opening_id,
    ]


LISTED = replace(MAIN, form=ClaimsForm.LIST)


@pytest.mark.parametrize(
    ("session", "state", "usable", "warned"),
    [
        (replace(SESSION, state=SessionState.LIVE), "live now", True, False),
        (replace(SESSION, state=SessionState.CANCELLED), "cancelled", False, False),
        (replace(SESSION, claimable=False), "not claimable", False, False),
        (replace(SESSION, servers=()), "waiting", False, True),
        (replace(SESSION, servers=(LISTED,)), "waiting", False, True),
        (replace(SESSION, roles=()), "waiting", False, True),
        (replace(SESSION, state=SessionState.ENDED), "ended", False, False),
    ],
)
async def test_states_of_a_board(
    session: Session, state: str, usable: bool, warned: bool, bench: Bench, posted: Posted
) -> None:
    board = await refresh(bench, posted, session)
    assert board.state == state
    assert any(line.usable for line in board.lines) is usable
    assert bool(board.warning) is warned


async def test_servers_are_named_only_when_there_are_several(bench: Bench, posted: Posted) -> None:
    board = await refresh(bench, posted, replace(SESSION, servers=(MAIN, SECOND)))
    assert {line.server_name for line in board.lines} == {"Main", "Second"}
    board = await refresh(bench, posted, SESSION)
    assert {line.server_name for line in board.lines} == {""}


async def test_a_closed_board_keeps_its_roster(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, 55)
    await bench.running.close(actor(HOST), str(posted.announcement.announcement_id))
    board = shown(bench)
    assert board.state == "closed"
    assert board.lines[0].taken == 1
    assert not any(line.usable for line in board.lines)


async def test_an_ended_session_ends_its_announcement(bench: Bench, posted: Posted) -> None:
    board = await refresh(bench, posted, replace(SESSION, state=SessionState.ENDED))
    assert board.state == "ended"
    assert (await stored(bench, posted)).state is AnnouncementState.ENDED
    edits = len(bench.messenger.edits)
    await bench.catch_up()
    assert len(bench.messenger.edits) == edits  # nobody looks at it any more


async def test_a_hanging_workspace_delays_no_others_boards(bench: Bench, posted: Posted) -> None:
    elsewhere = "https://second.example.test"
    bench.platforms[elsewhere] = FakePlatform(SESSION)
    await bench.post(await bench.add_workspace(name="Second", base_url=elsewhere))
    bench.platforms[elsewhere].sessions["training"] = with_claims(SESSION, 55)
    bench.platform.list_gate.clear()
    await bench.poller.poll_all()
    await until(lambda: bench.background.timers)
    await bench.background.fire()
    assert shown(bench).lines[0].taken == 1
    bench.platform.list_gate.set()
    await bench.background.settle()


async def test_two_refreshes_at_once_are_one_after_the_other(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older reading must not be shown last."""
    bench.platform.sessions["training"] = with_claims(SESSION, 55)
    number = posted.announcement.announcement_id
    await asyncio.gather(*(bench.boards.refresh(number) for _ in range(5)))
    assert len(bench.messenger.edits) == 1


async def test_a_board_in_memory(bench: Bench, posted: Posted) -> None:
    number = posted.announcement.announcement_id
    assert bench.boards.get_board(number) == bench.messenger.posts[0][1]
    after = await bench.crash()
    assert after.boards.get_board(number) is None
    assert await after.background.fire() == 1
    assert after.boards.get_board(number) == bench.messenger.posts[0][1]


async def test_two_boards_that_look_the_same_have_one_fingerprint(
    bench: Bench, posted: Posted
) -> None:
    board = bench.messenger.posts[0][1]
    assert bench.messenger.posts[0][0] == CHANNEL
    assert fingerprint(board) == fingerprint(replace(board))
    full = replace(board, lines=(replace(board.lines[0], taken=1), *board.lines[1:]))
    for other in (full, replace(board, note="x"), replace(board, starts_at=NOW)):
        assert fingerprint(other) != fingerprint(board)
