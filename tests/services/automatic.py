"""What happens by itself, over a bench: the workers as `bot.app` builds them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.models import Announcement, Workspace
from bot.services.autoposting import Autoposter, AutopostStores
from bot.services.posting import Poster
from bot.services.reminders import ReminderChoices, ReminderService
from bot.services.threads import ThreadService
from bot.services.today import TodayService
from bot.store.app_state import AppState
from bot.store.automation import AutomationStore
from bot.store.guild_settings import GuildSettingsStore
from bot.store.preferences import PreferenceStore
from bot.store.reminders import ReminderStore
from tests.services.bench import GUILD, Bench


class Automatic:
    """One process's workers."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        database, clock = bench.database, bench.clock
        self.store, self.preferences = AutomationStore(database), PreferenceStore(database)
        self.settings = GuildSettingsStore(database)
        self.autoposter = Autoposter(
            AutopostStores(self.store, bench.announcements, bench.links, AppState(database)),
            bench.workspaces, bench.catalog,
            Poster(bench.announcements, bench.boards, bench.messenger, clock), bench.messenger,
            bench.host_log, bench.background, clock,
        )  # fmt: skip
        self.threads = ThreadService(
            self.store, bench.workspaces, bench.messenger, bench.host_log, bench.background, clock,
        )  # fmt: skip
        self.reminders = ReminderService(
            ReminderStore(database), self.preferences, bench.links, bench.announcements,
            bench.workspaces, bench.messenger, bench.background, clock,
        )  # fmt: skip
        self.choices = ReminderChoices(self.preferences, bench.workspaces, bench.messenger)
        self.today = TodayService(
            self.settings, bench.workspaces, bench.catalog, bench.announcements, bench.people,
            clock,
        )  # fmt: skip

    async def _once(self, work: Callable[[], Awaitable[None]]) -> None:
        await work()
        await self.bench.background.settle()

    async def post(self) -> None:
        """One round of automatic posts, to its end."""
        await self._once(self.autoposter.post_due)

    async def open_threads(self) -> None:
        """One round of threads, to its end."""
        await self._once(self.threads.ensure_all)

    async def remind(self) -> None:
        """One round of reminders, to its end."""
        await self._once(self.reminders.remind_due)

    async def announced(self, guild_id: int = GUILD) -> list[Announcement]:
        """The guild's live announcements."""
        return await self.bench.announcements.list_live(guild_id)

    async def crash(self) -> Automatic:
        """The next process on the same database."""
        return Automatic(await self.bench.crash())


def shifted(bench: Bench, minutes: float) -> None:
    """The platform's session moves."""
    for session_id, session in bench.platform.sessions.items():
        delta = timedelta(minutes=minutes)
        bench.platform.sessions[session_id] = replace(
            session, starts_at=session.starts_at + delta, ends_at=session.ends_at + delta
        )


async def wanting(bench: Bench, workspace: Workspace, **changes: Any) -> Workspace:
    """The workspace with these settings."""
    changed = await bench.workspace_store.update(
        workspace.guild_id, workspace.workspace_id, **changes
    )
    assert changed is not None
    return changed
