"""Puts the parts of the swaps together; `bot.app` opens what they stand on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.background import Background
from bot.models import Attempt
from bot.providers.identity.roblox import Roblox
from bot.services.aftermath import Aftermath
from bot.services.boards import BoardService
from bot.services.catalog import SessionCatalog
from bot.services.hostlog import HostLog
from bot.services.lanes import Lanes
from bot.services.observing import Observer, Unobserved
from bot.services.policies import Policies
from bot.services.ports import Messenger
from bot.services.swap_cases import SwapCases
from bot.services.swap_checks import SwapChecks
from bot.services.swap_choices import SwapChoices
from bot.services.swap_news import SwapNews
from bot.services.swap_rounds import SwapRounds
from bot.services.swapping import SwapEngine
from bot.services.swaps import SwapService
from bot.services.tidings import Tidings
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.attempts import AttemptStore
from bot.store.links import LinkStore
from bot.store.swaps import SwapStore


@dataclass(frozen=True, slots=True)
class SwapParts:
    """What swaps share with claims: the same lanes, judge and journal."""

    store: SwapStore
    attempts: AttemptStore
    announcements: AnnouncementStore
    links: LinkStore
    workspaces: WorkspaceService
    catalog: SessionCatalog
    boards: BoardService
    policies: Policies
    aftermath: Aftermath
    lanes: Lanes
    tell_settled: Callable[[Attempt], None]
    roblox: Roblox
    tidings: Tidings
    messenger: Messenger
    host_log: HostLog
    observer: Observer = field(default_factory=Unobserved)


def build_swaps(
    parts: SwapParts,
    background: Background,
    clock: Callable[[], datetime],
    monotonic: Callable[[], float] = time.monotonic,
    steady: Callable[[], datetime] | None = None,
) -> tuple[SwapService, SwapRounds]:
    """The swaps, and what keeps them going."""
    cases = SwapCases(parts.announcements, parts.workspaces)
    checks = SwapChecks(parts.links, parts.policies, parts.roblox, clock)
    engine = SwapEngine(
        parts.store, parts.attempts, cases, checks, parts.workspaces, parts.announcements,
        parts.aftermath, parts.boards, parts.catalog, parts.lanes, parts.tell_settled,
        clock, monotonic, steady,
    )  # fmt: skip
    news = SwapNews(
        parts.store, cases, parts.announcements, parts.workspaces, parts.tidings, parts.messenger,
        parts.host_log, clock,
    )  # fmt: skip
    choices = SwapChoices(parts.announcements, parts.links, parts.workspaces, parts.catalog)
    service = SwapService(
        parts.store, choices, cases, checks, engine, news, parts.workspaces, parts.messenger,
        background, clock, parts.observer,
    )  # fmt: skip
    return service, SwapRounds(
        parts.store, parts.attempts, engine, news, background, clock, parts.observer
    )
