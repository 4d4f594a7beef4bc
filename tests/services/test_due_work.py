"""The workers read what is due, in pages: what only waits costs them nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from bot.errors import MusterError
from bot.models import AnnouncementState, News, Swap, SwapSide, SwapState
from bot.services import offers, swap_news
from bot.services.swap_news import SwapNews
from bot.store import announcements as stored_announcements
from bot.store import live_boards, swap_reads, waitlist_reads
from tests.services.automatic import Automatic
from tests.services.bench import ANA, BEN, GUILD, Bench, roblox_of
from tests.services.conftest import Posted
from tests.services.lines import CAT, DAN, join, offered, pass_time, waiting
from tests.services.lines import full as full
from tests.services.private import Private
from tests.services.swapping import Pair
from tests.services.worlds import SESSION, with_claims
from tests.store.samples import a_swap

CROWD = range(500, 505)


@pytest_asyncio.fixture
async def pair(bench: Bench, posted: Posted) -> Pair:
    """ANA is Trainer, BEN is Helper."""
    pair = Pair(bench, posted.trainer, posted.helper)
    await pair.begin()
    return pair


def counted(monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> list[object]:
    """What this function is called with from now on."""
    calls: list[object] = []
    real: Callable[..., object] = getattr(module, name)

    def count(*args: Any, **more: Any) -> object:
        calls.append(args)
        return real(*args, **more)

    monkeypatch.setattr(module, name, count)
    return calls


async def add_swaps(bench: Bench, state: SwapState, news: News) -> list[int]:
    """A swap of each of the CROWD, who has such news of it."""
    numbers, now = [], bench.clock()
    for member in CROWD:
        swap = a_swap(
            guild_id=GUILD, state=state, asked_at=now, expires_at=now,
            settled_at=None if state is SwapState.ASKED else now,
            proposer=SwapSide(member, member, member, news),
            partner=SwapSide(member + 1000, member + 1000, member + 1000),
        )  # fmt: skip
        stored = await bench.swap_store.add(swap)
        assert isinstance(stored, Swap)
        numbers.append(stored.swap_id)
    return numbers


async def test_news_kept_for_members_who_never_come_are_not_read_in_each_round(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = await pair.accept(await pair.propose())
    await pair.bench.swaps.news.heard(done.swap_id, BEN)  # and ANA's news is kept
    await add_swaps(pair.bench, SwapState.DONE, News.KEPT)
    pair.bench.clock.advance(60)
    read = counted(monkeypatch, swap_reads, "to_swap")
    after = await pair.bench.crash()
    await after.swap_rounds.tick()
    assert read == []
    assert after.swaps.news.has_news(GUILD, ANA)
    assert not after.swaps.news.has_news(GUILD, BEN)
    (told,) = await after.swaps.news.list_news(GUILD, ANA)
    await after.swaps.news.heard(told.swap_id, ANA)
    await after.swap_rounds.tick()
    assert not after.swaps.news.has_news(GUILD, ANA)
    await after.workspaces.aclose()


async def test_who_has_news_is_remembered_some_at_a_time(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swap_news, "AT_ONCE", 2)
    await add_swaps(pair.bench, SwapState.DONE, News.KEPT)
    news = pair.bench.swaps.news
    for known in (2, 4, 5):
        await news.remember()
        assert [news.has_news(GUILD, one) for one in CROWD].count(True) == known
    await pair.bench.swap_store.hear(1, CROWD[0], News.NONE)  # by another process
    assert news.has_news(GUILD, CROWD[0])
    for _ in range(3):
        await news.remember()
    assert [news.has_news(GUILD, one) for one in CROWD] == [False, *[True] * 4]


async def test_swaps_come_in_pages_and_an_odd_one_keeps_nobody_waiting(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swap_reads, "PAGE", 2)
    numbers = await add_swaps(pair.bench, SwapState.ASKED, News.NONE)
    real, odd = SwapNews.tell, (numbers[0], numbers[1])

    async def tell(news: SwapNews, swap_id: int, besides: Any = ()) -> None:
        if swap_id == odd[0]:
            raise MusterError("not now")
        if swap_id == odd[1]:
            raise KeyError("odd")
        await real(news, swap_id, besides)

    with monkeypatch.context() as patch:
        patch.setattr(SwapNews, "tell", tell)
        await pair.bench.swap_rounds.tick()
    found = [await pair.swap(number) for number in numbers]
    assert {swap.state for swap in found} == {SwapState.EXPIRED}
    due, kept = News.DUE, News.KEPT
    assert [swap.proposer.news for swap in found] == [due, due, kept, kept, kept]
    pair.bench.clock.advance(60)
    await pair.bench.swap_rounds.tick()
    assert (await pair.swap(odd[1])).proposer.news is News.KEPT


async def test_who_just_waits_is_not_read_in_each_round(
    bench: Bench, full: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    await join(bench, full, BEN, CAT)
    read = counted(monkeypatch, waitlist_reads, "to_waiter")
    for _ in range(5):
        await pass_time(bench, 10)
    assert read == []
    assert await waiting(bench) == [BEN, CAT]


async def test_boards_are_read_when_something_is_due_there(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    automatic, private = Automatic(bench), Private(bench)
    await bench.poller.tick()
    await bench.background.settle()
    read = counted(monkeypatch, live_boards, "Announcement")
    read_alone = counted(monkeypatch, stored_announcements, "Announcement")
    name = posted.announcement.workspace_id

    async def look() -> list[int]:
        """Rounds of everything that works by itself; what each of them read."""
        counts = []
        for work in (
            bench.poller.tick, automatic.open_threads, automatic.remind, automatic.post,
            private.look, bench.poller.tidy,
        ):  # fmt: skip
            before = len(read) + len(read_alone)
            await work()
            await bench.background.settle()
            counts.append(len(read) + len(read_alone) - before)
        return counts

    bench.clock.now = SESSION.starts_at - timedelta(minutes=61)
    assert await look() == [0] * 6
    await bench.workspace_store.update(
        GUILD, name, threads=True, reminder_minutes=frozenset({30}), auto_lead_minutes=50
    )
    threads, reminders = (await look())[1:3]
    assert (threads, reminders) == (1, 0)
    bench.clock.now = SESSION.starts_at - timedelta(minutes=30)
    assert [count > 0 for count in await look()] == [False, False, True, False, True, False]
    await look()
    assert await look() == [0] * 6
    bench.ticks += 60
    assert (await look())[0] == 1
    assert posted.announcement.announcement_id in bench.boards._latest
    number = posted.announcement.announcement_id
    await bench.announcements.set_state(number, AnnouncementState.GONE, now=bench.clock())
    await look()
    assert number not in bench.boards._latest


async def test_everybody_whose_board_or_link_is_gone_is_met_in_some_round(
    bench: Bench, full: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offers, "LINKS", 1)
    monkeypatch.setattr(waitlist_reads, "PAGE", 1)
    await join(bench, full, BEN, CAT, DAN)
    for member in (BEN, DAN):
        await bench.links.remove(GUILD, member)
    for left in ([CAT, DAN], [CAT, DAN], [CAT]):
        await pass_time(bench, 10)
        assert await waiting(bench) == left
    number = full.announcement.announcement_id
    await bench.announcements.set_state(number, AnnouncementState.GONE, now=bench.clock())
    await pass_time(bench, 10)
    assert await waiting(bench) == []


async def test_the_line_of_a_lost_board_is_read_now_and_then(bench: Bench, full: Posted) -> None:
    await join(bench, full, BEN)
    number = full.announcement.announcement_id
    await bench.announcements.set_state(number, AnnouncementState.LOST, now=bench.clock())
    bench.platform.reads = 0
    for _ in range(60):
        await pass_time(bench, 10)
    assert 1 <= bench.platform.reads <= 4
    bench.platform.sessions[SESSION.session_id] = with_claims(SESSION)  # in the panel
    for _ in range(30):
        await pass_time(bench, 10)
    assert await offered(bench) == [BEN]
    assert bench.platform.holders(full.trainer.place) == ()


async def test_close_to_the_start_a_lost_board_is_read_every_minute(
    bench: Bench, full: Posted
) -> None:
    await join(bench, full, BEN)
    bench.clock.now = SESSION.starts_at - timedelta(minutes=20)
    number = full.announcement.announcement_id
    await bench.announcements.set_state(number, AnnouncementState.LOST, now=bench.clock())
    await pass_time(bench, 0)
    bench.platform.sessions[SESSION.session_id] = with_claims(SESSION)
    await pass_time(bench, 50)
    assert await offered(bench) == []
    await pass_time(bench, 10)
    assert await offered(bench) == [BEN]
    assert roblox_of(BEN) not in bench.platform.holders(full.trainer.place)
