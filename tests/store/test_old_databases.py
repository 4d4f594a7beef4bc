"""What a claim costs does not depend on how much there has been, nor does what comes round.

`test_plans.py` asks of every statement whether it may read a whole table. Here a process lives
through a day on a database with a past, and the database counts what it really looks at: the whole
past of a guild, though found through an index, would be as bad.
"""

from __future__ import annotations

import pytest

from bot.store.database import Database
from tests.services.bench import GUILD
from tests.services.worlds import NOW
from tests.store.history import Home, write_history
from tests.store.history_sql import Parts
from tests.store.present import Process
from tests.store.work import Statements, collected, look

PAST = Parts(links=2_000, attempts=16_000, now=int(NOW.timestamp()))  # 400 sessions of one guild
FEW = {"sqlite": 400, "postgresql": 60}  # steps, some fifteen a row; rows


async def make_old(url: str) -> Home:
    """An empty database becomes one that was used for a year."""
    process = Process(await Database.open(url))
    home = await process.move_in()
    await process.aclose()
    await write_history(url, PAST, [home])
    return home


async def live(url: str, home: Home, monkeypatch: pytest.MonkeyPatch) -> Statements:
    """The statements of a day."""
    process = Process(await Database.open(url))
    monkeypatch.setattr("bot.services.workspaces.open_provider", lambda *_: process.platform)
    try:
        with collected() as seen:
            await process.a_day(home)
    finally:
        await process.aclose()
    return seen


async def test_nothing_looks_at_the_past(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = await make_old(database_url)
    seen = await live(database_url, home, monkeypatch)
    assert len(seen) > 80
    database = await Database.open(database_url)
    try:
        few = FEW[database.dialect]
        looks = {
            statement: max([await look(database, database_url, statement, one) for one in sets])
            for statement, sets in seen.items()
        }
        assert {statement: size for statement, size in looks.items() if size > few} == {}
        past = f"SELECT title FROM announcements WHERE guild_id = {GUILD} AND title = 'x'"
        assert await look(database, database_url, past, ()) > few  # through an index, and noticed
    finally:
        await database.close()
