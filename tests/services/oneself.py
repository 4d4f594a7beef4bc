"""Members who link themselves: the services over real Roblox, Bloxlink and RoVer stand-ins."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
import stamina

from bot.models import AccountLink, IdentityKind, LinkSource, Preferences
from bot.providers.bounds import Bounds
from bot.providers.identity.headshots import Headshots
from bot.providers.identity.roblox import Roblox
from bot.sandbox.platforms import bloxlink, rover
from bot.sandbox.platforms.identity_world import IdentityWorld
from bot.sandbox.platforms.roblox import RobloxPlatform, RobloxUser, RobloxWorld
from bot.services.guild_log import GuildLog
from bot.services.linking_oneself import LinkingOneself, Outside, open_linking_oneself
from bot.services.proving import PAUSE, Card, Look
from bot.services.service_lines import ServiceLines
from bot.services.tidings import Tidings
from bot.store.database import migrate
from bot.store.identity_services import IdentityServiceStore
from bot.store.keyring import KeyRing
from tests.postgres import Postgres
from tests.services.assembled import KEYS
from tests.services.bench import ADMIN, ANA, GUILD, STRANGERS, Bench, actor, open_bench

QUICK = Bounds(read=2, read_total=2, first_pause=0.01, longest_pause=0.02, failures=1000)
BLOXLINK_KEY, ROVER_KEY = "blox_key_of_the_guild", "rover_key_of_the_guild"
FOREIGN_KEY = "blox_key_of_strangers"
ANAS, SECOND, BENS = 1001, 1002, 1003  # Roblox ids


@dataclass
class Oneself:
    """The services, and the places that people link themselves at."""

    bench: Bench
    services: LinkingOneself
    lines: ServiceLines
    roblox: RobloxPlatform
    bloxlink: bloxlink.BloxlinkPlatform
    rover: rover.RoverPlatform

    def write(self, roblox_id: int, text: str) -> None:
        """What stands under About."""
        self.roblox.world.users[roblox_id].description = text

    async def start(self, member: int = ANA, name: str = "AnaBuilds", guild: int = GUILD) -> Card:
        """`/verify`."""
        return await self.services.proving.start(actor(member, guild), name)

    async def check(self, card: Card, member: int = ANA, guild: int = GUILD) -> Look:
        """Press Check once the pause is over."""
        self.bench.clock.advance(PAUSE.total_seconds())
        return await self.services.proving.check(actor(member, guild), card.code.code_id)

    async def prove(self, member: int = ANA, roblox_id: int = ANAS, guild: int = GUILD) -> Look:
        """All of it, as somebody who does everything right."""
        name = self.roblox.world.users[roblox_id].name
        card = await self.start(member, name, guild)
        self.write(roblox_id, card.code.words)
        look = await self.check(card, member, guild)
        self.write(roblox_id, "")
        await self.bench.background.settle()
        return look

    async def admin_links(
        self, member: int, roblox_id: int, source: LinkSource = LinkSource.ADMIN
    ) -> AccountLink:
        """A link that is there before."""
        now = self.bench.clock()
        name = self.roblox.world.users[roblox_id].name
        by = ADMIN if source in (LinkSource.ADMIN, LinkSource.IMPORT) else member
        link = AccountLink(GUILD, member, roblox_id, name, now, source, by, now)
        await self.bench.links.add(link)
        return link

    async def use_services(self) -> None:
        """The admin has given both keys."""
        for kind, key in (
            (IdentityKind.BLOXLINK, BLOXLINK_KEY),
            (IdentityKind.ROVER, ROVER_KEY),
        ):
            await self.services.services.set_key(actor(), kind, key)

    async def forget_answers(self) -> None:
        """What the lines remember for half a minute."""
        for kind in IdentityKind:
            await self.lines.drop(GUILD, kind)

    async def wants_direct(self, member: int) -> None:
        """This member asked for direct messages."""
        await self.bench.preferences.save(Preferences(GUILD, member, direct=True))

    async def link_of(self, member: int = ANA, guild: int = GUILD) -> AccountLink | None:
        """What is stored."""
        return await self.bench.links.get(guild, member)

    async def notices(self) -> list[str]:
        """What the admins read."""
        await self.bench.background.settle()
        return [text for _, text in self.bench.messenger.notices]


@pytest.fixture(scope="session")
def oneself_template(postgres: Postgres) -> str:
    """The name of a migrated PostgreSQL database to copy."""
    postgres.run("CREATE DATABASE oneself_template")
    asyncio.run(migrate(postgres.url("oneself_template")))
    return "oneself_template"


@pytest.fixture(params=["sqlite", "postgresql"])
def oneself_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database of this test's own, of either kind."""
    if request.param == "sqlite":
        migrated = request.getfixturevalue("migrated")
        return f"sqlite:///{shutil.copy(migrated, tmp_path / 'oneself.db')}"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.create_database(request.getfixturevalue("oneself_template"))


@pytest_asyncio.fixture
async def oneself(oneself_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Oneself]:
    """The services, with one workspace and its log channel."""
    with stamina.set_testing(True, attempts=2):  # reads are repeated, without the pauses
        async with open_bench(oneself_url, monkeypatch) as bench, open_oneself(bench) as opened:
            await bench.add_workspace()
            yield opened


@asynccontextmanager
async def open_oneself(bench: Bench) -> AsyncIterator[Oneself]:
    """Three accounts on Roblox; Bloxlink and RoVer know ANA, each with this guild's key."""
    world = RobloxWorld()
    for roblox_id, name in ((ANAS, "AnaBuilds"), (SECOND, "AnaAgain"), (BENS, "BenRides")):
        world.add_user(RobloxUser(roblox_id, name, name.upper()))
    known, also = IdentityWorld(), IdentityWorld()
    known.guild_of_key |= {BLOXLINK_KEY: GUILD, FOREIGN_KEY: STRANGERS}
    also.guild_of_key[ROVER_KEY] = GUILD
    for one in (known, also):
        one.link(GUILD, ANA, ANAS, "AnaBuilds")
    roblox = RobloxPlatform(world)
    blox, rove = bloxlink.BloxlinkPlatform(known), rover.RoverPlatform(also)
    async with AsyncExitStack() as stack:
        for platform in (roblox, blox, rove):
            await platform.start()
            stack.push_async_callback(platform.stop)
        client = Roblox(roblox.base_url, roblox.base_url, bounds=QUICK)
        headshots = Headshots(roblox.base_url, bounds=QUICK)
        store = IdentityServiceStore(bench.database, KeyRing(KEYS))
        urls = {
            IdentityKind.BLOXLINK: blox.base_url + bloxlink.API,
            IdentityKind.ROVER: rove.base_url + rover.API,
        }
        lines = ServiceLines(store, urls)
        for open_one in (client, headshots, lines):
            stack.push_async_callback(open_one.aclose)
        guild_log = GuildLog(bench.workspaces, bench.messenger, bench.background)
        tidings = Tidings(bench.workspaces, bench.preferences, bench.messenger)
        services = open_linking_oneself(
            bench.database, store, bench.attempts, Outside(client, headshots, lines),
            bench.openings, guild_log, tidings, bench.clock,
        )  # fmt: skip
        yield Oneself(bench, services, lines, roblox, blox, rove)
