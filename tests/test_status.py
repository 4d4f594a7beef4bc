"""The operator's screen: short, true, and with nothing in it that moves a terminal's cursor."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.errors import StartRefused
from bot.models import AttemptState, WorkspaceState
from bot.settings import Settings
from bot.status import MOST, describe
from bot.store.attempts import AttemptStore
from bot.store.database import Database, migrate
from bot.store.keyring import KeyRing
from bot.store.polls import PolledWorkspace, PollStore
from bot.store.workspaces import WorkspaceStore
from tests.e2e.operating import free_port
from tests.store.samples import GUILD, HOUR, NOW, add_live, add_workspace, an_attempt

KEY = Fernet.generate_key().decode()
LATER = NOW + 3 * HOUR


def settings_for(folder: Path, **more: object) -> Settings:
    """Settings with a file of the test's own."""
    url = f"sqlite:///{folder / 'muster.db'}"
    values = {"discord_token": "t", "secret_keys": KEY, "database_url": url} | more
    return Settings.model_validate(values)


async def screen(settings: Settings) -> list[str]:
    """What an operator sees."""
    return [line async for line in describe(settings, LATER)]


async def test_before_the_first_start(tmp_path: Path) -> None:
    first, second = await screen(settings_for(tmp_path))
    assert first == "process    not asked: MUSTER_METRICS_PORT is not set"
    assert second.endswith("muster.db does not exist yet; `muster run` creates it")
    assert not (tmp_path / "muster.db").exists()


async def test_an_old_schema_is_not_guessed_at(tmp_path: Path) -> None:
    (tmp_path / "muster.db").touch()
    with pytest.raises(StartRefused, match="not of this version"):
        await screen(settings_for(tmp_path))


async def test_nobody_answers_on_the_port(tmp_path: Path) -> None:
    port = free_port()
    first, _ = await screen(settings_for(tmp_path, metrics_port=port))
    assert first == f"process    none answers on port {port}"


async def test_what_needs_somebody_comes_first(tmp_path: Path) -> None:
    settings, ring = settings_for(tmp_path), KeyRing([SecretStr(KEY)])
    await migrate(settings.database_url)
    database = await Database.open(settings.database_url)
    try:
        fine = await add_workspace(database, ring, name="fine")
        ill = await add_workspace(database, ring, name="ill\x1b[2J\nname")
        await add_live(database, fine)
        await WorkspaceStore(database, ring).set_state(
            ill.workspace_id, WorkspaceState.KEY_REFUSED, NOW + HOUR
        )
        await PollStore(database).save(
            [PolledWorkspace(fine.workspace_id, LATER - timedelta(seconds=40), "ok"),
             PolledWorkspace(ill.workspace_id, NOW, "KeyRefused")]
        )  # fmt: skip
        await AttemptStore(database, ring).add(an_attempt(state=AttemptState.UNKNOWN))
    finally:
        await database.close()
    _, *lines = await screen(settings)
    assert lines == [
        "guilds     1 with a workspace",
        "boards     1 live",
        "journal    1 without an ending, the oldest for 3 h",
        "workspaces 2: 1 ok, 1 key refused",
        f"  ill[2Jname (guild {GUILD}, readmin-v2): key refused for 2 h; live boards: 0;"
        " polled 3 h ago (KeyRefused)",
        f"  fine (guild {GUILD}, readmin-v2): ok; live boards: 1; polled 40 s ago",
    ]


async def test_many_workspaces_fit_on_the_screen(tmp_path: Path) -> None:
    settings, ring = settings_for(tmp_path), KeyRing([SecretStr(KEY)])
    await migrate(settings.database_url)
    database = await Database.open(settings.database_url)
    try:
        for number in range(MOST + 3):
            await add_workspace(database, ring, GUILD + number)
    finally:
        await database.close()
    lines = await screen(settings)
    assert len(lines) == 6 + MOST
    assert lines[-1] == "  and 3 more"
