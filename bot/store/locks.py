"""Locks between the processes that share one PostgreSQL database. With SQLite there is one process.

All of them live on one connection: PostgreSQL drops them by itself when the process or the
connection dies, so nobody waits for the dead, and nothing has to be renewed.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import TextClause, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.errors import LockLost

log = logging.getLogger(__name__)

OWNERS = 0x6D757374  # the first half of the key of every owner's lock
SPLITS = OWNERS + 1  # likewise, of how many shards the guilds are split into
RETRY = 0.02  # seconds between two tries for a lock that another process holds
PATIENCE = 60.0  # seconds to wait for another process; one write of theirs is bounded well below
_GONE = (SQLAlchemyError, OSError, TimeoutError)

_TRY = text("SELECT pg_try_advisory_lock(:key)")
_UNLOCK = text("SELECT pg_advisory_unlock(:key)")
_OWN = text("SELECT pg_advisory_lock(:owners, :owner)")
_SPLIT = text("SELECT pg_advisory_lock_shared(:splits, :count)")
_UNSPLIT = text("SELECT pg_advisory_unlock_shared(:splits, :count)")
_LIVE = text(
    "SELECT DISTINCT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = :first"
    " AND objsubid = 2 AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_ALIVE = text("SELECT 1")


class Hold:
    """One holding of a lock. Two readings made within one hold have no foreign write between."""

    def __init__(self, locks: SessionLocks | None = None, connection: object = None) -> None:
        self._locks = locks
        self._connection = connection

    async def check(self) -> None:
        """See that the lock is still held. Raises LockLost: then nothing may be written."""
        if self._locks is not None:
            await self._locks.check(self._connection)


class SessionLocks:
    """Advisory locks on one dedicated connection, opened when first needed and after a loss."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._turn = asyncio.Lock()  # one statement at a time on the connection
        self._connection: AsyncConnection | None = None
        self._owners: set[int] = set()
        self._split: int | None = None
        self._kept: dict[str, float | None] = {}  # loop's time since when it is missing, if it is
        self.displaced = asyncio.Event()

    @asynccontextmanager
    async def hold(self, name: str, patience: float | None = None) -> AsyncIterator[Hold]:
        """Hold the lock of this name against other processes; raises LockLost when it cannot be.

        Others wait for a minute, or for `patience` seconds.
        Not against this process: advisory locks are re-entrant, so callers take turns first.
        Whoever waits holds the place behind the holder, so that no process is passed over.
        """
        waiting, holding = to_key(f"waiting:{name}"), to_key(name)
        queued = await self._acquire(waiting, patience)
        try:
            held = await self._acquire(holding, patience)
        finally:  # shielded: a lock that a cancelled caller leaves behind locks others out for good
            await asyncio.shield(self._release(waiting, queued))
        try:
            yield Hold(self, held)
        finally:
            await asyncio.shield(self._release(holding, held))

    @asynccontextmanager
    async def keep(self, name: str) -> AsyncIterator[None]:
        """Hold the lock through lost connections; raises LockLost when it cannot be had at first.

        While it is missing no other lock is had: another process may do what it stands for. Sets
        `displaced` when it is lost for good: another process has it by then.
        """
        await self._acquire(to_key(name))
        self._kept[name] = None
        try:
            yield
        finally:
            del self._kept[name]
            if self._connection is not None:
                await asyncio.shield(self._release(to_key(name), self._connection))

    async def check(self, connection: object) -> None:
        """Raise LockLost unless this connection is still the one in use, and answers."""
        async with self._turn:
            if connection is not self._connection:
                raise LockLost("the connection that held the lock is gone")
            await self._run(_ALIVE)

    async def own(self, owner: int) -> None:
        """Be known to other processes as alive under this number, for as long as we are."""
        async with self._turn:
            if owner in self._owners and self._connection is not None:
                return
            self._owners.add(owner)
            await self._opened()
            await self._run(_OWN, owners=OWNERS, owner=owner)

    async def live_owners(self) -> set[int]:
        """The numbers of all processes that are alive, our own among them."""
        async with self._turn:
            try:
                return await self._live()
            except LockLost:  # nothing hangs on this connection: ask on the next one
                return await self._live()

    @asynccontextmanager
    async def splitting(self, count: int) -> AsyncIterator[None]:
        """Be known to split the guilds into so many shards, during the block."""
        async with self._turn:
            await self._opened()
            self._split = count
            await self._run(_SPLIT, splits=SPLITS, count=count)
        try:
            yield
        finally:
            self._split = None
            await asyncio.shield(self._unsplit(count))

    async def live_splits(self) -> set[int]:
        """Into how many shards the processes that are alive split the guilds, each number once."""
        async with self._turn:
            return await self._live(SPLITS)

    async def aclose(self) -> None:
        """Give every lock back."""
        async with self._turn:
            await self._drop()

    async def _live(self, first: int = OWNERS) -> set[int]:
        connection = await self._opened()
        await self._retake()
        try:
            return set((await connection.execute(_LIVE, {"first": first})).scalars())
        except _GONE as error:
            raise await self._lost(error) from None

    async def _unsplit(self, count: int) -> None:
        async with self._turn:
            if self._connection is not None:
                with contextlib.suppress(LockLost):  # then it is gone already
                    await self._run(_UNSPLIT, splits=SPLITS, count=count)

    async def _acquire(self, key: int, patience: float | None = None) -> AsyncConnection:
        try:
            async with asyncio.timeout(PATIENCE if patience is None else patience):
                while True:
                    async with self._turn:
                        connection = await self._opened()
                        await self._retake()
                        if not self._missing and await self._run(_TRY, key=key):
                            return connection
                    await asyncio.sleep(RETRY)
        except TimeoutError:
            raise LockLost("another process keeps the lock for too long") from None

    async def _release(self, key: int, connection: AsyncConnection) -> None:
        async with self._turn:
            if connection is not self._connection:
                return  # it took its locks with it
            try:
                await self._run(_UNLOCK, key=key)
            except LockLost:
                log.warning("a lock went with its connection")

    async def _opened(self) -> AsyncConnection:
        """The connection; a new one holds no lock but what tells others that we live."""
        if self._connection is None:
            try:
                self._connection = await self._engine.connect()
            except _GONE as error:
                raise LockLost(f"no connection for locks: {type(error).__name__}") from None
            for owner in self._owners:
                await self._run(_OWN, owners=OWNERS, owner=owner)
            if self._split is not None:
                await self._run(_SPLIT, splits=SPLITS, count=self._split)
        return self._connection

    @property
    def _missing(self) -> bool:
        return any(since is not None for since in self._kept.values())

    async def _retake(self) -> None:
        """Take again what a former connection kept.

        PostgreSQL may not have noticed yet that the connection is gone: that is waited for.
        """
        now = asyncio.get_running_loop().time()
        for name, since in list(self._kept.items()):
            if since is None:
                continue
            if await self._run(_TRY, key=to_key(name)):
                self._kept[name] = None
            elif now - since > PATIENCE:
                self.displaced.set()

    async def _run(self, statement: TextClause, **values: int) -> object:
        assert self._connection is not None  # callers have opened it
        try:
            return (await self._connection.execute(statement, values)).scalar_one()
        except _GONE as error:
            raise await self._lost(error) from None
        except asyncio.CancelledError as error:  # nobody knows what the server did: start anew
            await self._lost(error)
            raise

    async def _lost(self, error: BaseException) -> LockLost:
        log.warning("the connection that holds the locks is lost: %s", type(error).__name__)
        await self._drop()
        return LockLost("the connection that holds the locks is lost")

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        now = asyncio.get_running_loop().time()
        self._kept = {name: now if since is None else since for name, since in self._kept.items()}
        try:
            await connection.invalidate()  # closed, not given back: its locks must not live on
            await connection.close()
        except _GONE as error:
            log.info("the lost connection could not be closed: %s", type(error).__name__)


def to_key(name: str) -> int:
    """64 bits of a name, signed as PostgreSQL wants them."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
