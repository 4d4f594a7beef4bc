"""A bench of services for every test that wants one."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from bot.models import Announcement, Opening, Workspace
from bot.store.database import migrate
from tests.postgres import postgres as postgres
from tests.services.bench import ANA, BEN, Bench, open_bench
from tests.services.oneself import oneself as oneself
from tests.services.oneself import oneself_template as oneself_template
from tests.services.oneself import oneself_url as oneself_url
from tests.services.worlds import HELPER


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    path = tmp_path_factory.mktemp("services") / "muster.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest_asyncio.fixture
async def bench(
    migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Bench]:
    """Services with a database of this test's own, and nothing in it."""
    path = shutil.copy(migrated, tmp_path / "muster.db")
    async with open_bench(f"sqlite:///{path}", monkeypatch) as opened:
        yield opened


@pytest_asyncio.fixture
async def workspace(bench: Bench) -> Workspace:
    """The guild's one workspace."""
    return await bench.add_workspace()


@dataclass(frozen=True)
class Posted:
    """A posted session with the openings that tests press."""

    announcement: Announcement
    trainer: Opening  # for one
    helper: Opening  # for two


@pytest_asyncio.fixture
async def posted(bench: Bench, workspace: Workspace) -> Posted:
    """SESSION is posted; ANA and BEN are linked."""
    await bench.link(ANA, BEN)
    announcement = await bench.post(workspace)
    trainer, helper = await bench.opening(announcement), await bench.opening(announcement, HELPER)
    bench.platform.reads = 0
    return Posted(announcement, trainer, helper)
