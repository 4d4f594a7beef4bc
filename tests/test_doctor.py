"""The doctor: one line for each thing a start needs, with what to do about it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.doctor import Finding, examine
from bot.models import ProviderKind
from bot.sandbox.platforms.readmin import ReAdminPlatform
from bot.sandbox.platforms.seeds import NORTHGATE_KEY, demo_worlds
from bot.settings import Settings
from bot.store.database import Database, migrate
from bot.store.keyring import KeyRing
from bot.store.workspaces import WorkspaceStore

TOKEN, KEY = "good.token", Fernet.generate_key().decode()
HIDDEN = "s3cr3t-platform-key"


@pytest_asyncio.fixture
async def discord_url() -> AsyncIterator[str]:
    """As much of Discord as says whose a token is."""

    async def me(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") == f"Bot {TOKEN}":
            return web.json_response({"id": "1", "name": "Muster"})
        if request.headers.get("Authorization") == "Bot broken":
            return web.Response(text="<html>", status=503)
        return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)

    app = web.Application()
    app.router.add_get("/api/v10/applications/@me", me)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/v10"
    await runner.cleanup()


@pytest.fixture
def settings(discord_url: str, tmp_path: Path) -> Settings:
    """Good settings; the database does not exist yet."""
    return make(discord_url, tmp_path)


def make(discord_url: str, tmp_path: Path, **changes: object) -> Settings:
    """Settings as if read from the environment."""
    values: dict[str, object] = {
        "discord_token": TOKEN,
        "secret_keys": KEY,
        "database_url": f"sqlite:///{tmp_path / 'muster.db'}",
        "discord_api_url": discord_url,
        "allow_insecure_upstreams": True,
        "allow_private_upstreams": True,
    }
    return Settings(_env_file=None, **(values | changes))


@pytest_asyncio.fixture
async def readmin() -> AsyncIterator[ReAdminPlatform]:
    """The demo's ReAdmin."""
    platform = ReAdminPlatform(demo_worlds().readmin)
    await platform.start()
    yield platform
    await platform.stop()


async def find(settings: Settings) -> dict[str, Finding]:
    """All findings by name."""
    return {finding.name: finding async for finding in examine(settings)}


async def add_workspace(settings: Settings, base_url: str, key: str, *, secret: str = KEY) -> None:
    """A workspace in the migrated database."""
    await migrate(settings.database_url)
    database = await Database.open(settings.database_url)
    store = WorkspaceStore(database, KeyRing([SecretStr(secret)]))
    kind, now = ProviderKind.READMIN_V2, datetime(2026, 3, 1, tzinfo=UTC)
    await store.add(5, "Harbour", kind, base_url, SecretStr(key), now=now)
    await database.close()


async def test_all_is_well(settings: Settings) -> None:
    await migrate(settings.database_url)
    found = await find(settings)
    assert all(finding.ok for finding in found.values())
    assert list(found) == ["settings", "discord", "database", "workspaces"]
    assert "the application is called Muster" in found["discord"].detail
    assert "none connected yet" in found["workspaces"].detail


async def test_a_refused_token(discord_url: str, tmp_path: Path) -> None:
    finding = (await find(make(discord_url, tmp_path, discord_token="bad.token")))["discord"]
    assert (finding.ok, finding.detail) == (False, "the token is refused")
    assert "MUSTER_DISCORD_TOKEN" in finding.advice
    assert "bad.token" not in str(finding)


@pytest.mark.parametrize(
    ("url", "token"), [("", "broken"), ("http://127.0.0.1:9/api", TOKEN)], ids=["503", "nobody"]
)
async def test_discord_that_does_not_answer(
    url: str, token: str, discord_url: str, tmp_path: Path
) -> None:
    finding = (await find(make(url or discord_url, tmp_path, discord_token=token)))["discord"]
    assert not finding.ok
    assert finding.detail.startswith("not reachable (")


async def test_a_database_that_is_not_there_yet(settings: Settings, tmp_path: Path) -> None:
    finding = (await find(settings))["database"]
    assert finding.ok
    assert "does not exist yet; `muster run` creates it" in finding.detail
    assert not (tmp_path / "muster.db").exists()


async def test_a_schema_that_is_behind(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "muster.db").touch()
    finding = (await find(settings))["database"]
    assert (finding.ok, finding.detail) == (
        True,
        "reachable; `muster run` brings its schema up to date",
    )


async def test_a_schema_of_a_newer_muster(settings: Settings, tmp_path: Path) -> None:
    await migrate(settings.database_url)
    with sqlite3.connect(tmp_path / "muster.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    finding = (await find(settings))["database"]
    assert (finding.ok, finding.detail) == (False, "schema is newer")
    assert "newer Muster" in finding.advice


async def test_a_database_that_cannot_be_opened(discord_url: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'no' / 'such' / 'folder' / 'muster.db'}"
    finding = (await find(make(discord_url, tmp_path, database_url=url)))["database"]
    assert not finding.ok
    assert finding.detail.startswith("MUSTER_DATABASE_URL: ")


async def test_a_workspace_that_answers(settings: Settings, readmin: ReAdminPlatform) -> None:
    await add_workspace(settings, readmin.base_url, NORTHGATE_KEY)
    finding = (await find(settings))["workspace Harbour (guild 5)"]
    assert finding.ok
    seen = r"\(seen by the bot: ok( since [^)]*)?\)"
    assert re.fullmatch(rf"answers in \d+\.\d s; \d+ sessions; {seen}", finding.detail)


async def test_a_workspace_whose_key_is_refused(
    settings: Settings, readmin: ReAdminPlatform
) -> None:
    await add_workspace(settings, readmin.base_url, HIDDEN)
    finding = (await find(settings))["workspace Harbour (guild 5)"]
    assert not finding.ok
    assert "/workspace key" in finding.advice
    assert HIDDEN not in str(finding)


async def test_a_workspace_whose_key_cannot_be_decrypted(settings: Settings) -> None:
    other = Fernet.generate_key().decode()
    await add_workspace(settings, "http://127.0.0.1:9", HIDDEN, secret=other)
    finding = (await find(settings))["workspace Harbour (guild 5)"]
    assert not finding.ok
    assert finding.detail.startswith("MUSTER_SECRET_KEYS: ")
    assert other not in str(finding)


async def test_a_workspace_that_does_not_answer(settings: Settings) -> None:
    await add_workspace(settings, "http://127.0.0.1:9", HIDDEN)
    finding = (await find(settings))["workspace Harbour (guild 5)"]
    assert not finding.ok
    assert finding.advice


def test_the_line_an_operator_reads() -> None:
    assert str(Finding("database", True, "reachable")) == "ok    database: reachable"
    bad = Finding("discord", False, "the token is refused", "copy it again")
    assert str(bad) == "WRONG discord: the token is refused → copy it again"
