"""`muster demo --script` tells the truth by its exit status."""

from __future__ import annotations

import asyncio
import sys

import pytest

from bot.sandbox import script


async def test_the_tour_plays_to_its_end() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", "--script",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0, output.decode()
    assert "as expected" in output.decode().splitlines()[-1]


async def test_a_difference_makes_it_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(script.ROBLOX, "Sable", "1")  # so that the platform "holds" another claim
    assert await script.run_script() == 1
    assert "ReAdmin holds both claims: expected" in capsys.readouterr().out
