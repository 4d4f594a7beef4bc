"""What is gathered for a claim: settings of workspace and role, and the member's other claims."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import Unavailable
from bot.models import (
    Announcement,
    AttemptKind,
    AttemptState,
    ClashPolicy,
    Opening,
    Place,
    RoleRule,
    Session,
    SessionState,
    Workspace,
)
from bot.services.policies import RECENT, RETRY
from bot.services.rules import OtherClaim, Policy
from tests.services.bench import ANA, BEN, GUILD, STRANGERS, UPSTREAM, Bench, actor, roblox_of
from tests.services.conftest import Posted
from tests.services.fakes import FACTS, FakePlatform
from tests.services.worlds import HELPER, HOUR, SESSION, with_claims

ELSEWHERE = "https://elsewhere.example.test"
MINE = roblox_of(ANA)
SHIFT = replace(SESSION, session_id="shift", name="12:30 Shift", starts_at=SESSION.starts_at + HOUR)
HELD = with_claims(SHIFT, MINE)
THE_SHIFT = OtherClaim("12:30 Shift", SHIFT.starts_at, SHIFT.ends_at)


@pytest.fixture
def elsewhere(bench: Bench) -> FakePlatform:
    """Another platform, with the shift in which ANA holds a role."""
    platform = bench.platforms[ELSEWHERE] = FakePlatform(HELD)
    return platform


async def gather(bench: Bench, posted: Posted, discord_id: int = ANA) -> Policy:
    """The policy for a claim of Trainer in SESSION."""
    announcement = posted.announcement
    workspace = await bench.workspaces.get(announcement.guild_id, announcement.workspace_id)
    return await bench.policies.policy_for(
        workspace, announcement, posted.trainer.place, discord_id, roblox_of(discord_id)
    )


async def local(bench: Bench, posted: Posted, opening: Opening, **changes: object) -> Policy:
    """Cut-off and Discord roles of an opening."""
    announcement: Announcement = replace(posted.announcement, **changes)  # type: ignore[arg-type]  # fields
    workspace = await bench.workspaces.get(GUILD, announcement.workspace_id)
    return await bench.policies.local_policy(workspace, announcement, opening.place)


async def test_nothing_is_set(bench: Bench, posted: Posted) -> None:
    assert await local(bench, posted, posted.trainer) == Policy()
    assert await gather(bench, posted) == Policy(clash=ClashPolicy.WARN)


async def test_the_cut_off_counts_from_the_start(bench: Bench, posted: Posted) -> None:
    policy = await local(bench, posted, posted.trainer, cutoff_minutes=30)
    assert policy.cut_off == SESSION.starts_at - timedelta(minutes=30)


async def test_a_roles_own_rule_replaces_who_may_and_adds_who_may_not(
    bench: Bench, posted: Posted
) -> None:
    number = posted.announcement.workspace_id
    await bench.workspace_store.update(
        GUILD, number, claimer_role_ids=frozenset({1}), barred_role_ids=frozenset({2})
    )
    place = posted.trainer.place
    rule = RoleRule(number, place.group_id, place.role_id, "Trainer", frozenset({3}))
    await bench.rule_store.set(replace(rule, barred_role_ids=frozenset({4})))
    trainer = await local(bench, posted, posted.trainer)
    helper = await local(bench, posted, posted.helper)
    assert (trainer.allowed_role_ids, trainer.barred_role_ids) == ({3}, {2, 4})
    assert (helper.allowed_role_ids, helper.barred_role_ids) == ({1}, {2})
    barring = replace(rule, allowed_role_ids=frozenset(), barred_role_ids=frozenset({4}))
    await bench.rule_store.set(barring)
    assert (await local(bench, posted, posted.trainer)).allowed_role_ids == {1}


async def test_claims_in_all_workspaces_of_the_guild_count(
    bench: Bench, posted: Posted, elsewhere: FakePlatform
) -> None:
    await bench.add_workspace(name="Other", base_url=ELSEWHERE)
    morning = replace(SHIFT, session_id="morning", name="Morning", starts_at=SESSION.starts_at)
    bench.platform.sessions["morning"] = with_claims(morning, MINE, role=HELPER)
    bench.ticks += RECENT + 1
    policy = await gather(bench, posted)
    assert [claim.title for claim in policy.other_claims] == ["Morning", "12:30 Shift"]
    assert policy.other_claims[1] == THE_SHIFT
    assert (await gather(bench, posted, BEN)).other_claims == ()


async def test_another_guilds_workspace_is_not_looked_at(
    bench: Bench, posted: Posted, elsewhere: FakePlatform
) -> None:
    await bench.add_workspace(STRANGERS, name="Theirs", base_url=ELSEWHERE)
    assert (await gather(bench, posted)).other_claims == ()
    assert elsewhere.lists == 0


@pytest.mark.parametrize("state", [SessionState.ENDED, SessionState.CANCELLED])
async def test_what_is_over_does_not_count(
    state: SessionState, bench: Bench, posted: Posted
) -> None:
    bench.platform.sessions["shift"] = replace(HELD, state=state)
    bench.ticks += RECENT + 1
    assert (await gather(bench, posted)).other_claims == ()


async def test_the_same_session_is_no_other_also_through_a_second_workspace(
    bench: Bench, posted: Posted
) -> None:
    await bench.add_workspace(name="Twin", base_url=UPSTREAM)
    bench.platform.sessions["training"] = with_claims(SESSION, MINE)
    bench.ticks += RECENT + 1
    assert (await gather(bench, posted)).other_claims == ()


async def test_off_asks_nobody(bench: Bench, posted: Posted, elsewhere: FakePlatform) -> None:
    await bench.add_workspace(name="Other", base_url=ELSEWHERE)
    number = posted.announcement.workspace_id
    await bench.workspace_store.update(GUILD, number, clash=ClashPolicy.OFF)
    assert await gather(bench, posted) == Policy()
    assert elsewhere.lists == 0


async def test_a_crowd_shares_one_list(
    bench: Bench, posted: Posted, elsewhere: FakePlatform
) -> None:
    await bench.add_workspace(name="Other", base_url=ELSEWHERE)
    for _ in range(20):
        bench.catalog.expire(posted.announcement.workspace_id)  # as after every claim
        await gather(bench, posted)
        bench.ticks += RECENT / 40
    assert elsewhere.lists == 1
    bench.ticks += RECENT
    await gather(bench, posted)
    assert elsewhere.lists == 2


async def test_a_workspace_that_fails_is_left_out_and_logged(
    bench: Bench, posted: Posted, elsewhere: FakePlatform, caplog: pytest.LogCaptureFixture
) -> None:
    other = await bench.add_workspace(name="Other", base_url=ELSEWHERE)
    elsewhere.read_error = Unavailable("silent", FACTS)
    with caplog.at_level(logging.WARNING, "bot.services.policies"):
        assert (await gather(bench, posted)).other_claims == ()
    said = f"workspace {other.workspace_id} could not be asked for clashing claims"
    assert said in [record.getMessage() for record in caplog.records]
    await bench.workspaces.remove(actor(), other.workspace_id)
    bench.ticks += RETRY
    await gather(bench, posted)
    assert not bench.policies._silent


async def test_a_workspace_that_hangs_is_waited_for_once_in_a_while(
    bench: Bench, posted: Posted, elsewhere: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.catalog.BRIEFLY", 0.01)
    await bench.add_workspace(name="Other", base_url=ELSEWHERE)
    patience: list[bool] = []
    get_within = bench.catalog.get_within

    async def note(number: int, age: float, *, wait: bool = True) -> tuple[Session, ...] | None:
        if number != posted.announcement.workspace_id:
            patience.append(wait)
        return await get_within(number, age, wait=wait)

    monkeypatch.setattr(bench.catalog, "get_within", note)
    elsewhere.list_gate.clear()
    for _ in range(3):
        assert (await gather(bench, posted)).other_claims == ()
    bench.ticks += RETRY
    await gather(bench, posted)
    assert patience == [True, False, False, True]
    elsewhere.list_gate.set()
    await bench.background.settle()
    bench.ticks += 1
    await gather(bench, posted)  # it asks anew, and now there is an answer
    await bench.background.settle()
    assert (await gather(bench, posted)).other_claims == (THE_SHIFT,)


async def remember(
    bench: Bench, posted: Posted, kind: AttemptKind, session_id: str, *, ago: float = 1.0
) -> None:
    """ANA's confirmed claim or release in another session of the workspace, some seconds ago."""
    announcement = posted.announcement
    at = bench.clock() - timedelta(seconds=ago)
    press = bench.press(posted.trainer)
    workspace: Workspace = await bench.workspaces.get(GUILD, announcement.workspace_id)
    attempt = bench.claims._to_attempt(  # the journal's own shape, not a copy of it here
        kind, press, posted.trainer, announcement, workspace, roblox_of(ANA)
    )
    place = Place(session_id, "main", "staff", "trainer")
    attempt = replace(attempt, place=place, created_at=at)
    await bench.attempts.add(attempt)
    await bench.attempts.save(replace(attempt, state=AttemptState.CONFIRMED, settled_at=at))


