"""Two engines on one PostgreSQL, one swap accepted in both at once: it is carried out once."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from pathlib import Path

from bot.services.swap_choices import Proposal
from bot.services.swap_outcomes import SwapCode
from bot.store.database import Database, migrate
from tests.postgres import Postgres
from tests.postgres import postgres as postgres
from tests.proofs.office import WITHIN, Office, connect, end_process, open_office, post
from tests.services.assembled import KEYS
from tests.services.bench import ANA, BEN, GUILD, Bench, actor, roblox_of

ROOT = Path(__file__).parents[2]
PRESSES = 3  # of each side


async def test_accepted_from_both_sides_and_carried_out_once(
    tmp_path: Path, postgres: Postgres
) -> None:
    url = postgres.create_database()
    await migrate(url)
    async with open_office(tmp_path, {"lead": 1, "crew": 1}, {}) as office:
        swap_id = await _asked(office, url)
        office.readmin.requests.clear()
        sides = [await _start(url, swap_id) for _ in range(2)]
        for side in sides:
            assert side.stdout is not None
            assert await asyncio.wait_for(side.stdout.readline(), WITHIN) == b"ready\n"
        outputs = await asyncio.wait_for(
            asyncio.gather(*(side.communicate(b"go\n") for side in sides)), 4 * WITHIN
        )
        writes = Counter(seen.kind for seen in office.readmin.requests)
        lead = office.holders(office.readmin.base_url, "main-0", "lead")
        crew = office.holders(office.readmin.base_url, "main-0", "crew")
    told = Counter(line for output, _ in outputs for line in output.decode().splitlines())
    assert (writes["release"], writes["claim"]) == (2, 2)
    assert (lead, crew) == ({roblox_of(BEN)}, {roblox_of(ANA)})
    assert set(told) <= {SwapCode.DONE.value, SwapCode.UNKNOWN.value}
    assert told[SwapCode.DONE.value] >= PRESSES, "whoever carried it out was told so"
    assert sum(told.values()) == 2 * PRESSES


async def _asked(office: Office, url: str) -> int:
    """ANA leads, BEN is crew, and ANA has asked."""
    database = await Database.open(url)
    bench = Bench(database, office.messenger, office.roblox, office.clock, {})
    ours, _, _ = await connect(bench, office)
    await bench.link(ANA, BEN)
    posted = await post(bench, ours, office.readmin_session)
    for member, role in ((ANA, "lead"), (BEN, "crew")):
        opening = posted.openings["main-0", role]
        assert (await bench.claims.claim(bench.press(opening, member))).code.value == "claimed"
    asked = await bench.swaps.propose(Proposal(actor(ANA), BEN))
    assert asked.code is SwapCode.ASKED, asked
    await end_process(bench)
    return asked.swap_id


async def _start(url: str, swap_id: int) -> Process:
    numbers = (str(GUILD), str(swap_id), str(BEN), str(PRESSES))
    arguments = (url, *numbers, KEYS[0].get_secret_value())
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.proofs.one_swap_process", *arguments,
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdin=PIPE, stdout=PIPE,
    )  # fmt: skip
