"""Imports of links: what each line comes to, applied and undone a few lines at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import Refusal
from bot.models import (
    AccountLink,
    ImportLine,
    ImportState,
    LinkImport,
    LinkNotice,
    LinkSource,
    NoticeKind,
    Verdict,
)
from bot.store.database import Database
from bot.store.guild_turns import take_turn
from bot.store.instance import only_importer
from bot.store.link_changes import put_back, put_in
from bot.store.link_notices import put_notices
from bot.store.link_tables import import_rows, imports

BUSY = "Another import is under way here. Try again when it is done."
_AT_ONCE = 500  # lines in one transaction: some tens of milliseconds
_HAD = ("roblox_id", "username", "username_at", "source", "linked_by", "linked_at")
_CLEAN = (Verdict.NEW, Verdict.CHANGED)
_UNDER_WAY = imports.c.state.in_((ImportState.READING, ImportState.APPLYING, ImportState.UNDOING))


class ImportStore:
    """Rows of `imports` and `import_rows`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, guild_id: int, by_id: int, now: datetime) -> LinkImport:
        """Note that a file is being read. Refusal when another import is under way in the guild."""
        begun = {
            "guild_id": guild_id, "by_id": by_id, "state": ImportState.READING, "created_at": now,
        }  # fmt: skip
        async with self._database.write() as connection:
            await _require_alone(connection, guild_id)
            row = await connection.execute(insert(imports).values(begun).returning(*imports.c))
            return _to_import(row.one())

    async def plan(self, import_id: int, lines: Sequence[ImportLine]) -> None:
        """Keep what the lines come to; only then it can be applied."""
        for start in range(0, len(lines), _AT_ONCE):
            rows = [_to_row(import_id, line) for line in lines[start : start + _AT_ONCE]]
            async with self._database.write() as connection:
                await connection.execute(insert(import_rows), rows)
        await self.move(import_id, ImportState.READING, ImportState.PLANNED)

    async def get(self, guild_id: int, import_id: int) -> LinkImport | None:
        """One import of this guild."""
        return await self._one(
            select(imports).where(imports.c.import_id == import_id, imports.c.guild_id == guild_id)
        )

    async def get_latest(self, guild_id: int) -> LinkImport | None:
        """The guild's last import."""
        query = select(imports).where(imports.c.guild_id == guild_id)
        return await self._one(query.order_by(imports.c.import_id.desc()).limit(1))

    async def list_under_way(self) -> list[LinkImport]:
        """Those of our guilds that a process was in the middle of."""
        async with self._database.read() as connection:
            ours = self._database.ours(imports.c.guild_id)
            rows = await connection.execute(select(imports).where(_UNDER_WAY, ours))
            return [_to_import(row) for row in rows]

    async def count(self, import_id: int) -> dict[tuple[Verdict, bool], int]:
        """How many lines came to what, and were applied or not."""
        query = (
            select(import_rows.c.verdict, import_rows.c.done, func.count())
            .where(import_rows.c.import_id == import_id)
            .group_by(import_rows.c.verdict, import_rows.c.done)
        )
        async with self._database.read() as connection:
            return {(verdict, done): n for verdict, done, n in await connection.execute(query)}

    async def list_lines(self, import_id: int) -> list[ImportLine]:
        """All lines, as in the file."""
        query = select(import_rows).where(import_rows.c.import_id == import_id)
        async with self._database.read() as connection:
            rows = (await connection.execute(query.order_by(import_rows.c.line))).all()
        return await asyncio.to_thread(_to_lines, rows)  # there may be 50,000

    async def move(self, import_id: int, before: ImportState, after: ImportState) -> bool:
        """Put an import into another state; False when it is not in the expected one any more."""
        change = update(imports).where(imports.c.import_id == import_id, imports.c.state == before)
        async with self._database.write() as connection:
            return bool((await connection.execute(change.values(state=after))).rowcount)

    async def enter(self, one: LinkImport, before: ImportState, after: ImportState) -> bool:
        """Like `move`, to begin something; Refusal when another import is under way there."""
        which = (imports.c.import_id == one.import_id) & (imports.c.state == before)
        async with self._database.write() as connection:
            await _require_alone(connection, one.guild_id)
            change = update(imports).where(which).values(state=after)
            return bool((await connection.execute(change)).rowcount)

    def only_importer(self, guild_id: int) -> AbstractAsyncContextManager[None]:
        """Be the one process at the operator's imports of a guild; see `bot.store.instance`."""
        return only_importer(self._database, guild_id)

    async def apply_some(
        self, one: LinkImport, after: int, now: datetime
    ) -> tuple[int, int] | None:
        """Apply the next clean lines after line `after`; None when there is none.

        Returns the last line looked at, and how many of these lines are done now.

        Each line is done as a whole or left: whose accounts are not as they were planned stays.
        Doing it again does nothing again.
        """
        clean = import_rows.c.verdict.in_(_CLEAN)
        lines = await self._next(one, after, clean & import_rows.c.done.is_(False))
        if not lines:
            return None
        async with self._database.write() as connection:
            done = await put_in(
                connection, one.guild_id, [(x.had, _link(one, x, now)) for x in lines]
            )
            put = [line for line in lines if line.discord_id in done]
            await put_notices(connection, [_notice(one, line, now) for line in put])
            await connection.execute(_mark(one, [line.line for line in put], done=True))
        return lines[-1].line, len(put)

    async def undo_some(self, one: LinkImport, after: int) -> tuple[int, int] | None:
        """Take back the next applied lines, like `apply_some`; what was changed since stays."""
        lines = await self._next(one, after, import_rows.c.done.is_(True))
        if not lines:
            return None
        async with self._database.write() as connection:
            back = [(x.discord_id, x.roblox_id, x.had) for x in lines]
            undone = await put_back(connection, one.guild_id, back, one.applied_at)
            numbers = [line.line for line in lines if line.discord_id in undone]
            await connection.execute(_mark(one, numbers, done=False))
        return lines[-1].line, len(numbers)

    async def note_applied(self, import_id: int, now: datetime) -> None:
        """All is done; from now on the day runs in which it can be undone."""
        change = update(imports).where(
            imports.c.import_id == import_id, imports.c.state == ImportState.APPLYING
        )
        async with self._database.write() as connection:
            await connection.execute(change.values(state=ImportState.APPLIED, applied_at=now))

    async def remove(self, import_id: int) -> None:
        """Forget an import and its lines. Links stay."""
        async with self._database.write() as connection:
            await connection.execute(delete(imports).where(imports.c.import_id == import_id))

    async def discard(self, import_id: int) -> bool:
        """Forget a dry run; False when it is none any more."""
        planned = (imports.c.import_id == import_id) & (imports.c.state == ImportState.PLANNED)
        async with self._database.write() as connection:
            return bool((await connection.execute(delete(imports).where(planned))).rowcount)

    async def remove_before(self, then: datetime) -> None:
        """Forget what was begun before this time and is not under way."""
        old = delete(imports).where(imports.c.created_at < then, ~_UNDER_WAY)
        async with self._database.write() as connection:
            await connection.execute(old)

    async def _next(self, one: LinkImport, after: int, condition: Any) -> list[ImportLine]:
        query = (
            select(import_rows)
            .where(import_rows.c.import_id == one.import_id, import_rows.c.line > after, condition)
            .order_by(import_rows.c.line)
            .limit(_AT_ONCE)
        )
        async with self._database.read() as connection:
            return [_to_line(one.guild_id, row) for row in await connection.execute(query)]

    async def _one(self, query: Any) -> LinkImport | None:
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return _to_import(row) if row else None


