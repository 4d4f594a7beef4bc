"""What staff can choose from, how they may name it, and what they hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import Refusal, Unavailable
from bot.models import Claim, ProviderKind, Workspace
from tests.services.bench import ANA, BEN, GUILD, HOST, STRANGERS, Bench, actor, roblox_of
from tests.services.conftest import Posted
from tests.services.fakes import FACTS, FakePlatform
from tests.services.worlds import HELPER, MAIN, SECOND, SESSION, TRAINER, with_claims

SEVERAL = replace(SESSION, session_id="shift", name="Night Shift", servers=(MAIN, SECOND))


@pytest.fixture
async def shift(bench: Bench, workspace: Workspace) -> str:
    """A session with two servers is posted as well; its announcement's number."""
    bench.platform.sessions["shift"] = SEVERAL
    return str((await bench.post(workspace, SEVERAL)).announcement_id)


async def test_open_sessions_come_with_their_boards(bench: Bench, posted: Posted) -> None:
    ((announcement, board),) = await bench.openings.list_open(GUILD)
    assert announcement == posted.announcement
    assert board == bench.messenger.posts[0][1]
    assert await bench.openings.list_open(STRANGERS) == []
    await bench.running.close(actor(HOST), str(announcement.announcement_id))
    assert await bench.openings.list_open(GUILD) == []


async def test_lines_of_a_choice_or_a_title(bench: Bench, posted: Posted) -> None:
    for choice in (str(posted.announcement.announcement_id), "12:00 Training"):
        lines = await bench.openings.list_lines(GUILD, choice)
        assert [line.role_name for line in lines] == ["Trainer", "Helper", "Guard"]
    assert await bench.openings.list_lines(GUILD, "nonsense") == ()
    assert await bench.openings.list_lines(STRANGERS, "12:00 Training") == ()


async def test_after_a_restart_lists_answer_at_once_all_the_same(
    bench: Bench, posted: Posted
) -> None:
    after = await bench.crash()
    assert await after.openings.list_open(GUILD) == [(posted.announcement, None)]
    assert await after.openings.list_lines(GUILD, "12:00 Training") == ()


async def test_an_opening_by_its_id(bench: Bench, posted: Posted) -> None:
    number = posted.trainer.opening_id
    assert await bench.openings.get(GUILD, number) == (posted.trainer, posted.announcement)
    for guild_id, opening_id in ((STRANGERS, number), (GUILD, 0), (GUILD, 2**70)):
        with pytest.raises(Refusal, match="no longer on offer"):
            await bench.openings.get(guild_id, opening_id)


@pytest.mark.parametrize("role", ["Trainer", " trainer ", "TRAINER"])
@pytest.mark.parametrize("session", ["12:00 Training", " 12:00 training ", "1"])
async def test_find_by_words(session: str, role: str, bench: Bench, posted: Posted) -> None:
    assert await bench.openings.find(GUILD, session, role, "") == posted.trainer


async def test_find_by_what_was_offered(bench: Bench, posted: Posted) -> None:
    choice = str(posted.helper.opening_id)
    assert await bench.openings.find(GUILD, "1", choice, "") == posted.helper


async def test_a_server_has_to_be_chosen_where_there_are_several(
    bench: Bench, posted: Posted, shift: str
) -> None:
    with pytest.raises(Refusal, match=r"Which server.*Main, Second"):
        await bench.openings.find(GUILD, shift, "Trainer", "")
    second = await bench.openings.find(GUILD, shift, "Trainer", " second ")
    assert (second.place.server_id, second.place.role_id) == ("second", "trainer")
    main = await bench.openings.find(GUILD, shift, "Trainer", "Main")
    assert await bench.openings.find(GUILD, shift, str(main.opening_id), "") == main
    # a role picked from the list, then the other server: the server that was named counts
    assert await bench.openings.find(GUILD, shift, str(main.opening_id), "Second") == second


