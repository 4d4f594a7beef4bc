"""The database: opened by URL, brought to the schema of this code, used in short transactions."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from enum import StrEnum
from typing import Any, Self, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    Table,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.errors import StartRefused
from bot.models import EVERYTHING, ShardRange
from bot.models.shards import TIMESTAMP_SHIFT
from bot.store.engines import UNUSABLE, for_reading, make_engine, refused
from bot.store.keyed import Keyed
from bot.store.locks import Hold, SessionLocks
from bot.store.sqlite_direct import SqliteDirect

log = logging.getLogger(__name__)

T = TypeVar("T")

ALONE = Hold()  # the one hold of who has nobody to lock out: always held
MIGRATION_LOCK = 0x6D757374  # "must"; any number that nothing else locks


class Database:
    """One SQLite file or one PostgreSQL database, shared by every repository of the process.

    `observe(kind, seconds)` is told how long each transaction took, the wait for it included.
    """

    def __init__(self, engine: AsyncEngine, url: str, share: ShardRange = EVERYTHING) -> None:
        self.observe: Callable[[str, float], None] = _unobserved
        self._url = url
        self._share = share
        self._writing = engine
        self._reading = for_reading(engine)
        is_file = engine.dialect.name == "sqlite"
        # SQLite has one writer; waiting here is fair and cheap, waiting in SQLite is neither.
        self._turn: AbstractAsyncContextManager[Any] = asyncio.Lock() if is_file else nullcontext()
        self._locks = None if is_file else SessionLocks(engine)
        self._direct = SqliteDirect(url) if is_file else None

    @classmethod
    async def open(
        cls, url: str, *, migrating: bool = False, share: ShardRange = EVERYTHING
    ) -> Self:
        """Connect to `sqlite:///path` or `postgresql://...` and see that it can be written.

        `migrating` is for `migrate` alone; `share`: the guilds that this process serves, see
        `ours`. Raises StartRefused with one sentence.
        """
        try:
            database = cls(make_engine(url, migrating=migrating), url, share)
        except UNUSABLE as error:
            raise refused(url, error) from None
        try:
            await database.check()
        except BaseException:
            await database.close()
            raise
        return database

    @property
    def share(self) -> ShardRange:
        """The guilds that this process serves."""
        return self._share

    @property
    def url(self) -> str:
        """Where it is, with the password."""
        return self._url

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._writing.dialect.name

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write; commits at the end, rolls back on an error.

        Keep it short, never across a network call, and never one inside another.
        """
        with self._timed("write"):
            async with self._turn, self._writing.begin() as connection:
                yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that only reads, never waiting for a writer.

        Each statement sees what is committed when it starts: ask what belongs together at once.
        """
        with self._timed("read"):
            async with self._reading.begin() as connection:
                yield connection

    def version(self) -> int | None:
        """A number that changes with every commit of anybody; None where none is cheap to have."""
        try:
            return self._direct.version() if self._direct is not None else None
        except (OperationalError, sqlite3.OperationalError):  # somebody has the file to themselves
            return None

    async def find(self, keyed: Keyed, keys: Collection[Any]) -> Sequence[Row[Any]]:
        """The rows that have one of these keys, as cheaply as the database allows."""
        query, values = keyed.of(keys)
        return await self.look_up(query, **values)

    async def look_up(self, query: Select[Any], **values: Any) -> Sequence[Row[Any]]:
        """The rows of a query that an index answers; built once, with `bindparam`s for `values`."""
        if self._direct is not None:
            try:
                with self._timed("read"):
                    return self._direct.look_up(query, values)
            except OperationalError as error:  # somebody has the file to themselves: wait elsewhere
                log.info("a look-up waits: %s", error)
        async with self.read() as connection:
            rows: Sequence[Row[Any]] = (await connection.execute(query, values)).all()
            return rows

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """A short transaction as one function of a connection; as `write` otherwise."""
        if self._direct is None:
            async with self.write() as connection:
                return await connection.run_sync(work)
        with self._timed("write"):
            async with self._turn:
                return await self._direct.transact(work)

    def ours(self, guild_id: Column[int]) -> ColumnElement[bool]:
        """That this process serves the row's guild: for whatever works without being asked.

        Without it two processes would both do it.
        """
        share = self._share
        if share.is_everything:
            return true()
        shift = literal_column(f"{TIMESTAMP_SHIFT}", Integer)
        count = literal_column(f"{share.count}", Integer)
        return (guild_id.bitwise_rshift(shift) % count).between(share.first, share.last)

    @asynccontextmanager
    async def session_lock(self, key: str, patience: float | None = None) -> AsyncIterator[Hold]:
        """Hold this lock against other processes; with SQLite there are none.

        Waits a minute for another process, or `patience` seconds.

        Whoever shares this object must take turns first. Raises LockLost when it cannot be had.
        """
        if self._locks is None:
            yield ALONE
            return
        async with self._locks.hold(key, patience) as hold:
            yield hold

    @property
    def locks(self) -> SessionLocks | None:
        """What processes on one database hold against each other; with SQLite there is one."""
        return self._locks

    async def own(self, owner: int) -> None:
        """Be alive to other processes under this number until this object is closed."""
        if self._locks is not None:
            await self._locks.own(owner)

    async def live_owners(self) -> set[int]:
        """Which numbers given to `own` belong to processes that live; with SQLite none is known."""
        return await self._locks.live_owners() if self._locks is not None else set()

    async def check(self) -> None:
        """See that the database answers and takes writes. Raises StartRefused with one sentence."""
        try:
            async with self.write() as connection:
                await connection.execute(select(1))
        except UNUSABLE as error:
            raise refused(self._url, error) from None

    @contextmanager
    def _timed(self, kind: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.observe(kind, time.perf_counter() - began)

    async def close(self) -> None:
        """Give back every connection."""
        if self._locks is not None:
            await self._locks.aclose()
        if self._direct is not None:
            self._direct.close()
        await self._writing.dispose()

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An INSERT that knows ON CONFLICT, which both databases spell the same."""
        return sqlite.insert(table) if self.dialect == "sqlite" else postgresql.insert(table)


