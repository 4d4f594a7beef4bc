"""One SQLAlchemy engine for a database URL, with what each database needs to keep its promises."""

from __future__ import annotations

import contextlib
import importlib
import sqlite3
import time
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.errors import StartRefused
from bot.store.sqlite_connection import BEGIN, OneTripConnection

Reader = TypeVar("Reader", AsyncEngine, Connection)

UNUSABLE = (
    SQLAlchemyError,
    sqlite3.Error,
    OSError,
    ValueError,
)  # what opening a database can raise
_READS = "muster_reads"  # execution option: nothing is written, so no transaction is begun
_BUSY_SECONDS = 15  # how long to wait for another process that writes the same SQLite file
_CONNECT_SECONDS = 10
_COMMAND_SECONDS = 30
_SQLITE_CONNECTIONS = 4  # each is a thread; one writes, the others read
# A machine that dies says no goodbye: without these PostgreSQL would keep its locks for two hours.
_NOTICE_THE_DEAD = (
    "SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4"
)
_POSTGRES_CONNECTIONS = 11  # one of them holds the locks between processes


def make_engine(url: str, *, migrating: bool = False) -> AsyncEngine:
    """An engine for `sqlite:///path` or `postgresql://...`, not connected yet.

    `migrating` lifts what would harm a migration: it may take long, and rebuild tables.
    Raises StartRefused, or one of `UNUSABLE`.
    """
    if url.startswith("postgresql://"):
        return _postgres_engine(url, migrating)
    return _sqlite_engine(_sqlite_path(url), migrating)


def sqlite_path(url: str) -> Path | None:
    """The file of an SQLite address; None for PostgreSQL. Raises StartRefused."""
    return None if url.startswith("postgresql://") else Path(_sqlite_path(url))


def make_direct_engine(url: str, *, waits: bool) -> Engine:
    """An engine for an SQLite file without threads, for `sqlite_direct`.

    `waits`: for another process that has the file to itself; else that is an error at once.
    """
    path = _sqlite_path(url)
    options = {"isolation_level": None, "check_same_thread": False}
    engine = create_engine(
        URL.create("sqlite", database=path),
        hide_parameters=True,
        connect_args={
            "timeout": _BUSY_SECONDS if waits else 0,
            "factory": _SqliteConnection,
            **options,
        },
        poolclass=NullPool,
    )
    _prepare_connections(engine, keys="ON")
    return engine


def for_reading(engine: Reader) -> Reader:
    """The same without transactions: half the trips for what one SELECT answers."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="AUTOCOMMIT")
    return engine.execution_options(**{_READS: True})


def refused(url: str, error: Exception) -> StartRefused:
    """The sentence for an `UNUSABLE` database. Never holds a password or a traceback."""
    if isinstance(error, ValueError):
        return StartRefused(
            "MUSTER_DATABASE_URL: is not a usable address; one for PostgreSQL looks like"
            " postgresql://user:password@host/database, with special characters percent-encoded."
        )
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    if isinstance(error, DBAPIError):
        words = str(getattr(error.orig, "__cause__", None) or error.orig).partition("\n")[0]
    if isinstance(error, TimeoutError):
        words = "it did not answer in time"
    return StartRefused(f"MUSTER_DATABASE_URL: {_named(url)} cannot be used: {words}.")


def _named(url: str) -> str:
    """How to call the database in a sentence: a file's path, or a server without its password."""
    if not url.startswith("postgresql://"):
        return f"the SQLite file {_sqlite_path(url)}"
    parsed = make_url(url)
    host = parsed.host or parsed.query.get("host") or "this machine"
    return f"the PostgreSQL database {parsed.database!r} on {host}"


def _sqlite_path(url: str) -> str:
    path = _parsed(url).database
    if not path or path == ":memory:":
        raise StartRefused(
            "MUSTER_DATABASE_URL: must name a file, for example sqlite:///muster.db."
        )
    return path


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:
        raise refused(url, ValueError(type(error).__name__)) from None


def _sqlite_engine(path: str, migrating: bool) -> AsyncEngine:
    _prepare_file(path)
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=path),
        hide_parameters=True,
        connect_args={
            "isolation_level": None,
            "timeout": _BUSY_SECONDS,
            "factory": _SqliteConnection,
            "async_creator_fn": OneTripConnection,
        },
        pool_size=_SQLITE_CONNECTIONS,
        max_overflow=0,
    )
    # A migration that rebuilds a table drops the old one, which must not cascade.
    _prepare_connections(engine.sync_engine, keys="OFF" if migrating else "ON")
    return engine


def _prepare_connections(engine: Engine, keys: str) -> None:
    def connected(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in ("synchronous=FULL", f"foreign_keys={keys}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def begun(connection: Connection) -> None:
        if connection.get_execution_options().get(_READS):
            return
        driver = connection.connection.driver_connection
        if isinstance(driver, OneTripConnection):
            driver.begin_at_next()
        else:
            connection.exec_driver_sql(BEGIN)

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)


class _SqliteConnection(sqlite3.Connection):
    """Gives up its locks when it is closed.

    SQLite keeps a closed connection, and its transaction, until the last of its cursors is gone:
    a task that is cancelled within a statement would keep the write lock from everybody.
    """

    def close(self) -> None:
        """Roll back what was not committed, and close."""
        with contextlib.suppress(sqlite3.ProgrammingError):  # it is closed already
            if self.in_transaction:
                self.rollback()
        super().close()


def _prepare_file(path: str) -> None:
    """Create the file if need be, and let it be read while it is written (WAL), for good."""
    Path(path).touch(mode=0o600)  # a new file is nobody else's to read
    deadline = time.monotonic() + _BUSY_SECONDS
    with contextlib.closing(sqlite3.connect(path)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                # SQLite does not wait by itself when two processes switch a new file at once.
                busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return


def _postgres_engine(url: str, migrating: bool) -> AsyncEngine:
    try:
        asyncpg = importlib.import_module("asyncpg")
    except ImportError:
        raise StartRefused(
            "MUSTER_DATABASE_URL: PostgreSQL needs the driver asyncpg, which is not installed;"
            " install muster-bot[postgres]."
        ) from None

    async def connect() -> Any:
        # asyncpg reads the URL itself: it knows sslmode, sockets and the rest of libpq's forms.
        try:
            connection = await asyncpg.connect(
                url,
                timeout=_CONNECT_SECONDS,
                command_timeout=None if migrating else _COMMAND_SECONDS,
            )
            await connection.execute(_NOTICE_THE_DEAD)
            return connection
        except asyncpg.PostgresError as error:
            raise ConnectionError(str(error)) from None
        except asyncpg.InterfaceError as error:
            raise ValueError(str(error)) from None

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=_POSTGRES_CONNECTIONS,
        max_overflow=0,
    )
