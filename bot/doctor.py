"""`muster doctor`: checks everything a start needs, one line each."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from bot.errors import MusterError, StartRefused
from bot.models import Workspace
from bot.providers import open_provider
from bot.providers.guard import UpstreamPolicy
from bot.settings import Settings
from bot.store.database import Database, SchemaState, schema_state
from bot.store.keyring import KeyRing
from bot.store.workspaces import WorkspaceStore

SQLITE = "sqlite:///"


@dataclass(frozen=True, slots=True)
class Finding:
    """One checked thing. `advice` is what to do when it is not ok."""

    name: str
    ok: bool
    detail: str
    advice: str = ""

    def __str__(self) -> str:
        """The line an operator reads."""
        advice = f" → {self.advice}" if self.advice else ""
        return f"{'ok   ' if self.ok else 'WRONG'} {self.name}: {self.detail}{advice}"


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Look at Discord, the database and every workspace. Changes nothing."""
    yield Finding("settings", True, "complete")
    yield await _discord(settings)
    if (file := _missing_file(settings.database_url)) is not None:
        yield Finding("database", True, f"{file} does not exist yet; `muster run` creates it")
        return
    try:
        state = await schema_state(settings.database_url)
    except StartRefused as error:
        yield Finding("database", False, str(error))
        return
    if state is SchemaState.NEWER:
        advice = "install the newer Muster that made it"
        yield Finding("database", False, "schema is newer", advice)
        return
    if state is SchemaState.BEHIND:
        yield Finding("database", True, "reachable; `muster run` brings its schema up to date")
        return
    yield Finding("database", True, "reachable, schema is current")
    database = await Database.open(settings.database_url)
    try:
        store = WorkspaceStore(database, KeyRing(settings.secret_keys))
        workspaces = await store.list_anywhere()
        if not workspaces:
            yield Finding("workspaces", True, "none connected yet; use /setup in Discord")
        for workspace in workspaces:
            yield await _workspace(settings, store, workspace)
    finally:
        await database.close()


def _missing_file(database_url: str) -> Path | None:
    """The SQLite file that is not there yet, in a folder that is."""
    if not database_url.startswith(SQLITE):
        return None
    file = Path(database_url.removeprefix(SQLITE))
    return file if not file.exists() and os.access(file.parent, os.W_OK) else None


async def _discord(settings: Settings) -> Finding:
    """Ask Discord who the token is."""
    token = settings.discord_token.get_secret_value()
    url = f"{str(settings.discord_api_url).rstrip('/')}/applications/@me"
    timeout = aiohttp.ClientTimeout(total=10)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url, headers={"Authorization": f"Bot {token}"}) as response,
        ):
            if response.status == 401:
                return Finding(
                    "discord", False, "the token is refused",
                    "copy MUSTER_DISCORD_TOKEN again from the developer portal, under Bot",
                )  # fmt: skip
            response.raise_for_status()
            name = (await response.json()).get("name", "unnamed")
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        kind = type(error).__name__
        return Finding("discord", False, f"not reachable ({kind})", "check the connection")
    return Finding("discord", True, f"the token is good; the application is called {name}")


async def _workspace(settings: Settings, store: WorkspaceStore, workspace: Workspace) -> Finding:
    name = f"workspace {workspace.name} (guild {workspace.guild_id})"
    policy = UpstreamPolicy(settings.allow_insecure_upstreams, settings.allow_private_upstreams)
    try:
        key = await store.get_key(workspace.workspace_id)
        provider = open_provider(workspace.kind, workspace.base_url, key, policy)
    except MusterError as error:
        return Finding(name, False, str(error))
    started = datetime.now(UTC)
    try:
        probe = await provider.probe()
    except MusterError as error:
        advice = "see /workspace test and /workspace key in Discord"
        return Finding(name, False, f"{error} {_seen(workspace)}", advice)
    finally:
        await provider.aclose()
    took = (datetime.now(UTC) - started).total_seconds()
    health = provider.health()
    sessions = "1 session" if probe.sessions == 1 else f"{probe.sessions} sessions"
    details = [f"answers in {took:.1f} s", sessions, _seen(workspace)]
    if health.left_out:
        details.append(f"{health.left_out} unreadable ones left out")
    if health.limited_until is not None:
        details.append(f"asked for a pause until {health.limited_until:%H:%M:%S} UTC")
    return Finding(name, True, "; ".join(details))


def _seen(workspace: Workspace) -> str:
    """What the running bot last found: its own line cannot be looked at from here."""
    since = f" since {workspace.state_since:%Y-%m-%d %H:%M} UTC" if workspace.state_since else ""
    return f"(seen by the bot: {workspace.state.value}{since})"
