"""The services over fakes, put together as `bot.assembly` does."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import cast

from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.metrics import Metrics
from bot.providers.guard import UpstreamPolicy
from bot.providers.identity.roblox import Roblox
from bot.services.aftermath import Aftermath
from bot.services.boards import BoardService
from bot.services.cancelling import Cancelling
from bot.services.candidates import Candidates
from bot.services.catalog import SessionCatalog
from bot.services.claims import ClaimService
from bot.services.engine import ClaimEngine
from bot.services.hosting import HostingService
from bot.services.hostlog import HostLog
from bot.services.judging import Judge
from bot.services.lanes import Lanes
from bot.services.late_answers import LateAnswers
from bot.services.late_releases import LateReleases
from bot.services.line_moves import LineMoves
from bot.services.linking import LinkingService
from bot.services.offer_news import OfferNews
from bot.services.offering import Offering
from bot.services.offers import Offers
from bot.services.openings import OpeningsService
from bot.services.people import People
from bot.services.policies import Policies
from bot.services.polling import Poller
from bot.services.posting import Poster
from bot.services.reconciler import Reconciler
from bot.services.releasing import Releases
from bot.services.reposting import Reposter
from bot.services.role_rules import RoleRules
from bot.services.roster import RosterService
from bot.services.running import RunningService
from bot.services.swap_building import SwapParts, build_swaps
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
from bot.store.live_boards import LiveBoards
from bot.store.preferences import PreferenceStore
from bot.store.role_rules import RoleRuleStore
from bot.store.seen_claims import SeenClaimStore
from bot.store.swaps import SwapStore
from bot.store.waitlist import WaitlistStore
from bot.store.workspaces import WorkspaceStore
from tests.services.fakes import Clock, FakePlatform, FakeRoblox, HandBackground
from tests.services.messenger import FakeMessenger

KEYS = [SecretStr(Fernet.generate_key().decode())]


@dataclass
class Assembled:
    """The services of one process."""

    database: Database
    messenger: FakeMessenger
    roblox: FakeRoblox
    clock: Clock
    platforms: dict[str, FakePlatform]
    background: HandBackground = field(default_factory=HandBackground)
    keys_used: list[str] = field(default_factory=list)
    ticks: float = 0.0  # the monotonic clock of the catalog
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        database, clock, keyring = self.database, self.clock, KeyRing(KEYS)
        roblox = cast(Roblox, self.roblox)
        self.links, self.announcements = LinkStore(database), AnnouncementStore(database)
        self.live, self.attempts = LiveBoards(database), AttemptStore(database, keyring)
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
            self.announcements, self.live, self.boards, self.catalog, self.background, clock,
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
        aftermath, lanes = Aftermath(self.attempts, judge, self.host_log), Lanes()
        self.engine = ClaimEngine(
            self.attempts, self.workspaces, self.announcements, self.policies, judge, aftermath,
            self.boards, self.catalog, lanes, clock,
        )  # fmt: skip
        self.swap_store = SwapStore(database, keyring, self.attempts)
        self.swaps, self.swap_rounds = build_swaps(
            SwapParts(
                self.swap_store, self.attempts, self.announcements, self.links, self.workspaces,
                self.catalog, self.boards, self.policies, aftermath, lanes,
                self.engine.tell_settled, roblox, tidings,
                self.messenger, self.host_log, self.metrics,
            ),
            self.background, clock,
        )  # fmt: skip
        self.claims = ClaimService(
            self.announcements, self.attempts, self.links, self.workspaces, self.policies,
            self.engine, self.background, clock, self.metrics,
        )  # fmt: skip
        self.role_rules = RoleRules(self.rule_store, self.workspaces, self.catalog)
        self.roster = RosterService(
            self.announcements, self.running, self.claims, self.messenger, self.background
        )
        late_releases = LateReleases(tidings, self.messenger, self.background)
        self.reconciler = Reconciler(
            self.attempts, self.announcements, self.workspaces, self.engine, self.messenger,
            LateAnswers(self.preferences, self.messenger), late_releases, self.host_log,
            self.background, clock,
            observer=self.metrics,
        )  # fmt: skip
        self.openings = OpeningsService(
            self.announcements, self.links, self.workspaces, self.catalog, self.boards
        )
        self.cancelling = Cancelling(
            self.running, self.hosting_store, self.announcements, self.boards, self.links,
            self.claims, self.preferences, self.messenger, self.background, clock,
        )  # fmt: skip
        self.releases = Releases(
            self.claims, self.openings, self.announcements, self.workspaces, self.boards,
            late_releases, clock,
        )  # fmt: skip
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
            self.line, self.attempts, self.announcements, self.links, self.workspaces, self.boards,
            candidates, self.offers, moves, news, self.claims, self.messenger, self.clock,
        )  # fmt: skip
