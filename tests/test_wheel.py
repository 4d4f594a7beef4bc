"""What is installed without a checkout is complete: cogs, migrations and the page come along."""

from __future__ import annotations

import asyncio
import os
import sys
import zipfile
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[1]


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """A folder with the contents of a fresh wheel, and nothing of the checkout."""
    builder = WheelBuilder(str(ROOT))
    wheel = next(iter(builder.build(directory=str(tmp_path), versions=["standard"])))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    return tmp_path / "installed"


async def test_a_wheel_migrates_from_any_folder(unpacked: Path, tmp_path: Path) -> None:
    for needed in ("cogs/claims.py", "bot/sandbox/page/index.html", "bot/sandbox/page/main.js"):
        assert (unpacked / needed).is_file()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "migrate",
        cwd=elsewhere, stdout=asyncio.subprocess.PIPE,
        env={
            "PATH": os.environ["PATH"], "PYTHONPATH": str(unpacked),
            "MUSTER_DISCORD_TOKEN": "unused", "MUSTER_SECRET_KEYS": Fernet.generate_key().decode(),
        },
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, output) == (0, b"The database is up to date.\n")
    assert (elsewhere / "muster.db").is_file()
