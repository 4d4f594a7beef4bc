"""Things to store."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from bot.models import (
    AccountLink,
    Announcement,
    Attempt,
    AttemptKind,
    AttemptState,
    Door,
    LinkSource,
    News,
    Place,
    ProviderKind,
    Swap,
    SwapSide,
    SwapState,
    Workspace,
)
from bot.store.announcements import AnnouncementStore
from bot.store.database import Database
from bot.store.keyring import KeyRing
from bot.store.workspaces import WorkspaceStore

NOW = datetime(2026, 3, 1, 18, 30, 15, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
GUILD, STRANGERS = 900_000_000_000_000_001, 900_000_000_000_000_002  # bigger than 32 bits, as real
UPSTREAM = "https://api.example.test"
KEY = SecretStr("workspace-key-0123456789")

_numbers = itertools.count(1)


def a_link(**changes: Any) -> AccountLink:
    """A link in GUILD of Discord account 1 to Roblox account 10."""
    link = AccountLink(GUILD, 1, 10, "builder", NOW, LinkSource.ADMIN, 99, NOW)
    return replace(link, **changes)


def an_attempt(**changes: Any) -> Attempt:
    """A pending claim with an operation id of its own; everything else is always the same."""
    attempt = Attempt(
        operation_id=f"operation-{next(_numbers)}",
        kind=AttemptKind.CLAIM,
        state=AttemptState.PENDING,
        guild_id=GUILD,
        workspace_id=1,
        announcement_id=1,
        opening_id=1,
        upstream=UPSTREAM,
        place=Place("session", "server", "group", "role"),
        door=Door.BUTTON,
        actor_id=1,
        subject_id=1,
        roblox_id=10,
        created_at=NOW,
    )
    return replace(attempt, **changes)


def a_swap(**changes: Any) -> Swap:
    """A question of Discord account 1 to 2, with a key of its own; otherwise always the same."""
    swap = Swap(
        swap_id=0, key=f"{next(_numbers):024x}", guild_id=GUILD, workspace_id=1,
        proposer=SwapSide(1, 10, 101), partner=SwapSide(2, 20, 102, News.DUE), actor_id=1,
        by_host=False, state=SwapState.ASKED, asked_at=NOW, expires_at=NOW + HOUR / 2,
    )  # fmt: skip
    return replace(swap, **changes)


async def add_workspace(
    database: Database, keyring: KeyRing, guild_id: int = GUILD, name: str = "main"
) -> Workspace:
    """A connected ReAdmin workspace."""
    store = WorkspaceStore(database, keyring)
    return await store.add(guild_id, name, ProviderKind.READMIN_V2, UPSTREAM, KEY, now=NOW)


async def add_draft(
    database: Database, workspace: Workspace, session_id: str = "session", **changes: Any
) -> Announcement:
    """A draft of a session of this workspace."""
    facts: dict[str, Any] = {
        "channel_id": 5,
        "host_id": 7,
        "title": "Training",
        "starts_at": NOW + HOUR,
        "ends_at": NOW + 2 * HOUR,
        "now": NOW,
    }
    return await AnnouncementStore(database).add_draft(
        guild_id=workspace.guild_id,
        workspace_id=workspace.workspace_id,
        session_id=session_id,
        **(facts | changes),
    )


async def add_live(
    database: Database, workspace: Workspace, session_id: str = "session"
) -> Announcement:
    """An announcement that is open and on its board."""
    store = AnnouncementStore(database)
    draft = await add_draft(database, workspace, session_id)
    await store.mark_open(draft.announcement_id, now=NOW)
    await store.set_message(draft.announcement_id, 1000 + draft.announcement_id, "hash")
    live = await store.get(workspace.guild_id, draft.announcement_id)
    assert live is not None
    return live
