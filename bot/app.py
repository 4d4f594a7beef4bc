"""The only place that builds things: opens everything, hands it out, closes it in reverse."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from bot.background import Background
from bot.client import MusterBot
from bot.messenger import DiscordMessenger
from bot.providers.guard import UpstreamPolicy
from bot.providers.identity.roblox import Roblox
from bot.providers.identity.roblox_cloud import OpenCloud
from bot.services.aftermath import Aftermath
from bot.services.automation import Automation
from bot.services.autoposting import Autoposter, AutopostStores
from bot.services.boards import BoardService
from bot.services.cancelling import Cancelling
from bot.services.catalog import SessionCatalog
from bot.services.claims import ClaimService
from bot.services.container import Services
from bot.services.days import DayPosting
from bot.services.engine import ClaimEngine
from bot.services.hosting import HostingService
from bot.services.hostlog import HostLog
from bot.services.judging import Judge
from bot.services.lanes import Lanes
from bot.services.linking import LinkingService
from bot.services.openings import OpeningsService
from bot.services.people import People
from bot.services.policies import Policies
from bot.services.polling import Poller
from bot.services.posting import Poster
from bot.services.reconciler import Reconciler
from bot.services.reminders import ReminderChoices, ReminderService
from bot.services.role_rules import RoleRules
from bot.services.roster import RosterService
from bot.services.running import RunningService
from bot.services.swap_building import SwapParts, build_swaps
from bot.services.swap_rounds import SwapRounds
from bot.services.swaps import SwapService
from bot.services.threads import ThreadService
from bot.services.tidings import Tidings
from bot.services.today import TodayService
from bot.services.witness import Witness
from bot.services.workspaces import WorkspaceService
from bot.settings import Settings
from bot.store.announcements import AnnouncementStore
from bot.store.app_state import AppState
from bot.store.attempts import AttemptStore
from bot.store.automation import AutomationStore
from bot.store.database import Database, migrate
from bot.store.guild_settings import GuildSettingsStore
from bot.store.hosting import HostingStore
from bot.store.keyring import KeyRing
from bot.store.links import LinkStore
from bot.store.preferences import PreferenceStore
from bot.store.reminders import ReminderStore
from bot.store.role_rules import RoleRuleStore
from bot.store.seen_claims import SeenClaimStore
from bot.store.swaps import SwapStore
from bot.store.workspaces import WorkspaceStore

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The clock of the process."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_bot(
    settings: Settings, clock: Callable[[], datetime] = utc_now, **options: object
) -> AsyncIterator[MusterBot]:
    """A bot with everything it needs, not connected yet. `options` go to discord.py's client."""
    await migrate(settings.database_url)
    database = await Database.open(settings.database_url)
    store = WorkspaceStore(database, KeyRing(settings.secret_keys))
    roblox = _open_roblox(settings)
    background = Background()
    bot = MusterBot(background, clock, **options)
    messenger = DiscordMessenger(bot)
    policy = UpstreamPolicy(settings.allow_insecure_upstreams, settings.allow_private_upstreams)
    workspaces = WorkspaceService(store, messenger, policy, clock)
    try:
        await store.rotate_keys_anywhere()  # refuses the start when a key of theirs is missing
        bot.services = _build(settings, database, workspaces, messenger, roblox, background, clock)
        yield bot
    finally:
        await background.stop()
        await workspaces.aclose()
        await roblox.aclose()
        await database.close()


def _open_roblox(settings: Settings) -> Roblox:
    key = settings.roblox_open_cloud_key
    cloud = OpenCloud(str(settings.roblox_cloud_url), key) if key is not None else None
    return Roblox(str(settings.roblox_users_url), str(settings.roblox_groups_url), cloud)


