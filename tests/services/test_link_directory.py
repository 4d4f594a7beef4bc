"""Looking at links, and names that age."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import RateLimited, Refusal, Unavailable
from bot.models import LinkSource
from bot.services.bulk_names import BATCH
from bot.services.link_directory import PAGE
from bot.services.link_files import read_links
from tests.services.bench import ADMIN, ANA, GUILD, STRANGERS, actor
from tests.services.fakes import FACTS
from tests.services.link_desk import LIFE, MEMBER, Desk
from tests.services.link_desk import desk as desk

DAY = timedelta(days=1)


async def test_pages(desk: Desk) -> None:
    for number in range(PAGE + 1):
        await desk.store(MEMBER + number, 1000 + number)
    first = await desk.directory.page(actor(), 0)
    assert (len(first.links), first.pages, first.total) == (PAGE, 2, PAGE + 1)
    last = await desk.directory.page(actor(), 99)
    assert (last.number, [link.discord_id for link in last.links]) == (1, [MEMBER + PAGE])
    other = await desk.directory.page(actor(ADMIN, STRANGERS), 0)
    assert (other.links, other.total, other.pages) == ([], 0, 1)


async def test_whose_an_account_is(desk: Desk) -> None:
    link = await desk.add(ANA, "Builderman")
    assert (await desk.directory.find(actor(), "builderman"))[1] == link
    user, nobody = await desk.directory.find(actor(), "some_one")
    assert (user.roblox_id, nobody) == (200, None)
    _, elsewhere = await desk.directory.find(actor(ADMIN, STRANGERS), "Builderman")
    assert elsewhere is None
    desk.bench.roblox.error = Unavailable("m", FACTS)
    assert (await desk.directory.find(actor(), "156"))[1] == link, "needs no Roblox"


async def test_an_export_can_be_imported_again(desk: Desk) -> None:
    for number, source in enumerate(LinkSource):
        await desk.store(MEMBER + number, 1000 + number, source=source, username=f"=u{number}")
    await desk.store(MEMBER + 9, 1000, guild_id=STRANGERS)
    content, count = await desk.directory.export(actor())
    assert count == len(LinkSource)
    assert [(line.discord_id, line.roblox_id) for line in read_links(content)] == [
        (MEMBER + number, 1000 + number) for number in range(count)
    ]
    assert b"'=u0" in content
    with pytest.raises(Refusal, match="muster links export"):
        await desk.directory.export(actor(), most=100)


async def test_names_are_read_anew_in_bulk_oldest_first(desk: Desk) -> None:
    bench = desk.bench
    for number in range(3 * BATCH):
        await desk.store(MEMBER + number, 5000 + number)
        bench.roblox.users.pop(5000 + number, None)
        if number:
            bench.roblox.add(5000 + number, f"new{number}")
    assert await desk.refresher.refresh() == 0, "they are fresh"
    bench.clock.advance((LIFE + DAY).total_seconds())
    await desk.store(MEMBER + 999, 9999, username="young")
    bench.roblox.asked.clear()
    assert await desk.refresher.refresh() == 3 * BATCH
    assert [len(asked) for asked in bench.roblox.asked if isinstance(asked, list)] == [BATCH] * 3
    link = await bench.links.get(GUILD, MEMBER + 7)
    assert link is not None
    assert (link.username, link.username_at) == ("new7", bench.clock())
    gone = await bench.links.get(GUILD, MEMBER)
    assert gone is not None
    assert gone.username == "Roblox user 5000", "of an account that is gone it is dropped"
    assert await desk.refresher.refresh() == 0


async def test_a_refresh_while_roblox_is_away_is_tried_again(desk: Desk) -> None:
    link = await desk.store(ANA, 156)
    desk.bench.clock.advance((LIFE + DAY).total_seconds())
    desk.bench.roblox.error = Unavailable("m", FACTS)
    assert await desk.refresher.refresh() == 0
    assert await desk.bench.links.get(GUILD, ANA) == link, "a silent Roblox costs no name"
    assert not desk.directory.is_old(link)
    desk.bench.clock.advance(timedelta(days=7).total_seconds())
    assert desk.directory.is_old(link), "it is marked: no reading got through"
    desk.bench.roblox.error = None
    assert await desk.refresher.refresh() == 1


async def test_bulk_asks_pause_and_wait_when_told_to(desk: Desk) -> None:
    roblox, clock = desk.bench.roblox, desk.bench.clock
    found = await desk.names.fetch_by_name(
        [f"name{number}" for number in range(250)] + ["some_one"]
    )
    assert list(found) == ["some_one"]
    assert [len(asked) for asked in roblox.asked if isinstance(asked, list)] == [100, 100, 51]
    assert desk.slept == [1.0, 1.0]
    desk.slept.clear()
    roblox.error = RateLimited("m", FACTS, clock() + timedelta(seconds=30))
    with pytest.raises(RateLimited):
        await desk.names.fetch_by_id([156])
    assert desk.slept.count(30.0) == 4
