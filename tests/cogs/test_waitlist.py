"""Waiting for a full role as members see it: buttons, threads, direct messages, restarts."""

from __future__ import annotations

import discord
import pytest
from simcord import InteractionResult, MemberActor

from tests.cogs.hands import buttons, craft, embed_text, press, sent_payloads, text
from tests.cogs.stage import Stage
from tests.cogs.stories import OTTO, PIP, SABLE, V2

ROLE = V2.single


@pytest.fixture
async def full(ready: Stage) -> Stage:
    """Pip holds the role, the guest is linked to Otto, and the board has a thread."""
    await ready.link(ready.house, ready.house.guest, OTTO)
    await ready.slash(ready.house.admin, "workspace automatic", thread="on")
    await ready.skip(15)
    assert text(await claim(ready, ready.house.pip)).startswith("✔ You are")
    return ready


def board_of(stage: Stage) -> discord.Message:
    """The board; what Discord says about its thread stands below it."""
    return stage.house.board.history()[0]


async def claim(stage: Stage, who: MemberActor) -> InteractionResult:
    """Press the role on the board."""
    return await press(who, board_of(stage), ROLE)


async def join(stage: Stage, who: MemberActor) -> str:
    """Press the full role, then the button below the answer; the words."""
    answer = await claim(stage, who)
    (label,) = [
        label for label in buttons(answer.response.components) if label.startswith("Join waitlist")
    ]
    return text(await who.click(answer.response, label=label))


async def give_back(stage: Stage, who: MemberActor) -> None:
    """Release by the board: press, Release, Release."""
    held = await claim(stage, who)
    asked = await who.click(held.response, label="Release")
    assert text(await who.click(asked.response, label="Release")).startswith("✔ Released")


def thread_of(stage: Stage) -> list[discord.Message]:
    """What stands in the board's thread."""
    (thread,) = stage.house.board.threads
    return thread.history()


async def test_from_full_to_claimed_through_the_thread(full: Stage) -> None:
    house = full.house
    answer = await claim(full, house.sable)
    assert "Join waitlist (you would be no. 1)" in buttons(answer.response.components)
    words = await join(full, house.sable)
    assert words.startswith(f"⏳ You are no. 1 on the waitlist of **{ROLE}** in “{V2.title}”")
    assert "no. 2" in await join(full, house.guest)
    await full.env.advance_time(3)
    assert f"**{ROLE}** ■ full 1/1 · +2 waiting" in embed_text(board_of(full))
    assert f"{ROLE} 1/1 · full · +2" in buttons(board_of(full))
    await give_back(full, house.pip)
    (offer,) = thread_of(full)
    assert offer.content.startswith(f"<@{house.sable.id}> 🔔 A place is free for you: **{ROLE}**")
    assert list(buttons(offer)) == ["Accept", "Pass"]
    sent = [p for p in sent_payloads(full.env) if "🔔" in str(p.get("content"))]
    assert [p["allowed_mentions"]["users"] for p in sent] == [[house.sable.id]]
    passer_by = text(await house.guest.click(offer, label="Accept"))
    assert passer_by.startswith(f"This is for <@{house.sable.id}> alone.")
    await full.env.advance_time(6)
    assert f"**{ROLE}** ◆ kept 0/1 · +2 waiting" in embed_text(board_of(full))
    kept = text(await claim(full, house.pip))
    assert "is kept for the next on the waitlist until" in kept
    assert text(await house.sable.click(offer, label="Accept")).startswith(f"✔ You are **{ROLE}**")
    assert full.holders(ROLE) == [SABLE]
    again = text(await house.sable.click(offer, label="Accept"))
    assert "no longer yours" in again


async def test_a_direct_message_and_a_restart(full: Stage) -> None:
    house = full.house
    await full.slash(house.sable, "reminders", direct="on")
    await join(full, house.sable)
    await give_back(full, house.pip)
    offer = house.sable.user.dm_channel.last_message
    assert offer is not None
    assert "A place is free for you" in offer.content
    await full.restart()
    answer = await house.sable.user.click(offer, label="Accept")
    assert answer.response is not None
    assert answer.response.content.startswith(f"✔ You are **{ROLE}**")
    assert full.holders(ROLE) == [SABLE]


