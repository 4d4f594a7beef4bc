"""Threads: every announcement of a workspace that wants them gets one, for talk and reminders."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.background import Background
from bot.errors import MessengerError
from bot.models import Announcement, Workspace
from bot.services.hostlog import HostLog
from bot.services.pages import in_pages
from bot.services.ports import Messenger
from bot.services.rounds import Rounds
from bot.services.workspaces import WorkspaceService
from bot.store.automation import AutomationStore
from bot.text import safe

log = logging.getLogger(__name__)

PAUSE = timedelta(minutes=15)  # between two tries to open the same thread


class ThreadService:
    """Opens what is missing. Whichever door posted, and whatever crashed since, it is found."""

    def __init__(
        self,
        store: AutomationStore,
        workspaces: WorkspaceService,
        messenger: Messenger,
        host_log: HostLog,
        background: Background,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._workspaces = workspaces
        self._messenger = messenger
        self._host_log = host_log
        self._clock = clock
        self._rounds = Rounds(background, "threads")
        self._failed_at: dict[int, datetime] = {}  # announcement -> last try

    async def ensure_all(self) -> None:
        """Open the threads that live announcements lack."""
        lacking: dict[int, list[Announcement]] = {}
        async for one in in_pages(self._store.list_threadless, 0, lambda one: one.announcement_id):
            lacking.setdefault(one.workspace_id, []).append(one)
        numbers = {one.announcement_id for group in lacking.values() for one in group}
        self._failed_at = {n: at for n, at in self._failed_at.items() if n in numbers}
        for workspace_id, group in lacking.items():
            self._rounds.start(workspace_id, self._round, workspace_id, group)

    async def _round(self, workspace_id: int, lacking: list[Announcement]) -> None:
        workspace = await self._workspaces.get_anywhere(workspace_id)
        if workspace is None or not workspace.threads:
            return
        for announcement in lacking:
            failed_at = self._failed_at.get(announcement.announcement_id)
            if failed_at is None or self._clock() - failed_at >= PAUSE:
                await self._open(announcement, workspace)

    async def _open(self, announcement: Announcement, workspace: Workspace) -> None:
        number = announcement.announcement_id
        assert announcement.message_id is not None  # as chosen above
        try:
            thread_id = await self._messenger.open_thread(
                announcement.guild_id, announcement.channel_id, announcement.message_id,
                announcement.title,
            )  # fmt: skip
        except MessengerError as error:
            log.warning("no thread for announcement %s: %s", number, error)
            if number not in self._failed_at:
                self._host_log.say(workspace, self._told(announcement, error))
            self._failed_at[number] = self._clock()
            return
        self._failed_at.pop(number, None)
        await self._store.set_thread(number, thread_id)

    def _told(self, announcement: Announcement, error: MessengerError) -> str:
        missing = self._messenger.missing_permissions(announcement.channel_id, threads=True)
        lacks = f" Muster lacks {', '.join(missing)} there." if missing else ""
        return (
            f"⚠ “{safe(announcement.title)}” has no thread yet: {error}{lacks} Muster keeps trying."
        )