async def test_an_unknown_role_is_answered_with_those_there_are(
    bench: Bench, posted: Posted, shift: str
) -> None:
    with pytest.raises(Refusal, match="It has: Trainer, Helper, Guard"):
        await bench.openings.find(GUILD, "1", "Boss", "")
    for role, server in (("Boss", ""), ("Trainer", "Third")):
        with pytest.raises(Refusal, match=r"Trainer \(Main\).*Trainer \(Second\)"):
            await bench.openings.find(GUILD, shift, role, server)


async def test_another_sessions_opening_is_no_role_here(
    bench: Bench, posted: Posted, shift: str
) -> None:
    with pytest.raises(Refusal, match="has no such role"):
        await bench.openings.find(GUILD, shift, str(posted.trainer.opening_id), "")


async def test_an_unknown_session_is_answered_with_the_posted_ones(
    bench: Bench, posted: Posted, shift: str
) -> None:
    with pytest.raises(Refusal, match="Posted: Night Shift, 12:00 Training"):
        await bench.openings.find(GUILD, "nite shift", "Trainer", "")
    with pytest.raises(Refusal, match="No session is posted here"):
        await bench.openings.find(STRANGERS, "12:00 Training", "Trainer", "")


async def test_what_i_hold(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA), roblox_of(BEN))
    unposted = replace(SEVERAL, starts_at=SESSION.ends_at)
    unposted = with_claims(unposted, roblox_of(ANA), role=HELPER, server="second")
    bench.platform.sessions["shift"] = unposted
    holdings = await bench.openings.list_mine(actor(ANA))
    first, second = holdings.claims
    assert (first.session_title, first.role_name) == ("12:00 Training", "Trainer")
    assert (first.server_name, first.platform, first.can_release) == ("", "ReAdmin", True)
    assert first.opening_id == posted.trainer.opening_id
    assert (second.session_title, second.server_name) == ("Night Shift", "Second")
    assert second.opening_id is None  # not posted here
    assert holdings.unreachable == ()


async def test_a_role_that_the_platform_lost_has_a_name_all_the_same(
    bench: Bench, posted: Posted
) -> None:
    lost = replace(MAIN, claims=(Claim(roblox_of(ANA), None),))
    bench.platform.sessions["training"] = replace(SESSION, servers=(lost,))
    (only,) = (await bench.openings.list_mine(actor(ANA))).claims
    assert (only.role_name, only.opening_id) == ("a role that no longer exists", None)


async def test_what_is_read_now_counts(bench: Bench, posted: Posted) -> None:
    await bench.catalog.fetch_sessions(posted.announcement.workspace_id)
    await bench.claims.claim(bench.press(posted.trainer))
    assert len((await bench.openings.list_mine(actor(ANA))).claims) == 1
    assert len(await bench.openings.list_recent(actor(ANA))) == 1
    await bench.claims.release(bench.press(posted.trainer))
    assert (await bench.openings.list_mine(actor(ANA))).claims == ()
    assert await bench.openings.list_recent(actor(ANA)) == []


async def test_a_workspace_that_is_down_is_named(bench: Bench, posted: Posted) -> None:
    elsewhere = "https://second.example.test"
    bench.platforms[elsewhere] = FakePlatform(with_claims(SESSION, roblox_of(ANA), role=TRAINER))
    await bench.add_workspace(name="Second", base_url=elsewhere, kind=ProviderKind.READMIN_V1)
    bench.platform.read_error = Unavailable("m", FACTS)
    holdings = await bench.openings.list_mine(actor(ANA))
    assert holdings.unreachable == ("Harbour",)
    (only,) = holdings.claims
    assert (only.platform, only.can_release) == ("ReAdmin (legacy v1)", False)


async def test_who_is_not_linked(bench: Bench, posted: Posted) -> None:
    with pytest.raises(Refusal, match="/links add"):
        await bench.openings.list_mine(actor(99))
    assert await bench.openings.list_recent(actor(99)) == []
    with pytest.raises(Refusal):
        await bench.openings.list_mine(actor(ANA, STRANGERS))
