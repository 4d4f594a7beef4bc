"""A board in a new message: alone, without a ping, and with a way from the old one."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import MessengerError, NotPermitted, Refusal
from bot.models import AnnouncementState
from bot.services.board_facts import fingerprint
from bot.store.automation import AutomationStore
from tests.services.bench import ANA, CHANNEL, GUILD, HOST, STRANGERS, Bench, actor, roblox_of
from tests.services.conftest import Posted
from tests.services.looks import stored
from tests.services.worlds import SESSION, with_claims

HOSTESS = actor(HOST)


async def test_a_new_message_and_a_way_to_it(bench: Bench, posted: Posted) -> None:
    old = posted.announcement
    again = await bench.reposter.repost(HOSTESS, str(old.announcement_id))
    assert again.message_id not in (None, old.message_id)
    assert bench.messenger.retired == {old.message_id: again.url}
    assert [ping for _, _, ping, _ in bench.messenger.posts] == [None, None]
    assert len({nonce for _, _, _, nonce in bench.messenger.posts}) == 2


async def test_an_edit_under_way_does_not_bring_the_old_message_back(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the old one had buttons again, and the new one were taken for up to date."""
    number, before = posted.announcement.announcement_id, posted.announcement.message_id
    entered, gate, edit = asyncio.Event(), asyncio.Event(), bench.messenger.edit_board

    async def slow(*args: object) -> None:
        entered.set()
        await gate.wait()
        await edit(*args)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(bench.messenger, "edit_board", slow)
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    refreshing = asyncio.create_task(bench.boards.refresh(number))
    await entered.wait()
    reposting = asyncio.create_task(bench.reposter.repost(HOSTESS, str(number)))
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(bench.messenger.posts) == 1  # it waits for the edit
    gate.set()
    await refreshing
    again = await reposting
    assert [message for message, _ in bench.messenger.edits] == [before]
    assert list(bench.messenger.retired) == [before]
    assert again.rendered_hash == fingerprint(bench.messenger.posts[-1][1])
    await bench.boards.refresh(number, always=True)
    assert bench.messenger.edits[-1][0] == again.message_id


async def test_two_presses_at_once_leave_one_board(bench: Bench, posted: Posted) -> None:
    number = posted.announcement.announcement_id
    done = await asyncio.gather(
        *(bench.reposter.repost(HOSTESS, choice) for choice in (str(number), f"0{number}"))
    )
    last = (await stored(bench, posted)).message_id
    retired = {posted.announcement.message_id} | {one.message_id for one in done}
    assert set(bench.messenger.retired) == retired - {last}


async def test_a_failed_post_leaves_it_lost(bench: Bench, posted: Posted) -> None:
    number = posted.announcement.announcement_id
    await bench.announcements.set_state(number, AnnouncementState.LOST, now=bench.clock())
    bench.messenger.error = MessengerError("Discord answered 500.")
    with pytest.raises(MessengerError):
        await bench.reposter.repost(HOSTESS, str(number))
    assert (await stored(bench, posted)).state is AnnouncementState.LOST
    bench.messenger.error = None
    assert (await bench.reposter.repost(HOSTESS, str(number))).state is AnnouncementState.OPEN
    assert bench.messenger.retired == {}


async def test_in_another_channel_it_gets_a_thread_of_its_own(bench: Bench, posted: Posted) -> None:
    number = posted.announcement.announcement_id
    await AutomationStore(bench.database).set_thread(number, 77)
    assert (await bench.reposter.repost(HOSTESS, str(number))).thread_id == 77
    await bench.workspace_store.update(
        GUILD, posted.announcement.workspace_id, announcement_channel_id=CHANNEL + 100
    )
    moved = await bench.reposter.repost(HOSTESS, str(number))
    assert (moved.channel_id, moved.thread_id) == (CHANNEL + 100, None)


async def test_not_without_permissions_rights_or_time(bench: Bench, posted: Posted) -> None:
    number = str(posted.announcement.announcement_id)
    with pytest.raises(NotPermitted):
        await bench.reposter.repost(actor(ANA), number)
    with pytest.raises(Refusal, match="no such announcement here"):
        await bench.reposter.repost(actor(guild_id=STRANGERS), number)
    bench.messenger.missing = ["Embed Links"]
    with pytest.raises(Refusal, match="lacks Embed Links"):
        await bench.reposter.repost(HOSTESS, number)
    bench.messenger.missing = []
    bench.clock.advance(86_400)
    with pytest.raises(Refusal, match="is over"):
        await bench.reposter.repost(HOSTESS, number)
    assert len(bench.messenger.posts) == 1
