"""Killed in the middle of a rush: nothing is lost, nothing doubled, and the words are true."""

from __future__ import annotations

from tests.proofs.crash import open_crashes

KILLS, SEED = 8, 20260301


async def test_killed_at_any_moment() -> None:
    async with open_crashes() as crashes:
        killed = [await crashes.round(number, SEED) for number in range(KILLS)]
    assert sum(kill.between for kill in killed) >= KILLS // 4
