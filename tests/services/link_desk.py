"""The services of links over a bench, as `bot.app` puts them together."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

import pytest_asyncio

from bot.models import AccountLink, LinkSource
from bot.providers.identity.headshots import Headshots
from bot.providers.identity.roblox import Roblox
from bot.services.bulk_names import BulkNames
from bot.services.guild_log import GuildLog
from bot.services.link_cards import Card, LinkCards, Linked
from bot.services.link_directory import LinkDirectory
from bot.services.link_imports import LinkImports
from bot.services.link_names import NameRefresher
from bot.services.link_notices import LinkNotices
from bot.services.link_plans import LinkPlanner
from bot.store.link_imports import ImportStore
from bot.store.link_lists import LinkLists
from bot.store.link_notices import LinkNoticeStore
from bot.store.link_wishes import LinkWishStore
from tests.services.bench import ADMIN, GUILD, Bench, actor

LIFE = timedelta(days=30)  # of a name
MEMBER = 234567890123456000  # and those after it: Discord ids as long as real ones


class FakePictures:
    """In place of `bot.providers.identity.headshots.Headshots`."""

    def __init__(self) -> None:
        self.urls: dict[int, str] = {}

    async def fetch(self, roblox_id: int) -> str:
        """What was set, or nothing."""
        return self.urls.get(roblox_id, "")


@dataclass
class Desk:
    """What admins use, and how long it was slept meanwhile."""

    bench: Bench
    slept: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        bench, database = self.bench, self.bench.database
        roblox, self.pictures = cast(Roblox, bench.roblox), FakePictures()
        self.lists, self.import_store = LinkLists(database), ImportStore(database)
        self.wishes, self.notice_store = LinkWishStore(database), LinkNoticeStore(database)
        self.names = BulkNames(roblox, bench.clock, self.sleep, lambda: bench.ticks)
        self.guild_log = GuildLog(bench.workspaces, bench.messenger, bench.background)
        self.notices = LinkNotices(
            self.notice_store, bench.links, bench.preferences, bench.messenger, self.guild_log
        )
        self.cards = LinkCards(
            bench.linking, bench.links, self.wishes, roblox, cast(Headshots, self.pictures),
            bench.workspaces, bench.catalog, self.notices, self.guild_log, bench.clock,
        )  # fmt: skip
        self.refresher = NameRefresher(self.lists, self.names, LIFE, bench.clock)
        self.directory = LinkDirectory(bench.linking, bench.links, self.lists, self.refresher)
        planner = LinkPlanner(bench.links, self.lists, self.names, bench.messenger, self.sleep)
        self.imports = LinkImports(self.import_store, planner, self.guild_log, bench.clock)

    async def sleep(self, seconds: float) -> None:
        """Time passes at once."""
        self.slept.append(seconds)
        self.bench.ticks += seconds

    async def add(self, discord_id: int, account: str, guild_id: int = GUILD) -> AccountLink:
        """Card and confirmation, which go well."""
        who = actor(ADMIN, guild_id)
        card = await self.cards.show(who, discord_id, account)
        assert isinstance(card, Card)
        linked = await self.cards.confirm(who, card.wish.wish_id)
        assert isinstance(linked, Linked)
        return linked.link

    async def store(self, discord_id: int, roblox_id: int, **changes: object) -> AccountLink:
        """A link as it may have been made long ago."""
        now = self.bench.clock()
        values: dict[str, object] = {
            "guild_id": GUILD, "discord_id": discord_id, "roblox_id": roblox_id,
            "username": f"old{roblox_id}", "username_at": now, "source": LinkSource.ADMIN,
            "linked_by": ADMIN, "linked_at": now,
        }  # fmt: skip
        link = AccountLink(**(values | changes))  # type: ignore[arg-type]  # by name
        await self.bench.links.add(link)
        return link

    async def restart(self) -> Desk:
        """The next process on the same database."""
        return Desk(await self.bench.crash())


@pytest_asyncio.fixture
async def desk(bench: Bench) -> Desk:
    """Three accounts at Roblox, one of them called by a number."""
    bench.roblox.add(156, "Builderman")
    bench.roblox.add(200, "some_one")
    bench.roblox.add(300, "200200")
    return Desk(bench)
