"""What a board says when something about its session, message or channel changes."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from sqlalchemy import update

from bot.errors import (
    ChannelLost,
    MessageGone,
    MessengerError,
    Unavailable,
    UpstreamNotFound,
)
from bot.models import (
    AnnouncementState,
    Game,
    Preferences,
    Workspace,
)
from bot.services.ports import Board
from bot.store.tables import announcements, openings
from tests.services.bench import (
    GUILD,
    HOST,
    LOG_CHANNEL,
    Bench,
    actor,
)
from tests.services.conftest import Posted
from tests.services.fakes import FACTS
from tests.services.looks import refresh, shown, stored
from tests.services.worlds import (
    HOUR,
    SESSION,
    with_claims,
)


async def test_what_a_host_hid_is_not_on_the_board(bench: Bench, posted: Posted) -> None:
    hidden = posted.helper.opening_id
    async with bench.database.write() as connection:
        change = update(openings).where(openings.c.opening_id == hidden).values(hidden=True)
        await connection.execute(change)
    board = await refresh(bench, posted, with_claims(SESSION, 55))
    assert [line.role_name for line in board.lines] == ["Trainer", "Guard"]


async def test_a_board_says_what_has_changed_since_it_was_posted(
    bench: Bench, posted: Posted
) -> None:
    assert (await stored(bench, posted)).posted_title == SESSION.name
    board = await refresh(bench, posted, with_claims(SESSION, 55))
    assert (board.was_title, board.was_starts_at) == ("", None)
    later = replace(SESSION, name="Exam", starts_at=SESSION.starts_at + HOUR)
    board = await refresh(bench, posted, later)
    assert (board.was_title, board.was_starts_at) == (SESSION.name, SESSION.starts_at)
    board = await refresh(bench, posted, SESSION)
    assert (board.was_title, board.was_starts_at) == ("", None)


async def test_a_draft_that_was_renamed_before_its_posting_is_posted_as_it_is(
    bench: Bench, workspace: Workspace
) -> None:
    preview = await bench.hosting.draft(
        actor(HOST), f"{workspace.workspace_id}:training", "", ping=False
    )
    bench.platform.sessions["training"] = replace(SESSION, name="Exam")
    posted = await bench.hosting.post(actor(HOST), preview.announcement.announcement_id)
    assert posted.posted_title == "Exam"
    assert bench.messenger.posts[0][1].was_title == ""


async def test_a_board_says_that_its_session_starts_soon(bench: Bench, posted: Posted) -> None:
    bench.clock.advance(44 * 60)
    await bench.catch_up()
    assert bench.messenger.edits == []
    bench.clock.advance(60)
    await bench.catch_up()
    board = shown(bench)
    assert board.state == "starts soon"
    assert all(line.usable for line in board.lines)


async def test_a_cancelled_board_needs_no_platform(bench: Bench, posted: Posted) -> None:
    number = posted.announcement.announcement_id
    async with bench.database.write() as connection:
        row = announcements.c.announcement_id == number
        change = update(announcements).where(row)
        await connection.execute(change.values(state="cancelled", cancel_reason="Nobody is free"))
    bench.platform.read_error = Unavailable("m", FACTS)
    await bench.boards.refresh(number)
    board = shown(bench)
    assert (board.state, board.cancel_reason, board.lines) == ("cancelled", "Nobody is free", ())
    rebuilt = await bench.boards.build(await stored(bench, posted), with_claims(SESSION, 55))
    assert rebuilt.state == "cancelled"
    assert not any(line.usable for line in rebuilt.lines)


async def test_a_deleted_message_is_told_once(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, 55)
    edit = bench.messenger.edit_board

    async def deleted(channel_id: int, message_id: int, board: Board) -> None:
        raise MessageGone("It was deleted.")

    bench.messenger.edit_board = deleted
    await bench.catch_up()
    assert (await stored(bench, posted)).state is AnnouncementState.LOST
    bench.messenger.edit_board = edit
    await bench.catch_up()
    ((channel_id, words),) = bench.messenger.notices
    assert channel_id == LOG_CHANNEL
    assert "/session repost" in words
    assert bench.messenger.edits == []


async def test_lost_rights_are_told_once_and_tried_again_when_they_are_back(
    bench: Bench, posted: Posted
) -> None:
    tries = []
    edit = bench.messenger.edit_board

    async def forbidden(channel_id: int, message_id: int, board: Board) -> None:
        tries.append(message_id)
        raise ChannelLost("No.")

    bench.messenger.edit_board = forbidden
    bench.messenger.missing = ["View Channel"]
    bench.platform.sessions["training"] = with_claims(SESSION, 55)
    for _ in range(3):
        await bench.catch_up()
    assert len(tries) == len(bench.messenger.notices) == 1
    bench.messenger.edit_board, bench.messenger.missing = edit, []
    await bench.catch_up()
    assert shown(bench).lines[0].taken == 1


async def test_a_refusal_that_nothing_explains_is_not_tried_again_and_again(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    async def forbidden(channel_id: int, message_id: int, board: Board) -> None:
        tries.append(message_id)
        raise ChannelLost("No.")

    monkeypatch.setattr(bench.messenger, "edit_board", forbidden)
    number = posted.announcement.announcement_id
    for claims in range(5):  # each poll and each claim of ours finds it different
        bench.platform.sessions["training"] = with_claims(SESSION, *range(55, 56 + claims))
        bench.boards.mark_dirty(number)
        await bench.catch_up()
    assert len(tries) == len(bench.messenger.notices) == 1
    with pytest.raises(ChannelLost):  # a host who asks wants to know
        await bench.running.refresh(actor(HOST), str(number))
    bench.clock.advance(601)
    await bench.catch_up()
    assert len(tries) == 3
    assert len(bench.messenger.notices) == 1


@pytest.mark.parametrize("direct", [True, False])
async def test_without_a_log_channel_the_host_is_told_if_they_want(
    direct: bool, bench: Bench
) -> None:
    announcement = await bench.post(await bench.add_workspace(log_channel_id=None))
    await bench.preferences.save(Preferences(GUILD, HOST, direct=direct))
    bench.messenger.error = ChannelLost("No.")
    bench.platform.sessions["training"] = with_claims(SESSION, 55)
    with pytest.raises(ChannelLost):
        await bench.boards.refresh(announcement.announcement_id)
    assert [member for member, _ in bench.messenger.direct] == ([HOST] if direct else [])


async def test_a_games_name_that_only_lists_tell_stays(bench: Bench, posted: Posted) -> None:
    await refresh(bench, posted, replace(SESSION, game=Game("Harbour", 5)))
    board = await refresh(bench, posted, replace(with_claims(SESSION, 55), game=Game(None, 5)))
    assert board.game_name == "Harbour"
    board = await refresh(bench, posted, replace(SESSION, game=Game(None, 6)))
    assert board.game_name is None


async def test_the_platforms_new_facts_are_taken_over(bench: Bench, posted: Posted) -> None:
    later = replace(
        SESSION, name="13:00 Training", starts_at=SESSION.ends_at, game=Game("Harbour", 5)
    )
    board = await refresh(bench, posted, later)
    assert (board.title, board.starts_at) == ("13:00 Training", SESSION.ends_at)
    assert (board.game_name, board.place_id) == ("Harbour", 5)
    found = await stored(bench, posted)
    assert (found.title, found.starts_at) == ("13:00 Training", SESSION.ends_at)


async def test_a_vanished_session(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions.clear()
    await bench.boards.refresh(posted.announcement.announcement_id)
    board = shown(bench)
    assert (board.state, board.lines, board.title) == ("gone", (), "12:00 Training")
    assert (await stored(bench, posted)).state is AnnouncementState.GONE


async def test_another_thing_that_is_not_found_is_no_vanished_session(
    bench: Bench, posted: Posted
) -> None:
    bench.platform.read_error = UpstreamNotFound("m", FACTS, "route")
    with pytest.raises(UpstreamNotFound):
        await bench.boards.refresh(posted.announcement.announcement_id)
    assert (await stored(bench, posted)).state is AnnouncementState.OPEN
    assert bench.messenger.edits == []


async def test_a_lost_channel_is_logged_and_told_to_who_asked(
    bench: Bench, posted: Posted, caplog: pytest.LogCaptureFixture
) -> None:
    bench.messenger.error = ChannelLost("gone")
    bench.platform.sessions["training"] = with_claims(SESSION, 55)
    with caplog.at_level(logging.WARNING), pytest.raises(ChannelLost):
        await bench.boards.refresh(posted.announcement.announcement_id)
    assert f"board {posted.announcement.announcement_id} can no longer be edited" in caplog.text
    bench.messenger.error = None
    await bench.boards.refresh(posted.announcement.announcement_id, always=True)
    assert len(bench.messenger.edits) == 1  # what could not be shown was not taken for shown


@pytest.mark.parametrize("error", [ChannelLost("gone"), MessengerError("Discord answered 500.")])
async def test_the_poll_survives_discord(
    error: MessengerError, bench: Bench, posted: Posted, caplog: pytest.LogCaptureFixture
) -> None:
    bench.messenger.error = error
    bench.platform.sessions["training"] = with_claims(SESSION, 55)
    await bench.catch_up()
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    bench.messenger.error = None
    bench.clock.advance(601)  # what no permission explains is tried again later
    await bench.catch_up()
    assert shown(bench).lines[0].taken == 1


async def test_the_poll_survives_a_platform_that_is_down(bench: Bench, posted: Posted) -> None:
    bench.platform.read_error = Unavailable("m", FACTS)
    await bench.catch_up()
    assert bench.messenger.edits == []
    assert (await stored(bench, posted)).state is AnnouncementState.OPEN


async def test_drafts_are_left_alone(bench: Bench, workspace: Workspace) -> None:
    choice = f"{workspace.workspace_id}:training"
    preview = await bench.hosting.draft(actor(HOST), choice, "", ping=False)
    bench.platform.reads = 0
    bench.boards.mark_dirty(preview.announcement.announcement_id)
    bench.boards.mark_dirty(999_999)
    assert await bench.background.fire() == 2
    await bench.catch_up()
    assert bench.platform.reads == 0
    assert bench.messenger.edits == []
