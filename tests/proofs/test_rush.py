"""A thousand members in the same second: every press an outcome, no place given twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from bot.services.outcomes import Code
from tests.proofs.office import (
    KEY,
    Office,
    Post,
    connect,
    end_process,
    open_office,
    post,
    readmin_held,
    series_held,
)
from tests.services.bench import Bench, roblox_of

MEMBERS = range(1_000, 2_000)
ROLES = {f"role{number}": 20 for number in range(5)}
SLOTS = {f"role{number}": 10 for number in range(5)}  # Series allows no more
MOST_READS = 250  # all who wait in the lane share readings


@pytest.fixture(params=["readmin", "series"])
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_a_thousand_presses_at_once(tmp_path: Path, platform: str) -> None:
    async with open_office(tmp_path, ROLES, SLOTS) as office:
        bench = await office.open_process()
        board = await _open_board(bench, office, platform)
        server = office.readmin if platform == "readmin" else office.series
        server.requests.clear()
        openings = list(board.openings.values())
        presses = [
            bench.press(openings[member % len(openings)], member, interaction_id=member)
            for member in MEMBERS
        ]
        outcomes = await asyncio.gather(*map(bench.claims.claim, presses))
        await end_process(bench)
        held = readmin_held(office.readmin) | series_held(office.series)
        kinds = Counter(seen.kind for seen in server.requests)
        places = sum((ROLES if platform == "readmin" else SLOTS).values())
    told = Counter(outcome.code for outcome in outcomes)
    assert told == {Code.CLAIMED: places, Code.FULL: len(MEMBERS) - places}
    winners = {
        roblox_of(member)
        for member, outcome in zip(MEMBERS, outcomes, strict=True)
        if outcome.code is Code.CLAIMED
    }
    assert winners == {roblox_id for *_, roblox_id in held}
    assert Counter(role for _, _, role, _ in held) == (ROLES if platform == "readmin" else SLOTS)
    assert kinds["claim"] == places
    assert kinds["read"] < MOST_READS, kinds


async def _open_board(bench: Bench, office: Office, platform: str) -> Post:
    readmin, _, series = await connect(bench, office)
    await bench.link(*MEMBERS)
    members = office.series.world.workspaces[KEY]
    for member in MEMBERS:
        members.add_member(roblox_of(member), 100)
    if platform == "readmin":
        return await post(bench, readmin, office.readmin_session)
    return await post(bench, series, office.series_session)
