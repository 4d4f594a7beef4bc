"""Builds the services on what `bot.app` has opened."""

from __future__ import annotations

from datetime import timedelta

from bot.ground import Ground
from bot.services.automation import Automation
from bot.services.autoposting import Autoposter, AutopostStores
from bot.services.bulk_names import BulkNames
from bot.services.cancelling import Cancelling
from bot.services.candidates import Candidates
from bot.services.container import LinkDesk, Services
from bot.services.days import DayPosting
from bot.services.departures import Departures
from bot.services.earlier import EarlierEndings
from bot.services.erasing import ErasingService
from bot.services.guild_log import GuildLog
from bot.services.hosting import HostingService
from bot.services.late_answers import LateAnswers
from bot.services.late_releases import LateReleases
from bot.services.line_moves import LineMoves
from bot.services.link_cards import LinkCards
from bot.services.link_directory import LinkDirectory
from bot.services.link_imports import LinkImports
from bot.services.link_names import NameRefresher
from bot.services.link_notices import LinkNotices
from bot.services.link_plans import LinkPlanner
from bot.services.linking import LinkingService
from bot.services.linking_oneself import LinkingOneself, open_linking_oneself
from bot.services.my_data import MyDataService
from bot.services.offer_news import OfferNews
from bot.services.offering import Offering
from bot.services.offers import Offers
from bot.services.poll_notes import PollNotes
from bot.services.polling import Poller
from bot.services.privacy import Privacy
from bot.services.reconciler import Reconciler
from bot.services.releasing import Releases
from bot.services.reminders import ReminderChoices, ReminderService
from bot.services.removed_guilds import RemovedGuilds
from bot.services.reposting import Reposter
from bot.services.retention import Limits, Retention
from bot.services.role_rules import RoleRules
from bot.services.roster import RosterService
from bot.services.running import RunningService
from bot.services.swap_building import SwapParts, build_swaps
from bot.services.swap_rounds import SwapRounds
from bot.services.swaps import SwapService
from bot.services.threads import ThreadService
from bot.services.today import TodayService
from bot.services.waitlist import WaitlistService
from bot.store.app_state import AppState
from bot.store.automation import AutomationStore
from bot.store.departures import DepartureStore
from bot.store.erasures import ErasureStore
from bot.store.guild_settings import GuildSettingsStore
from bot.store.hosting import HostingStore
from bot.store.keyring import KeyRing
from bot.store.link_imports import ImportStore
from bot.store.link_lists import LinkLists
from bot.store.link_notices import LinkNoticeStore
from bot.store.link_wishes import LinkWishStore
from bot.store.live_boards import LiveBoards
from bot.store.personal import PersonalDataStore
from bot.store.polls import PollStore
from bot.store.reminders import ReminderStore
from bot.store.removed_guilds import RemovedGuildStore
from bot.store.retention import RetentionStore
from bot.store.swaps import SwapStore


def build_services(g: Ground) -> Services:
    """Everything that cogs may call, and the work that runs without anybody calling."""
    hosting = HostingService(
        g.announcements, g.workspaces, g.catalog, g.boards, g.poster, g.messenger, g.clock
    )
    hosted, settings = HostingStore(g.database), GuildSettingsStore(g.database)
    running = RunningService(g.announcements, hosted, g.workspaces, g.boards, g.messenger, g.clock)
    linking = LinkingService(g.links, g.roblox)
    guild_log = GuildLog(g.workspaces, g.messenger, g.background)
    offers, waitlist = _build_waitlist(g)
    swaps, swap_rounds = _build_swaps(g)
    releases, reconciler = _build_releases(g)
    oneself, privacy = _build_oneself(g, guild_log), _build_privacy(g)
    privacy.departures.on_left(waitlist.forget_member)
    privacy.erasing.on_erasing(waitlist.forget_everywhere)
    privacy.erasing.on_erasing(swaps.forget_words)
    privacy.erasing.on_erasing(oneself.identity.forget_member)
    privacy.removed_guilds.on_removed(g.outside.lines.drop_guild)
    return Services(
        app_state=AppState(g.database), workspaces=g.workspaces, catalog=g.catalog,
        boards=g.boards, openings=g.openings, claims=g.claims,
        earlier=EarlierEndings(g.claims, g.clock), releases=releases, reconciler=reconciler,
        poller=Poller(
            g.announcements, LiveBoards(g.database), g.boards, g.catalog, g.background, g.clock,
            notes=PollNotes(PollStore(g.database), g.clock), observer=g.metrics,
        ),
        hosting=hosting, running=running,
        days=DayPosting(hosting, hosted, g.workspaces, settings, g.clock),
        reposter=Reposter(hosted, running, g.boards, g.messenger),
        cancelling=Cancelling(
            running, hosted, g.announcements, g.boards, g.links, g.claims, g.preferences,
            g.messenger, g.background, g.clock,
        ),
        roster=RosterService(g.announcements, running, g.claims, g.messenger, g.background),
        role_rules=RoleRules(g.role_rules, g.workspaces, g.catalog),
        automation=_build_automation(g),
        reminder_choices=ReminderChoices(g.preferences, g.workspaces, g.messenger),
        today=TodayService(
            settings, g.workspaces, g.catalog, g.announcements, g.people, g.clock
        ),
        offers=offers, waitlist=waitlist,
        linking=linking, links=_build_links(g, linking, guild_log),
        oneself=oneself, privacy=privacy, swaps=swaps, swap_rounds=swap_rounds,
    )  # fmt: skip


