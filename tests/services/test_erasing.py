"""Who asks is forgotten: at once, wholly, across a crash, and nobody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.errors import OutcomeUnknown
from bot.models import (
    NOBODY,
    AccountLink,
    AttemptState,
    ImportLine,
    Preferences,
    Verdict,
    Workspace,
)
from bot.services.outcomes import Code
from bot.store.database import Database, migrate
from bot.store.link_imports import ImportStore
from bot.store.personal import Held
from bot.store.reminders import ReminderStore
from tests.postgres import Postgres
from tests.postgres import postgres as postgres
from tests.services.bench import (
    ADMIN,
    ANA,
    BEN,
    GUILD,
    HOST,
    STRANGERS,
    Bench,
    open_bench,
    roblox_of,
)
from tests.services.conftest import Posted
from tests.services.fakes import FACTS
from tests.services.lines import CAT, join, offered, release, waiting
from tests.services.lines import full as full
from tests.services.private import Private
from tests.services.worlds import HELPER, place_of


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def bench(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Bench]:
    """A bench on either database."""
    url = f"sqlite:///{tmp_path / 'muster.db'}"
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.create_database()
    await migrate(url)
    async with open_bench(url, monkeypatch) as opened:
        yield opened


@pytest.fixture
def private(bench: Bench) -> Private:
    return Private(bench)


async def board_of(bench: Bench, posted: Posted) -> tuple[int, tuple[str, ...]]:
    """The host and the Trainers that the board shows last."""
    await bench.background.settle()
    while await bench.background.fire():
        await bench.background.settle()
    board = bench.messenger.edits[-1][1]
    return board.host_id, next(one.holders for one in board.lines if one.role_name == "Trainer")


async def test_all_is_gone_and_the_board_is_corrected(
    bench: Bench, posted: Posted, private: Private
) -> None:
    await bench.claims.claim(bench.press(posted.trainer, ANA))
    assert (await board_of(bench, posted))[1] == (f"<@{ANA}>",)
    receipt = await private.erasing.erase(ANA)
    assert (receipt.waiting, receipt.boards) == (0, 1)
    assert (await board_of(bench, posted))[1] == (f"roblox_{ANA}",)
    assert await bench.links.get(GUILD, ANA) is None
    assert await bench.journal(ANA) == []
    assert bench.platform.holders(place_of()) == (roblox_of(ANA),)  # the claim itself stands


async def test_a_host_vanishes_from_the_board(
    bench: Bench, posted: Posted, private: Private
) -> None:
    receipt = await private.erasing.erase(HOST)
    assert receipt.boards == 1
    assert (await board_of(bench, posted))[0] == NOBODY


async def test_others_are_not_touched(bench: Bench, posted: Posted, private: Private) -> None:
    for who in (ANA, BEN):
        await bench.claims.claim(bench.press(posted.helper, who))
    await private.erasing.erase(ANA)
    link = await bench.links.get(GUILD, BEN)
    assert link is not None
    assert len(await bench.journal(BEN)) == 1


async def test_the_next_in_line_is_asked_when_who_was_asked_is_erased(
    bench: Bench, full: Posted, private: Private
) -> None:
    await join(bench, full, BEN, CAT)
    await release(bench, full)
    assert await offered(bench) == [BEN]
    await private.erasing.erase(BEN)
    await bench.background.settle()
    assert (await waiting(bench), await offered(bench)) == ([CAT], [CAT])


async def test_a_claim_in_flight_is_settled_first(
    bench: Bench, posted: Posted, private: Private
) -> None:
    bench.platform.gate.clear()
    claiming = asyncio.create_task(bench.claims.claim(bench.press(posted.trainer, ANA)))
    await bench.platform.waiting.wait()
    receipt = await private.erasing.erase(ANA)
    assert receipt.waiting == 1
    (row,) = await bench.journal(ANA)
    assert (row.state, row.roblox_id) == (AttemptState.SENT, roblox_of(ANA))
    bench.platform.gate.set()
    assert (await claiming).code is Code.CLAIMED  # told the truth, erased or not
    bench.clock.advance(61)
    await private.erasing.finish_open()
    assert await bench.journal(ANA) == []
    assert await private.promises.list_open() == []


async def test_an_unknown_claim_blocks_until_it_is_found_out(
    bench: Bench, posted: Posted, private: Private
) -> None:
    bench.platform.write_error, bench.platform.loses_writes = OutcomeUnknown("?", FACTS), True
    await bench.claims.claim(bench.press(posted.trainer, ANA))
    await private.erasing.erase(ANA)
    bench.clock.advance(61)
    await private.erasing.finish_open()
    (row,) = await bench.journal(ANA)
    assert row.state is AttemptState.UNKNOWN
    other = await bench.claims.claim(bench.press(posted.trainer, BEN))
    assert other.code is Code.FULL  # it occupies its place all the while
    bench.clock.advance(91)
    await bench.settle()
    await private.erasing.finish_open()
    assert await bench.journal(ANA) == []


async def test_a_kill_in_the_middle_is_made_good_at_the_next_start(
    bench: Bench, posted: Posted, private: Private, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.claims.claim(bench.press(posted.trainer, ANA))
    reached, never = asyncio.Event(), asyncio.Event()

    async def stuck(*_: object) -> int:
        reached.set()
        await never.wait()
        return 0

    with monkeypatch.context() as patch:
        patch.setattr("bot.store.personal.delete_all", stuck)
        asking = asyncio.create_task(private.erasing.erase(ANA))
        await reached.wait()
        after = await private.crash()
        asking.cancel()
    assert await bench.links.get(GUILD, ANA) is not None  # not yet
    await after.erasing.finish_open()
    await after.bench.background.settle()
    assert await bench.links.get(GUILD, ANA) is None
    assert await bench.journal(ANA) == []
    await after.bench.workspaces.aclose()


async def test_a_killed_claim_of_an_erased_member_is_settled_then_erased(
    bench: Bench, posted: Posted, private: Private
) -> None:
    """Erase while a claim is in flight, then SIGKILL: the truth first, then nothing."""
    bench.platform.gate.clear()
    claiming = asyncio.create_task(bench.claims.claim(bench.press(posted.trainer, ANA)))
    await bench.platform.waiting.wait()
    await private.erasing.erase(ANA)
    await bench.background.stop(grace=0)
    claiming.cancel()
    await bench.database.close()  # a dead process holds no locks
    database = await Database.open(bench.database._url)
    after = Private(Bench(database, bench.messenger, bench.roblox, bench.clock, bench.platforms))
    bench.platform.gate.set()
    for seconds in (0, 61, 91):
        bench.clock.advance(seconds)
        await after.bench.settle()
        await after.erasing.finish_open()
    assert await after.bench.journal(ANA) == []
    assert await after.promises.list_open() == []
    await after.bench.workspaces.aclose()
    await database.close()


async def test_twice_at_once_is_once(bench: Bench, posted: Posted, private: Private) -> None:
    await bench.claims.claim(bench.press(posted.trainer, ANA))
    first, second = await asyncio.gather(private.erasing.erase(ANA), private.erasing.erase(ANA))
    assert first.waiting == second.waiting == 0
    bench.clock.advance(61)
    await private.erasing.finish_open()
    assert await private.promises.list_open() == []


async def test_what_is_done_afterwards_is_kept(
    bench: Bench, posted: Posted, private: Private
) -> None:
    await private.erasing.erase(ANA)
    bench.clock.advance(5)
    await bench.link(ANA)
    await bench.claims.claim(bench.press(posted.trainer, ANA))
    bench.clock.advance(61)
    await private.erasing.finish_open()
    assert len(await bench.journal(ANA)) == 1
    assert await bench.links.get(GUILD, ANA) is not None


async def test_the_file_says_everything_and_names_nobody_else(
    bench: Bench, workspace: Workspace, posted: Posted, private: Private
) -> None:
    await bench.claims.claim(bench.press(posted.helper, ANA))
    await bench.claims.claim(bench.press(posted.helper, BEN))
    await bench.link(ANA, guild_id=STRANGERS)
    await bench.preferences.save(Preferences(GUILD, ANA, direct=True))
    found = await private.my_data.show(ANA)
    assert "what: claim; how it stands: confirmed" in found.text
    assert HELPER.name in found.text
    assert f"username: roblox_{ANA}" in found.text
    assert "linked by: an admin" in found.text
    assert "direct messages: yes" in found.text
    assert f"Guild {STRANGERS % 1000}" in found.text  # all guilds: the data is the member's own
    assert f"roblox_{BEN}" not in found.text
    assert str(roblox_of(BEN)) not in found.text
    data = json.loads(found.json)["data"]
    assert len(data["links"]) == 2
    assert data["claim_attempts"][0]["opening_name"] == HELPER.name
    assert found.entries == sum(len(rows) for rows in data.values())


async def test_nothing_stored_is_said_so(private: Private) -> None:
    found = await private.my_data.show(ANA)
    assert "Nothing." in found.text
    assert found.entries == 0


async def test_a_press_that_is_refused_only_afterwards_is_not_kept(
    bench: Bench, posted: Posted, private: Private, monkeypatch: pytest.MonkeyPatch
) -> None:
    find, looked, gate = bench.links.find, asyncio.Event(), asyncio.Event()

    async def find_slowly(guild_id: int, discord_id: int) -> AccountLink | None:
        found = await find(guild_id, discord_id)
        looked.set()
        await gate.wait()
        return found

    monkeypatch.setattr(bench.links, "find", find_slowly)
    pressing = asyncio.create_task(bench.claims.claim(bench.press(posted.trainer, CAT)))
    await looked.wait()
    bench.clock.advance(2)
    await private.erasing.erase(CAT)
    bench.clock.advance(2)
    gate.set()
    refused = await pressing
    assert refused.code is Code.NOT_LINKED
    assert await bench.attempts.refusals.get(refused.reference) is not None
    bench.clock.advance(61)
    await private.erasing.finish_open()
    assert await bench.attempts.refusals.get(refused.reference) is None
    assert await private.promises.list_open() == []


async def test_a_file_that_was_being_read_leaves_no_line_about_them(
    bench: Bench, private: Private
) -> None:
    """However long the reading takes: the promise is open until it is over."""
    imports = ImportStore(bench.database)
    one = await imports.begin(GUILD, ADMIN, bench.clock())
    bench.clock.advance(1)
    await private.erasing.erase(ANA)
    bench.clock.advance(900)
    await private.erasing.finish_open()
    lines = [ImportLine(n, who, 7 + n, "x", Verdict.NEW) for n, who in enumerate((ANA, BEN), 1)]
    await imports.plan(one.import_id, lines)
    await private.erasing.finish_open()
    assert [line.discord_id for line in await imports.list_lines(one.import_id)] == [BEN]
    assert await private.promises.list_open() == []


async def test_of_a_reminder_on_its_way_nothing_is_noted(
    bench: Bench, posted: Posted, private: Private
) -> None:
    await private.erasing.erase(ANA)
    store = ReminderStore(bench.database)
    told = await store.take(posted.announcement, 30, posted.announcement.starts_at, [ANA, BEN])
    assert told == {BEN}
    again = await store.take(posted.announcement, 30, posted.announcement.starts_at, [ANA, BEN])
    assert again is None
    assert "sent_reminders" not in {held.holding.table.name for held in await held_of(private)}
    assert "sent_reminders" in {one.holding.table.name for one in await held_of(private, BEN)}


async def held_of(private: Private, who: int = ANA) -> list[Held]:
    """What is stored about somebody."""
    return await private.data.list_held(who)
