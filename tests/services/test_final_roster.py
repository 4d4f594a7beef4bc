"""When a session ends, its board is frozen with the people who were there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import MessengerError
from bot.models import AnnouncementState, Session
from tests.services.bench import ANA, GUILD, Bench, roblox_of
from tests.services.conftest import Posted
from tests.services.worlds import SESSION, with_claims


async def state(bench: Bench, posted: Posted) -> AnnouncementState:
    """Of the announcement, as stored."""
    number = posted.announcement.announcement_id
    found = await bench.announcements.get(GUILD, number)
    assert found is not None
    return found.state


@pytest.fixture
def over(bench: Bench, posted: Posted) -> Session:
    """ANA was Trainer, and the session has ended."""
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    bench.platform.end("training")
    bench.clock.now = SESSION.ends_at
    return bench.platform.sessions["training"]


def frozen(bench: Bench) -> None:
    """The last edit shows the end, who held what, and nothing to press."""
    _, board = bench.messenger.edits[-1]
    assert board.state == "ended"
    assert board.lines[0].holders == (f"<@{ANA}>",)
    assert not any(line.usable for line in board.lines)


async def test_the_board_is_frozen_once(bench: Bench, posted: Posted, over: Session) -> None:
    await bench.catch_up()
    frozen(bench)
    assert await state(bench, posted) is AnnouncementState.ENDED
    bench.platform.sessions["training"] = replace(over, name="Renamed afterwards")
    await bench.catch_up()
    assert len(bench.messenger.edits) == 1


async def test_the_list_may_leave_it_out(
    bench: Bench, posted: Posted, over: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing() -> list[Session]:
        return []

    monkeypatch.setattr(bench.platform, "list_sessions", nothing)
    await bench.catch_up()
    frozen(bench)
    assert await state(bench, posted) is AnnouncementState.ENDED


async def test_a_restart_during_the_end_finishes_it(
    bench: Bench, posted: Posted, over: Session
) -> None:
    bench.messenger.error = MessengerError("Discord did not answer.")
    await bench.catch_up()
    assert await state(bench, posted) is AnnouncementState.OPEN
    after = await bench.crash()
    bench.messenger.error = None
    await after.catch_up()
    frozen(after)
    assert await state(after, posted) is AnnouncementState.ENDED


async def test_a_platform_that_forgets_what_is_over_costs_no_roster(
    bench: Bench, posted: Posted, over: Session
) -> None:
    bench.clock.now = SESSION.starts_at
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    await bench.catch_up()
    del bench.platform.sessions["training"]
    bench.clock.now = SESSION.ends_at
    await bench.catch_up()
    frozen(bench)
    assert await state(bench, posted) is AnnouncementState.ENDED


async def test_not_even_after_a_restart(bench: Bench, posted: Posted, over: Session) -> None:
    bench.clock.now = SESSION.starts_at
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    await bench.catch_up()
    after = await bench.crash()
    del after.platform.sessions["training"]
    after.clock.now = SESSION.ends_at
    await after.catch_up()
    _, board = after.messenger.edits[-1]
    assert board.state == "ended"
    assert board.warning == f"Who held a role: Trainer: <@{ANA}>"
    assert await state(after, posted) is AnnouncementState.ENDED
