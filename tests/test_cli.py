"""The command line as an operator meets it: the real process, its words and its exit status."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography.fernet import Fernet

from bot.sandbox.discord import DiscordStandIn, DiscordWorld
from bot.sandbox.discord.ratelimits import Limits
from bot.store.database import SchemaState, schema_state

ROOT = Path(__file__).parent.parent
TOKEN, KEY = "sandbox.token", Fernet.generate_key().decode()
PATIENCE = 60.0  # seconds that a slow machine may need for one command


@dataclass(frozen=True)
class Ran:
    """What a process left behind."""

    status: int | None
    out: str
    err: str


async def start(
    folder: Path, *arguments: str, module: str = "bot", **settings: str
) -> asyncio.subprocess.Process:
    """`muster` in a folder of its own, with these settings alone (their prefix left out)."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
    clean |= {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "COLUMNS": "200"}
    clean |= {f"MUSTER_{name}": value for name, value in settings.items()}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments,
        cwd=folder, env=clean, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def muster(folder: Path, *arguments: str, **settings: str) -> Ran:
    """Run a command to its end."""
    process = await start(folder, *arguments, **settings)
    try:
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()
        raise
    return Ran(process.returncode, out.decode(), err.decode())


@pytest_asyncio.fixture
async def discord() -> AsyncIterator[DiscordStandIn]:
    """A Discord that knows one bot."""
    world = DiscordWorld()
    world.add_bot("muster", "Muster")
    stand_in = DiscordStandIn(world, token=TOKEN)
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


@pytest.fixture
def good(discord: DiscordStandIn) -> dict[str, str]:
    """Settings with which everything works."""
    return {"DISCORD_TOKEN": TOKEN, "SECRET_KEYS": KEY, "DISCORD_API_URL": discord.api_url}


def assert_refused(ran: Ran, *parts: str) -> None:
    """Exit status 2, sentences on standard error (the last line of a log), no traceback."""
    assert ran.status == 2, ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err
    words = ran.err
    if words.startswith("{"):
        words = [json.loads(line)["event"] for line in words.splitlines()][-1]
        assert words.startswith("Muster cannot start.")
    for part in parts:
        assert part in words


async def test_help_names_every_command(tmp_path: Path) -> None:
    ran = await muster(tmp_path, "--help")
    assert ran.status == 0
    for command in (
        "run", "demo", "doctor", "status", "migrate", "backup", "restore", "rotate-keys",
        "generate-key", "links",
    ):  # fmt: skip
        assert f" {command} " in ran.out


async def test_a_command_that_does_not_exist(tmp_path: Path) -> None:
    ran = await muster(tmp_path, "dance")
    assert ran.status == 2
    assert "No such command" in ran.err
    assert "Traceback" not in ran.err


async def test_generate_key_prints_a_usable_key_and_nothing_else(tmp_path: Path) -> None:
    first, second = await asyncio.gather(
        muster(tmp_path, "generate-key"), muster(tmp_path, "generate-key")
    )
    assert (first.status, first.err) == (0, "")
    Fernet(first.out.strip())
    assert first.out.count("\n") == 1
    assert first.out != second.out


@pytest.mark.parametrize("command", ["run", "doctor", "migrate", None])
async def test_without_settings(command: str | None, tmp_path: Path) -> None:
    """Without a command, `python -m bot` is `muster run`."""
    ran = await muster(tmp_path, *([command] if command else []))
    assert_refused(ran, "MUSTER_DISCORD_TOKEN: is missing.", "MUSTER_SECRET_KEYS: is missing.")
    assert not (tmp_path / "muster.db").exists()


async def test_a_wrong_setting_is_not_repeated(tmp_path: Path) -> None:
    ran = await muster(tmp_path, "run", DISCORD_TOKEN=TOKEN, SECRET_KEYS="s3cr3t")
    assert_refused(ran, "MUSTER_SECRET_KEYS: key 1 is not a Fernet key")
    assert "s3cr3t" not in ran.err


async def test_the_env_file_of_the_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"MUSTER_DISCORD_TOKEN={TOKEN}\nMUSTER_SECRET_KEYS={KEY}\n")
    ran = await muster(tmp_path, "migrate")
    assert (ran.status, ran.out) == (0, "The database is up to date.\n")
    assert await schema_state(f"sqlite:///{tmp_path / 'muster.db'}") is SchemaState.CURRENT


async def test_migrate_twice_is_fine(good: dict[str, str], tmp_path: Path) -> None:
    for _ in range(2):
        ran = await muster(tmp_path, "migrate", **good)
        assert (ran.status, ran.out) == (0, "The database is up to date.\n")
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("command", ["run", "migrate"])
async def test_a_database_that_cannot_be_used(
    command: str, good: dict[str, str], tmp_path: Path
) -> None:
    ran = await muster(tmp_path, command, **good, DATABASE_URL="sqlite:///no/such/muster.db")
    assert_refused(ran, "MUSTER_DATABASE_URL: the SQLite file no/such/muster.db cannot be used")


