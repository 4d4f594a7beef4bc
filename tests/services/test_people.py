"""Labels of Roblox ids: how often Roblox is asked, and what is shown when it cannot be."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import cast

import pytest

from bot.errors import Unavailable, UpstreamFacts
from bot.models import AccountLink, LinkSource
from bot.providers.identity.roblox import Roblox
from bot.services.people import ABSENT_AGE, NAME_AGE, People
from bot.store.links import LinkStore
from tests.services.fakes import FakeRoblox

GUILD = 1
LINKED, ARIA, GONE = 5, 6, 7


class Links:
    """One link, in place of `LinkStore`."""

    async def map_by_roblox(self, guild_id: int, roblox_ids: set[int]) -> dict[int, AccountLink]:
        now = datetime(2026, 1, 1, tzinfo=UTC)
        link = AccountLink(guild_id, 99, LINKED, "x", now, LinkSource.ADMIN, 1, now)
        return {LINKED: link} if LINKED in roblox_ids and guild_id == GUILD else {}


class Bench:
    """People over a fake Roblox, with a clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.roblox = FakeRoblox()
        self.roblox.add(ARIA, "Aria")
        self.people = People(
            cast(LinkStore, Links()), cast(Roblox, self.roblox), lambda: self.now
        )  # fmt: skip

    async def labels(self, *ids: int) -> dict[int, str]:
        return await self.people.labels(GUILD, ids)


async def test_labels() -> None:
    bench = Bench()
    assert await bench.labels(LINKED, ARIA, GONE) == {
        LINKED: "<@99>", ARIA: "Aria", GONE: "Roblox user 7",
    }  # fmt: skip
    assert bench.roblox.asked == [[ARIA, GONE]]  # who is linked needs no name
    assert await bench.people.labels(2, [LINKED]) == {LINKED: "Roblox user 5"}


async def test_names_are_remembered_and_so_are_accounts_that_are_gone() -> None:
    bench = Bench()
    await bench.labels(ARIA, GONE)
    bench.now = ABSENT_AGE - 1
    await bench.labels(ARIA, GONE)
    assert bench.roblox.asked == [[ARIA, GONE]]
    bench.now = ABSENT_AGE
    await bench.labels(ARIA, GONE)
    assert bench.roblox.asked[1:] == [[GONE]]
    bench.roblox.add(ARIA, "AriaRenamed")
    bench.now = NAME_AGE
    assert (await bench.labels(ARIA))[ARIA] == "AriaRenamed"


async def test_old_names_are_better_than_none(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    await bench.labels(ARIA)
    bench.now = 10 * NAME_AGE
    bench.roblox.error = Unavailable("Roblox did not answer.", UpstreamFacts("Roblox"))
    assert await bench.labels(ARIA, GONE) == {ARIA: "Aria", GONE: "Roblox user 7"}
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    bench.roblox.error = None
    bench.roblox.add(GONE, "Back")
    assert (await bench.labels(GONE))[GONE] == "Back"  # a failure is not remembered


async def test_boards_that_are_built_together_ask_once() -> None:
    bench = Bench()
    held = asyncio.Event()
    fetch = bench.roblox.fetch_users

    async def slowly(ids):
        await held.wait()
        return await fetch(ids)

    bench.roblox.fetch_users = slowly  # type: ignore[method-assign]  # a slower one
    tasks = [asyncio.create_task(bench.labels(ARIA)) for _ in range(5)]
    await asyncio.sleep(0)
    held.set()
    assert await asyncio.gather(*tasks) == [{ARIA: "Aria"}] * 5
    assert bench.roblox.asked == [[ARIA]]
