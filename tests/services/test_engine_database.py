"""The database fails at any of the engine's steps: nothing is lost, doubled, or said wrongly."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest
from sqlalchemy.exc import OperationalError

from bot.models import AttemptState
from bot.services.outcomes import Code
from tests.services.bench import ANA, BEN, Bench, roblox_of
from tests.services.conftest import Posted
from tests.services.test_reconciler import told

FULL_DISK = OperationalError("", {}, sqlite3.OperationalError("database or disk is full"))


def fail_once(
    monkeypatch: pytest.MonkeyPatch, bench: Bench, step: str, when: Callable[..., bool]
) -> None:
    """The next call of this kind does not get through."""
    really, failed = getattr(bench.attempts, step), []

    async def failing(*arguments: object) -> object:
        if not failed and when(*arguments):
            failed.append(step)
            raise FULL_DISK
        return await really(*arguments)

    monkeypatch.setattr(bench.attempts, step, failing)


async def test_before_the_journal_nothing_is_sent(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_once(monkeypatch, bench, "add", lambda *_: True)
    with pytest.raises(OperationalError):
        await bench.claims.claim(bench.press(posted.trainer))
    assert (bench.platform.writes, await bench.journal()) == ([], [])
    assert (await bench.claims.claim(bench.press(posted.trainer))).code is Code.CLAIMED


async def test_before_the_write_nothing_is_sent_until_the_row_is_found(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_once(monkeypatch, bench, "mark_sent", lambda *_: True)
    with pytest.raises(OperationalError):
        await bench.claims.claim(bench.press(posted.trainer))
    assert bench.platform.writes == []
    await bench.settle()
    (row,) = await bench.journal()
    assert told(bench) == [(row.operation_id, Code.CLAIMED)]
    assert bench.platform.writes == [("claim", "trainer", roblox_of(ANA))]


async def test_after_the_write_the_row_says_what_has_to_be_looked_at(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_once(monkeypatch, bench, "save", lambda attempt: attempt.state.settled)
    with pytest.raises(OperationalError):
        await bench.claims.claim(bench.press(posted.trainer))
    (row,) = await bench.journal()
    assert row.state is AttemptState.SENT
    await bench.settle()
    (row,) = await bench.journal()
    assert row.state is AttemptState.CONFIRMED
    assert told(bench) == [(row.operation_id, Code.CLAIMED)]
    assert len(bench.platform.writes) == 1


async def test_it_holds_up_nobody_else(
    bench: Bench, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_once(monkeypatch, bench, "save", lambda attempt: attempt.roblox_id == roblox_of(ANA))
    with pytest.raises(OperationalError):
        await bench.claims.claim(bench.press(posted.trainer))
    assert (await bench.claims.claim(bench.press(posted.trainer, BEN))).code is Code.FULL
    assert (await bench.claims.claim(bench.press(posted.helper, BEN))).code is Code.CLAIMED
