"""One `muster run` per SQLite file: two would each do what only one may do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from bot.errors import StartRefused
from bot.store.engines import refused, sqlite_path


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
