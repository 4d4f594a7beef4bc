"""The only place that builds things: opens everything, hands it out, closes it in reverse."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from bot.background import Background
from bot.client import MusterBot
from bot.messenger import DiscordMessenger
from bot.models import IdentityKind
from bot.providers.guard import UpstreamPolicy
from bot.providers.identity.headshots import Headshots
from bot.providers.identity.roblox import Roblox
from bot.providers.identity.roblox_cloud import OpenCloud
from bot.services.aftermath import Aftermath
from bot.services.automation import Automation
from bot.services.autoposting import Autoposter, AutopostStores
from bot.services.boards import BoardService
from bot.services.bulk_names import BulkNames
from bot.services.cancelling import Cancelling
from bot.services.candidates import Candidates
from bot.services.catalog import SessionCatalog
from bot.services.claims import ClaimService
from bot.services.container import LinkDesk, Services
from bot.services.days import DayPosting
from bot.services.departures import Departures
from bot.services.engine import ClaimEngine
from bot.services.erasing import ErasingService
from bot.services.guild_log import GuildLog
from bot.services.hosting import HostingService
from bot.services.hostlog import HostLog
from bot.services.judging import Judge
from bot.services.lanes import Lanes
from bot.services.late_answers import LateAnswers
from bot.services.line_moves import LineMoves
from bot.services.link_cards import LinkCards
from bot.services.link_directory import LinkDirectory
from bot.services.link_imports import LinkImports
from bot.services.link_names import NameRefresher
from bot.services.link_notices import LinkNotices
from bot.services.link_plans import LinkPlanner
from bot.services.linking import LinkingService
from bot.services.linking_oneself import LinkingOneself, Outside, open_linking_oneself
from bot.services.my_data import MyDataService
from bot.services.offer_news import OfferNews
from bot.services.offering import Offering
from bot.services.offers import Offers
from bot.services.openings import OpeningsService
from bot.services.people import People
from bot.services.policies import Policies
from bot.services.polling import Poller
from bot.services.posting import Poster
from bot.services.privacy import Privacy
from bot.services.reconciler import Reconciler
from bot.services.reminders import ReminderChoices, ReminderService
from bot.services.removed_guilds import RemovedGuilds
from bot.services.reposting import Reposter
from bot.services.retention import Limits, Retention
from bot.services.role_rules import RoleRules
from bot.services.roster import RosterService
from bot.services.running import RunningService
from bot.services.service_lines import ServiceLines
from bot.services.threads import ThreadService
from bot.services.tidings import Tidings
from bot.services.today import TodayService
from bot.services.waitlist import WaitlistService
from bot.services.witness import Witness
from bot.services.workspaces import WorkspaceService
from bot.settings import Settings
from bot.store.announcements import AnnouncementStore
from bot.store.app_state import AppState
from bot.store.attempts import AttemptStore
from bot.store.automation import AutomationStore
from bot.store.database import Database, migrate
from bot.store.departures import DepartureStore
from bot.store.erasures import ErasureStore
from bot.store.guild_settings import GuildSettingsStore
from bot.store.hosting import HostingStore
from bot.store.identity_services import IdentityServiceStore
from bot.store.keyring import KeyRing
from bot.store.link_imports import ImportStore
from bot.store.link_lists import LinkLists
from bot.store.link_notices import LinkNoticeStore
from bot.store.link_wishes import LinkWishStore
from bot.store.links import LinkStore
from bot.store.personal import PersonalDataStore
from bot.store.preferences import PreferenceStore
from bot.store.reminders import ReminderStore
from bot.store.removed_guilds import RemovedGuildStore
from bot.store.retention import RetentionStore
from bot.store.role_rules import RoleRuleStore
from bot.store.seen_claims import SeenClaimStore
from bot.store.waitlist import WaitlistStore
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
    services = IdentityServiceStore(database, KeyRing(settings.secret_keys))
    outside = _open_outside(settings, roblox, services)
    background = Background()
    bot = MusterBot(background, clock, **options)
    messenger = DiscordMessenger(bot)
    policy = UpstreamPolicy(settings.allow_insecure_upstreams, settings.allow_private_upstreams)
    workspaces = WorkspaceService(store, messenger, policy, clock)
    try:
        await store.rotate_keys_anywhere()  # refuses the start when a key of theirs is missing
        await services.rotate_keys_anywhere()
        bot.services = _build(
            settings, database, workspaces, messenger, services, outside, background, clock
        )
        yield bot
    finally:
        await background.stop()
        await outside.lines.aclose()
        await outside.headshots.aclose()
        await workspaces.aclose()
        await roblox.aclose()
        await database.close()


def _open_roblox(settings: Settings) -> Roblox:
    key = settings.roblox_open_cloud_key
    cloud = OpenCloud(str(settings.roblox_cloud_url), key) if key is not None else None
    return Roblox(str(settings.roblox_users_url), str(settings.roblox_groups_url), cloud)


def _open_outside(settings: Settings, roblox: Roblox, services: IdentityServiceStore) -> Outside:
    urls = {
        IdentityKind.BLOXLINK: str(settings.bloxlink_url),
        IdentityKind.ROVER: str(settings.rover_url),
    }
    headshots = Headshots(str(settings.roblox_thumbnails_url))
    return Outside(roblox, headshots, ServiceLines(services, urls))


def _build(
    settings: Settings,
    database: Database,
    workspaces: WorkspaceService,
    messenger: DiscordMessenger,
    services: IdentityServiceStore,
    outside: Outside,
    background: Background,
    clock: Callable[[], datetime],
) -> Services:
    links, announcements = LinkStore(database), AnnouncementStore(database)
    preferences = PreferenceStore(database)
    attempts = AttemptStore(database, KeyRing(settings.secret_keys))
    people = People(links, outside.roblox)
    catalog = SessionCatalog(workspaces, background)
    boards = _build_boards(database, attempts, workspaces, people, messenger, background, clock)
    hosting, days, running = _build_hosting(database, workspaces, catalog, boards, messenger, clock)
    rules, host_log = RoleRuleStore(database), HostLog(messenger, background)
    policies = Policies(rules, announcements, attempts, workspaces, catalog, clock)
    judge = Judge(announcements, links, outside.roblox, people, clock)
    engine = ClaimEngine(
        attempts, workspaces, announcements, policies, judge,
        Aftermath(attempts, judge, host_log), boards, catalog, Lanes(), clock,
    )  # fmt: skip
    claims = ClaimService(
        announcements, attempts, links, workspaces, policies, engine, background, clock
    )
    openings = OpeningsService(announcements, links, workspaces, catalog, boards)
    line = _build_waitlist(
        database, workspaces, policies, engine, claims, boards, outside.roblox, messenger,
        background, clock,
    )  # fmt: skip
    linking = LinkingService(links, outside.roblox)
    guild_log = GuildLog(workspaces, messenger, background)
    oneself = _build_oneself(
        database, services, attempts, outside, openings, workspaces, messenger, guild_log, clock
    )
    privacy = _build_privacy(
        settings, database, workspaces, catalog, boards, claims, messenger, host_log, background,
        clock,
    )  # fmt: skip
    privacy.departures.on_left(line[1].forget_member)
    privacy.erasing.on_erasing(line[1].forget_everywhere)
    privacy.removed_guilds.on_removed(outside.lines.drop_guild)
    return Services(
        offers=line[0], waitlist=line[1], oneself=oneself,
        app_state=AppState(database), workspaces=workspaces,
        linking=linking, catalog=catalog, boards=boards, openings=openings,
        poller=Poller(announcements, boards, catalog, background, clock),
        hosting=hosting, days=days, running=running, claims=claims,
        reposter=Reposter(HostingStore(database), running, boards, messenger),
        roster=RosterService(announcements, running, claims, messenger, background),
        cancelling=Cancelling(
            running, announcements, boards, links, claims, preferences, messenger
        ),
        role_rules=RoleRules(rules, workspaces, catalog),
        reconciler=Reconciler(
            attempts, announcements, workspaces, engine, messenger,
            LateAnswers(preferences, messenger), host_log, background, clock,
        ),
        automation=_build_automation(
            database, workspaces, catalog, boards, messenger, host_log, background, clock
        ),
        reminder_choices=ReminderChoices(preferences, workspaces, messenger),
        today=_build_today(database, workspaces, catalog, people, clock), privacy=privacy,
        links=_build_links(
            settings, database, linking, outside, workspaces, catalog, messenger, guild_log, clock
        ),
    )  # fmt: skip


def _build_privacy(
    settings: Settings,
    database: Database,
    workspaces: WorkspaceService,
    catalog: SessionCatalog,
    boards: BoardService,
    claims: ClaimService,
    messenger: DiscordMessenger,
    host_log: HostLog,
    background: Background,
    clock: Callable[[], datetime],
) -> Privacy:
    data = PersonalDataStore(database)
    removed = RemovedGuilds(RemovedGuildStore(database), workspaces, catalog, messenger, clock)
    limits = Limits(settings.journal_days, settings.removed_guild_days)
    return Privacy(
        MyDataService(data, messenger, clock),
        ErasingService(ErasureStore(database), data, boards, background, clock),
        removed,
        Retention(
            RetentionStore(database), AppState(database), removed, limits, clock
        ),
        Departures(
            DepartureStore(database), AnnouncementStore(database), LinkStore(database), workspaces,
            claims, messenger, host_log, background, clock,
        ),
    )  # fmt: skip


def _build_links(
    settings: Settings,
    database: Database,
    linking: LinkingService,
    outside: Outside,
    workspaces: WorkspaceService,
    catalog: SessionCatalog,
    messenger: DiscordMessenger,
    guild_log: GuildLog,
    clock: Callable[[], datetime],
) -> LinkDesk:
    links, lists = LinkStore(database), LinkLists(database)
    names = BulkNames(outside.roblox, clock)
    refresher = NameRefresher(lists, names, timedelta(days=settings.name_days), clock)
    notices = LinkNotices(
        LinkNoticeStore(database), links, PreferenceStore(database), messenger, guild_log
    )
    return LinkDesk(
        cards=LinkCards(
            linking, links, LinkWishStore(database), outside.roblox, outside.headshots, workspaces,
            catalog, notices, guild_log, clock,
        ),
        notices=notices,
        directory=LinkDirectory(linking, links, lists, refresher),
        imports=LinkImports(
            ImportStore(database), LinkPlanner(links, lists, names, messenger), guild_log, clock
        ),
        names=refresher,
        guild_log=guild_log,
    )  # fmt: skip


def _build_waitlist(
    database: Database,
    workspaces: WorkspaceService,
    policies: Policies,
    engine: ClaimEngine,
    claims: ClaimService,
    boards: BoardService,
    roblox: Roblox,
    messenger: DiscordMessenger,
    background: Background,
    clock: Callable[[], datetime],
) -> tuple[Offers, WaitlistService]:
    store, announcements = WaitlistStore(database), AnnouncementStore(database)
    links = LinkStore(database)
    news = OfferNews(store, announcements, PreferenceStore(database), messenger, clock)
    candidates = Candidates(announcements, links, workspaces, policies, roblox, messenger)
    offering = Offering(store, workspaces, engine, candidates, news, clock)
    offers = Offers(store, announcements, workspaces, boards, offering, news, background, clock)
    moves = LineMoves(store, announcements, workspaces, engine, offers, background, clock)
    return offers, WaitlistService(
        store, announcements, links, workspaces, boards, candidates, offers, moves, news, claims,
        messenger, clock,
    )  # fmt: skip


def _build_oneself(
    database: Database,
    services: IdentityServiceStore,
    attempts: AttemptStore,
    outside: Outside,
    openings: OpeningsService,
    workspaces: WorkspaceService,
    messenger: DiscordMessenger,
    guild_log: GuildLog,
    clock: Callable[[], datetime],
) -> LinkingOneself:
    tidings = Tidings(workspaces, PreferenceStore(database), messenger)
    return open_linking_oneself(
        database, services, attempts, outside, openings, guild_log, tidings, clock
    )


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
        AnnouncementStore(database), workspaces, people, messenger, witness, tidings,
        WaitlistStore(database), background, clock,
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
