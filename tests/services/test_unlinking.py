"""/unlink at once, what stays to be given back, and the claim that goes on after linking."""

from __future__ import annotations

import pytest

from bot.errors import Unavailable
from bot.models import AnnouncementState, Opening
from bot.services.outcomes import Code
from bot.services.resuming import LIFE
from tests.services.bench import ANA, BEN, GUILD, HOST, STRANGERS, actor
from tests.services.fakes import FACTS
from tests.services.oneself import ANAS, Oneself
from tests.services.worlds import HELPER


@pytest.fixture
async def trainer(oneself: Oneself) -> Opening:
    """A posted session's role for one."""
    (workspace,) = await oneself.bench.workspaces.list_all(GUILD)
    announcement = await oneself.bench.post(workspace)
    return await oneself.bench.opening(announcement)


async def press(oneself: Oneself, opening: Opening, member: int = ANA) -> Code:
    """Press a role, as the board does."""
    outcome = await oneself.bench.claims.claim(oneself.bench.press(opening, member))
    await oneself.services.resuming.note(actor(member), outcome)
    return outcome.code


async def test_an_interrupted_claim_is_remembered_until_it_is_done(
    oneself: Oneself, trainer: Opening
) -> None:
    resuming = oneself.services.resuming
    assert await resuming.get(actor(ANA)) is None
    assert await press(oneself, trainer) is Code.NOT_LINKED
    for _ in range(2):
        assert await resuming.get(actor(ANA)) == trainer.opening_id
    assert await resuming.get(actor(BEN)) is None
    assert await resuming.get(actor(ANA, STRANGERS)) is None
    await resuming.done(actor(ANA))
    assert await resuming.get(actor(ANA)) is None


async def test_after_a_quarter_of_an_hour_nothing_goes_on(
    oneself: Oneself, trainer: Opening
) -> None:
    await press(oneself, trainer)
    oneself.bench.clock.advance(LIFE.total_seconds() + 1)
    assert await oneself.services.resuming.get(actor(ANA)) is None


async def test_who_has_claimed_something_since_has_moved_on(
    oneself: Oneself, trainer: Opening
) -> None:
    await press(oneself, trainer)
    await oneself.admin_links(ANA, ANAS)
    oneself.bench.clock.advance(60)
    assert await press(oneself, trainer) is Code.CLAIMED
    assert await oneself.services.resuming.get(actor(ANA)) is None


async def test_only_ones_own_claims_go_on(oneself: Oneself, trainer: Opening) -> None:
    bench = oneself.bench
    await press(oneself, trainer)
    released = await bench.claims.release(bench.press(trainer, BEN))
    assert released.code is Code.NOT_LINKED
    await oneself.services.resuming.note(actor(BEN), released)
    assert await oneself.services.resuming.get(actor(BEN)) is None


async def test_a_closed_session_is_refused_when_the_claim_goes_on(
    oneself: Oneself, trainer: Opening
) -> None:
    await press(oneself, trainer)
    announcement = trainer.announcement_id
    store = oneself.bench.announcements
    now = oneself.bench.clock()
    await store.set_state(announcement, AnnouncementState.CLOSED, by=HOST, now=now)
    await oneself.prove()
    opening_id = await oneself.services.resuming.get(actor(ANA))
    assert opening_id == trainer.opening_id
    assert await press(oneself, trainer) is Code.CLOSED
    assert oneself.bench.platform.writes == []


async def test_the_admins_are_asked_once(oneself: Oneself, trainer: Opening) -> None:
    await press(oneself, trainer)
    ask = oneself.services.resuming.ask_admins
    for _ in range(3):
        assert await ask(actor(ANA), trainer.opening_id)
    assert not await ask(actor(ANA, STRANGERS), trainer.opening_id)
    (notice,) = await oneself.notices()
    assert f"<@{ANA}> asks to be linked" in notice
    assert "/links add" in notice


async def test_unlinking_here_leaves_other_guilds_and_the_proof(oneself: Oneself) -> None:
    await oneself.prove()
    await oneself.bench.links.find(STRANGERS, ANA)
    done = await oneself.services.unlinking.unlink(actor(ANA), everywhere=False)
    assert done.here is not None
    assert (done.here.roblox_id, done.elsewhere, done.proof) == (ANAS, 0, False)
    assert await oneself.bench.links.find(GUILD, ANA) is None, "the proof does not undo it"
    assert await oneself.bench.links.find(STRANGERS, ANA) is not None
    look = await oneself.prove()
    assert look.settled is not None
    assert (await oneself.link_of()) is not None, "who proves anew is linked anew"


async def test_unlinking_everywhere_leaves_nothing(oneself: Oneself) -> None:
    await oneself.use_services()
    await oneself.prove()
    await oneself.bench.links.find(STRANGERS, ANA)
    await oneself.services.identity.ask(actor(ANA))
    card = await oneself.start()
    done = await oneself.services.unlinking.unlink(actor(ANA), everywhere=True)
    assert (done.elsewhere, done.proof) == (1, True)
    for guild in (GUILD, STRANGERS):
        assert await oneself.bench.links.find(guild, ANA) is None
    traces = oneself.services.traces
    assert await traces.proofs.get(ANA) is None
    assert await traces.codes.get(GUILD, ANA, card.code.code_id) is None
    for kind in await oneself.services.identity.list_kinds(GUILD):
        assert await traces.services.get_answer(GUILD, ANA, kind) is None
    again = await oneself.services.unlinking.unlink(actor(ANA), everywhere=True)
    assert (again.here, again.elsewhere, again.proof) == (None, 0, False)


async def test_what_was_claimed_can_be_given_back_after_unlinking(
    oneself: Oneself, trainer: Opening
) -> None:
    bench = oneself.bench
    await oneself.prove()
    assert await press(oneself, trainer) is Code.CLAIMED
    done = await oneself.services.unlinking.unlink(actor(ANA), everywhere=True)
    (holding,) = done.holdings.claims
    assert holding.opening_id == trainer.opening_id
    assert done.releasable == {trainer.opening_id}
    assert await press(oneself, trainer) is Code.NOT_LINKED, "but not claimed"
    announcement = await bench.announcements.get(GUILD, trainer.announcement_id)
    assert announcement is not None
    helper = await bench.opening(announcement, HELPER)
    other = await bench.claims.release(bench.press(helper, ANA))
    assert other.code is Code.NOT_LINKED
    outcome = await bench.claims.release(bench.press(trainer, ANA))
    assert outcome.code is Code.RELEASED


async def test_it_cannot_be_given_back_once_the_account_is_anothers(
    oneself: Oneself, trainer: Opening
) -> None:
    bench = oneself.bench
    await oneself.prove()
    await press(oneself, trainer)
    await oneself.services.unlinking.unlink(actor(ANA), everywhere=True)
    await oneself.admin_links(BEN, ANAS)
    outcome = await bench.claims.release(bench.press(trainer, ANA))
    assert outcome.code is Code.NOT_LINKED
    assert len(bench.platform.sessions["training"].holders("main", "trainer")) == 1


@pytest.mark.usefixtures("trainer")
async def test_unlinking_does_not_wait_for_a_platform(oneself: Oneself) -> None:
    await oneself.prove()
    oneself.bench.platform.read_error = Unavailable("m", FACTS)
    done = await oneself.services.unlinking.unlink(actor(ANA), everywhere=False)
    assert done.here is not None
    assert await oneself.link_of() is None
    assert done.holdings.unreachable == ("Harbour",)
