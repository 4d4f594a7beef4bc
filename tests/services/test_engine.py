"""What a platform does becomes an outcome and a line in the journal, and nothing is overbooked."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.errors import (
    AlreadyHeld,
    KeyRefused,
    Misread,
    NotClaimable,
    OutcomeUnknown,
    PlanTooLow,
    ProviderError,
    RankTooLow,
    RateLimited,
    SlotTaken,
    Unavailable,
    UpstreamNotFound,
    UpstreamRefused,
)
from bot.models import (
    AttemptKind,
    AttemptState,
    Door,
    Workspace,
    WorkspaceState,
)
from bot.services.outcomes import Code
from tests.services.bench import ANA, Bench, roblox_of
from tests.services.conftest import Posted
from tests.services.fakes import FACTS
from tests.services.worlds import (
    NOW,
    SESSION,
    with_claims,
)

SAID = [
    (KeyRefused("m", FACTS), Code.KEY),
    (PlanTooLow("m", FACTS), Code.PLAN),
    (RankTooLow("m", FACTS), Code.NOT_ELIGIBLE_RANK),
    (AlreadyHeld("m", FACTS), Code.ALREADY_SAME),
    (SlotTaken("m", FACTS), Code.FULL),
    (NotClaimable("m", FACTS), Code.CLOSED),
    (RateLimited("m", FACTS, NOW + timedelta(minutes=1)), Code.LIMITED),
    (UpstreamNotFound("m", FACTS, "role"), Code.GONE),
    (UpstreamRefused("m", FACTS), Code.UPSTREAM_SAID),
    (Unavailable("m", FACTS), Code.DOWN),
    (Misread("m", FACTS), Code.DOWN),
]
each_error = pytest.mark.parametrize(
    ("error", "code"), SAID, ids=lambda value: type(value).__name__
)
LOST = OutcomeUnknown("no answer", FACTS)


def test_every_provider_error_is_tried_here() -> None:
    tried = {type(error) for error, _ in SAID} | {OutcomeUnknown}
    assert tried == set(ProviderError.__subclasses__())


async def test_a_claim_goes_through(bench: Bench, posted: Posted) -> None:
    outcome = await bench.claims.claim(bench.press(posted.trainer))
    assert outcome.code is Code.CLAIMED
    assert outcome.can_release
    assert (outcome.session_title, outcome.role_name) == ("12:00 Training", "Trainer")
    assert (outcome.starts_at, outcome.platform) == (SESSION.starts_at, "ReAdmin")
    assert outcome.opening_id == posted.trainer.opening_id
    assert bench.platform.writes == [("claim", "trainer", roblox_of(ANA))]
    assert bench.platform.holders(posted.trainer.place) == (roblox_of(ANA),)
    (row,) = await bench.journal()
    assert row.operation_id.startswith(outcome.reference)
    assert len(outcome.reference) == 8
    assert (row.kind, row.state, row.reason) == (
        AttemptKind.CLAIM,
        AttemptState.CONFIRMED,
        "claimed",
    )
    assert (row.upstream, row.place, row.door) == ("readmin", posted.trainer.place, Door.BUTTON)
    assert (row.actor_id, row.subject_id, row.roblox_id) == (ANA, ANA, roblox_of(ANA))
    assert row.sent_at == row.settled_at == bench.clock()
    assert not row.told  # the answer has still to be given
    await bench.claims.mark_told([outcome.operation_id])
    (row,) = await bench.journal()
    assert (row.told, row.interaction_token) == (True, "")


@each_error
async def test_a_refused_write(
    error: ProviderError, code: Code, bench: Bench, posted: Posted
) -> None:
    bench.platform.write_error, bench.platform.loses_writes = error, True
    outcome = await bench.claims.claim(bench.press(posted.trainer))
    assert (outcome.code, outcome.words) == (code, "their words")
    assert outcome.until == getattr(error, "until", None)
    assert outcome.what == getattr(error, "what", "")
    assert len(bench.platform.writes) == 1
    (row,) = await bench.journal()
    assert (row.state, row.reason) == (AttemptState.REFUSED, code.value)
    assert (row.upstream_status, row.settled_at) == (FACTS.status, bench.clock())


@each_error
async def test_a_refused_reading_sends_nothing(
    error: ProviderError, code: Code, bench: Bench, posted: Posted
) -> None:
    bench.platform.read_error = error
    for ask in (bench.claims.claim, bench.claims.release):
        outcome = await ask(bench.press(posted.trainer))
        assert (outcome.code, outcome.words) == (code, "their words")
    assert bench.platform.writes == []
    assert {row.state for row in await bench.journal()} == {AttemptState.REFUSED}


@each_error
async def test_a_refused_release(
    error: ProviderError, code: Code, bench: Bench, posted: Posted
) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    bench.platform.write_error, bench.platform.loses_writes = error, True
    outcome = await bench.claims.release(bench.press(posted.trainer))
    assert outcome.code is code
    (row,) = await bench.journal()
    assert (row.kind, row.state) == (AttemptKind.RELEASE, AttemptState.REFUSED)


async def test_the_journal_says_sent_before_the_platform_is_asked(
    bench: Bench, posted: Posted
) -> None:
    bench.platform.gate.clear()
    press = asyncio.create_task(bench.claims.claim(bench.press(posted.trainer)))
    await bench.platform.waiting.wait()
    (row,) = await bench.journal()
    assert (row.state, row.sent_at) == (AttemptState.SENT, bench.clock())
    assert row.interaction_token.startswith("token-")
    bench.platform.gate.set()
    assert (await press).code is Code.CLAIMED


async def test_an_unclear_answer_and_the_claim_is_there(bench: Bench, posted: Posted) -> None:
    bench.platform.write_error = LOST
    outcome = await bench.claims.claim(bench.press(posted.trainer))
    assert outcome.code is Code.CLAIMED
    (row,) = await bench.journal()
    assert row.state is AttemptState.CONFIRMED


async def test_an_unclear_answer_and_the_claim_is_not_there(bench: Bench, posted: Posted) -> None:
    bench.platform.write_error, bench.platform.loses_writes = LOST, True
    outcome = await bench.claims.claim(bench.press(posted.trainer))
    assert outcome.code is Code.UNKNOWN
    (row,) = await bench.journal()
    assert (row.state, row.absent_since) == (AttemptState.UNKNOWN, bench.clock())
    assert row.settled_at is None
    assert row.interaction_token  # the member is still to be told


async def test_an_unclear_answer_and_the_session_cannot_be_read(
    bench: Bench, posted: Posted
) -> None:
    bench.platform.gate.clear()
    bench.platform.write_error = LOST
    press = asyncio.create_task(bench.claims.claim(bench.press(posted.trainer)))
    await bench.platform.waiting.wait()
    bench.platform.read_error = Unavailable("m", FACTS)
    bench.platform.gate.set()
    assert (await press).code is Code.UNKNOWN
    (row,) = await bench.journal()
    assert (row.state, row.absent_since) == (AttemptState.UNKNOWN, None)


@pytest.mark.parametrize("there", [True, False])
async def test_an_unclear_release(there: bool, bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    bench.platform.write_error, bench.platform.loses_writes = LOST, there
    outcome = await bench.claims.release(bench.press(posted.trainer))
    assert outcome.code is (Code.UNKNOWN if there else Code.RELEASED)


async def test_a_done_claim_is_news_to_board_and_lists(
    bench: Bench, posted: Posted, workspace: Workspace
) -> None:
    await bench.catalog.fetch_sessions(workspace.workspace_id)
    lists = bench.platform.lists
    await bench.claims.claim(bench.press(posted.trainer))
    assert [name for _, _, name in bench.background.timers] == [
        f"refresh board {posted.announcement.announcement_id}"
    ]
    bench.catalog.get_sessions(workspace.workspace_id)  # young, and yet asks again
    await bench.background.settle()
    assert bench.platform.lists == lists + 1


async def test_a_refused_key_marks_the_workspace(
    bench: Bench, posted: Posted, workspace: Workspace
) -> None:
    bench.platform.read_error = KeyRefused("m", FACTS)
    await bench.claims.claim(bench.press(posted.trainer))
    found = await bench.workspaces.get(workspace.guild_id, workspace.workspace_id)
    assert found.state is WorkspaceState.KEY_REFUSED
