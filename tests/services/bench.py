"""All services over fakes and a real SQLite file, and what tests do with them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from bot.models import (
    AccountLink,
    Announcement,
    Attempt,
    Door,
    LinkSource,
    Opening,
    ProviderKind,
    Role,
    Server,
    Session,
    Workspace,
)
from bot.services.claims import Press
from bot.services.ports import Actor
from bot.store.database import Database
from tests.services.assembled import Assembled
from tests.services.fakes import Clock, FakePlatform, FakeRoblox
from tests.services.messenger import FakeMessenger
from tests.services.worlds import MAIN, SESSION, TRAINER

GUILD, STRANGERS = 900_000_000_000_000_001, 900_000_000_000_000_002
UPSTREAM = "https://api.example.test"
KEY = "workspace-key-0123456789"
CHANNEL, LOG_CHANNEL, PING_ROLE, HOST_ROLE = 11, 12, 13, 14
ADMIN, HOST, ANA, BEN = 1, 2, 3, 4


def actor(discord_id: int = ADMIN, guild_id: int = GUILD, *roles: int) -> Actor:
    """A member; ADMIN has Manage Server and HOST the host role."""
    role_ids = frozenset((*roles, HOST_ROLE) if discord_id == HOST else roles)
    return Actor(guild_id, discord_id, role_ids, is_admin=discord_id == ADMIN)


async def until(happened: Callable[[], object]) -> None:
    """Wait until this is true of something that has no event of its own."""
    async with asyncio.timeout(30):
        while not happened():  # noqa: ASYNC110  # there is nothing to wait on
            await asyncio.sleep(0)


def roblox_of(discord_id: int) -> int:
    """The Roblox account that `Bench.link` links a member to."""
    return 100 + discord_id


class Bench(Assembled):
    """One process of Muster, as far as services go."""

    @property
    def platform(self) -> FakePlatform:
        """The one behind UPSTREAM."""
        return self.platforms[UPSTREAM]

    async def add_workspace(
        self, guild_id: int = GUILD, name: str = "Harbour", base_url: str = UPSTREAM, **changes: Any
    ) -> Workspace:
        """A connected workspace with every channel and role set."""
        settings: dict[str, Any] = {
            "announcement_channel_id": CHANNEL,
            "log_channel_id": LOG_CHANNEL,
            "ping_role_id": PING_ROLE,
            "host_role_ids": frozenset({HOST_ROLE}),
        }
        kind = changes.pop("kind", ProviderKind.READMIN_V2)
        return await self.workspace_store.add(
            guild_id, name, kind, base_url, SecretStr(KEY), now=self.clock(), **settings | changes
        )

    async def link(self, *discord_ids: int, guild_id: int = GUILD) -> None:
        """Link members to the accounts that `roblox_of` says."""
        now = self.clock()
        for discord_id in discord_ids:
            roblox_id = roblox_of(discord_id)
            self.roblox.add(roblox_id, f"roblox_{discord_id}")
            await self.links.add(
                AccountLink(guild_id, discord_id, roblox_id, f"roblox_{discord_id}", now,
                            LinkSource.ADMIN, ADMIN, now)
            )  # fmt: skip

    async def post(
        self, workspace: Workspace, session: Session = SESSION, *, ping: bool = False
    ) -> Announcement:
        """Preview and post a session, as a host does."""
        host = actor(HOST, workspace.guild_id)
        choice = f"{workspace.workspace_id}:{session.session_id}"
        preview = await self.hosting.draft(host, choice, "", ping=ping)
        return await self.hosting.post(host, preview.announcement.announcement_id)

    async def opening(
        self, announcement: Announcement, role: Role = TRAINER, server: Server = MAIN
    ) -> Opening:
        """The opening of this role."""
        openings = await self.announcements.list_openings(announcement.announcement_id)
        wanted = (server.server_id, role.role_id)
        return next(o for o in openings if (o.place.server_id, o.place.role_id) == wanted)

    def press(
        self,
        opening: Opening,
        discord_id: int = ANA,
        *roles: int,
        guild_id: int = GUILD,
        move: bool = False,
        door: Door = Door.BUTTON,
        interaction_id: int | None = None,
    ) -> Press:
        """A press with an interaction of its own."""
        number = next(self._interactions) if interaction_id is None else interaction_id
        who = actor(discord_id, guild_id, *roles)
        return Press(who, opening.opening_id, door, number, f"token-{number}", move)

    async def journal(self, discord_id: int = ANA, guild_id: int = GUILD) -> list[Attempt]:
        """What a member asked for, oldest first."""
        found = await self.attempts.list_for_member(guild_id, discord_id, 1000)
        return sorted(found, key=lambda attempt: (attempt.created_at, attempt.interaction_id or 0))

    async def settle(self) -> None:
        """One look of the reconciler and one round of the swaps, to their end."""
        await self.reconciler.settle_all()
        await self.swap_rounds.tick()
        await self.background.settle()

    async def catch_up(self) -> None:
        """Poll every workspace, and make the edits that come of it and of earlier marks."""
        await self.poller.poll_all()
        await self.background.settle()
        while await self.background.fire():
            await self.background.settle()

    async def crash(self) -> Bench:
        """End everything under way, and start the next process on the same database."""
        await self.background.stop(grace=0)
        return Bench(self.database, self.messenger, self.roblox, self.clock, self.platforms)


@asynccontextmanager
async def open_bench(url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    """A bench with one platform that offers SESSION."""
    database = await Database.open(url)
    platforms = {UPSTREAM: FakePlatform(SESSION)}
    bench = Bench(database, FakeMessenger(), FakeRoblox(), Clock(), platforms)

    def open_provider(_: object, base_url: str, key: SecretStr, __: object) -> FakePlatform:
        bench.keys_used.append(key.get_secret_value())
        return platforms[base_url]

    monkeypatch.setattr("bot.services.workspaces.open_provider", open_provider)
    try:
        yield bench
    finally:
        for platform in platforms.values():  # let nobody wait for ever whose test has failed
            platform.gate.set()
            platform.list_gate.set()
        await bench.background.stop()
        await bench.workspaces.aclose()
        await database.close()