def _build_releases(g: Ground) -> tuple[Releases, Reconciler]:
    late_releases = LateReleases(g.tidings, g.messenger, g.background)
    releases = Releases(
        g.claims, g.openings, g.announcements, g.workspaces, g.boards, late_releases, g.clock
    )
    return releases, Reconciler(
        g.attempts, g.announcements, g.workspaces, g.engine, g.messenger,
        LateAnswers(g.preferences, g.messenger), late_releases, g.host_log, g.background, g.clock,
        observer=g.metrics,
    )  # fmt: skip


def _build_automation(g: Ground) -> Automation:
    store = AutomationStore(g.database)
    stores = AutopostStores(store, g.announcements, g.links, AppState(g.database))
    return Automation(
        Autoposter(
            stores, g.workspaces, g.catalog, g.poster, g.messenger, g.host_log, g.background,
            g.clock,
        ),
        ThreadService(
            store, g.workspaces, g.messenger, g.host_log, g.background, g.clock
        ),
        ReminderService(
            ReminderStore(g.database), g.preferences, g.links, g.announcements, g.workspaces,
            g.messenger, g.background, g.clock,
        ),
    )  # fmt: skip


def _build_waitlist(g: Ground) -> tuple[Offers, WaitlistService]:
    news = OfferNews(g.waitlist, g.announcements, g.preferences, g.messenger, g.clock)
    candidates = Candidates(
        g.announcements, g.links, g.workspaces, g.policies, g.roblox, g.messenger
    )
    offering = Offering(g.waitlist, g.workspaces, g.engine, candidates, news, g.clock)
    offers = Offers(
        g.waitlist, g.announcements, g.workspaces, g.boards, offering, news, g.background, g.clock
    )
    moves = LineMoves(
        g.waitlist, g.announcements, g.workspaces, g.engine, offers, g.background, g.clock
    )
    return offers, WaitlistService(
        g.waitlist, g.attempts, g.announcements, g.links, g.workspaces, g.boards, candidates,
        offers, moves, news, g.claims, g.messenger, g.clock,
    )  # fmt: skip


def _build_swaps(g: Ground) -> tuple[SwapService, SwapRounds]:
    store = SwapStore(g.database, KeyRing(g.settings.secret_keys), g.attempts)
    parts = SwapParts(
        store, g.attempts, g.announcements, g.links, g.workspaces, g.catalog, g.boards,
        g.policies, g.aftermath, g.lanes, g.engine.tell_settled, g.roblox, g.tidings, g.messenger,
        g.host_log, g.metrics,
    )  # fmt: skip
    return build_swaps(parts, g.background, g.clock, steady=g.steady)


def _build_links(g: Ground, linking: LinkingService, guild_log: GuildLog) -> LinkDesk:
    lists, names = LinkLists(g.database), BulkNames(g.roblox, g.clock)
    refresher = NameRefresher(lists, names, timedelta(days=g.settings.name_days), g.clock)
    notices = LinkNotices(
        LinkNoticeStore(g.database), g.links, g.preferences, g.messenger, guild_log
    )
    planner = LinkPlanner(g.links, lists, names, g.messenger)
    return LinkDesk(
        cards=LinkCards(
            linking, g.links, LinkWishStore(g.database), g.roblox, g.outside.headshots,
            g.workspaces, g.catalog, notices, guild_log, g.clock,
        ),
        notices=notices,
        directory=LinkDirectory(linking, g.links, lists, refresher),
        imports=LinkImports(ImportStore(g.database), planner, guild_log, g.clock),
        names=refresher,
        guild_log=guild_log,
    )  # fmt: skip


def _build_oneself(g: Ground, guild_log: GuildLog) -> LinkingOneself:
    return open_linking_oneself(
        g.database, g.services, g.attempts, g.outside, g.openings, guild_log, g.tidings, g.clock
    )


def _build_privacy(g: Ground) -> Privacy:
    data, chosen = PersonalDataStore(g.database), g.settings
    removed = RemovedGuilds(
        RemovedGuildStore(g.database), AppState(g.database), g.workspaces, g.catalog, g.messenger,
        g.clock,
    )  # fmt: skip
    limits = Limits(chosen.journal_days, chosen.removed_guild_days)
    return Privacy(
        MyDataService(data, g.messenger, g.clock),
        ErasingService(ErasureStore(g.database), data, g.boards, g.background, g.clock),
        removed,
        Retention(
            RetentionStore(g.database), AppState(g.database), removed, limits, g.clock
        ),
        Departures(
            DepartureStore(g.database), g.announcements, g.links, g.workspaces, g.claims,
            g.messenger, g.host_log, g.background, g.clock,
        ),
    )  # fmt: skip
