"""One SQLite file without a thread between each statement and its rows.

A look-up by an index takes some tens of microseconds; carrying it to a thread and back takes ten
times as long. So those are made in place, and a whole transaction is one visit to one thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select

from bot.store.engines import for_reading, make_direct_engine

log = logging.getLogger(__name__)

T = TypeVar("T")


class SqliteDirect:
    """Belongs to one event loop."""

    def __init__(self, url: str) -> None:
        self._reading = make_direct_engine(url, waits=False)
        self._writing = make_direct_engine(url, waits=True)
        self._here: Connection | None = None
        self._there: Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")

    def look_up(self, query: Select[Any], values: Mapping[str, Any]) -> Sequence[Row[Any]]:
        """All rows, in place: for what an index finds. Raises OperationalError rather than wait."""
        return self._connected().execute(query, values).all()

    def version(self) -> int:
        """Another number after every commit, also of other processes (SQLite's data version).

        Nothing is ever written by the connection that asks, whose own commits do not count.
        """
        driver = self._connected().connection.driver_connection
        assert driver is not None  # it was never invalidated
        version: int = driver.execute("PRAGMA data_version").fetchone()[0]
        return version

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """One transaction: commits after `work`, rolls back on its error.

        Returns only when the thread is done with it, also when the caller is cancelled.
        """
        loop = asyncio.get_running_loop()
        done = loop.run_in_executor(self._thread, self._transact, work)
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            await asyncio.wait({done})
            if (error := done.exception()) is not None:
                log.warning("a cancelled transaction had failed: %s", error)
            raise

    def close(self) -> None:
        """Give the file back."""
        self._thread.shutdown()
        for connection in (self._here, self._there):
            if connection is not None:
                connection.close()

    def _connected(self) -> Connection:
        if self._here is None:
            self._here = for_reading(self._reading.connect())
        return self._here

    def _transact(self, work: Callable[[Connection], T]) -> T:
        if self._there is None:
            self._there = self._writing.connect()
        with self._there.begin():
            return work(self._there)
