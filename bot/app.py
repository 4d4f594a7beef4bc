"""Opens everything, has it put together, and closes it in reverse."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from bot.assembly import build_services
from bot.background import Background
from bot.client import MusterBot
from bot.errors import StartRefused
from bot.first_answers import FirstAnswers
from bot.ground import Ground
from bot.messenger import DiscordMessenger
from bot.metrics import Metrics
from bot.models import EVERYTHING, IdentityKind, ShardRange
from bot.providers.guard import UpstreamPolicy
from bot.providers.identity.headshots import Headshots
from bot.providers.identity.roblox import Roblox
from bot.providers.identity.roblox_cloud import OpenCloud
from bot.services.identifying import IdentifyTurns
from bot.services.lanes import Lanes
from bot.services.linking_oneself import Outside
from bot.services.service_lines import ServiceLines
from bot.services.workspaces import WorkspaceService
from bot.settings import Settings
from bot.store.attempts import AttemptStore
from bot.store.database import Database, migrate
from bot.store.identity_services import IdentityServiceStore
from bot.store.instance import only_server_of
from bot.store.keyring import KeyRing
from bot.store.rotation import rotate_all
from bot.store.workspaces import WorkspaceStore
from bot.tracing import discord_trace
from bot.vitals import Vitals


def utc_now() -> datetime:
    """The clock of the process."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_bot(
    settings: Settings,
    clock: Callable[[], datetime] = utc_now,
    monotonic: Callable[[], float] = time.monotonic,
    **options: object,
) -> AsyncIterator[MusterBot]:
    """A bot with everything it needs, not connected yet. `options` go to discord.py's client."""
    share = _share(settings)
    await migrate(settings.database_url)
    database = await Database.open(settings.database_url, share=share)
    keyring = KeyRing(settings.secret_keys)
    store, services = WorkspaceStore(database, keyring), IdentityServiceStore(database, keyring)
    outside = _open_outside(settings, services)
    background, metrics, lanes = Background(), Metrics(), Lanes()
    database.observe = metrics.database
    first_answers = FirstAnswers(metrics)
    trace = discord_trace(metrics, first_answers)
    bot = MusterBot(background, clock, http_trace=trace, **_sharding(settings), **options)
    bot.metrics, bot.turns = metrics, IdentifyTurns(database, background)
    bot.first_answers = first_answers
    messenger = DiscordMessenger(bot, metrics.board)
    policy = UpstreamPolicy(settings.allow_insecure_upstreams, settings.allow_private_upstreams)
    workspaces = WorkspaceService(store, messenger, policy, clock)
    try:
        await rotate_all(database, keyring)  # refuses the start when a key of theirs is missing
        attempts = AttemptStore(database, keyring)
        bot.services = build_services(
            Ground(
                settings, database, attempts, workspaces, services, messenger, outside,
                background, lanes, metrics, clock, monotonic,
            )
        )  # fmt: skip
        bot.vitals = Vitals(
            bot, background, database, attempts, lanes, workspaces, metrics, first_answers
        )
        async with only_server_of(share, database) as bot.displaced:
            yield bot
    finally:
        await background.stop()
        await workspaces.aclose()
        await outside.lines.aclose()
        await outside.headshots.aclose()
        await outside.roblox.aclose()
        await database.close()


def _open_outside(settings: Settings, services: IdentityServiceStore) -> Outside:
    key = settings.roblox_open_cloud_key
    cloud = OpenCloud(str(settings.roblox_cloud_url), key) if key is not None else None
    roblox = Roblox(str(settings.roblox_users_url), str(settings.roblox_groups_url), cloud)
    urls = {
        IdentityKind.BLOXLINK: str(settings.bloxlink_url),
        IdentityKind.ROVER: str(settings.rover_url),
    }
    headshots = Headshots(str(settings.roblox_thumbnails_url))
    return Outside(roblox, headshots, ServiceLines(services, urls))


def _share(settings: Settings) -> ShardRange:
    share = settings.shards or EVERYTHING
    if not share.is_everything and not settings.database_url.startswith("postgresql://"):
        raise StartRefused(
            "MUSTER_SHARDS: several processes cannot share an SQLite file. Give this one all"
            " shards, or set MUSTER_DATABASE_URL to a PostgreSQL server."
        )
    return share


def _sharding(settings: Settings) -> dict[str, Any]:
    """Which shards discord.py connects; without the setting it asks Discord how many it wants."""
    if settings.shards is None:
        return {}
    return {"shard_ids": settings.shards.ids, "shard_count": settings.shards.count}