def _build(
    settings: Settings,
    database: Database,
    workspaces: WorkspaceService,
    messenger: DiscordMessenger,
    roblox: Roblox,
    background: Background,
    clock: Callable[[], datetime],
) -> Services:
    links, announcements = LinkStore(database), AnnouncementStore(database)
    preferences, people = PreferenceStore(database), People(links, roblox)
    attempts = AttemptStore(database, KeyRing(settings.secret_keys))
    catalog = SessionCatalog(workspaces, background)
    boards = _build_boards(database, attempts, workspaces, people, messenger, background, clock)
    hosting, days, running = _build_hosting(database, workspaces, catalog, boards, messenger, clock)
    rules, host_log = RoleRuleStore(database), HostLog(messenger, background)
    policies = Policies(rules, announcements, attempts, workspaces, catalog, clock)
    judge = Judge(announcements, links, roblox, people, clock)
    aftermath, lanes = Aftermath(attempts, judge, host_log), Lanes()
    engine = ClaimEngine(attempts, workspaces, announcements, policies, judge, aftermath, boards,
                         catalog, lanes, clock)  # fmt: skip
    swaps, swap_rounds = _build_swaps(
        settings, database, attempts, workspaces, catalog, boards, policies, aftermath, lanes,
        roblox, messenger, host_log, background, clock,
    )  # fmt: skip
    claims = ClaimService(
        announcements, attempts, links, workspaces, policies, engine, background, clock
    )
    return Services(
        app_state=AppState(database), workspaces=workspaces, catalog=catalog, boards=boards,
        linking=LinkingService(links, roblox, clock),
        poller=Poller(announcements, boards, catalog, background, clock),
        hosting=hosting, days=days, running=running, claims=claims,
        openings=OpeningsService(announcements, links, workspaces, catalog, boards),
        roster=RosterService(announcements, running, claims, messenger, background),
        cancelling=Cancelling(
            running, announcements, boards, links, claims, preferences, messenger
        ),
        role_rules=RoleRules(rules, workspaces, catalog),
        reconciler=Reconciler(
            attempts, announcements, workspaces, engine, messenger, host_log, background, clock
        ),
        automation=_build_automation(
            database, workspaces, catalog, boards, messenger, host_log, background, clock
        ),
        reminder_choices=ReminderChoices(preferences, workspaces, messenger),
        today=_build_today(database, workspaces, catalog, people, clock), swaps=swaps,
        swap_rounds=swap_rounds,
    )  # fmt: skip


def _build_swaps(
    settings: Settings,
    database: Database,
    attempts: AttemptStore,
    workspaces: WorkspaceService,
    catalog: SessionCatalog,
    boards: BoardService,
    policies: Policies,
    aftermath: Aftermath,
    lanes: Lanes,
    roblox: Roblox,
    messenger: DiscordMessenger,
    host_log: HostLog,
    background: Background,
    clock: Callable[[], datetime],
) -> tuple[SwapService, SwapRounds]:
    parts = SwapParts(
        SwapStore(database, KeyRing(settings.secret_keys), attempts), attempts,
        AnnouncementStore(database), LinkStore(database), workspaces, catalog, boards, policies,
        aftermath, lanes, roblox, Tidings(workspaces, PreferenceStore(database), messenger),
        messenger, host_log,
    )  # fmt: skip
    return build_swaps(parts, background, clock)


def _build_today(
    database: Database,
    workspaces: WorkspaceService,
    catalog: SessionCatalog,
    people: People,
    clock: Callable[[], datetime],
) -> TodayService:
    settings, announcements = GuildSettingsStore(database), AnnouncementStore(database)
    return TodayService(settings, workspaces, catalog, announcements, people, clock)


def _build_hosting(
    database: Database,
    workspaces: WorkspaceService,
    catalog: SessionCatalog,
    boards: BoardService,
    messenger: DiscordMessenger,
    clock: Callable[[], datetime],
) -> tuple[HostingService, DayPosting, RunningService]:
    announcements, store = AnnouncementStore(database), HostingStore(database)
    poster = Poster(announcements, boards, messenger, clock)
    hosting = HostingService(announcements, workspaces, catalog, boards, poster, messenger, clock)
    days = DayPosting(hosting, store, workspaces, GuildSettingsStore(database), clock)
    running = RunningService(announcements, store, workspaces, boards, messenger, clock)
    return hosting, days, running


def _build_boards(
    database: Database,
    attempts: AttemptStore,
    workspaces: WorkspaceService,
    people: People,
    messenger: DiscordMessenger,
    background: Background,
    clock: Callable[[], datetime],
) -> BoardService:
    tidings = Tidings(workspaces, PreferenceStore(database), messenger)
    seen, links = SeenClaimStore(database), LinkStore(database)
    witness = Witness(seen, attempts, links, tidings, clock)
    return BoardService(
        AnnouncementStore(database), workspaces, people, messenger, witness, tidings, background,
        clock,
    )  # fmt: skip


def _build_automation(
    database: Database,
    workspaces: WorkspaceService,
    catalog: SessionCatalog,
    boards: BoardService,
    messenger: DiscordMessenger,
    host_log: HostLog,
    background: Background,
    clock: Callable[[], datetime],
) -> Automation:
    links, announcements = LinkStore(database), AnnouncementStore(database)
    store, preferences = AutomationStore(database), PreferenceStore(database)
    return Automation(
        Autoposter(
            AutopostStores(store, announcements, links, AppState(database)), workspaces, catalog,
            Poster(announcements, boards, messenger, clock), messenger, host_log, background, clock,
        ),
        ThreadService(store, announcements, workspaces, messenger, host_log, background, clock),
        ReminderService(
            ReminderStore(database), preferences, links, announcements, workspaces, messenger,
            background, clock,
        ),
    )  # fmt: skip
