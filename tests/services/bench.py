"""All services over fakes and a real SQLite file, put together as `bot.app` does."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from cryptography.fernet import Fernet
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
from bot.providers.guard import UpstreamPolicy
from bot.providers.identity.roblox import Roblox
from bot.services.aftermath import Aftermath
from bot.services.boards import BoardService
from bot.services.candidates import Candidates
from bot.services.catalog import SessionCatalog
from bot.services.claims import ClaimService, Press
from bot.services.engine import ClaimEngine
from bot.services.hosting import HostingService
from bot.services.hostlog import HostLog
from bot.services.judging import Judge
from bot.services.lanes import Lanes
from bot.services.late_answers import LateAnswers
from bot.services.line_moves import LineMoves
from bot.services.linking import LinkingService
from bot.services.offer_news import OfferNews
from bot.services.offering import Offering
from bot.services.offers import Offers
from bot.services.openings import OpeningsService
from bot.services.people import People
from bot.services.policies import Policies
from bot.services.polling import Poller
from bot.services.ports import Actor
from bot.services.posting import Poster
from bot.services.reconciler import Reconciler
from bot.services.reposting import Reposter
from bot.services.role_rules import RoleRules
from bot.services.roster import RosterService
from bot.services.running import RunningService
from bot.services.tidings import Tidings
from bot.services.waitlist import WaitlistService
from bot.services.witness import Witness
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.attempts import AttemptStore
from bot.store.database import Database
from bot.store.hosting import HostingStore
from bot.store.keyring import KeyRing
from bot.store.links import LinkStore
from bot.store.preferences import PreferenceStore
from bot.store.role_rules import RoleRuleStore
from bot.store.seen_claims import SeenClaimStore
from bot.store.waitlist import WaitlistStore
from bot.store.workspaces import WorkspaceStore
from tests.services.fakes import Clock, FakeMessenger, FakePlatform, FakeRoblox, HandBackground
from tests.services.worlds import MAIN, SESSION, TRAINER

GUILD, STRANGERS = 900_000_000_000_000_001, 900_000_000_000_000_002
UPSTREAM = "https://api.example.test"
KEY = "workspace-key-0123456789"
CHANNEL, LOG_CHANNEL, PING_ROLE, HOST_ROLE = 11, 12, 13, 14
ADMIN, HOST, ANA, BEN = 1, 2, 3, 4
KEYS = [SecretStr(Fernet.generate_key().decode())]


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


@dataclass
class Bench:
    """One process of Muster, as far as services go."""

    database: Database
    messenger: FakeMessenger
    roblox: FakeRoblox
    clock: Clock
    platforms: dict[str, FakePlatform]
    background: HandBackground = field(default_factory=HandBackground)
    keys_used: list[str] = field(default_factory=list)
    ticks: float = 0.0  # the monotonic clock of the catalog

    def __post_init__(self) -> None:
        database, clock, keyring = self.database, self.clock, KeyRing(KEYS)
        roblox = cast(Roblox, self.roblox)
        self.links, self.announcements = LinkStore(database), AnnouncementStore(database)
        self.attempts = AttemptStore(database, keyring)
        self.workspace_store = WorkspaceStore(database, keyring)
        policy = UpstreamPolicy(allow_insecure=False, allow_private=False)
        self.workspaces = WorkspaceService(self.workspace_store, self.messenger, policy, clock)
        self.people = People(self.links, roblox)
        self.catalog = SessionCatalog(self.workspaces, self.background, lambda: self.ticks)
        self.preferences = PreferenceStore(database)
        tidings = Tidings(self.workspaces, self.preferences, self.messenger)
        self.witness = Witness(SeenClaimStore(database), self.attempts, self.links, tidings, clock)
        self.boards = BoardService(
            self.announcements, self.workspaces, self.people, self.messenger, self.witness,
            tidings, WaitlistStore(database), self.background, clock, lambda: self.ticks,
        )  # fmt: skip
        self.poller = Poller(
            self.announcements, self.boards, self.catalog, self.background, clock,
            lambda: self.ticks, lambda: 0.5,
        )  # fmt: skip
        self.hosting = HostingService(
            self.announcements, self.workspaces, self.catalog, self.boards,
            Poster(self.announcements, self.boards, self.messenger, clock), self.messenger, clock,
        )  # fmt: skip
        self.hosting_store = HostingStore(database)
        self.running = RunningService(
            self.announcements, self.hosting_store, self.workspaces, self.boards, self.messenger,
            clock,
        )  # fmt: skip
        self.reposter = Reposter(self.hosting_store, self.running, self.boards, self.messenger)
        self.rule_store = RoleRuleStore(database)
        self.policies = Policies(
            self.rule_store, self.announcements, self.attempts, self.workspaces, self.catalog,
            clock, lambda: self.ticks,
        )  # fmt: skip
        self.host_log = HostLog(self.messenger, self.background)
        judge = Judge(self.announcements, self.links, roblox, self.people, clock)
        self.engine = ClaimEngine(
            self.attempts, self.workspaces, self.announcements, self.policies, judge,
            Aftermath(self.attempts, judge, self.host_log), self.boards, self.catalog,
            Lanes(), clock,
        )  # fmt: skip
        self.claims = ClaimService(
            self.announcements, self.attempts, self.links, self.workspaces, self.policies,
            self.engine, self.background, clock,
        )  # fmt: skip
        self.role_rules = RoleRules(self.rule_store, self.workspaces, self.catalog)
        self.roster = RosterService(
            self.announcements, self.running, self.claims, self.messenger, self.background
        )
        self.reconciler = Reconciler(
            self.attempts, self.announcements, self.workspaces, self.engine, self.messenger,
            LateAnswers(self.preferences, self.messenger), self.host_log, self.background, clock,
        )  # fmt: skip
        self.openings = OpeningsService(
            self.announcements, self.links, self.workspaces, self.catalog, self.boards
        )
        self._add_waitlist(roblox)
        self.linking = LinkingService(self.links, roblox)
        self._interactions = itertools.count(5_000)

    def _add_waitlist(self, roblox: Roblox) -> None:
        self.line = WaitlistStore(self.database)
        news = OfferNews(
            self.line, self.announcements, self.preferences, self.messenger, self.clock
        )
        candidates = Candidates(
            self.announcements, self.links, self.workspaces, self.policies, roblox, self.messenger
        )
        self.offers = Offers(
            self.line, self.announcements, self.workspaces, self.boards,
            Offering(self.line, self.workspaces, self.engine, candidates, news, self.clock), news,
            self.background, self.clock,
        )  # fmt: skip
        moves = LineMoves(
            self.line, self.announcements, self.workspaces, self.engine, self.offers,
            self.background, self.clock,
        )  # fmt: skip
        self.waitlist = WaitlistService(
            self.line, self.announcements, self.links, self.workspaces, self.boards, candidates,
            self.offers, moves, news, self.claims, self.messenger, self.clock,
        )  # fmt: skip

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
        """One look of the reconciler, to its end."""
        await self.reconciler.settle_all()
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