async def test_a_claim_of_a_moment_ago_counts_before_any_list_shows_it(
    bench: Bench, posted: Posted
) -> None:
    await remember(bench, posted, AttemptKind.CLAIM, "new")
    facts = posted.announcement
    mine = OtherClaim(facts.title, facts.starts_at, facts.ends_at)
    assert (await gather(bench, posted)).other_claims == (mine,)
    assert (await gather(bench, posted, BEN)).other_claims == ()


async def test_a_release_of_a_moment_ago_counts_too(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["shift"] = HELD
    bench.ticks += RECENT + 1
    assert (await gather(bench, posted)).other_claims == (THE_SHIFT,)
    await remember(bench, posted, AttemptKind.CLAIM, "shift", ago=2)
    await remember(bench, posted, AttemptKind.RELEASE, "shift", ago=1)
    assert (await gather(bench, posted)).other_claims == ()


async def test_older_rows_leave_the_word_to_the_platform(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["shift"] = HELD
    bench.ticks += RECENT + 1
    await remember(bench, posted, AttemptKind.RELEASE, "shift", ago=RECENT + 1)
    await remember(bench, posted, AttemptKind.CLAIM, "new", ago=RECENT + 1)
    assert (await gather(bench, posted)).other_claims == (THE_SHIFT,)
