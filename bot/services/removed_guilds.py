"""Muster was taken out of a guild: its keys go at once, its data after a while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime

from bot.services.catalog import SessionCatalog
from bot.services.ports import Messenger
from bot.services.workspaces import WorkspaceService
from bot.store.removed_guilds import RemovedGuildStore

log = logging.getLogger(__name__)

Removed = Callable[[int], Awaitable[object]]  # (guild id)


class RemovedGuilds:
    """Believes only in the event itself: an outage, a shard or a start without a guild is none."""

    def __init__(
        self,
        store: RemovedGuildStore,
        workspaces: WorkspaceService,
        catalog: SessionCatalog,
        messenger: Messenger,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._workspaces = workspaces
        self._catalog = catalog
        self._messenger = messenger
        self._clock = clock
        self._turn = asyncio.Lock()  # what Discord says first is done first
        self._owed: set[int] = set()  # guilds whose keys could not be erased yet
        self._listeners: list[Removed] = []

    def on_removed(self, listener: Removed) -> None:
        """Call `listener` when the keys of a guild were erased, to drop what holds one."""
        self._listeners.append(listener)

    async def note_removed(self, guild_id: int) -> None:
        """Discord said that Muster was taken out. From here on nothing is done for the guild."""
        self._owed.add(guild_id)
        async with self._turn:
            await self._erase_keys(guild_id)

    async def note_present(self, guild_ids: Collection[int]) -> None:
        """Muster is in these guilds (again): their data stays. Their keys must be typed anew."""
        async with self._turn:
            self._owed -= set(guild_ids)
            for guild_id in await self._store.mark_joined(guild_ids):
                log.info("back in guild %s: its data stays", guild_id)

    async def erase_owed(self) -> None:
        """Erase the keys that a database out of order kept us from erasing."""
        for guild_id in list(self._owed):
            async with self._turn:
                if guild_id in self._owed:
                    await self._erase_keys(guild_id)

    async def _erase_keys(self, guild_id: int) -> None:
        workspace_ids = await self._store.mark_removed(guild_id, self._clock())
        for workspace_id in workspace_ids:
            await self._workspaces.disconnect(workspace_id)
            self._catalog.forget(workspace_id)
        for listener in self._listeners:
            await listener(guild_id)
        self._owed.discard(guild_id)
        log.info("taken out of guild %s: keys of %s erased", guild_id, workspace_ids)

    async def erase_due(self, before: datetime) -> None:
        """Erase the data of guilds that took Muster out before then.

        A guild with something unsettled waits for the next time.
        """
        for guild_id in await self._store.list_removed(before):
            if self._messenger.guild_name(guild_id) is not None:
                await self.note_present([guild_id])
            elif await self._store.erase(guild_id):
                log.info("data of guild %s erased", guild_id)
            else:
                log.warning("guild %s has unsettled claims: erased later", guild_id)
