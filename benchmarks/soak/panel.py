"""What others do on the platforms meanwhile: sessions come and go, roles are given and taken."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from pydantic import SecretStr

from benchmarks.field import FIRST_ACCOUNT, Field
from bot.models import ClashPolicy
from bot.sandbox.discord.models import Channel, Guild, Message, User
from bot.sandbox.platforms.documents import utcnow
from bot.sandbox.platforms.readmin import ReAdminPlatform
from bot.sandbox.platforms.readmin_world import Server, Workspace
from bot.store.database import Database
from bot.store.keyring import KeyRing
from bot.store.workspaces import WorkspaceStore

LEAD = 120  # minutes before its start in which Muster posts a session by itself
AT_ONCE = 3  # coming sessions of each community
FIRST_GUEST = 6_000_000_000  # Roblox id of those whom only the panel knows


@dataclass(eq=False)
class Community:
    """One guild with the workspace behind it."""

    guild: Guild
    owner: User
    channel: Channel  # where Muster posts
    platform: ReAdminPlatform
    upstream: Workspace

    def boards(self) -> list[Message]:
        """What stands in its channels with buttons to claim with."""
        messages = (m for c in self.guild.channels.values() for m in list(c.messages.values()))
        return [m for m in messages if m.viewer_id is None and role_buttons(m)]


def role_buttons(message: Message) -> list[dict[str, Any]]:
    """Its buttons that claim a role and can be pressed."""
    children = (child for row in message.components for child in row["components"])
    return [
        child for child in children
        if str(child.get("custom_id", "")).startswith("claim:") and not child.get("disabled")
    ]  # fmt: skip


async def settle_in(field: Field) -> list[Community]:
    """Let the workspaces post by themselves, with threads and reminders; before the bot starts."""
    keys = KeyRing([SecretStr(field.settings["MUSTER_SECRET_KEYS"])])
    database = await Database.open(field.database_url)
    communities = []
    try:
        store = WorkspaceStore(database, keys)
        for number, (board, platform) in enumerate(zip(field.boards, field.platforms, strict=True)):
            guild = board.guild
            channel = field.world.add_channel(guild, "sessions")
            (workspace,) = await store.list_all(guild.id)
            await store.update(
                guild.id, workspace.workspace_id, announcement_channel_id=channel.id,
                log_channel_id=field.world.add_channel(guild, "log").id, auto_lead_minutes=LEAD,
                threads=number % 2 == 0, reminder_minutes=frozenset({10}),
                clash=ClashPolicy.WARN if number % 4 == 0 else ClashPolicy.OFF,
            )  # fmt: skip
            (upstream,) = platform.world.workspaces.values()
            owner = field.world.users[guild.owner_id]
            communities.append(Community(guild, owner, channel, platform, upstream))
    finally:
        await database.close()
    return communities


class Panel:
    """Everybody who works on the platforms themselves."""

    def __init__(self, communities: list[Community], dice: Random, members: int) -> None:
        self.opened = 0  # sessions
        self.touched: set[tuple[str, str]] = set()  # (session, Roblox id): not by Muster alone
        self._communities = communities
        self._dice = dice
        self._members = members
        self._guests = itertools.count(FIRST_GUEST)

    async def run(self, until: float) -> None:
        """Something every now and then, until so many seconds of the loop's clock."""
        loop = asyncio.get_running_loop()
        for community in self._communities:
            self._keep_sessions(community)
        while loop.time() < until:
            community = self._dice.choice(self._communities)
            self._keep_sessions(community)
            chance = self._dice.random()
            if chance < 0.3:
                self._give(community)
            elif chance < 0.5:
                self._take(community)
            elif chance < 0.52:
                self._delete(community)
            await asyncio.sleep(self._dice.uniform(0.1, 0.5))

    def _keep_sessions(self, community: Community) -> None:
        upstream, dice = community.upstream, self._dice
        coming = [s for s in upstream.sessions.values() if end_of(s) > utcnow()]
        for _ in range(AT_ONCE - len(coming)):
            upstream.add_session(
                upstream.templates[0], timedelta(minutes=dice.uniform(5, 30)),
                timedelta(minutes=dice.uniform(10, 30)), servers=[Server("Main")],
            )  # fmt: skip
            self.opened += 1

    def _give(self, community: Community) -> None:
        """A role to a guest, or to a member who may hold another one there."""
        session, server_id = self._any(community)
        if session is None:
            return
        guest = next(self._guests)
        who = self._dice.choice([guest, FIRST_ACCOUNT + self._dice.randrange(self._members)])
        role = self._dice.choice(community.upstream.role_groups[0]["roles"])
        held = session["servers"][server_id]["claims"].values()
        if sum(claim["claimedRole"] == role["id"] for claim in held) < role["maxUsers"]:
            self.touched.add((session["_id"], str(who)))
            community.platform.world.panel_claim(session["_id"], server_id, who, role["id"])

    def _take(self, community: Community) -> None:
        session, server_id = self._any(community)
        if session is None or not (claims := session["servers"][server_id]["claims"]):
            return
        who = self._dice.choice(list(claims))
        self.touched.add((session["_id"], who))
        community.platform.world.panel_release(session["_id"], server_id, int(who))

    def _delete(self, community: Community) -> None:
        session, _ = self._any(community)
        if session is not None:
            del community.upstream.sessions[session["_id"]]

    def _any(self, community: Community) -> tuple[dict[str, Any] | None, str]:
        sessions = [s for s in community.upstream.sessions.values() if end_of(s) > utcnow()]
        if not sessions:
            return None, ""
        session = self._dice.choice(sessions)
        return session, next(iter(session["servers"]))


def end_of(session: dict[str, Any]) -> datetime:
    """When it is over, in UTC."""
    return datetime.fromisoformat(session["endsAt"])
