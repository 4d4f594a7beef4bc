"""`muster status`: one screen that says how Muster does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import aiohttp

from bot.errors import StartRefused
from bot.models import WorkspaceState
from bot.settings import Settings
from bot.store.database import Database, SchemaState, schema_state
from bot.store.engines import sqlite_path
from bot.store.overview import Overview, OverviewStore, WorkspaceLine

MOST = 15  # workspaces that are shown one by one
PATIENCE = 10.0  # seconds for the running process to answer; it waits for its database
SHOWN = {
    "muster_guilds": "guilds served",
    "muster_lane_users": "presses in lanes",
    "muster_background_tasks": "tasks",
}
_UNREACHED = (aiohttp.ClientError, OSError, TimeoutError)


async def describe(settings: Settings, now: datetime) -> AsyncIterator[str]:
    """Line by line, from the database and from the running process where it has a port.

    Raises StartRefused when the database cannot be read. Changes nothing.
    """
    yield await _process(settings.metrics_port)
    path = sqlite_path(settings.database_url)
    if path is not None and not path.exists():
        yield f"database   {path} does not exist yet; `muster run` creates it"
        return
    if await schema_state(settings.database_url) is not SchemaState.CURRENT:
        raise StartRefused(
            "The database is not of this version. `muster doctor` says what to do about it."
        )
    database = await Database.open(settings.database_url)
    try:
        overview = await OverviewStore(database).look(MOST)
    finally:
        await database.close()
    for line in _lines(overview, now):
        yield line


def _lines(overview: Overview, now: datetime) -> list[str]:
    states = ", ".join(
        f"{overview.states[state]} {state.value}"
        for state in WorkspaceState
        if overview.states.get(state)
    )
    oldest = overview.oldest_unsettled
    since = f", the oldest for {_ago(oldest, now)}" if oldest else ""
    lines = [
        f"guilds     {overview.guilds} with a workspace",
        f"boards     {overview.boards} live",
        f"journal    {overview.unsettled} without an ending{since}",
        f"workspaces {overview.workspaces}" + (f": {states}" if states else ""),
    ]
    lines += [_workspace(line, now) for line in overview.lines]
    more = overview.workspaces - len(overview.lines)
    return [*lines, f"  and {more} more"] if more else lines


def _workspace(line: WorkspaceLine, now: datetime) -> str:
    state = line.state.value
    if line.state is not WorkspaceState.OK and line.state_since:
        state += f" for {_ago(line.state_since, now)}"
    polled = "not polled yet" if line.boards else "no live board, so not polled"
    if line.polled_at is not None:
        result = "" if line.result == "ok" else f" ({line.result})"
        polled = f"polled {_ago(line.polled_at, now)} ago{result}"
    # A name is an admin's words: nothing in it may move the cursor of the operator's terminal.
    name = "".join(c for c in line.name if c.isprintable())
    return (
        f"  {name} (guild {line.guild_id}, {line.kind.value}): {state}; live boards: {line.boards};"
        f" {polled}"
    )


def _ago(then: datetime, now: datetime) -> str:
    seconds = max(0, int((now - then).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


async def _process(port: int | None) -> str:
    """What the running process says of itself."""
    if port is None:
        return "process    not asked: MUSTER_METRICS_PORT is not set"
    url = f"http://127.0.0.1:{port}"
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session:
            async with session.get(f"{url}/readyz") as response:
                state = " ".join((await response.text()).splitlines())
            async with session.get(f"{url}/metrics") as response:
                numbers = await response.text()
    except _UNREACHED:
        return f"process    none answers on port {port}"
    found = dict(line.rsplit(" ", 1) for line in numbers.splitlines() if line[:1] != "#")
    facts = [f"{float(found[name]):.0f} {what}" for name, what in SHOWN.items() if name in found]
    return f"process    {state}; " + ", ".join(facts)
