"""Copies of the SQLite file, made while Muster runs, and put back while it does not.

SQLite's own online copy does the work in both directions: it is one transaction on the file that
is written, so that neither a running Muster nor a power cut can spoil it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from datetime import datetime
from pathlib import Path

from bot.errors import StartRefused
from bot.store.database import SchemaState, schema_state
from bot.store.engines import sqlite_path

NEEDED = {"alembic_version", "workspaces"}  # tables that every database of Muster has
RUINED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
DUMP = 'pg_dump --format=custom --file=muster.dump "$MUSTER_DATABASE_URL"'
UNDUMP = 'pg_restore --clean --if-exists --dbname="$MUSTER_DATABASE_URL" muster.dump'


def backup(url: str, target: Path) -> None:
    """Copy the database into a new file that only its owner reads. Raises StartRefused."""
    path = _file(url, f"PostgreSQL has a tool of its own for this: {DUMP}")
    if not path.exists():
        raise StartRefused(f"MUSTER_DATABASE_URL: there is no file {path} to copy.")
    if target.exists():
        raise StartRefused(f"{target} is there already. Name a new file for the backup.")
    unfinished = target.with_name(f"{target.name}.part")
    try:
        _copy(path, unfinished)
        _check(unfinished, path)
        unfinished.rename(target)
    except (OSError, sqlite3.Error) as error:
        if isinstance(error, sqlite3.Error) and error.sqlite_errorcode in RUINED:
            raise StartRefused(_no_database(path)) from None
        raise StartRefused(f"{target} could not be written: {error}.") from None
    finally:
        unfinished.unlink(missing_ok=True)


def restore(url: str, source: Path, now: datetime) -> Path | None:
    """Put a backup in place of the database; where the old one was kept (None: there was none).

    For the holder of `only_instance`, outside of an event loop. Raises StartRefused, and then
    nothing has changed.
    """
    path = _file(url, f"PostgreSQL has a tool of its own for this: {UNDUMP}")
    if not source.is_file():
        raise StartRefused(f"There is no file {source} to restore.")
    staged = path.with_name(f"{path.name}.restoring")
    try:
        _copy(source, staged)
        _check(staged, source)
        if asyncio.run(schema_state(f"sqlite:///{staged}")) is SchemaState.NEWER:
            raise StartRefused(
                f"{source} was made by a newer Muster. Install that version, then restore."
            )
        kept = None
        if path.exists():
            kept = path.with_name(f"{path.name}.before-{now:%Y%m%dT%H%M%SZ}")
            _keep(path, kept)
        _copy(staged, path)
    except (OSError, sqlite3.Error) as error:
        raise StartRefused(f"{source} could not be restored: {error}.") from None
    finally:
        for file in _files(staged):
            file.unlink(missing_ok=True)
    return kept


def _file(url: str, otherwise: str) -> Path:
    path = sqlite_path(url)
    if path is None:
        raise StartRefused(otherwise)
    return path


def _copy(source: Path, target: Path) -> None:
    """Make `target` hold what `source` holds at one moment, on the disk when this returns."""
    target.touch(mode=0o600)  # the keys in it are encrypted, the rest is not
    reading = f"{source.absolute().as_uri()}?mode=ro"
    with (
        contextlib.closing(sqlite3.connect(reading, uri=True)) as old,
        contextlib.closing(sqlite3.connect(target)) as new,
    ):
        new.execute("PRAGMA synchronous=FULL")
        old.backup(new)  # in one step: in several, each write of the running Muster starts it anew
    with target.open("rb") as written:
        os.fsync(written.fileno())


def _keep(path: Path, kept: Path) -> None:
    """Copy what is about to be overwritten; what SQLite cannot even open is moved as it is."""
    try:
        _copy(path, kept)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode not in RUINED:
            raise
        for old, new in zip(_files(path), _files(kept), strict=True):
            if old.exists():
                old.replace(new)


def _files(path: Path) -> tuple[Path, Path, Path]:
    """An SQLite file and those that stand beside it while it is open, or was when it crashed."""
    return path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")


def _check(file: Path, named: Path) -> None:
    """Raise StartRefused unless this is an unharmed database of Muster's."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        try:
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        except sqlite3.DatabaseError:
            verdict, tables = "not a database", set()
    if verdict != "ok" or not tables >= NEEDED:
        raise StartRefused(_no_database(named))


def _no_database(file: Path) -> str:
    return f"{file} is not a whole database of Muster's. Nothing was changed."
