"""What members do about their own links, put together in one place for the app and the tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.providers.identity.headshots import Headshots
from bot.providers.identity.roblox import Roblox
from bot.services.deciding import LinkDecisions
from bot.services.guild_log import GuildLog
from bot.services.identity_links import IdentityLinks
from bot.services.link_services import LinkServices
from bot.services.openings import OpeningsService
from bot.services.proving import ProvingService
from bot.services.resuming import Resuming
from bot.services.service_lines import ServiceLines
from bot.services.tidings import Tidings
from bot.services.unlinking import Traces, Unlinking
from bot.store.announcements import AnnouncementStore
from bot.store.attempts import AttemptStore
from bot.store.database import Database
from bot.store.identity_services import IdentityServiceStore
from bot.store.links import LinkStore
from bot.store.pending_links import PendingLinkStore
from bot.store.profile_codes import ProfileCodeStore
from bot.store.proofs import ProofStore
from bot.store.resumes import ResumeStore


@dataclass(frozen=True, slots=True)
class LinkingOneself:
    """The services behind /verify, /link and /unlink, and what admins decide about them."""

    proving: ProvingService
    identity: IdentityLinks
    services: LinkServices
    decisions: LinkDecisions
    unlinking: Unlinking
    resuming: Resuming
    traces: Traces


@dataclass(frozen=True, slots=True)
class Outside:
    """Whom they ask beyond the database."""

    roblox: Roblox
    headshots: Headshots
    lines: ServiceLines


def open_linking_oneself(
    database: Database,
    services: IdentityServiceStore,
    attempts: AttemptStore,
    outside: Outside,
    openings: OpeningsService,
    guild_log: GuildLog,
    tidings: Tidings,
    clock: Callable[[], datetime],
) -> LinkingOneself:
    """Build them over one database."""
    links, pending = LinkStore(database), PendingLinkStore(database)
    traces = Traces(
        ProofStore(database), ProfileCodeStore(database), services, pending, ResumeStore(database)
    )
    decisions = LinkDecisions(links, pending, guild_log, tidings, clock)
    identity = IdentityLinks(
        services, outside.lines, links, pending, decisions, outside.roblox, outside.headshots,
        guild_log, clock,
    )  # fmt: skip
    return LinkingOneself(
        ProvingService(
            traces.codes, traces.proofs, decisions, outside.roblox, outside.headshots, clock
        ),
        identity,
        LinkServices(services, outside.lines, identity, clock),
        decisions,
        Unlinking(links, traces, attempts, openings),
        Resuming(traces.resumes, AnnouncementStore(database), attempts, guild_log, clock),
        traces,
    )
