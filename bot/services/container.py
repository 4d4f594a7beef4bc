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
from bot.services.hosting import HostingService
from bot.services.linking import LinkingService
from bot.services.openings import OpeningsService
from bot.services.polling import TICK, Poller
from bot.services.reconciler import Reconciler
from bot.services.reminders import ReminderChoices
from bot.services.role_rules import RoleRules
from bot.services.roster import RosterService
from bot.services.running import RunningService
from bot.services.swap_rounds import SwapRounds
from bot.services.swaps import SwapService
from bot.services.today import TodayService
from bot.services.workspaces import WorkspaceService
from bot.store.app_state import AppState

SETTLE = 10.0  # seconds between two looks at unsettled claims


@dataclass(frozen=True, slots=True)
class Services:
    """Built by `bot.app`, handed to the cogs."""

    app_state: AppState
    workspaces: WorkspaceService
    linking: LinkingService
    catalog: SessionCatalog
    boards: BoardService
    poller: Poller
    hosting: HostingService
    days: DayPosting
    running: RunningService
    cancelling: Cancelling
    openings: OpeningsService
    claims: ClaimService
    roster: RosterService
    role_rules: RoleRules
    reconciler: Reconciler
    automation: Automation
    reminder_choices: ReminderChoices
    today: TodayService
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
        self.automation.start(background)
        self.swap_rounds.start(background)
