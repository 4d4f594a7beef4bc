"""The services that cogs may call, and the work that runs without anybody calling."""

from __future__ import annotations

from dataclasses import dataclass

from bot.background import Background
from bot.services.automation import Automation
from bot.services.boards import BoardService
from bot.services.cancelling import Cancelling
from bot.services.catalog import SessionCatalog
from bot.services.claims import ClaimService
from bot.services.days import DayPosting
from bot.services.earlier import EarlierEndings
from bot.services.guild_log import GuildLog
from bot.services.hosting import HostingService
from bot.services.link_cards import LinkCards
from bot.services.link_directory import LinkDirectory
from bot.services.link_imports import LinkImports
from bot.services.link_names import NameRefresher
from bot.services.link_notices import LinkNotices
from bot.services.linking import LinkingService
from bot.services.linking_oneself import LinkingOneself
from bot.services.offers import TICK as OFFER_TICK
from bot.services.offers import Offers
from bot.services.openings import OpeningsService
from bot.services.polling import TICK, TIDY, Poller
from bot.services.privacy import Privacy
from bot.services.reconciler import Reconciler
from bot.services.releasing import Releases
from bot.services.reminders import ReminderChoices
from bot.services.reposting import Reposter
from bot.services.role_rules import RoleRules
from bot.services.roster import RosterService
from bot.services.running import RunningService
from bot.services.swap_rounds import SwapRounds
from bot.services.swaps import SwapService
from bot.services.today import TodayService
from bot.services.waitlist import WaitlistService
from bot.services.workspaces import WorkspaceService
from bot.store.app_state import AppState

NOTE_POLLS = 30.0  # seconds between two writes of when workspaces were polled
SETTLE = 10.0  # seconds between two looks at unsettled claims


@dataclass(frozen=True, slots=True)
class LinkDesk:
    """What admins do with the links of their guild."""

    cards: LinkCards
    notices: LinkNotices
    directory: LinkDirectory
    imports: LinkImports
    names: NameRefresher
    guild_log: GuildLog

    async def start(self, background: Background) -> None:
        """Go on with imports, and keep the names fresh."""
        await self.imports.recover(background)
        self.names.start(background)


@dataclass(frozen=True, slots=True)
class Services:
    """Built by `bot.app`, handed to the cogs."""

    app_state: AppState
    workspaces: WorkspaceService
    linking: LinkingService
    oneself: LinkingOneself
    catalog: SessionCatalog
    boards: BoardService
    poller: Poller
    hosting: HostingService
    days: DayPosting
    running: RunningService
    reposter: Reposter
    cancelling: Cancelling
    openings: OpeningsService
    claims: ClaimService
    earlier: EarlierEndings
    releases: Releases
    roster: RosterService
    role_rules: RoleRules
    reconciler: Reconciler
    automation: Automation
    reminder_choices: ReminderChoices
    today: TodayService
    waitlist: WaitlistService
    offers: Offers
    links: LinkDesk
    privacy: Privacy
    swaps: SwapService
    swap_rounds: SwapRounds

    async def start(self, background: Background) -> None:
        """Settle what the last run left open, warm the memory, and keep both going."""
        await self.hosting.recover()
        for workspace in await self.workspaces.list_anywhere():
            self.catalog.warm(workspace.workspace_id)
        background.spawn(self.reconciler.settle_all(), "settle what the last run left open")
        background.spawn(self.poller.tick(), "begin to poll the platforms")
        background.every(SETTLE, self.reconciler.settle_all, "settle claims")
        background.every(TICK, self.poller.tick, "poll the platforms")
        background.every(TIDY, self.poller.tidy, "forget boards that are over")
        background.spawn(self.offers.tick(), "see to who waits")
        background.every(OFFER_TICK, self.offers.tick, "see to who waits")
        background.every(NOTE_POLLS, self.poller.flush_notes, "note the polls")
        self.cancelling.start(background)
        self.automation.start(background)
        await self.links.start(background)
        self.privacy.start(background)
        self.swap_rounds.start(background)
