"""Holders who have left are noticed once, flagged, and released only where that was chosen."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import MessengerError, Refusal, Unavailable
from bot.models import NOBODY, Leavers, Workspace
from bot.services.departures import AHEAD
from tests.services.automatic import wanting
from tests.services.bench import ANA, BEN, GUILD, LOG_CHANNEL, STRANGERS, Bench, roblox_of
from tests.services.conftest import Posted
from tests.services.fakes import FACTS
from tests.services.private import Private
from tests.services.worlds import HELPER, SESSION, place_of, with_claims


@pytest.fixture
def private(bench: Bench, posted: Posted) -> Private:
    """ANA and BEN are Helpers, and ANA has left; the session starts within the hour."""
    held = with_claims(SESSION, roblox_of(ANA), roblox_of(BEN), role=HELPER)
    bench.platform.sessions["training"] = held
    bench.messenger.left.add((GUILD, ANA))
    bench.clock.now = SESSION.starts_at - timedelta(minutes=50)
    return Private(bench)


def flags(bench: Bench) -> list[str]:
    """What the log channel reads about people who left."""
    return [text for channel, text in bench.messenger.notices if channel == LOG_CHANNEL]


async def test_the_hosts_are_told_once_and_nothing_is_released(
    private: Private, posted: Posted
) -> None:
    for _ in range(3):
        await private.look()
        private.bench.clock.advance(60)
    (text,) = flags(private.bench)
    assert f"<@{ANA}>" in text
    assert "has left this server" in text
    assert "claim stands" in text
    assert private.bench.messenger.asked_after == [(GUILD, ANA), (GUILD, BEN)]
    assert private.bench.platform.writes == []
    number = posted.announcement.announcement_id
    assert await private.departures.list_gone(number) == frozenset({ANA})


async def test_nobody_is_asked_after_long_before(private: Private) -> None:
    private.bench.clock.now = SESSION.starts_at - AHEAD - timedelta(seconds=1)
    await private.look()
    assert private.bench.messenger.asked_after == []


async def test_a_silent_discord_says_nothing_about_anybody(private: Private) -> None:
    private.bench.messenger.error = MessengerError("Discord did not answer.")
    await private.look()
    private.bench.messenger.error = None
    assert flags(private.bench) == []
    await private.look()
    assert len(flags(private.bench)) == 1


async def test_a_silent_platform_is_asked_again(private: Private) -> None:
    private.bench.platform.read_error = Unavailable("down", FACTS)
    await private.look()
    assert private.bench.messenger.asked_after == []
    private.bench.platform.read_error = None
    await private.look()
    assert len(flags(private.bench)) == 1


async def test_their_places_are_offered_to_others(private: Private) -> None:
    heard: list[tuple[int, int]] = []

    async def forget_member(guild_id: int, discord_id: int) -> None:
        heard.append((guild_id, discord_id))

    private.departures.on_left(forget_member)
    await private.look()
    assert heard == [(GUILD, ANA)]


async def test_released_where_the_workspace_chose_so(
    private: Private, workspace: Workspace
) -> None:
    bench = private.bench
    await wanting(bench, workspace, leavers=Leavers.RELEASE)
    await private.look()
    assert bench.platform.holders(place_of(HELPER)) == (roblox_of(BEN),)
    (text,) = flags(bench)
    assert "**Helper** was given back" in text
    assert bench.platform.writes == [("release", "helper", roblox_of(ANA), True)]
    (row,) = await bench.journal(ANA)
    assert (row.actor_id, row.with_reason) == (NOBODY, True)
    await bench.settle()  # the reconciler has nothing to add
    assert flags(bench) == [text]


async def test_what_cannot_be_released_is_said(
    bench: Bench, posted: Posted, private: Private, workspace: Workspace
) -> None:
    await wanting(bench, workspace, leavers=Leavers.RELEASE)
    caps = replace(bench.platform.capabilities, can_release=False)
    bench.platform.capabilities = caps
    await private.look()
    (text,) = flags(bench)
    assert "could not be given back" in text


async def test_a_kill_before_it_was_dealt_with_is_made_good(
    private: Private, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = private.bench
    await wanting(bench, workspace, leavers=Leavers.RELEASE)
    reached, never = asyncio.Event(), asyncio.Event()

    async def stuck(*_: object) -> None:
        reached.set()
        await never.wait()

    private.departures.on_left(stuck)
    await private.departures.look()
    await reached.wait()
    after = await private.crash()
    await after.look()
    assert bench.platform.holders(place_of(HELPER)) == (roblox_of(BEN),)
    assert len(flags(bench)) == 1
    assert bench.messenger.asked_after[2:] == [(GUILD, ANA)]  # whether she is back
    await after.bench.workspaces.aclose()


async def test_another_start_is_another_check(private: Private, posted: Posted) -> None:
    bench = private.bench
    await private.look()
    bench.messenger.left.clear()
    later = SESSION.starts_at + timedelta(minutes=5)
    held = replace(bench.platform.sessions["training"], starts_at=later)
    bench.platform.sessions["training"] = held
    await bench.catch_up()
    await private.look()
    number = posted.announcement.announcement_id
    assert await private.departures.list_gone(number) == frozenset()  # back again


async def test_strangers_are_asked_about_in_their_own_guild_only(private: Private) -> None:
    bench = private.bench
    await bench.link(ANA, guild_id=STRANGERS)
    await private.look()
    assert {guild_id for guild_id, _ in bench.messenger.asked_after} == {GUILD}


@pytest.mark.parametrize("back", [True, False])
async def test_what_could_not_be_done_is_done_later_unless_they_are_back(
    private: Private, workspace: Workspace, posted: Posted, back: bool
) -> None:
    bench, refusals = private.bench, [Refusal("not now")]
    await wanting(bench, workspace, leavers=Leavers.RELEASE)

    async def unwilling(*_: object) -> None:
        if refusals:
            raise refusals.pop()

    private.departures.on_left(unwilling)
    await private.look()
    assert flags(bench) == []
    if back:
        bench.messenger.left.clear()
    await private.look()
    held = {roblox_of(BEN), roblox_of(ANA)} if back else {roblox_of(BEN)}
    assert set(bench.platform.holders(place_of(HELPER))) == held
    assert len(flags(bench)) == (0 if back else 1)
    gone = await private.departures.list_gone(posted.announcement.announcement_id)
    assert gone == (frozenset() if back else frozenset({ANA}))
