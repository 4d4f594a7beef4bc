"""The demo's town: two guilds, three platforms, nine people, and the real bot among them."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta, timezone
from pathlib import Path

from bot.sandbox import identities
from bot.sandbox.bot_process import BotProcess
from bot.sandbox.discord.models import Channel, Guild, Role, User
from bot.sandbox.discord.server import DiscordStandIn
from bot.sandbox.discord.world import DiscordWorld
from bot.sandbox.panel import HarbourPlatform, Panel
from bot.sandbox.platforms import bloxlink, rover, seeds
from bot.sandbox.platforms.documents import utcnow
from bot.sandbox.platforms.platform import Platform
from bot.sandbox.platforms.readmin import ReAdminPlatform
from bot.sandbox.platforms.readmin_world import Clock
from bot.sandbox.platforms.roblox import RobloxPlatform, RobloxUser
from bot.sandbox.platforms.roblox_cloud import RobloxCloudPlatform

TOKEN = "demo-token"  # noqa: S105  # known to the stand-in only
INVITE = ("view_channel", "send_messages", "embed_links", "read_message_history")
ONLINE_WITHIN = 30.0  # seconds
DAY_PASSES = """
UPDATE claim_attempts SET
    absent_since = datetime(absent_since, '-1 day'),
    unread_since = datetime(unread_since, '-1 day'),
    created_at = CASE state WHEN 'pending' THEN datetime(created_at, '-1 day') ELSE created_at END