def _unobserved(_kind: str, _seconds: float) -> None:
    """Nobody measures."""


class SchemaState(StrEnum):
    """How a database's schema compares to this code."""

    CURRENT = "current"
    BEHIND = "behind"  # `migrate` brings it up
    NEWER = "newer"  # written by a newer Muster


async def migrate(url: str) -> None:
    """Apply every missing revision, all or none; harmless when there is none.

    Several processes may call it at once. Raises StartRefused when the database cannot be used or
    is newer than this code.
    """
    database = await Database.open(url, migrating=True)
    try:
        async with database.write() as connection:
            await connection.run_sync(_upgrade)
    except SQLAlchemyError as error:  # such as a database user that may not create tables
        raise refused(url, error) from None
    finally:
        await database.close()


async def schema_state(url: str) -> SchemaState:
    """Compare the schema without changing it. Raises StartRefused when it cannot be read."""
    database = await Database.open(url)
    try:
        async with database.read() as connection:
            return await connection.run_sync(_state)
    finally:
        await database.close()


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":  # SQLite's write transaction is lock enough
        connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
    state = _state(connection)
    if state is SchemaState.NEWER:
        raise StartRefused(
            "MUSTER_DATABASE_URL: the database was written by a newer Muster; start that version,"
            " or go back to a backup made before it."
        )
    if state is SchemaState.BEHIND:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _state(connection: Connection) -> SchemaState:
    scripts = ScriptDirectory.from_config(_config())
    applied = set(MigrationContext.configure(connection).get_current_heads())
    if applied == set(scripts.get_heads()):
        return SchemaState.CURRENT
    known = {script.revision for script in scripts.walk_revisions()}
    return SchemaState.BEHIND if applied <= known else SchemaState.NEWER


def _config() -> Config:
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it narrates every step at INFO
    config = Config()
    # As a package, so that it is found from any directory and inside a wheel.
    config.set_main_option("script_location", "migrations:")
    config.set_main_option("path_separator", "os")
    return config
