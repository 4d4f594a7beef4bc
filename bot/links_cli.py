"""`muster links import` and `export`: the same as in Discord, for whoever runs Muster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.errors import StartRefused
from bot.models import NOBODY, Verdict
from bot.providers.identity.roblox import Roblox
from bot.services.bulk_names import BulkNames
from bot.services.link_directory import LinkDirectory, report_file
from bot.services.link_files import MAX_BYTES, SIZE_RULE
from bot.services.link_imports import LinkImports
from bot.services.link_names import NameRefresher
from bot.services.link_plans import LinkPlanner, Progress
from bot.services.linking import LinkingService
from bot.services.ports import Actor
from bot.settings import Settings
from bot.store.database import Database, SchemaState, schema_state
from bot.store.link_imports import ImportStore
from bot.store.link_lists import LinkLists
from bot.store.links import LinkStore


async def import_file(
    settings: Settings,
    path: Path,
    guild_id: int,
    *,
    apply: bool,
    report: Path | None,
    told: Progress,
) -> list[str]:
    """Read the file and, with `apply`, link who is clean; the lines to print.

    Raises StartRefused for what cannot be opened, Refusal and ProviderErrors.
    """
    content = await asyncio.to_thread(_read, path)
    async with _open(settings) as (imports, _), imports.as_operator(guild_id):
        actor = _operator(guild_id)
        found = await imports.read(actor, content, told)
        lines = [f"{found.counts[verdict]:>7,} {verdict.value}" for verdict in _seen(found.counts)]
        lines.append("Whether they are members of the Discord server was not checked.")
        if report is not None:
            await asyncio.to_thread(_write, report, report_file(found.lines))
            lines.append(f"The line-by-line report is in {report}.")
        if not apply:
            await imports.discard(actor, found.one.import_id)
            return [
                *lines,
                "Dry run: nothing was changed. Add --apply to link the new and changed.",
            ]
        done = await imports.apply(actor, found.one.import_id, told)
        undo = "An admin can undo it for a day in Discord: /links import without a file."
        return [*lines, f"Applied: {done.done:,} of {done.clean:,} members linked.", undo]


async def export_file(settings: Settings, guild_id: int, path: Path | None) -> tuple[bytes, int]:
    """All links of a guild as CSV, and how many; written to `path` if there is one."""
    async with _open(settings) as (_, directory):
        content, count = await directory.export(_operator(guild_id))
    if path is not None:
        await asyncio.to_thread(_write, path, content)
    return content, count


@asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[tuple[LinkImports, LinkDirectory]]:
    if await schema_state(settings.database_url) is not SchemaState.CURRENT:
        raise StartRefused("MUSTER_DATABASE_URL: bring the database up to date: `muster migrate`.")
    database = await Database.open(settings.database_url)
    roblox = Roblox(str(settings.roblox_users_url), str(settings.roblox_groups_url))
    links, lists = LinkStore(database), LinkLists(database)
    names = BulkNames(roblox, _now)
    refresher = NameRefresher(lists, names, timedelta(days=settings.name_days), _now)
    planner = LinkPlanner(links, lists, names, None)
    linking = LinkingService(links, roblox)
    try:
        yield (
            LinkImports(ImportStore(database), planner, None, _now),
            LinkDirectory(linking, links, lists, refresher),
        )
    finally:
        await roblox.aclose()
        await database.close()


def _operator(guild_id: int) -> Actor:
    """Whoever may start Muster's own process may do what an admin may."""
    return Actor(guild_id, NOBODY, frozenset(), is_admin=True)


def _seen(counts: Mapping[Verdict, int]) -> list[Verdict]:
    return [verdict for verdict in Verdict if counts.get(verdict)]


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise StartRefused(f"{path}: the file is too big, {SIZE_RULE}. Split it.")
        return path.read_bytes()
    except OSError as error:
        raise StartRefused(f"{path} cannot be read: {error.strerror}.") from None


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise StartRefused(f"{path} cannot be written: {error.strerror}.") from None


def _now() -> datetime:
    return datetime.now(UTC)
