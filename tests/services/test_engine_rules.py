"""The rules as a press meets them: fresh readings, ranks, moves and releases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import (
    Unavailable,
    UpstreamFacts,
)
from bot.models import (
    AttemptState,
    ClaimsForm,
    Door,
    Session,
    SessionState,
)
from bot.services.outcomes import Code
from tests.services.bench import ANA, BEN, HOST, Bench, roblox_of
from tests.services.conftest import Posted
from tests.services.worlds import (
    HELPER,
    MAIN,
    READMIN,
    SESSION,
    TRAINER,
    with_claims,
    with_role,
)

SESSIONS = [
    (replace(SESSION, state=SessionState.NOT_OPEN), Code.NOT_OPEN, ""),
    (replace(SESSION, state=SessionState.ENDED), Code.CLOSED, ""),
    (replace(SESSION, servers=()), Code.GONE, "server"),
    (replace(SESSION, roles=(HELPER,)), Code.GONE, "role"),
    (replace(SESSION, servers=(replace(MAIN, form=ClaimsForm.LIST),)), Code.LIST_FORM, ""),
    (with_claims(SESSION, roblox_of(ANA)), Code.ALREADY_SAME, ""),
]


@pytest.mark.parametrize(("session", "code", "what"), SESSIONS)
async def test_the_rules_refuse_without_a_write(
    session: Session, code: Code, what: str, bench: Bench, posted: Posted
) -> None:
    bench.platform.sessions["training"] = session
    outcome = await bench.claims.claim(bench.press(posted.trainer))
    assert (outcome.code, outcome.what) == (code, what)
    assert bench.platform.writes == []
    (row,) = await bench.journal()
    assert (row.state, row.reason) == (AttemptState.REFUSED, code.value)
    assert row.sent_at is None


async def test_a_session_that_is_gone(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions.clear()
    outcome = await bench.claims.claim(bench.press(posted.trainer))
    assert (outcome.code, outcome.what) == (Code.GONE, "session")


async def test_a_move_is_asked_first_and_done_when_confirmed(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA), role=HELPER)
    asked = await bench.claims.claim(bench.press(posted.trainer))
    assert (asked.code, asked.held_role_name) == (Code.MOVE, "Helper")
    assert bench.platform.writes == []
    moved = await bench.claims.claim(bench.press(posted.trainer, move=True))
    assert moved.code is Code.CLAIMED
    assert bench.platform.holders(posted.trainer.place) == (roblox_of(ANA),)
    assert bench.platform.holders(posted.helper.place) == ()


async def test_a_move_to_a_full_role_is_refused(bench: Bench, posted: Posted) -> None:
    crowd = with_claims(with_claims(SESSION, roblox_of(ANA), role=HELPER), 55)
    bench.platform.sessions["training"] = crowd
    outcome = await bench.claims.claim(bench.press(posted.trainer, move=True))
    assert outcome.code is Code.FULL
    assert bench.platform.writes == []


@pytest.mark.parametrize(("rank", "code"), [(99, Code.NOT_ELIGIBLE_RANK), (100, Code.CLAIMED)])
async def test_a_rank_is_read_afresh(rank: int, code: Code, bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["training"] = with_role(SESSION, replace(TRAINER, min_rank=100))
    bench.roblox.ranks[roblox_of(ANA)] = rank
    outcome = await bench.claims.claim(bench.press(posted.trainer))
    assert outcome.code is code
    assert (roblox_of(ANA), SESSION.group_id) in bench.roblox.asked
    if code is Code.NOT_ELIGIBLE_RANK:
        assert (outcome.needed_rank, outcome.rank) == (100, 99)


async def test_no_rank_is_read_where_none_is_needed(bench: Bench, posted: Posted) -> None:
    await bench.claims.claim(bench.press(posted.trainer))
    assert (roblox_of(ANA), SESSION.group_id) not in bench.roblox.asked


async def test_when_roblox_is_down_nobody_is_called_unfit(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["training"] = with_role(SESSION, replace(TRAINER, min_rank=100))
    bench.roblox.error = Unavailable("m", UpstreamFacts("Roblox"))
    outcome = await bench.claims.claim(bench.press(posted.trainer))
    assert (outcome.code, outcome.platform) == (Code.DOWN, "Roblox")
    assert bench.platform.writes == []


async def test_release(bench: Bench, posted: Posted) -> None:
    crowd = with_claims(SESSION, roblox_of(ANA), roblox_of(BEN), role=HELPER)
    bench.platform.sessions["training"] = crowd
    outcome = await bench.claims.release(bench.press(posted.helper))
    assert outcome.code is Code.RELEASED
    assert bench.platform.writes == [("release", "helper", roblox_of(ANA), False)]
    assert bench.platform.holders(posted.helper.place) == (roblox_of(BEN),)


async def test_a_hosts_release_says_that_it_is_a_hosts(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    press = bench.press(posted.trainer, HOST, door=Door.HOST)
    await bench.claims.release(replace(press, subject_id=ANA))
    assert bench.platform.writes == [("release", "trainer", roblox_of(ANA), True)]


@pytest.mark.parametrize(
    "session",
    [
        SESSION,
        with_claims(SESSION, roblox_of(BEN)),
        with_claims(SESSION, roblox_of(ANA), role=HELPER),
    ],
)
async def test_what_is_not_held_is_not_released(
    session: Session, bench: Bench, posted: Posted
) -> None:
    bench.platform.sessions["training"] = session
    assert (await bench.claims.release(bench.press(posted.trainer))).code is Code.NOT_HELD
    assert bench.platform.writes == []


async def test_a_platform_without_release_says_so(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    bench.platform.capabilities = replace(READMIN, can_release=False)
    outcome = await bench.claims.release(bench.press(posted.trainer))
    assert (outcome.code, outcome.can_release) == (Code.CANNOT_RELEASE, False)
    assert bench.platform.writes == []
