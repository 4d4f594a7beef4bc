"""The field of a measurement: a stand-in of Discord, platforms, and a database full of rows.

All of it runs in the measuring process; the bot under test is a process of its own.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.models import AnnouncementState, LinkSource, ProviderKind
from bot.sandbox.discord.messages import Draft
from bot.sandbox.discord.models import Channel, Guild, Message, User
from bot.sandbox.discord.ratelimits import Limits
from bot.sandbox.discord.server import DiscordStandIn
from bot.sandbox.discord.world import DiscordWorld
from bot.sandbox.platforms.readmin import ReAdminPlatform
from bot.sandbox.platforms.readmin_world import ReAdminWorld, Role, Server
from bot.sandbox.platforms.readmin_world import Workspace as Upstream
from bot.sandbox.platforms.roblox import RobloxPlatform, RobloxWorld
from bot.sandbox.town import INVITE, TOKEN
from bot.store.database import Database, migrate
from bot.store.keyring import KeyRing
from bot.store.tables import announcements, links
from bot.store.workspaces import WorkspaceStore

FIRST_ACCOUNT = 5_000_000_000  # Roblox id of the first member
BATCH = 5_000  # rows in one insert


@dataclass(frozen=True, slots=True)
class Plan:
    """What there is to measure on."""

    workspaces: int = 1  # each in a guild of its own, on a platform server of its own
    boards: int = 1  # posted sessions, spread over the workspaces
    members: int = 0  # linked, and members of every guild
    roles: int = 5
    places: int = 20  # on each role; 0: no limit
    past: int = 0  # ended announcements that lie in the database besides
    strangers: int = 0  # links in guilds that nobody asks about


@dataclass(eq=False)
class Board:
    """A posted session: where it stands, and what its buttons are once the bot has shown them."""

    guild: Guild
    channel: Channel
    message: Message

    @property
    def buttons(self) -> list[str]:
        """The custom ids of its role buttons."""
        children = (child for row in self.message.components for child in row["components"])
        return [c["custom_id"] for c in children if c.get("custom_id", "").startswith("claim:")]


class Field:
    """Made by `open_field`; everything is running while that is open."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.folder = folder
        self.world = DiscordWorld()
        self.world.add_bot("muster", "Muster")
        self.discord = DiscordStandIn(self.world, token=TOKEN, limits=Limits())
        self.platforms: list[ReAdminPlatform] = []
        self.roblox = RobloxPlatform(RobloxWorld())
        self.members: list[User] = []
        self.boards: list[Board] = []
        self.more: dict[str, str] = {}  # settings besides
        self._keys = Fernet.generate_key().decode()

    @property
    def settings(self) -> dict[str, str]:
        """What `muster run` has to be told."""
        return {
            "MUSTER_DISCORD_TOKEN": TOKEN,
            "MUSTER_SECRET_KEYS": self._keys,
            "MUSTER_LOG_LEVEL": "WARNING",
            "MUSTER_DISCORD_API_URL": self.discord.api_url,
            "MUSTER_DATABASE_URL": self.database_url,
            "MUSTER_ROBLOX_USERS_URL": self.roblox.base_url,
            "MUSTER_ROBLOX_GROUPS_URL": self.roblox.base_url,
            "MUSTER_ALLOW_INSECURE_UPSTREAMS": "true",
            "MUSTER_ALLOW_PRIVATE_UPSTREAMS": "true",
            **self.more,
        }

    @property
    def database_url(self) -> str:
        """An SQLite file in the folder."""
        return f"sqlite:///{self.folder / 'muster.db'}"

    def platform_calls(self) -> int:
        """Calls to all platforms since they were last forgotten."""
        return sum(len(platform.requests) for platform in self.platforms)

    def writes(self) -> int:
        """Claims among them."""
        return sum(seen.kind == "claim" for one in self.platforms for seen in one.requests)

    def forget(self) -> None:
        """Forget what Discord and the platforms saw."""
        self.discord.report.clear()
        for platform in self.platforms:
            platform.requests.clear()

    async def start(self) -> None:
        """Start the servers, then fill the database."""
        await self.discord.start()
        await self.roblox.start()
        self.members = [self.world.add_user(f"m{n}") for n in range(self.plan.members)]
        await migrate(self.database_url)
        database = await Database.open(self.database_url)
        try:
            store = WorkspaceStore(database, KeyRing([SecretStr(self._keys)]))
            for number in range(self.plan.workspaces):
                await self._add_workspace(database, store, number)
            await self._add_strangers(database)
        finally:
            await database.close()

    async def stop(self) -> None:
        """Stop the servers."""
        await self.discord.stop()
        for platform in (*self.platforms, self.roblox):
            await platform.stop()

    async def _add_workspace(self, database: Database, store: WorkspaceStore, number: int) -> None:
        owner = self.world.add_user(f"owner{number}")
        guild = self.world.add_guild(f"Guild {number}", owner)
        self.world.invite_bot(guild, INVITE)
        for member in self.members:
            self.world.add_member(guild, member)
        key = f"measure-{number:04}-0123456789"
        upstream_world = ReAdminWorld()
        upstream = upstream_world.add_workspace(key, 100 + number)
        platform = ReAdminPlatform(upstream_world)
        await platform.start()
        self.platforms.append(platform)
        added = await store.add(
            guild.id, "Measured", ProviderKind.READMIN_V2, platform.base_url, SecretStr(key),
            now=_now(),
        )  # fmt: skip
        rows = [
            *self._posted(guild, upstream, number),
            *self._past(guild, number),
        ]
        await _insert(database, announcements, ({"workspace_id": added.workspace_id} | r
                                                for r in rows))  # fmt: skip
        await _insert(database, links, self._linked(guild))

    def _posted(self, guild: Guild, upstream: Upstream, number: int) -> Iterator[dict[str, Any]]:
        """A share of the boards: sessions of the platform, messages of the bot, and their rows."""
        roles = [Role(f"Seat {one}", self.plan.places) for one in range(self.plan.roles)]
        template = upstream.add_template("Rush", [upstream.add_role_group("Seats", roles)])
        for _ in range(number, self.plan.boards, self.plan.workspaces):
            session = upstream.add_session(template, timedelta(hours=2), servers=[Server("Main")])
            channel = self.world.add_channel(guild, f"board-{len(self.boards)}")
            draft = Draft({"content": "a board, not filled in yet"})
            message = self.discord.core.messages.create(channel, draft)
            self.boards.append(Board(guild, channel, message))
            row = _row(guild, str(session["_id"]), AnnouncementState.OPEN)
            yield row | {"channel_id": channel.id, "message_id": message.id}

    def _past(self, guild: Guild, number: int) -> Iterator[dict[str, Any]]:
        for one in range(number, self.plan.past, self.plan.workspaces):
            yield _row(guild, f"{one:024x}", AnnouncementState.ENDED)

    def _linked(self, guild: Guild) -> Iterator[dict[str, Any]]:
        for place, member in enumerate(self.members):
            yield _link(guild.id, member.id, FIRST_ACCOUNT + place)

    async def _add_strangers(self, database: Database) -> None:
        rows = (_link(1 + n // 1000, 1_000 + n, 1_000 + n) for n in range(self.plan.strangers))
        await _insert(database, links, rows)


@asynccontextmanager
async def open_field(plan: Plan) -> AsyncIterator[Field]:
    """Everything a measurement needs but the bot, in a folder that goes away."""
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        field = Field(plan, Path(folder))
        try:
            await field.start()
            yield field
        finally:
            await field.stop()


async def _insert(database: Database, table: Any, rows: Iterable[dict[str, Any]]) -> None:
    """Many rows in few transactions."""
    part: list[dict[str, Any]] = []
    for row in rows:
        part.append(row)
        if len(part) == BATCH:
            await _write(database, table, part)
            part = []
    await _write(database, table, part)


async def _write(database: Database, table: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        async with database.write() as connection:
            await connection.execute(table.insert(), rows)


def _row(guild: Guild, session_id: str, state: AnnouncementState) -> dict[str, Any]:
    start = _now() + timedelta(hours=2 if state is AnnouncementState.OPEN else -48)
    return {
        "guild_id": guild.id, "session_id": session_id, "state": state, "channel_id": 1,
        "message_id": None, "host_id": guild.owner_id, "title": "Rush", "note": "", "ping": False,
        "starts_at": start, "ends_at": start + timedelta(hours=1), "rendered_hash": "",
        "touched_at": _now(),
    }  # fmt: skip


def _link(guild_id: int, discord_id: int, roblox_id: int) -> dict[str, Any]:
    return {
        "guild_id": guild_id, "discord_id": discord_id, "roblox_id": roblox_id,
        "username": f"M{roblox_id}", "username_at": _now(), "source": LinkSource.ADMIN,
        "linked_by": 1, "linked_at": _now(),
    }  # fmt: skip


def _now() -> datetime:
    return datetime.now(UTC)


def smaller(plan: Plan, share: float) -> Plan:
    """The same plan with fewer of everything, for a quick look that measures nothing."""
    counts = {
        name: max(1, round(getattr(plan, name) * share)) if getattr(plan, name) else 0
        for name in ("workspaces", "boards", "members", "past", "strangers")
    }
    return replace(plan, **counts)
