"""The migrations arrive at the declared tables, once, from anywhere, and never go back."""

import asyncio
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, func, inspect, select, text

import bot
from bot.errors import StartRefused
from bot.store.app_state import AppState
from bot.store.database import (
    MIGRATION_LOCK,
    Database,
    SchemaState,
    _config,
    migrate,
    schema_state,
)
from bot.store.schema import metadata
from tests.postgres import LOCKED_PASSWORD, LOCKED_USER, Postgres

ROOT = Path(bot.__file__).parent.parent


async def test_an_empty_database_is_brought_up(empty_url: str) -> None:
    assert await schema_state(empty_url) is SchemaState.BEHIND
    await migrate(empty_url)
    assert await schema_state(empty_url) is SchemaState.CURRENT


async def test_migrating_twice_is_harmless(empty_url: str) -> None:
    await migrate(empty_url)
    database = await Database.open(empty_url)
    await AppState(database).set("kept", "yes")
    await migrate(empty_url)
    assert await AppState(database).get("kept") == "yes"
    await database.close()


async def test_migrating_at_the_same_time_is_harmless(empty_url: str) -> None:
    await asyncio.gather(*(migrate(empty_url) for _ in range(5)))
    assert await schema_state(empty_url) is SchemaState.CURRENT


async def test_one_process_waits_for_another_to_migrate(postgres: Postgres) -> None:
    url = postgres.create_database()
    other = await Database.open(url)
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    async with asyncio.timeout(60), other.write() as connection:
        await connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
        migrating = asyncio.create_task(migrate(url))
        while not (await connection.execute(waiting)).scalar_one():
            assert not migrating.done()
    await migrating
    assert await schema_state(url) is SchemaState.CURRENT
    await other.close()


async def test_a_newer_database_is_refused_and_untouched(database_url: str) -> None:
    database = await Database.open(database_url)
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert await schema_state(database_url) is SchemaState.NEWER
    with pytest.raises(StartRefused, match="newer Muster"):
        await migrate(database_url)
    async with database.read() as connection:
        versions = await connection.scalars(text("SELECT version_num FROM alembic_version"))
        assert versions.all() == ["9999"]
    await database.close()


async def test_a_user_who_may_not_create_tables_is_refused(postgres: Postgres) -> None:
    with pytest.raises(StartRefused, match="permission denied for schema public") as caught:
        await migrate(postgres.url("postgres", LOCKED_USER, LOCKED_PASSWORD))
    assert "\n" not in str(caught.value)
    assert "<class" not in str(caught.value)


async def test_migrations_are_found_from_any_directory(tmp_path: Path, empty_url: str) -> None:
    code = (
        "import asyncio, sys; from bot.store.database import *; asyncio.run(migrate(sys.argv[1]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", code, empty_url],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert await schema_state(empty_url) is SchemaState.CURRENT


async def test_migrating_says_nothing(empty_url: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        await migrate(empty_url)
    assert [record for record in caplog.records if record.name.startswith("alembic")] == []


async def test_a_migration_only_adds(empty_url: str) -> None:
    """So that a process of the version before goes on while the next one starts."""
    database = await Database.open(empty_url, migrating=True)
    scripts = ScriptDirectory.from_config(_config())
    before: dict[str, Any] = {}
    try:
        for script in reversed(list(scripts.walk_revisions())):
            async with database.write() as connection:
                await connection.run_sync(_upgrade_to, script.revision)
                after = await connection.run_sync(_demands)
            for table, demands in before.items():
                assert after.get(table, {}).items() >= demands.items(), script.revision
                news = {name: what for name, what in after[table].items() if name not in demands}
                assert set(news.values()) <= {"may be left out"}, (script.revision, table, news)
            before = after
    finally:
        await database.close()
    assert set(before) >= set(metadata.tables)


def _upgrade_to(connection: Connection, revision: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _demands(connection: Connection) -> dict[str, dict[str, str]]:
    """What each table asks of whoever writes into it: of columns, and beyond them."""
    found, looker = MetaData(), inspect(connection)
    found.reflect(connection)
    demands: dict[str, dict[str, str]] = {}
    for table in found.tables.values():
        demands[table.name] = own = {}
        for column in table.columns:
            free = column.nullable or column.server_default is not None
            own[column.name] = "may be left out" if free else f"must be {column.type}"
        unique = [index for index in looker.get_indexes(table.name) if index["unique"]]
        checks = looker.get_check_constraints(table.name)
        for rule in (*unique, *looker.get_unique_constraints(table.name), *checks):
            own[f"rule {rule['name']}"] = "must be kept"
        for key in looker.get_foreign_keys(table.name):
            own[f"key to {key['referred_table']}.{key['constrained_columns']}"] = "must be kept"
    return demands


async def test_a_process_goes_on_when_a_newer_one_adds_to_its_tables(database: Database) -> None:
    """Also with what its connections have prepared already."""
    state = AppState(database)
    await state.set("a", "before")
    other = await Database.open(database._url)
    async with other.write() as connection:
        for table in metadata.sorted_tables:
            await connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN added INTEGER"))
    await other.close()
    for _ in range(2):
        await state.set("a", "after")
        assert await state.get("a") == "after"


async def test_the_migrated_schema_is_the_declared_one(database: Database) -> None:
    def compare(connection: Connection) -> Any:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    async with database.read() as connection:
        assert await connection.run_sync(compare) == []


async def test_what_alembic_does_not_compare_is_the_same_too(database: Database) -> None:
    """Partial indexes, constraints and autoincrement, against tables made from the declaration."""
    migrated = await describe(database)
    async with database.write() as connection:
        await connection.run_sync(metadata.drop_all)
        await connection.run_sync(metadata.create_all)
    assert migrated == await describe(database)


async def describe(database: Database) -> dict[str, Any]:
    """Everything the database itself tells about its tables, in comparable form."""
    if database.dialect == "sqlite":
        query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    else:
        query = (
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL"
            " SELECT conname || conrelid::regclass, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace"
        )
    async with database.read() as connection:
        rows = (await connection.execute(text(query))).all()
        columns = await connection.run_sync(_columns)
    return {name: _plain(sql) for name, sql in rows if "alembic" not in name} | columns


def _plain(sql: str) -> list[str]:
    """The parts of a definition, whatever their order and spacing."""
    return sorted(part.strip(" )") for part in " ".join(sql.split()).split(","))


def _columns(connection: Connection) -> dict[str, Any]:
    found = MetaData()
    found.reflect(connection)
    tables = inspect(connection).get_table_names()
    assert set(tables) - {"alembic_version"} == set(metadata.tables)
    return {
        f"{table.name}.{column.name}": (str(column.type), column.nullable, column.autoincrement)
        for table in found.tables.values()
        for column in table.columns
        if table.name != "alembic_version"
    }