async def test_the_doctor_finds_nothing(good: dict[str, str], tmp_path: Path) -> None:
    await muster(tmp_path, "migrate", **good)
    ran = await muster(tmp_path, "doctor", **good)
    assert ran.status == 0, ran.out
    lines = ran.out.splitlines()
    assert [line[:5] for line in lines] == ["ok   "] * 4
    assert "the application is called Muster" in ran.out


async def test_the_doctor_finds_a_bad_token_before_the_first_start(
    good: dict[str, str], tmp_path: Path
) -> None:
    ran = await muster(tmp_path, "doctor", **(good | {"DISCORD_TOKEN": "bad.token"}))
    assert ran.status == 1
    assert "WRONG discord: the token is refused → copy MUSTER_DISCORD_TOKEN" in ran.out
    assert "ok    database: muster.db does not exist yet; `muster run` creates it" in ran.out
    assert not (tmp_path / "muster.db").exists(), "the doctor only looks"
    assert "bad.token" not in ran.out + ran.err
    assert "Traceback" not in ran.err


async def test_run_with_a_bad_token(good: dict[str, str], tmp_path: Path) -> None:
    ran = await muster(tmp_path, "run", **(good | {"DISCORD_TOKEN": "bad.token"}))
    assert_refused(ran, "MUSTER_DISCORD_TOKEN: Discord does not accept this token.")
    assert "bad.token" not in ran.err


async def test_run_when_discord_lets_the_bot_connect_no_more_today(
    good: dict[str, str], tmp_path: Path
) -> None:
    world = DiscordWorld()
    world.add_bot("muster", "Muster")
    used_up = DiscordStandIn(world, token=TOKEN, limits=Limits(identifies_left=0))
    await used_up.start()
    try:
        ran = await muster(tmp_path, "run", **(good | {"DISCORD_API_URL": used_up.api_url}))
    finally:
        await used_up.stop()
    assert_refused(ran, "lets this bot connect 0 more times now", "again in 60 minutes")
    assert used_up.core.gateway.identifies == []


async def test_a_share_of_the_shards_needs_a_database_that_can_be_shared(
    good: dict[str, str], tmp_path: Path
) -> None:
    ran = await muster(tmp_path, "run", **good, SHARDS="0-1/4")
    assert_refused(ran, "MUSTER_SHARDS: several processes cannot share an SQLite file")
    assert not (tmp_path / "muster.db").exists()


async def test_one_process_with_a_file_may_have_all_shards(
    good: dict[str, str], tmp_path: Path
) -> None:
    world = DiscordWorld()
    world.add_bot("muster", "Muster")
    wide = DiscordStandIn(world, token=TOKEN, limits=Limits(shards=4, identifies_at_once=16))
    await wide.start()
    process = await start(
        tmp_path, "run", **(good | {"DISCORD_API_URL": wide.api_url}), SHARDS="0-3/4"
    )
    try:
        async with asyncio.timeout(PATIENCE):
            while len(wide.core.gateway.identifies) < 4:  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.02)
            process.terminate()
            _, err = await process.communicate()
    finally:
        await wide.stop()
    assert process.returncode == 0, err.decode()
    assert [shard for _, shard in wide.core.gateway.identifies] == [0, 1, 2, 3]


async def test_run_without_discord(good: dict[str, str], tmp_path: Path) -> None:
    ran = await muster(tmp_path, **(good | {"DISCORD_API_URL": "http://127.0.0.1:9/api/v10"}))
    assert_refused(ran, "Discord cannot be reached.")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to handle")
async def test_a_stop_while_discord_keeps_silent(good: dict[str, str], tmp_path: Path) -> None:
    called = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.set()
        await reader.read()  # until the bot has gone
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        address = {"DISCORD_API_URL": f"http://127.0.0.1:{port}/api/v10"}
        process = await start(tmp_path, "run", **(good | address))
        async with asyncio.timeout(PATIENCE):
            await called.wait()
            process.terminate()
            _, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert "Traceback" not in err.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to handle")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_run_connects_and_stops_when_told(
    number: signal.Signals, good: dict[str, str], discord: DiscordStandIn, tmp_path: Path
) -> None:
    process = await start(tmp_path, "run", **good)
    assert process.stderr is not None
    seen = b""
    try:
        async with asyncio.timeout(PATIENCE):
            while b"has connected to Gateway" not in seen:
                line = await process.stderr.readline()
                assert line, seen.decode()
                seen += line
            process.send_signal(number)
            _, rest = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    err = (seen + rest).decode()
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert TOKEN not in err
    assert KEY not in err
