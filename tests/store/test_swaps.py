"""Swaps in the database: who is first, what belongs together, and what a dead process leaves."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest_asyncio

from bot.models import AttemptState, Door, News, Stands, Swap, SwapSide, SwapState
from bot.store.attempts import AttemptStore
from bot.store.database import Database
from bot.store.keyring import KeyRing
from bot.store.swaps import SwapStore, Taken, operation_ids
from tests.store.samples import GUILD, HOUR, NOW, UPSTREAM, a_swap, an_attempt


@pytest_asyncio.fixture
async def attempts(database: Database, keyring: KeyRing) -> AttemptStore:
    """The journal of this process."""
    return AttemptStore(database, keyring)


@pytest_asyncio.fixture
async def store(database: Database, keyring: KeyRing, attempts: AttemptStore) -> SwapStore:
    """The swaps of this process."""
    return SwapStore(database, keyring, attempts)


async def added(store: SwapStore, swap: Swap | None = None) -> Swap:
    """A stored swap."""
    stored = await store.add(swap or a_swap())
    assert isinstance(stored, Swap)
    return stored


def rows_of(swap: Swap) -> list:  # type: ignore[type-arg]
    """The claims of both sides."""
    return [
        an_attempt(operation_id=f"{swap.key}{side}claim", roblox_id=one.roblox_id, door=Door.SWAP)
        for side, one in enumerate(swap.sides)
    ]


async def test_what_is_stored_comes_back(store: SwapStore) -> None:
    swap = a_swap(interaction_token="secret", why="It's “so” \U0001f600")
    stored = await added(store, swap)
    assert stored == replace(swap, swap_id=stored.swap_id)
    assert stored.interaction_token == "secret"
    assert await store.get(2**70) is None


async def test_a_claim_is_in_one_live_swap_on_whichever_side(store: SwapStore) -> None:
    swap = await added(store)
    crosswise = a_swap(proposer=swap.partner, partner=swap.proposer)
    third = a_swap(partner=SwapSide(3, 30, 103))
    assert await store.add(crosswise) is Taken.OVER
    assert await store.add(third) is Taken.OVER
    assert (await store.get_live(102, 20)) == swap
    ended = replace(swap, state=SwapState.DECLINED, settled_at=NOW)
    assert await store.close(ended)
    assert not await store.close(ended)
    assert isinstance(await store.add(crosswise), Swap)


async def test_of_many_at_once_one_is_first(store: SwapStore) -> None:
    swap = a_swap()
    many = [replace(a_swap(), proposer=swap.partner, partner=swap.proposer) for _ in range(5)]
    many += [a_swap() for _ in range(5)]
    stored = await asyncio.gather(*map(store.add, many))
    assert sum(isinstance(one, Swap) for one in stored) == 1


async def test_a_token_is_kept_until_nobody_is_to_be_told_with_it(store: SwapStore) -> None:
    over = {"state": SwapState.DONE, "settled_at": NOW, "interaction_token": "secret"}
    swap = await added(store, a_swap(proposer=SwapSide(1, 10, 101, News.DUE), **over))
    await store.hear(swap.swap_id, 1, News.KEPT)
    half = await store.get(swap.swap_id)
    assert half is not None
    assert half.interaction_token == "secret"
    await store.hear(swap.swap_id, 2, News.NONE)
    told = await store.get(swap.swap_id)
    assert told is not None
    assert told.interaction_token == ""


async def test_it_is_accepted_once(store: SwapStore, attempts: AttemptStore) -> None:
    swap = await added(store)
    rows = rows_of(swap)
    answers = await asyncio.gather(
        *(store.accept(swap.swap_id, rows, "token", NOW) for _ in range(4))
    )
    assert sorted(answers) == [Taken.OVER] * 3 + [Taken.YES]
    assert {row.operation_id for row in await attempts.list_unsettled(9)} == {
        row.operation_id for row in rows
    }
    late = await added(store, a_swap(proposer=SwapSide(5, 50, 105), partner=SwapSide(6, 60, 106)))
    assert await store.accept(late.swap_id, (), "", NOW + HOUR) is Taken.OVER


async def test_what_one_of_them_has_open_is_in_the_way(
    store: SwapStore, attempts: AttemptStore
) -> None:
    swap = await added(store)
    await attempts.add(an_attempt(roblox_id=20))
    assert await store.accept(swap.swap_id, rows_of(swap), "token", NOW) is Taken.BUSY
    latest = await store.get(swap.swap_id)
    assert latest is not None
    assert latest.state is SwapState.ASKED
    assert await attempts.count_unsettled() == 1, "nothing of the swap was stored"


async def test_the_first_write_marks_the_journal(store: SwapStore, attempts: AttemptStore) -> None:
    swap = await added(store)
    await store.accept(swap.swap_id, rows_of(swap), "token", NOW)
    swap = await _get(store, swap)
    assert await store.record(swap, "0 release old", NOW)
    found = await attempts.list_doubtful(UPSTREAM, "session")
    assert {row.state for row in found} == {AttemptState.SENT}
    latest = await _get(store, swap)
    assert (latest.step, latest.wrote_at, latest.writes) == ("0 release old", NOW, 1)


async def test_nothing_is_written_for_a_swap_that_another_process_took(
    database: Database, keyring: KeyRing, store: SwapStore
) -> None:
    swap = await added(store)
    await store.accept(swap.swap_id, rows_of(swap), "token", NOW)
    swap = await _get(store, swap)
    heirs = AttemptStore(database, keyring)
    heir = SwapStore(database, keyring, heirs)
    assert await heir.take(swap)
    assert not await store.take(swap) or not store.owns(await _get(store, swap))
    assert not await store.record(swap, "0 release old", NOW)
    assert not await store.turn_back(swap)
    assert not await store.settle(replace(swap, state=SwapState.DONE, settled_at=NOW))
    assert (await _get(store, swap)).state is SwapState.RUNNING
    (row, _) = await heirs.list_unsettled(9)
    assert heirs.owns(row)


async def test_an_ending_is_whole(store: SwapStore, attempts: AttemptStore) -> None:
    swap = await added(store)
    rows = rows_of(swap)
    await store.accept(swap.swap_id, rows, "token", NOW)
    await store.record(await _get(store, swap), "0 release old", NOW)
    ended = swap.with_stands(Stands.NEW, Stands.OLD).with_news(News.DUE, News.NONE)
    ended = replace(ended, state=SwapState.PARTLY, settled_at=NOW, reason="full", noted=False)
    done = replace(rows[0], state=AttemptState.CONFIRMED, reason="claimed", settled_at=NOW)
    more = an_attempt(state=AttemptState.CONFIRMED, settled_at=NOW, door=Door.SWAP)
    assert await store.settle(ended, [done], [more])
    assert not await store.settle(ended, [done], [more]), "once"
    found = [await attempts.get(one) for one in operation_ids(swap)]
    states = [one.state for one in found if one is not None]
    assert states == [AttemptState.CONFIRMED, AttemptState.REFUSED]
    assert await attempts.get(more.operation_id) is not None
    latest = await _get(store, swap)
    assert [side.stands for side in latest.sides] == [Stands.NEW, Stands.OLD]
    assert [one.swap_id for one in await store.list_news(GUILD, 1)] == [swap.swap_id]
    assert await store.list_news(GUILD, 2) == []
    assert await store.list_news(GUILD + 1, 1) == []
    assert [one.swap_id for one in await store.list_unnoted()] == [swap.swap_id]
    assert await store.note(swap.swap_id)
    assert not await store.note(swap.swap_id)


async def test_it_may_be_asked_again(store: SwapStore, attempts: AttemptStore) -> None:
    swap = await added(store)
    rows = rows_of(swap)
    for _ in range(2):
        assert await store.accept(swap.swap_id, rows, "token", NOW) is Taken.YES
        assert await store.ask_again(await _get(store, swap), "It was too busy.")
        assert await attempts.count_unsettled() == 0
        latest = await _get(store, swap)
        assert (latest.state, latest.interaction_token) == (SwapState.ASKED, "token")
        assert (latest.partner.news, latest.why) == (News.DUE, "It was too busy.")
        await store.hear(swap.swap_id, latest.partner.discord_id, News.NONE)
        assert (await _get(store, swap)).interaction_token == ""


async def test_a_hosts_swap_runs_at_once_or_not_at_all(
    store: SwapStore, attempts: AttemptStore
) -> None:
    await attempts.add(an_attempt(roblox_id=20))
    ordered = a_swap(by_host=True, state=SwapState.RUNNING, accepted_at=NOW)
    assert await store.add(ordered, rows_of(ordered)) is Taken.BUSY
    assert await store.list_carried() == []
    other = an_attempt(operation_id="other", roblox_id=99)
    assert isinstance(await store.add(ordered, [other]), Swap)
    assert [one.by_host for one in await store.list_carried()] == [True]


async def _get(store: SwapStore, swap: Swap) -> Swap:
    found = await store.get(swap.swap_id)
    assert found is not None
    return found