async def test_a_direct_message_comes_to_a_process_that_has_another_shard(
    full: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = full.house
    await full.slash(house.sable, "reminders", direct="on")
    await join(full, house.sable)
    await give_back(full, house.pip)
    offer = house.sable.user.dm_channel.last_message
    assert offer is not None
    monkeypatch.setattr(full.bot, "get_guild", lambda _: None)
    answer = await house.sable.user.click(offer, label="Accept")
    assert answer.response is not None
    assert answer.response.content.startswith(f"✔ You are **{ROLE}**")


async def test_passing_asks_the_next(full: Stage) -> None:
    house = full.house
    await join(full, house.sable)
    await join(full, house.guest)
    await give_back(full, house.pip)
    passed = text(await house.sable.click(thread_of(full)[-1], label="Pass"))
    assert passed.startswith("↩ You passed")
    offer = thread_of(full)[-1]
    assert offer.content.startswith(f"<@{house.guest.id}>")
    assert text(await house.guest.click(offer, label="Accept")).startswith("✔ You are")
    assert full.holders(ROLE) == [OTTO]


async def test_without_a_thread_the_next_visit_asks(ready: Stage) -> None:
    house = ready.house
    await claim(ready, house.pip)
    words = await join(ready, house.sable)
    assert "I ask you the next time you use Muster here" in words
    await give_back(ready, house.pip)
    listed = await ready.slash(house.sable, "claims")
    assert text(listed).startswith("🔔 A place is free for you")
    assert "Accept" in buttons(listed.response.components)
    assert text(await house.sable.click(listed.response, label="Accept")).startswith("✔ You are")
    assert ready.holders(ROLE) == [SABLE]
    assert "🔔" not in text(await ready.slash(house.sable, "claims"))


async def test_claims_lists_places_and_leaves(full: Stage) -> None:
    house = full.house
    await join(full, house.sable)
    listed = await full.slash(house.sable, "claims")
    assert f"⏳ **{ROLE}** in “{V2.title}”" in text(listed)
    assert "no. 1 on the waitlist" in text(listed)
    left = await house.sable.click(listed.response, label=f"Leave waitlist of {ROLE}")
    assert text(left).startswith(f"↩ You no longer wait for **{ROLE}**")
    assert "waitlist" not in text(await full.slash(house.sable, "claims"))
    await full.env.advance_time(3)
    assert "waiting" not in embed_text(board_of(full))


async def test_hosts_see_who_waits_and_who_was_asked(full: Stage) -> None:
    house = full.house
    await join(full, house.sable)
    await join(full, house.guest)
    await give_back(full, house.pip)
    shown = await full.slash(house.host, "session roster", announcement="1")
    words = str(shown.response.embeds[0].description)
    assert f"waits as no. 1: <@{house.sable.id}>, asked until <t:" in words
    assert f"waits as no. 2: <@{house.guest.id}>" in words
    mine = await house.pip.click(board_of(full), label="Roster")
    assert "waits as" not in str(mine.response.embeds[0].description)
    assert "+2 waiting" in str(mine.response.embeds[0].description)


async def test_crafted_presses_get_an_answer(full: Stage) -> None:
    house = full.house
    answer = await claim(full, house.sable)
    for action in ("joinwaitlist", "leavewaitlist", "acceptoffer", "declineoffer"):
        for number in (777, 9 * 10**18, 10**19 - 1):
            words = text(await craft(house.sable, answer.response, f"{action}:1:{number}"))
            assert "no longer" in words
    assert full.holders(ROLE) == [PIP]


async def test_the_last_minutes_are_announced(full: Stage) -> None:
    house = full.house
    await join(full, house.sable)
    await full.skip(31 * 60)
    await full.env.advance_time(10)
    told = thread_of(full)[-1].content
    assert told.startswith(f"<@{house.sable.id}> ⏱ The waitlist of **{ROLE}**")
    assert "the first press wins" in told
    answer = await claim(full, house.guest)
    assert not any(label.startswith("Join") for label in buttons(answer.response.components))
