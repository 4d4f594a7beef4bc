"""Backups of the SQLite file: whole, private, and put back without losing what was there."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import StartRefused
from bot.store.backups import backup, restore
from tests.store.samples import NOW

ADD = "INSERT INTO app_state (key, value) VALUES (?, 'x')"


def rows(file: Path) -> list[str]:
    """What the table that these tests write to holds."""
    with closing(sqlite3.connect(file)) as connection:
        return [key for (key,) in connection.execute("SELECT key FROM app_state ORDER BY key")]


def add(file: Path, key: str) -> None:
    """One more row."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(ADD, (key,))


@pytest.fixture
def file(sqlite_url: str) -> Path:
    """A database with one row."""
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    add(path, "first")
    return path


def test_a_copy_has_what_is_committed_even_beside_an_open_write(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute(ADD, ("not yet",))
        backup(f"sqlite:///{file}", target)
        writer.execute("COMMIT")
    assert rows(target) == ["first"]
    assert rows(file) == ["first", "not yet"]
    assert not list(tmp_path.glob("*.part*"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_its_owner_reads_a_copy(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    backup(f"sqlite:///{file}", target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_copy_overwrites_nothing(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("precious")
    with pytest.raises(StartRefused, match="is there already"):
        backup(f"sqlite:///{file}", target)
    assert target.read_text() == "precious"


def test_nothing_is_there_to_copy(tmp_path: Path) -> None:
    with pytest.raises(StartRefused, match="there is no file"):
        backup(f"sqlite:///{tmp_path / 'none.db'}", tmp_path / "copy.db")
    assert not (tmp_path / "none.db").exists()


def test_a_folder_that_is_not_there(file: Path, tmp_path: Path) -> None:
    with pytest.raises(StartRefused, match="could not be written"):
        backup(f"sqlite:///{file}", tmp_path / "no" / "copy.db")


def test_a_restore_puts_the_copy_back_and_keeps_the_old(file: Path, tmp_path: Path) -> None:
    url, copy = f"sqlite:///{file}", tmp_path / "copy.db"
    backup(url, copy)
    add(file, "later")
    kept = restore(url, copy, NOW)
    assert kept == file.with_name("muster.db.before-20260301T183015Z")
    assert rows(file) == ["first"]
    assert rows(kept) == ["first", "later"]
    assert rows(copy) == ["first"]
    assert not list(tmp_path.glob("*restoring*"))


def test_a_restore_where_nothing_was(file: Path, tmp_path: Path) -> None:
    copy, fresh = tmp_path / "copy.db", tmp_path / "fresh.db"
    backup(f"sqlite:///{file}", copy)
    assert restore(f"sqlite:///{fresh}", copy, NOW) is None
    assert rows(fresh) == ["first"]


def test_a_restore_over_a_ruin_keeps_the_ruin(file: Path, tmp_path: Path) -> None:
    url, copy = f"sqlite:///{file}", tmp_path / "copy.db"
    backup(url, copy)
    file.write_bytes(ruin := b"\xff" * 3 * 4096)
    with pytest.raises(StartRefused, match=r"muster\.db"):
        backup(url, tmp_path / "another.db")
    kept = restore(url, copy, NOW)
    assert kept is not None
    assert kept.read_bytes() == ruin
    assert rows(file) == ["first"]


def test_what_is_no_backup_changes_nothing(file: Path, tmp_path: Path) -> None:
    url, copy = f"sqlite:///{file}", tmp_path / "copy.db"
    backup(url, copy)
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("CREATE TABLE something (a)")
    text = tmp_path / "text.db"
    text.write_text("This is not a database at all, but it is long enough to look into. " * 20)
    harmed = tmp_path / "harmed.db"
    shutil.copy(copy, harmed)
    with harmed.open("r+b") as broken:
        broken.seek(2 * 4096)
        broken.write(b"\xff" * 3 * 4096)
    newer = tmp_path / "newer.db"
    shutil.copy(copy, newer)
    with closing(sqlite3.connect(newer)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for source, words in (
        (other, "not a whole database of Muster's"),
        (text, "could not be restored|not a whole database"),
        (harmed, "not a whole database of Muster's"),
        (newer, "made by a newer Muster"),
        (tmp_path / "none.db", "There is no file"),
    ):
        with pytest.raises(StartRefused, match=words):
            restore(url, source, NOW)
    assert rows(file) == ["first"]
    assert sorted(path.name for path in tmp_path.glob("muster.db.*")) in ([], ["muster.db.lock"])


def test_postgresql_is_told_its_own_commands(tmp_path: Path) -> None:
    url = "postgresql://muster:hidden-password@localhost/muster"
    with pytest.raises(StartRefused, match="pg_dump --format=custom") as refused:
        backup(url, tmp_path / "copy.db")
    assert "hidden" not in str(refused.value)
    with pytest.raises(StartRefused, match="pg_restore --clean") as refused:
        restore(url, tmp_path / "copy.db", NOW)
    assert "hidden" not in str(refused.value)
