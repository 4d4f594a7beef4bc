"""Every store test runs on an SQLite file and on a PostgreSQL database, each fresh."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.store.database import Database, migrate
from bot.store.keyring import KeyRing
from tests.postgres import Postgres
from tests.postgres import postgres as postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return request.getfixturevalue("postgres").create_database()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    path = tmp_path_factory.mktemp("template") / "muster.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """The name of a migrated database to copy."""
    postgres.run("CREATE DATABASE muster_template")
    asyncio.run(migrate(postgres.url("muster_template")))
    return "muster_template"


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite file of this test's own."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'muster.db')}"


@pytest.fixture
def postgres_url(postgres: Postgres, postgres_template: str) -> str:
    """A migrated PostgreSQL database of this test's own."""
    return postgres.create_database(postgres_template)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of this test's own, of either kind."""
    kind = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return request.getfixturevalue(kind)


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The same, open."""
    opened = await Database.open(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def keyring() -> KeyRing:
    """A ring of one key."""
    return KeyRing([SecretStr(Fernet.generate_key().decode())])
