"""What is forgotten, over a bench: the services as `bot.app` builds them."""

from __future__ import annotations

from bot.services.departures import Departures
from bot.services.erasing import ErasingService
from bot.services.my_data import MyDataService
from bot.services.removed_guilds import RemovedGuilds
from bot.services.retention import Limits, Retention
from bot.store.app_state import AppState
from bot.store.departures import DepartureStore
from bot.store.erasures import ErasureStore
from bot.store.personal import PersonalDataStore
from bot.store.removed_guilds import RemovedGuildStore
from bot.store.retention import RetentionStore
from tests.services.bench import Bench

APPLICATION = 4000
LIMITS = Limits(journal=365, removed_guilds=30)


class Private:
    """One process's services of members' own data."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        database, clock = bench.database, bench.clock
        self.data, self.promises = PersonalDataStore(database), ErasureStore(database)
        self.my_data = MyDataService(self.data, bench.messenger, clock)
        self.erasing = ErasingService(
            self.promises, self.data, bench.boards, bench.background, clock
        )
        self.erasing.on_erasing(bench.waitlist.forget_everywhere)
        self.removed = RemovedGuilds(
            RemovedGuildStore(database),
            AppState(database),
            bench.workspaces,
            bench.catalog,
            bench.messenger,
            clock,
        )
        self.retention = Retention(
            RetentionStore(database), AppState(database), self.removed, LIMITS, clock
        )
        self.departures = Departures(
            DepartureStore(database), bench.announcements, bench.links, bench.workspaces,
            bench.claims, bench.messenger, bench.host_log, bench.background, clock,
        )  # fmt: skip

    async def ready(self, *guild_ids: int, application_id: int = APPLICATION) -> None:
        """Discord names the guilds that Muster is in."""
        await self.removed.note_ready(application_id, guild_ids)

    async def look(self) -> None:
        """One round of asking who left, to its end."""
        await self.departures.look()
        await self.bench.background.settle()

    async def crash(self) -> Private:
        """The next process on the same database."""
        return Private(await self.bench.crash())
