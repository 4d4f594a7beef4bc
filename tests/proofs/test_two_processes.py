"""Two engines on one PostgreSQL, two guilds, one upstream session: one writer at a time."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from pathlib import Path

from bot.services.outcomes import Code
from bot.store.database import Database, migrate
from tests.postgres import Postgres
from tests.postgres import postgres as postgres
from tests.proofs.office import WITHIN, Office, connect, end_process, open_office, post
from tests.services.assembled import KEYS
from tests.services.bench import GUILD, STRANGERS, Bench

ROOT = Path(__file__).parents[2]
PRESSES = 100  # of each side


async def test_one_place_and_two_hundred_presses_from_both_sides(
    tmp_path: Path, postgres: Postgres
) -> None:
    url = postgres.create_database()
    await migrate(url)
    async with open_office(tmp_path, {"lead": 1}, {}) as office:
        office.readmin.release_gap = 0
        await _open_boards(office, url)
        sides = [await _start(url, GUILD, 10_000), await _start(url, STRANGERS, 20_000)]
        for side in sides:
            assert side.stdout is not None
            line = await asyncio.wait_for(side.stdout.readline(), WITHIN)
            assert line == b"ready\n"
        outputs = await asyncio.wait_for(
            asyncio.gather(*(side.communicate(b"go\n") for side in sides)), 4 * WITHIN
        )
        holders = office.holders(office.readmin.base_url, "main-0", "lead")
        writes = sum(seen.kind == "claim" for seen in office.readmin.requests)
    told = Counter(line for output, _ in outputs for line in output.decode().splitlines())
    assert told == {Code.CLAIMED.value: 1, Code.FULL.value: 2 * PRESSES - 1}
    assert (len(holders), writes) == (1, 1)


async def _open_boards(office: Office, url: str) -> None:
    """The same session posted in both guilds, everybody linked."""
    database = await Database.open(url)
    bench = Bench(database, office.messenger, office.roblox, office.clock, {})
    ours, theirs, _ = await connect(bench, office)
    await bench.link(*range(10_000, 10_000 + PRESSES), guild_id=GUILD)
    await bench.link(*range(20_000, 20_000 + PRESSES), guild_id=STRANGERS)
    for workspace in (ours, theirs):
        await post(bench, workspace, office.readmin_session)
    await end_process(bench)


async def _start(url: str, guild_id: int, first: int) -> Process:
    arguments = (url, str(guild_id), str(first), str(PRESSES), KEYS[0].get_secret_value())
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.proofs.one_process", *arguments,
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdin=PIPE, stdout=PIPE,
    )  # fmt: skip
