"""Hosts choose, preview, post, refresh and close; others do not."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.errors import ChannelLost, MessageGone, MessengerError, Refusal, Unavailable
from bot.models import AnnouncementState, ClaimsForm, Session, SessionState, Workspace
from bot.services.boards import fingerprint
from bot.services.hosting import DRAFT_LIFE, MAX_NOTE, Preview
from tests.services.bench import (
    CHANNEL,
    GUILD,
    HOST,
    PING_ROLE,
    Bench,
    actor,
)
from tests.services.conftest import Posted
from tests.services.fakes import FACTS
from tests.services.worlds import MAIN, SERIES, SESSION

HOSTESS = actor(HOST)
CHOICE = "1:training"


async def draft(bench: Bench, note: str = "", *, ping: bool = False) -> Preview:
    """HOST previews SESSION."""
    return await bench.hosting.draft(HOSTESS, CHOICE, note, ping=ping)


@pytest.fixture(autouse=True)
def only(workspace: Workspace) -> None:
    """There is one workspace, which CHOICE names."""
    assert workspace.workspace_id == 1


async def test_a_preview_posts_nothing(bench: Bench) -> None:
    preview = await draft(bench, "  Be early. ")
    assert preview.announcement.state is AnnouncementState.DRAFT
    assert preview.announcement.channel_id == CHANNEL
    assert (preview.board.title, preview.board.note) == (SESSION.name, "Be early.")
    assert (preview.postable, preview.can_create_server, preview.warnings) == (True, False, ())
    assert bench.messenger.posts == []


async def test_post(bench: Bench) -> None:
    preview = await draft(bench, ping=True)
    number = preview.announcement.announcement_id
    posted = await bench.hosting.post(HOSTESS, number)
    ((channel, board, ping, nonce),) = bench.messenger.posts
    assert (channel, board, ping) == (CHANNEL, preview.board, PING_ROLE)
    assert nonce == f"muster-{number}"
    assert len(nonce) <= 25
    assert (posted.state, posted.message_id) == (AnnouncementState.OPEN, 1001)
    assert posted.rendered_hash == fingerprint(board)


async def test_without_the_wish_nobody_is_pinged(bench: Bench) -> None:
    await bench.hosting.post(HOSTESS, (await draft(bench)).announcement.announcement_id)
    assert bench.messenger.posts[0][2] is None


async def test_two_presses_post_once(bench: Bench) -> None:
    number = (await draft(bench)).announcement.announcement_id
    results = await asyncio.gather(
        *(bench.hosting.post(HOSTESS, number) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(result, Refusal) for result in results) == 4
    assert len(bench.messenger.posts) == 1


async def test_two_drafts_of_one_session_post_once(bench: Bench) -> None:
    first, second = await draft(bench), await draft(bench)
    await bench.hosting.post(HOSTESS, first.announcement.announcement_id)
    with pytest.raises(Refusal, match="already has an announcement"):
        await bench.hosting.post(HOSTESS, second.announcement.announcement_id)
    assert len(bench.messenger.posts) == 1


@pytest.mark.parametrize("error", [ChannelLost("gone"), MessengerError("Discord answered 500.")])
async def test_a_post_that_fails_can_be_tried_again(error: MessengerError, bench: Bench) -> None:
    number = (await draft(bench)).announcement.announcement_id
    bench.messenger.error = error
    with pytest.raises(type(error)):
        await bench.hosting.post(HOSTESS, number)
    bench.messenger.error = None
    posted = await bench.hosting.post(HOSTESS, number)
    assert posted.state is AnnouncementState.OPEN
    assert len(bench.messenger.posts) == 1


async def test_killed_before_the_message_was_there(bench: Bench) -> None:
    number = (await draft(bench)).announcement.announcement_id
    await bench.announcements.mark_open(number, now=bench.clock())
    after = await bench.crash()
    with pytest.raises(Refusal):
        await after.hosting.post(HOSTESS, number)
    await after.hosting.recover()
    assert (await after.hosting.post(HOSTESS, number)).message_id is not None


async def test_recovering_leaves_posted_ones_alone(bench: Bench, posted: Posted) -> None:
    await bench.hosting.recover()
    number = posted.announcement.announcement_id
    assert await bench.announcements.get(GUILD, number) == posted.announcement


@pytest.mark.parametrize(
    ("session", "part"),
    [
        (replace(SESSION, state=SessionState.NOT_OPEN), "only as a template"),
        (replace(SESSION, state=SessionState.ENDED), "is ended and cannot"),
        (replace(SESSION, state=SessionState.CANCELLED), "is cancelled and cannot"),
    ],
)
async def test_what_cannot_be_posted(session: Session, part: str, bench: Bench) -> None:
    number = (await draft(bench)).announcement.announcement_id
    bench.platform.sessions["training"] = session
    for ask in (draft(bench), bench.hosting.post(HOSTESS, number)):
        with pytest.raises(Refusal, match=part):
            await ask
    assert bench.messenger.posts == []


async def test_a_draft_without_a_server_gets_one(bench: Bench) -> None:
    bench.platform.sessions["training"] = replace(SESSION, servers=())
    preview = await draft(bench)
    number = preview.announcement.announcement_id
    assert (preview.postable, preview.can_create_server) == (False, True)
    assert preview.board.warning
    with pytest.raises(Refusal, match="no server that takes claims"):
        await bench.hosting.post(HOSTESS, number)
    for _ in range(2):  # a second press adds no second server
        preview = await bench.hosting.add_server(HOSTESS, number)
        assert (preview.postable, preview.can_create_server) == (True, False)
    assert bench.platform.writes == [("server", "training", "Main")]
    assert (await bench.hosting.post(HOSTESS, number)).state is AnnouncementState.OPEN


async def test_a_panel_server_keeps_its_place_beside_the_new_one(bench: Bench) -> None:
    listed = replace(MAIN, form=ClaimsForm.LIST)
    bench.platform.sessions["training"] = replace(SESSION, servers=(listed,))
    preview = await draft(bench)
    assert preview.can_create_server
    await bench.hosting.add_server(HOSTESS, preview.announcement.announcement_id)
    assert bench.platform.writes == [("server", "training", "Server 2")]


async def test_a_platform_without_servers_has_none_to_add(bench: Bench) -> None:
    preview = await draft(bench)
    bench.platform.capabilities = SERIES
    with pytest.raises(Refusal, match="have no servers"):
        await bench.hosting.add_server(HOSTESS, preview.announcement.announcement_id)


async def test_missing_permissions_are_named(bench: Bench) -> None:
    bench.messenger.missing = ["Send Messages", "Embed Links"]
    preview = await draft(bench)
    (warning,) = preview.warnings
    assert f"Send Messages, Embed Links in <#{CHANNEL}>" in warning
    with pytest.raises(Refusal, match="Send Messages"):
        await bench.hosting.post(HOSTESS, preview.announcement.announcement_id)
    assert bench.messenger.posts == []


async def test_a_wish_to_ping_without_a_role_is_warned_about(bench: Bench) -> None:
    await bench.workspaces.update(actor(), "Harbour", {"ping_role_id": None})
    preview = await draft(bench, ping=True)
    assert "No ping role is set" in preview.warnings[0]
    await bench.hosting.post(HOSTESS, preview.announcement.announcement_id)
    assert bench.messenger.posts[0][2] is None


async def test_a_workspace_without_a_channel(bench: Bench) -> None:
    await bench.workspaces.update(actor(), "Harbour", {"announcement_channel_id": None})
    with pytest.raises(Refusal, match="no announcement channel"):
        await draft(bench)


async def test_a_note_has_its_limit(bench: Bench) -> None:
    await draft(bench, "x" * MAX_NOTE)
    with pytest.raises(Refusal, match="at most 500"):
        await draft(bench, "x" * (MAX_NOTE + 1))


@pytest.mark.parametrize(
    "choice", ["", "training", ":training", "1:", "x:training", "9" * 30 + ":t"]
)
async def test_a_choice_typed_by_hand(choice: str, bench: Bench) -> None:
    with pytest.raises(Refusal, match="Choose a session from the list"):
        await bench.hosting.draft(HOSTESS, choice, "", ping=False)


@pytest.mark.parametrize("choice", ["", "x", "-1", "9" * 30])
async def test_an_announcement_typed_by_hand(choice: str, bench: Bench) -> None:
    for ask in (bench.running.refresh, bench.running.close):
        with pytest.raises(Refusal, match="Choose an announcement from the list"):
            await ask(HOSTESS, choice)


async def test_drafts_do_not_live_for_ever(bench: Bench) -> None:
    old = (await draft(bench)).announcement.announcement_id
    bench.clock.advance(DRAFT_LIFE.total_seconds() + 1)
    bench.platform.sessions["training"] = replace(SESSION, ends_at=bench.clock() + DRAFT_LIFE)
    await draft(bench)
    with pytest.raises(Refusal, match="no longer exists"):
        await bench.hosting.post(HOSTESS, old)


async def test_close(bench: Bench, posted: Posted) -> None:
    choice = str(posted.announcement.announcement_id)
    closed = await bench.running.close(HOSTESS, choice)
    assert (closed.state, closed.closed_by) == (AnnouncementState.CLOSED, HOST)
    assert closed.closed_at == bench.clock()
    assert bench.messenger.edits[-1][1].state == "closed"
    with pytest.raises(Refusal, match="already closed"):
        await bench.running.close(HOSTESS, choice)


async def test_closing_does_not_need_the_platform(bench: Bench, posted: Posted) -> None:
    bench.platform.read_error = Unavailable("m", FACTS)
    choice = str(posted.announcement.announcement_id)
    assert (await bench.running.close(HOSTESS, choice)).state is AnnouncementState.CLOSED
    board = bench.messenger.edits[-1][1]
    assert (board.state, board.closed_by) == ("closed", HOST)
    assert board.lines
    assert not any(line.usable for line in board.lines)


async def test_closing_from_our_own_facts_when_nothing_is_in_memory(
    bench: Bench, posted: Posted
) -> None:
    after = await bench.crash()
    bench.platform.read_error = Unavailable("m", FACTS)
    await after.running.close(HOSTESS, str(posted.announcement.announcement_id))
    board = bench.messenger.edits[-1][1]
    assert (board.title, board.state, board.lines) == (SESSION.name, "closed", ())


async def test_a_close_that_discord_does_not_show_is_shown_later(
    bench: Bench, posted: Posted
) -> None:
    bench.platform.read_error = Unavailable("m", FACTS)
    bench.messenger.error = MessengerError("Discord answered 500.")
    await bench.running.close(HOSTESS, str(posted.announcement.announcement_id))
    bench.platform.read_error = bench.messenger.error = None
    assert await bench.background.fire() == 1
    assert bench.messenger.edits[-1][1].state == "closed"


async def test_a_session_is_kept_as_the_platform_spells_it(bench: Bench) -> None:
    bench.platform.sessions["TRAINING"] = SESSION  # a platform that takes any spelling
    preview = await bench.hosting.draft(HOSTESS, "1:TRAINING", "", ping=False)
    assert preview.announcement.session_id == SESSION.session_id


async def test_discarding_forgets_drafts_and_nothing_else(bench: Bench) -> None:
    number = (await draft(bench)).announcement.announcement_id
    await bench.hosting.discard(HOSTESS, number)
    assert await bench.announcements.get(GUILD, number) is None
    number = (await draft(bench)).announcement.announcement_id
    await bench.hosting.post(HOSTESS, number)
    await bench.hosting.discard(HOSTESS, number)
    assert await bench.announcements.get(GUILD, number) is not None


async def test_a_refresh_edits_always_and_frees_a_deleted_announcement(
    bench: Bench, posted: Posted
) -> None:
    choice = str(posted.announcement.announcement_id)
    await bench.running.refresh(HOSTESS, choice)
    assert len(bench.messenger.edits) == 1  # although it shows that already
    bench.messenger.error = MessageGone("The message was deleted.")
    with pytest.raises(MessageGone, match="Post the session again"):
        await bench.running.refresh(HOSTESS, choice)
    bench.messenger.error = None
    lost = await bench.announcements.get(GUILD, posted.announcement.announcement_id)
    assert lost is not None
    assert lost.state is AnnouncementState.LOST
    preview = await draft(bench)
    again = await bench.hosting.post(HOSTESS, preview.announcement.announcement_id)
    assert again.state is AnnouncementState.OPEN


async def test_refresh_reads_now(bench: Bench, posted: Posted) -> None:
    choice = str(posted.announcement.announcement_id)
    bench.platform.sessions["training"] = replace(SESSION, name="13:00 Training")
    await bench.running.refresh(HOSTESS, choice)
    assert bench.messenger.edits[-1][1].title == "13:00 Training"
    bench.platform.read_error = Unavailable("m", FACTS)
    with pytest.raises(Unavailable):
        await bench.running.refresh(HOSTESS, choice)