WHERE state IN ('pending', 'sent', 'unknown')
"""


def _clock_at_noon() -> Clock:
    """The present, told in a zone where it is noon: ReAdmin v1 lists the sessions of one day only.

    By a clock in UTC the demo's next sessions would be missing late in the evening.
    """
    zone = timezone(timedelta(hours=12 - utcnow().hour))
    return lambda: utcnow().astimezone(zone)


@dataclass(frozen=True, slots=True)
class Community:
    """One guild with what the story needs of it."""

    guild: Guild
    sessions: Channel  # where boards are posted
    chat: Channel
    log: Channel  # seen by admins only
    host_role: Role
    staff_role: Role
    trainee_role: Role  # for a rule about Discord roles; only the trainee has it


class Town:
    """Everything the demo runs. Start it, and stop it again."""

    def __init__(self, log_level: str = "INFO", **settings: str) -> None:
        """`settings`: more of the bot's, without their prefix."""
        self._log_level = log_level  # of the bot
        self._more = {f"MUSTER_{name}": value for name, value in settings.items()}
        self.folder = tempfile.TemporaryDirectory(prefix="muster-demo-")
        self.world = DiscordWorld()
        self.bot = BotProcess(Path(self.folder.name))
        self.worlds = seeds.demo_worlds(_clock_at_noon())
        self.people: dict[str, User] = {}  # by display name
        self.northgate = ReAdminPlatform(self.worlds.readmin)
        self.redwood = ReAdminPlatform(self.worlds.readmin)  # own server, so own faults
        self.harbour = HarbourPlatform(self.worlds.series)
        self.identities = identities.Identities(self.worlds.roblox)
        self.panel = Panel(
            self.worlds.readmin, self.worlds.series, self.harbour, self.identities.deeds
        )
        self.roblox = RobloxPlatform(self.worlds.roblox)
        self.roblox_cloud = RobloxCloudPlatform(self.worlds.roblox)
        self.bloxlink, self.rover = self.identities.bloxlink, self.identities.rover
        self.world.add_bot("muster", "Muster")
        for account in (seeds.ADMIN, *seeds.HOSTS, *seeds.STAFF):
            self._add_person(account)
        self.coast = self._add_community("Northgate & Harbour")
        self.forest = self._add_community("Redwood Rangers")
        people = {name: user.id for name, user in self.people.items()}
        self.identities.settle_in(self.coast.guild.id, people)
        self.discord = DiscordStandIn(self.world, token=TOKEN)

    @property
    def platforms(self) -> dict[str, Platform]:
        """The staff platforms by the name of their community."""
        return {
            seeds.NORTHGATE_NAME: self.northgate,
            seeds.HARBOUR_NAME: self.harbour,
            seeds.REDWOOD_NAME: self.redwood,
        }

    @property
    def asked_about_people(self) -> dict[str, Platform]:
        """The services that know who is who, by name."""
        return {
            identities.ROBLOX: self.roblox,
            identities.BLOXLINK: self.bloxlink,
            identities.ROVER: self.rover,
        }

    @property
    def _identities(self) -> tuple[Platform, ...]:
        return (self.roblox, self.roblox_cloud, self.bloxlink, self.rover)

    async def start(self, port: int = 0) -> None:
        """Start every server, Discord's stand-in on `port` (0: any), then the bot."""
        await self.open(port)
        await self.start_bot()

    async def open(self, port: int = 0) -> None:
        """Start every server, but not the bot."""
        for platform in (*self.platforms.values(), *self._identities):
            await platform.start()
        await self.discord.start(port)

    async def start_bot(self) -> None:
        """Start the bot and wait until it is online. Raises TimeoutError with its log."""
        await self.bot.start(self.settings())
        deadline = asyncio.get_running_loop().time() + ONLINE_WITHIN
        while not self.discord.core.gateway.is_connected(None):
            if not self.bot.running or asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(f"the bot did not come online:\n{self.bot.tail()}")
            await asyncio.sleep(0.05)

    def let_a_day_pass(self) -> None:
        """Make the bot's open claims a day older: some endings need patience that nobody has."""
        with closing(sqlite3.connect(self._database, timeout=30)) as connection, connection:
            connection.execute(DAY_PASSES)

    async def stop(self) -> None:
        """Stop the bot, then the servers, and remove the folder."""
        await self.bot.stop()
        await self.discord.stop()
        for platform in (*self.platforms.values(), *self._identities):
            await platform.stop()
        self.folder.cleanup()

    @property
    def _database(self) -> Path:
        return Path(self.folder.name) / "muster.db"

    def settings(self) -> dict[str, str]:
        """What the bot is started with; its keys are the process's own."""
        return {
            "MUSTER_DISCORD_TOKEN": TOKEN,
            "MUSTER_LOG_LEVEL": self._log_level,
            "MUSTER_DISCORD_API_URL": self.discord.api_url,
            "MUSTER_DATABASE_URL": f"sqlite:///{self._database}",
            "MUSTER_ROBLOX_USERS_URL": self.roblox.base_url,
            "MUSTER_ROBLOX_GROUPS_URL": self.roblox.base_url,
            "MUSTER_ROBLOX_THUMBNAILS_URL": self.roblox.base_url,
            "MUSTER_ROBLOX_CLOUD_URL": self.roblox_cloud.base_url,
            "MUSTER_BLOXLINK_URL": self.bloxlink.base_url + bloxlink.API,
            "MUSTER_ROVER_URL": self.rover.base_url + rover.API,
            "MUSTER_ALLOW_INSECURE_UPSTREAMS": "true",
            "MUSTER_ALLOW_PRIVATE_UPSTREAMS": "true",
        } | self._more

    def _add_person(self, account: RobloxUser) -> None:
        name = account.display_name
        self.people[name] = self.world.add_user(name.lower(), name)

    def _add_community(self, name: str) -> Community:
        admin = self.people[seeds.ADMIN.display_name]
        guild = self.world.add_guild(name, admin)
        host_role = self.world.add_role(guild, "Session Host")
        staff_role = self.world.add_role(guild, "Staff", mentionable=True)
        trainee_role = self.world.add_role(guild, "Trainee")
        hidden = {guild.id: ((), ("view_channel",))}
        community = Community(
            guild,
            sessions=self.world.add_channel(
                guild,
                "sessions",
                overwrites={guild.id: ((), ("send_messages",))},
                topic="Press a role to claim it",
            ),
            chat=self.world.add_channel(guild, "staff-chat"),
            log=self.world.add_channel(guild, "muster-log", overwrites=hidden),
            host_role=host_role,
            staff_role=staff_role,
            trainee_role=trainee_role,
        )
        for host in seeds.HOSTS:
            user = self.people[host.display_name]
            self.world.add_member(guild, user, [host_role, staff_role])
        for account in seeds.STAFF:
            roles = [staff_role, trainee_role] if account is seeds.TRAINEE else [staff_role]
            self.world.add_member(guild, self.people[account.display_name], roles)
        bot = self.world.bot_user
        self.world.invite_bot(guild, INVITE)
        for channel in (community.sessions, community.log):
            self.world.set_permissions(channel, bot.id, allow=INVITE)
        return community
