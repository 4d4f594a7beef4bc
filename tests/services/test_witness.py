"""What others change on the platform is noticed, and told to whom it concerns, once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.models import ClaimsForm, Preferences, SessionState
from tests.services.bench import ANA, BEN, GUILD, Bench, roblox_of
from tests.services.conftest import Posted
from tests.services.worlds import HELPER, SESSION, with_claims

SURE = 20  # seconds after which a loss counts as one


@pytest.fixture
async def opted(bench: Bench, posted: Posted) -> Posted:
    """ANA wants direct messages and holds the trainer's role, as the board shows."""
    await bench.preferences.save(Preferences(GUILD, ANA, direct=True))
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    await bench.catch_up()
    return posted


async def look_twice(bench: Bench) -> None:
    """Two polls, far enough apart."""
    await bench.catch_up()
    bench.clock.advance(SURE)
    await bench.catch_up()


async def test_a_claim_that_others_removed_is_told(bench: Bench, opted: Posted) -> None:
    bench.platform.sessions["training"] = SESSION
    await look_twice(bench)
    await look_twice(bench)
    ((member, words),) = bench.messenger.direct
    assert member == ANA
    assert "Trainer" in words
    assert bench.messenger.edits[-1][1].lines[0].taken == 0


async def test_also_when_it_was_removed_while_muster_was_down(bench: Bench, opted: Posted) -> None:
    after = await bench.crash()
    bench.platform.sessions["training"] = SESSION
    await look_twice(after)
    assert [member for member, _ in after.messenger.direct] == [ANA]


async def test_who_did_not_ask_for_it_is_told_nothing(bench: Bench, opted: Posted) -> None:
    await bench.preferences.save(Preferences(GUILD, ANA, direct=False))
    bench.platform.sessions["training"] = SESSION
    await look_twice(bench)
    assert bench.messenger.direct == []


async def test_a_claim_that_comes_back_at_once_was_never_lost(bench: Bench, opted: Posted) -> None:
    bench.platform.sessions["training"] = SESSION
    await bench.catch_up()
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    await bench.catch_up()
    bench.clock.advance(SURE)
    bench.platform.sessions["training"] = SESSION
    await bench.catch_up()
    assert bench.messenger.direct == []  # it is missing anew, and not yet for sure


async def test_a_release_of_ours_is_not_told_as_somebody_elses(
    bench: Bench, posted: Posted
) -> None:
    await bench.preferences.save(Preferences(GUILD, ANA, direct=True))
    await bench.claims.claim(bench.press(posted.trainer))
    await bench.catch_up()
    await bench.claims.release(bench.press(posted.trainer))
    await look_twice(bench)
    assert bench.messenger.direct == []


async def test_nor_is_a_move(bench: Bench, posted: Posted) -> None:
    await bench.preferences.save(Preferences(GUILD, ANA, direct=True))
    await bench.claims.claim(bench.press(posted.trainer))
    await bench.catch_up()
    await bench.claims.claim(bench.press(posted.helper, move=True))
    await look_twice(bench)
    assert bench.messenger.direct == []
    bench.platform.sessions["training"] = SESSION
    await look_twice(bench)
    ((_, words),) = bench.messenger.direct
    assert "Helper" in words


async def test_the_end_of_a_session_takes_nothing_from_anybody(bench: Bench, opted: Posted) -> None:
    bench.platform.sessions["training"] = replace(SESSION, state=SessionState.ENDED)
    await look_twice(bench)
    assert bench.messenger.direct == []


async def test_a_free_place_is_told_by_whatever_door(bench: Bench, posted: Posted) -> None:
    freed: list[tuple[int, int]] = []
    bench.boards.on_freed(lambda announcement, opening: freed.append((announcement, opening)))
    number = posted.announcement.announcement_id
    bench.platform.sessions["training"] = with_claims(SESSION, 55, roblox_of(BEN), role=HELPER)
    await bench.catch_up()
    assert freed == []
    bench.platform.sessions["training"] = SESSION  # two of them at once are one piece of news
    await look_twice(bench)
    assert freed == [(number, posted.helper.opening_id)]
    await bench.claims.claim(bench.press(posted.trainer))
    await bench.catch_up()
    await bench.claims.release(bench.press(posted.trainer))
    await bench.catch_up()
    assert freed[1:] == [(number, posted.trainer.opening_id)]


async def test_a_role_that_is_no_longer_offered_is_forgotten(bench: Bench, opted: Posted) -> None:
    listed = tuple(replace(one, form=ClaimsForm.LIST) for one in SESSION.servers)
    bench.platform.sessions["training"] = replace(SESSION, servers=listed)
    await bench.boards.refresh(opted.announcement.announcement_id)
    bench.clock.advance(SURE)
    await bench.boards.refresh(opted.announcement.announcement_id)
    assert bench.messenger.direct == []
    bench.platform.sessions["training"] = SESSION
    await look_twice(bench)
    assert bench.messenger.direct == []