async def _require_alone(connection: AsyncConnection, guild_id: int) -> None:
    """Inside of a transaction: of two who want to begin, one comes first, and is seen."""
    await take_turn(connection, guild_id)
    query = select(imports.c.import_id).where(imports.c.guild_id == guild_id, _UNDER_WAY)
    if await connection.scalar(query.limit(1)) is not None:
        raise Refusal(BUSY)


def _mark(one: LinkImport, numbers: Sequence[int], *, done: bool) -> Any:
    which = (import_rows.c.import_id == one.import_id) & import_rows.c.line.in_(numbers)
    return update(import_rows).where(which).values(done=done)


def _link(one: LinkImport, line: ImportLine, now: datetime) -> AccountLink:
    return AccountLink(
        one.guild_id, line.discord_id, line.roblox_id, line.username, one.created_at,
        LinkSource.IMPORT, one.by_id, now,
    )  # fmt: skip


def _notice(one: LinkImport, line: ImportLine, now: datetime) -> LinkNotice:
    return LinkNotice(
        0, one.guild_id, line.discord_id, NoticeKind.LINKED, line.roblox_id, line.username,
        one.by_id, now,
    )  # fmt: skip


def _to_import(row: Row[Any]) -> LinkImport:
    return LinkImport(**row._mapping)


def _to_row(import_id: int, line: ImportLine) -> dict[str, Any]:
    row = asdict(line)
    del row["had"]
    had = {f"had_{name}": getattr(line.had, name, None) for name in _HAD}
    return row | had | {"import_id": import_id}


def _to_lines(rows: Sequence[Row[Any]]) -> list[ImportLine]:
    return [_to_line(0, row) for row in rows]


def _to_line(guild_id: int, row: Row[Any]) -> ImportLine:
    had = None
    if row.had_roblox_id is not None:
        was = {name: getattr(row, f"had_{name}") for name in _HAD}
        had = AccountLink(guild_id=guild_id, discord_id=row.discord_id, **was)
    return ImportLine(
        row.line, row.discord_id, row.roblox_id, row.username, row.verdict, had, row.done
    )
