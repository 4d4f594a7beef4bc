"""What members do about a full role, and what stands in its line."""

from __future__ import annotations

import pytest

from bot.models import Door, Waiter, WaitState
from bot.services.claims import Press
from bot.services.outcomes import Code, Outcome
from bot.services.waitlist import Waiting
from bot.store.automation import AutomationStore
from bot.store.waitlist_reads import rows, to_waiter
from bot.store.waitlist_tables import IS_LINED, waitlist
from tests.services.bench import ANA, GUILD, Bench, actor
from tests.services.conftest import Posted

CAT, DAN, EVE = 20, 21, 22
THREAD = 777


@pytest.fixture
async def full(bench: Bench, posted: Posted) -> Posted:
    """ANA holds the one Trainer place; CAT and DAN are linked; the board has a thread."""
    await bench.link(CAT, DAN, EVE)
    await AutomationStore(bench.database).set_thread(posted.announcement.announcement_id, THREAD)
    assert (await bench.claims.claim(bench.press(posted.trainer, ANA))).code is Code.CLAIMED
    await bench.catch_up()
    return posted


async def join(bench: Bench, posted: Posted, *members: int, guild_id: int = GUILD) -> list[Waiting]:
    """These join in order."""
    joined = []
    for member in members:
        bench.clock.advance(1)
        one = await bench.waitlist.join(actor(member, guild_id), posted.trainer.opening_id)
        assert isinstance(one, Waiting), one
        joined.append(one)
        await bench.background.settle()
    return joined


async def release(bench: Bench, posted: Posted, member: int = ANA) -> None:
    """The holder gives it back, and what follows from that is done."""
    outcome = await bench.claims.release(bench.press(posted.trainer, member))
    assert outcome.code is Code.RELEASED
    await bench.background.settle()


async def accept(bench: Bench, waiter: Waiter | Waiting, member: int | None = None) -> Outcome:
    """Press Accept, in the guild."""
    row = waiter.waiter if isinstance(waiter, Waiting) else waiter
    who = actor(row.discord_id if member is None else member, row.guild_id)
    number = next(bench._interactions)
    press = Press(who, 0, Door.WAITLIST, number, f"token-{number}")
    outcome = await bench.waitlist.accept(press, row.waitlist_id, known_roles=True)
    await bench.background.settle()
    return outcome


async def in_line(bench: Bench) -> list[Waiter]:
    """Everybody in line anywhere, in order."""
    query = rows().where(IS_LINED).order_by(waitlist.c.since, waitlist.c.waitlist_id)
    async with bench.database.read() as connection:
        return [to_waiter(row) for row in await connection.execute(query)]


async def offered(bench: Bench) -> list[int]:
    """Who has a standing offer, by Discord id."""
    return [one.discord_id for one in await in_line(bench) if one.state is WaitState.OFFERED]


async def waiting(bench: Bench) -> list[int]:
    """Everybody in line, in order."""
    return [one.discord_id for one in await in_line(bench)]


async def pass_time(bench: Bench, seconds: float) -> None:
    """Time passes, and the timer looks."""
    bench.clock.advance(seconds)
    await bench.offers.tick()
    await bench.background.settle()
