"""One `muster run` per SQLite file, and per shard: two would each do what only one may do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from filelock import FileLock, Timeout

from bot.errors import LockLost, StartRefused
from bot.models import ShardRange
from bot.store.database import Database
from bot.store.engines import refused, sqlite_path
from bot.store.locks import SessionLocks

log = logging.getLogger(__name__)

PATIENCE = 60.0  # seconds to wait for a process that is just stopping
RETRY = 0.1  # seconds between two looks


@asynccontextmanager
async def only_server_of(share: ShardRange, database: Database) -> AsyncIterator[asyncio.Event]:
    """Be the one process on a shared database that serves these shards, during the block.

    Who starts waits a minute for who is just stopping; then it raises StartRefused. The event is
    set when another process took over, which it can while the database does not see this one:
    then this one has to end. With SQLite `only_instance` has seen to all of it already.
    """
    log.info("serving shards %s", share)
    locks = database.locks
    if locks is None:
        yield asyncio.Event()
        return
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(locks.splitting(share.count))
        await _agree(share, locks)
        for shard in share.ids:
            try:
                await stack.enter_async_context(locks.keep(f"shard:{shard}/{share.count}"))
            except LockLost:
                raise StartRefused(
                    f"MUSTER_SHARDS: another Muster process on this database serves shard {shard}"
                    f" of {share.count}. Stop it, or give each process shards of its own, for"
                    " example 0-3/16 and 4-7/16."
                ) from None
        yield locks.displaced


async def _agree(share: ShardRange, locks: SessionLocks) -> None:
    """Wait until every process splits the guilds into as many shards as this one."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while others := await locks.live_splits() - {share.count}:
        if asyncio.get_running_loop().time() > deadline:
            raise StartRefused(
                f"MUSTER_SHARDS: this process splits the guilds into {share.count} shards, and"
                f" another one on this database into {min(others)}, so both would serve some of"
                " them. Give all processes the same number of shards."
            )
        await asyncio.sleep(RETRY)


@asynccontextmanager
async def only_importer(database: Database, guild_id: int) -> AsyncIterator[None]:
    """Be the one process that carries out imports of the operator's in this guild, in the block.

    Given back however the process ends, so that others can tell whether it lives. Raises LockLost
    at once when another process is at it; with SQLite, in any guild.
    """
    path = sqlite_path(database.url)
    if path is None:
        async with database.session_lock(f"import:{guild_id}", patience=1.0):
            yield
        return
    try:
        with FileLock(f"{path.resolve()}.import.lock", blocking=False):
            yield
    except Timeout:
        raise LockLost("another process imports links") from None


@contextmanager
def only_instance(url: str) -> Iterator[None]:
    """Be the one process that works on this database, until the end of the block or the process.

    The operating system gives the lock back, however the process ends. With PostgreSQL there is
    nothing to lock: there several processes may share the guilds. Raises StartRefused.
    """
    path = sqlite_path(url)
    if path is None or not path.absolute().parent.is_dir():  # that is refused where it is opened
        yield
        return
    lock = FileLock(f"{path.resolve()}.lock")  # resolved: one file may have several names
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise StartRefused(
            f"MUSTER_DATABASE_URL: another Muster process works on the SQLite file {path}."
            " Stop that one first, or give this one a file of its own."
        ) from None
    except (OSError, NotImplementedError) as error:  # a file system that knows no locks
        raise refused(url, error) from None
    try:
        yield
    finally:
        lock.release()
