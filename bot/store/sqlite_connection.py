"""An aiosqlite connection that visits its thread once per statement.

SQLAlchemy's dialect asks aiosqlite for a cursor, lets it execute, fetches and closes: four visits,
and as many for BEGIN. A visit costs more than most of our statements, and in a rush each waits for
its turn at the interpreter.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import aiosqlite

# A transaction that starts by reading and then writes loses other writers' updates, or fails
# half-way, unless it takes the write lock at once.
BEGIN = "BEGIN IMMEDIATE"
_NOTHING: tuple[Any, ...] = ()
_CHUNK = 64  # rows; aiosqlite wants it, and it is not used, as all rows come at once


class OneTripConnection(aiosqlite.Connection):
    """What SQLAlchemy's dialect gets as `async_creator_fn`'s answer."""

    def __init__(self, path: str, **options: Any) -> None:
        super().__init__(lambda: sqlite3.connect(Path(path), **options), _CHUNK)
        self._thread.daemon = True  # as aiosqlite's dialect has it: an exit waits for no statement
        self._begins = False
        self._clean = True  # no transaction, and nothing on its way to the thread

    def begin_at_next(self) -> None:
        """Take the write lock together with the next statement."""
        self._begins = True

    def cursor(self) -> Cursor:  # type: ignore[override]  # it is no coroutine
        """Made without a visit."""
        return Cursor(self)

    async def answer(self, sql: str, parameters: Any, *, many: bool) -> _Answer:
        """Execute, fetch everything and close, in one visit."""
        begins, self._begins, self._clean = self._begins, False, False
        visit = partial(self._answer, sql, parameters, many, begins)
        answer: _Answer = await self._execute(visit)  # type: ignore[no-untyped-call]  # aiosqlite has no types there
        self._clean = not answer.within
        return answer

    async def commit(self) -> None:
        """Without a visit when there is nothing to commit."""
        await self._end(super().commit)

    async def rollback(self) -> None:
        """Without a visit when there is nothing to undo."""
        await self._end(super().rollback)

    async def _end(self, end: Callable[[], Any]) -> None:
        self._begins = False
        if self._clean:
            return
        await end()
        self._clean = True

    def _answer(self, sql: str, parameters: Any, many: bool, begins: bool) -> _Answer:
        if begins:
            self._conn.execute(BEGIN)
        with contextlib.closing(self._conn.cursor()) as cursor:
            (cursor.executemany if many else cursor.execute)(sql, parameters)
            rows = cursor.fetchall() if cursor.description else []
            return _Answer(
                rows, cursor.description, cursor.rowcount, cursor.lastrowid,
                self._conn.in_transaction,
            )  # fmt: skip


class _Answer(NamedTuple):
    """Of one statement."""

    rows: list[Any]
    description: Any
    rowcount: int
    lastrowid: int | None
    within: bool  # a transaction that is open now


class Cursor:
    """As much of a cursor as SQLAlchemy's dialect asks for."""

    arraysize = 1

    def __init__(self, connection: OneTripConnection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Cursor:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = _NOTHING) -> Cursor:
        """One statement. Raises sqlite3's errors."""
        return self._take(await self._connection.answer(sql, parameters, many=False))

    async def executemany(self, sql: str, parameters: Sequence[Sequence[Any]]) -> Cursor:
        """One statement with each of these. Raises sqlite3's errors."""
        return self._take(await self._connection.answer(sql, parameters, many=True))

    async def fetchall(self) -> list[Any]:
        """Every row; once."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """It was closed as soon as it had its rows."""

    def _take(self, answer: _Answer) -> Cursor:
        self._rows, self.description, self.rowcount, self.lastrowid, _ = answer
        return self
