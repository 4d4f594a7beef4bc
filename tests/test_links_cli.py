"""`muster links import` and `export` as an operator meets them: the real process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.sandbox.platforms.roblox import RobloxPlatform, RobloxUser, RobloxWorld
from bot.sandbox.platforms.threaded import ThreadedPlatform
from bot.store.database import Database
from bot.store.link_lists import LinkLists
from tests.test_cli import assert_refused, muster

GUILD, ANA, BEN = 900000000000000001, 234567890123456789, 345678901234567891


@pytest.fixture
def good() -> Iterator[dict[str, str]]:
    """Settings with a Roblox that knows two accounts."""
    world = RobloxWorld()
    world.add_user(RobloxUser(156, "Builderman"))
    world.add_user(RobloxUser(200, "some_one"))
    with ThreadedPlatform(RobloxPlatform(world)) as roblox:
        yield {
            "DISCORD_TOKEN": "sandbox.token", "SECRET_KEYS": Fernet.generate_key().decode(),
            "ROBLOX_USERS_URL": roblox.base_url, "ROBLOX_GROUPS_URL": roblox.base_url,
        }  # fmt: skip


async def count(folder: Path) -> int:
    """How many links the guild has."""
    database = await Database.open(f"sqlite:///{folder / 'muster.db'}")
    try:
        return await LinkLists(database).count(GUILD)
    finally:
        await database.close()


async def test_dry_run_apply_export_and_back(good: dict[str, str], tmp_path: Path) -> None:
    await muster(tmp_path, "migrate", **good)
    file = tmp_path / "staff.csv"
    file.write_text(f"{ANA};Builderman\n{BEN};200\n{BEN + 1};nobody_there\n1,5E+17;1\n")
    looked = ("links", "import", "staff.csv", "--guild", str(GUILD))
    ran = await muster(tmp_path, *looked, "--report", "report.csv", **good)
    assert ran.status == 0, ran.err
    assert "      2 new\n      1 unknown\n      1 mangled\n" in ran.out
    assert "not checked" in ran.out
    assert "Dry run: nothing was changed." in ran.out
    assert len((tmp_path / "report.csv").read_text("utf-8-sig").splitlines()) == 5
    assert await count(tmp_path) == 0
    ran = await muster(tmp_path, *looked, "--apply", **good)
    assert "Applied: 2 of 2 members linked." in ran.out
    assert await count(tmp_path) == 2
    ran = await muster(tmp_path, "links", "export", "--guild", str(GUILD), "-o", "out.csv", **good)
    assert (ran.status, ran.out) == (0, "")
    assert "2 links exported." in ran.err
    ran = await muster(tmp_path, "links", "import", "out.csv", "--guild", str(GUILD), **good)
    assert "      2 same\n" in ran.out
    ran = await muster(tmp_path, "links", "import", "out.csv", "--guild", "5", "--apply", **good)
    assert "Applied: 2 of 2" in ran.out, "another guild knows nothing of the first one's links"
    ran = await muster(tmp_path, "links", "export", "--guild", "7", **good)
    assert ran.out.strip("\ufeff\r\n").startswith("discord_id,roblox_id,")
    assert ran.out.count("\n") == 1


async def test_what_goes_wrong_is_one_sentence(good: dict[str, str], tmp_path: Path) -> None:
    arguments = ("links", "import", "staff.csv", "--guild", str(GUILD))
    assert_refused(await muster(tmp_path, *arguments, **good), "staff.csv cannot be read")
    (tmp_path / "staff.csv").write_bytes(b"1" * 10_000_000)
    assert_refused(await muster(tmp_path, *arguments, **good), "too big, at most 5 MB")
    (tmp_path / "staff.csv").write_bytes(b"PK\x03\x04")
    assert_refused(await muster(tmp_path, *arguments, **good), "`muster migrate`")
    await muster(tmp_path, "migrate", **good)
    ran = await muster(tmp_path, *arguments, **good)
    assert (ran.status, ran.out) == (1, "")
    assert "Excel workbook" in ran.err
    assert "Traceback" not in ran.err
