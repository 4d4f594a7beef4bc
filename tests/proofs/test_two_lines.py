"""Two processes on one PostgreSQL, two guilds, one line: no place is kept for two people."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from pathlib import Path

from bot.models import WaitState
from bot.services.outcomes import Code
from bot.services.waitlist import Waiting
from bot.store.database import Database, migrate
from bot.store.waitlist import WaitlistStore
from tests.postgres import Postgres
from tests.postgres import postgres as postgres
from tests.proofs.office import WITHIN, Office, connect, end_process, open_office, post
from tests.services.assembled import KEYS
from tests.services.bench import GUILD, STRANGERS, Bench, actor, roblox_of

ROOT = Path(__file__).parents[2]
PLACES = 3
WAIT = 10  # of each guild
PRESSES = 30  # passers-by of each guild, twice


async def test_two_processes_offer_each_place_to_one_person(
    tmp_path: Path, postgres: Postgres
) -> None:
    url = postgres.create_database()
    await migrate(url)
    async with open_office(tmp_path, {"crew": PLACES}, {}) as office:
        office.readmin.release_gap = 0
        await _form_a_line(office, url)
        sides = [await _start(url, GUILD, 10_000), await _start(url, STRANGERS, 20_000)]
        await _all_say(sides, b"ready\n")
        for side in sides:
            assert side.stdin is not None
            side.stdin.write(b"go\n")
        await _all_say(sides, b"looked\n")
        promised = await _promised(office, url)
        assert office.holders(office.readmin.base_url, "main-0", "crew") == set()
        outputs = await asyncio.wait_for(
            asyncio.gather(*(side.communicate(b"go\n") for side in sides)), 4 * WITHIN
        )
        holders = office.holders(office.readmin.base_url, "main-0", "crew")
    told = Counter(line for output, _ in outputs for line in output.decode().splitlines())
    assert len(promised) == PLACES
    assert holders == promised
    assert told == {
        f"offered {Code.CLAIMED.value}": PLACES, f"other {Code.FULL.value}": 4 * PRESSES,
    }  # fmt: skip


async def _form_a_line(office: Office, url: str) -> None:
    """Outsiders hold every place, members of both guilds wait in turn; then the places are free."""
    database = await Database.open(url)
    bench = Bench(database, office.messenger, office.roblox, office.clock, {})
    ours, theirs, _ = await connect(bench, office)
    world, session = office.readmin.world, office.readmin_session
    for number in range(PLACES):
        world.panel_claim(session, "main-0", 9001 + number, "crew")
    for workspace, first in ((ours, 10_000), (theirs, 20_000)):
        guild_id = workspace.guild_id
        await bench.link(*range(first, first + PRESSES), guild_id=guild_id)
        await bench.link(*range(first + 100, first + 100 + WAIT), guild_id=guild_id)
        found = await post(bench, workspace, session)
        (opening,) = found.openings.values()
        for member in range(first + 100, first + 100 + WAIT):
            office.clock.advance(0.001)
            joined = await bench.waitlist.join(actor(member, guild_id), opening.opening_id)
            assert isinstance(joined, Waiting)
    await bench.background.settle()
    for number in range(PLACES):
        world.panel_release(session, "main-0", 9001 + number)
    await end_process(bench)


async def _promised(office: Office, url: str) -> set[int]:
    """The accounts for which a place is kept: the first in line."""
    database = await Database.open(url)
    line = await WaitlistStore(database).list_line("readmin", office.readmin_session)
    await database.close()
    offered = {one.roblox_id for one in line if one.state is WaitState.OFFERED}
    assert offered == {roblox_of(10_100 + number) for number in range(PLACES)}
    return offered


async def _all_say(sides: list[Process], word: bytes) -> None:
    for side in sides:
        assert side.stdout is not None
        assert await asyncio.wait_for(side.stdout.readline(), 2 * WITHIN) == word


async def _start(url: str, guild_id: int, first: int) -> Process:
    arguments = (url, str(guild_id), str(first), str(PRESSES), KEYS[0].get_secret_value())
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.proofs.line_process", *arguments,
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdin=PIPE, stdout=PIPE,
    )  # fmt: skip
