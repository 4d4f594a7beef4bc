"""What `bot.app` opens, and what all services share: each part built once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from bot.background import Background
from bot.messenger import DiscordMessenger
from bot.metrics import Metrics
from bot.providers.identity.roblox import Roblox
from bot.services.aftermath import Aftermath
from bot.services.boards import BoardService
from bot.services.catalog import SessionCatalog
from bot.services.claims import ClaimService
from bot.services.doubts import steady
from bot.services.engine import ClaimEngine
from bot.services.hostlog import HostLog
from bot.services.judging import Judge
from bot.services.lanes import Lanes
from bot.services.linking_oneself import Outside
from bot.services.openings import OpeningsService
from bot.services.people import People
from bot.services.policies import Policies
from bot.services.posting import Poster
from bot.services.tidings import Tidings
from bot.services.witness import Witness
from bot.services.workspaces import WorkspaceService
from bot.settings import Settings
from bot.store.announcements import AnnouncementStore
from bot.store.attempts import AttemptStore
from bot.store.database import Database
from bot.store.identity_services import IdentityServiceStore
from bot.store.links import LinkStore
from bot.store.preferences import PreferenceStore
from bot.store.role_rules import RoleRuleStore
from bot.store.seen_claims import SeenClaimStore
from bot.store.waitlist import WaitlistStore


@dataclass(frozen=True)
class Ground:
    """The fields are opened; the properties are built at their first use."""

    settings: Settings
    database: Database
    attempts: AttemptStore
    workspaces: WorkspaceService
    services: IdentityServiceStore
    messenger: DiscordMessenger
    outside: Outside
    background: Background
    lanes: Lanes
    metrics: Metrics
    clock: Callable[[], datetime]
    monotonic: Callable[[], float] = time.monotonic

    @property
    def roblox(self) -> Roblox:
        """Who knows accounts and ranks."""
        return self.outside.roblox

    @cached_property
    def links(self) -> LinkStore:
        """Who is who, in each guild."""
        return LinkStore(self.database)

    @cached_property
    def announcements(self) -> AnnouncementStore:
        """What is posted."""
        return AnnouncementStore(self.database)

    @cached_property
    def preferences(self) -> PreferenceStore:
        """What members want to hear."""
        return PreferenceStore(self.database)

    @cached_property
    def role_rules(self) -> RoleRuleStore:
        """Which Discord roles may claim what."""
        return RoleRuleStore(self.database)

    @cached_property
    def waitlist(self) -> WaitlistStore:
        """The lines for full roles."""
        return WaitlistStore(self.database)

    @cached_property
    def catalog(self) -> SessionCatalog:
        """The sessions of every workspace, in memory."""
        return SessionCatalog(self.workspaces, self.background)

    @cached_property
    def people(self) -> People:
        """Names for Roblox ids."""
        return People(self.links, self.roblox)

    @cached_property
    def tidings(self) -> Tidings:
        """Tells members what others changed."""
        return Tidings(self.workspaces, self.preferences, self.messenger)

    @cached_property
    def host_log(self) -> HostLog:
        """Lines in the log channels."""
        return HostLog(self.messenger, self.background)

    @cached_property
    def boards(self) -> BoardService:
        """Keeps the boards true."""
        seen = SeenClaimStore(self.database)
        witness = Witness(seen, self.attempts, self.links, self.tidings, self.clock)
        return BoardService(
            self.announcements, self.workspaces, self.people, self.messenger, witness,
            self.tidings, self.waitlist, self.background, self.clock,
        )  # fmt: skip

    @cached_property
    def openings(self) -> OpeningsService:
        """What can be claimed, and what is held."""
        return OpeningsService(
            self.announcements, self.links, self.workspaces, self.catalog, self.boards
        )

    @cached_property
    def poster(self) -> Poster:
        """Posts boards."""
        return Poster(self.announcements, self.boards, self.messenger, self.clock)

    @cached_property
    def policies(self) -> Policies:
        """What a guild has set for a claim."""
        return Policies(
            self.role_rules, self.announcements, self.attempts, self.workspaces, self.catalog,
            self.clock,
        )  # fmt: skip

    @cached_property
    def judge(self) -> Judge:
        """Puts the question to the rules."""
        return Judge(self.announcements, self.links, self.roblox, self.people, self.clock)

    @cached_property
    def aftermath(self) -> Aftermath:
        """Looks again after a write."""
        return Aftermath(self.attempts, self.judge, self.host_log)

    @cached_property
    def steady(self) -> Callable[[], datetime]:
        """The clock as it goes on from the start if nobody ever sets it."""
        return steady(self.clock, self.monotonic)

    @cached_property
    def engine(self) -> ClaimEngine:
        """Carries claims and releases out."""
        return ClaimEngine(
            self.attempts, self.workspaces, self.announcements, self.policies, self.judge,
            self.aftermath, self.boards, self.catalog, self.lanes, self.clock,
            steady=self.steady,
        )  # fmt: skip

    @cached_property
    def claims(self) -> ClaimService:
        """Claims and releases as people ask for them."""
        return ClaimService(
            self.announcements, self.attempts, self.links, self.workspaces, self.policies,
            self.engine, self.background, self.clock, self.metrics,
        )  # fmt: skip
