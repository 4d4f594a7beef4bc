"""Hosts claim and release for others; the member hears of it later."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import NotPermitted
from bot.models import Door
from bot.services.outcomes import Code
from tests.services.bench import ANA, BEN, GUILD, HOST, Bench, actor, roblox_of
from tests.services.conftest import Posted
from tests.services.worlds import SESSION, with_claims

CARA = 9  # linked nowhere


async def test_a_host_claims_for_somebody(bench: Bench, posted: Posted) -> None:
    press = replace(
        bench.press(posted.trainer, HOST, door=Door.HOST), subject_id=ANA, reason="asked by phone"
    )
    outcome = await bench.claims.claim(press)
    assert (outcome.code, outcome.subject_id) == (Code.CLAIMED, ANA)
    assert outcome.operation_id == ""  # hearing of it, the host has not told the member
    assert bench.platform.holders(posted.trainer.place) == (roblox_of(ANA),)
    (row,) = await bench.journal(ANA)
    assert (row.actor_id, row.subject_id, row.door) == (HOST, ANA, Door.HOST)
    assert row.with_reason
    assert "phone" not in repr(row)
    (told,) = await bench.claims.untold(GUILD, ANA)
    assert (told.code, told.by_id, told.subject_id) == (Code.CLAIMED, HOST, None)
    await bench.claims.mark_told([told.operation_id])
    assert await bench.claims.untold(GUILD, ANA) == []


async def test_a_host_releases_for_somebody(bench: Bench, posted: Posted) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, roblox_of(ANA))
    press = replace(bench.press(posted.trainer, HOST, door=Door.HOST), subject_id=ANA)
    outcome = await bench.claims.release(press)
    assert (outcome.code, outcome.subject_id) == (Code.RELEASED, ANA)
    assert bench.platform.writes == [("release", "trainer", roblox_of(ANA), True)]


async def test_what_a_host_tried_in_vain_is_not_told_to_the_member(
    bench: Bench, posted: Posted
) -> None:
    bench.platform.sessions["training"] = with_claims(SESSION, 55)
    press = replace(bench.press(posted.trainer, HOST, door=Door.HOST), subject_id=ANA)
    assert (await bench.claims.claim(press)).code is Code.FULL
    assert await bench.claims.untold(GUILD, ANA) == []


@pytest.mark.parametrize("door", [Door.HOST, Door.SLASH])
async def test_only_hosts_act_for_others(door: Door, bench: Bench, posted: Posted) -> None:
    press = replace(bench.press(posted.trainer, BEN, door=door), subject_id=ANA)
    for ask in (bench.claims.claim, bench.claims.release):
        with pytest.raises(NotPermitted):
            await ask(press)
    assert await bench.journal(ANA) == []


async def test_whom_a_host_names_must_be_linked(bench: Bench, posted: Posted) -> None:
    press = replace(bench.press(posted.trainer, HOST, door=Door.HOST), subject_id=CARA)
    outcome = await bench.claims.claim(press)
    assert (outcome.code, outcome.subject_id) == (Code.NOT_LINKED, CARA)


async def test_a_host_may_correct_the_roster_after_closing(bench: Bench, posted: Posted) -> None:
    await bench.running.close(actor(HOST), str(posted.announcement.announcement_id))
    press = replace(bench.press(posted.trainer, HOST, door=Door.HOST), subject_id=ANA)
    assert (await bench.claims.claim(press)).code is Code.CLAIMED
