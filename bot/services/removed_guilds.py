"""Muster was taken out of a guild: its keys go at once, its data after a while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from bot.errors import MessengerError
from bot.services.catalog import SessionCatalog
from bot.services.ports import Messenger
from bot.services.workspaces import WorkspaceService
from bot.store.app_state import AppState
from bot.store.removed_guilds import RemovedGuildStore

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Present:
    """In which guilds Muster is, and as which application."""

    application_id: int
    guild_ids: set[int]


Removed = Callable[[int], Awaitable[object]]  # (guild id)


class RemovedGuilds:
    """Believes in the event itself, or in two answers of Discord that agree; in no outage."""

    def __init__(
        self,
        store: RemovedGuildStore,
        app_state: AppState,
        workspaces: WorkspaceService,
        catalog: SessionCatalog,
        messenger: Messenger,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._app_state = app_state
        self._workspaces = workspaces
        self._catalog = catalog
        self._messenger = messenger
        self._clock = clock
        self._turn = asyncio.Lock()  # what Discord says first is done first
        self._owed: set[int] = set()  # guilds whose keys could not be erased yet
        self._present: _Present | None = None  # what Discord said and is not compared yet
        self._absent: set[int] = set()  # stored guilds that Discord did not name
        self._compared = False  # since this start
        self._listeners: list[Removed] = []

    def on_removed(self, listener: Removed) -> None:
        """Call `listener` when the keys of a guild were erased, to drop what holds one."""
        self._listeners.append(listener)

    async def note_removed(self, guild_id: int) -> None:
        """Discord said that Muster was taken out. From here on nothing is done for the guild."""
        self._owed.add(guild_id)
        if self._present is not None:
            self._present.guild_ids.discard(guild_id)
        async with self._turn:
            await self._erase_keys(guild_id)

    async def note_present(self, guild_ids: Collection[int]) -> None:
        """Muster is in these guilds (again): their data stays. Their keys must be typed anew."""
        self._absent -= set(guild_ids)
        if self._present is not None:
            self._present.guild_ids.update(guild_ids)
        async with self._turn:
            self._owed -= set(guild_ids)
            await self._keep(guild_ids)

    async def note_ready(self, application_id: int, guild_ids: Collection[int]) -> None:
        """Discord named all guilds of this process that this application is in."""
        self._present = _Present(application_id, set(guild_ids))
        await self.catch_up()

    async def catch_up(self) -> None:
        """Do what a database, or a Discord, out of order kept us from doing."""
        for guild_id in list(self._owed):
            async with self._turn:
                if guild_id in self._owed:
                    await self._erase_keys(guild_id)
        async with self._turn:
            if (present := self._present) is not None:
                await self._compare(present)
                self._compared = True
                if self._present is present:
                    self._present = None
        for guild_id in sorted(self._absent):
            await self._ask_about(guild_id)

    async def _compare(self, present: _Present) -> None:
        """Who was invited again while nobody heard it is kept; who is not named is asked after."""
        await self._keep(present.guild_ids)
        last, now = await self._app_state.get(self._named_by), str(present.application_id)
        if last == now:
            self._absent = await self._store.list_connected() - present.guild_ids
        else:  # another bot's token is no reason to erase anything
            await self._app_state.set(self._named_by, now)

    async def _ask_about(self, guild_id: int) -> None:
        """Taken out while nobody heard it: only if Discord says so when asked for this guild."""
        try:
            here = await self._messenger.is_in_guild(guild_id)
        except MessengerError as error:
            log.info("guild %s is asked after later: %s", guild_id, error)
            return
        async with self._turn:
            if guild_id in self._absent and not here:  # nor invited meanwhile
                await self._erase_keys(guild_id)
            self._absent.discard(guild_id)

    @property
    def _named_by(self) -> str:
        """In `app_state`: the application that was last told its guilds here."""
        return f"guilds named to {self._app_state.share}"

    async def _keep(self, guild_ids: Collection[int]) -> None:
        for guild_id in await self._store.mark_joined(guild_ids):
            log.info("back in guild %s: its data stays", guild_id)

    async def _erase_keys(self, guild_id: int) -> None:
        workspace_ids = await self._store.mark_removed(guild_id, self._clock())
        for workspace_id in workspace_ids:
            await self._workspaces.disconnect(workspace_id)
            self._catalog.forget(workspace_id)
        for listener in self._listeners:
            await listener(guild_id)
        self._owed.discard(guild_id)
        log.info("taken out of guild %s: keys of %s erased", guild_id, workspace_ids)

    async def erase_due(self, before: datetime) -> bool:
        """Erase the data of guilds that took Muster out before then; False: it is too early.

        Nobody knows who invited Muster again before Discord has named its guilds since the start.
        A guild with something unsettled waits for the next time.
        """
        if not self._compared:
            return False
        for guild_id in await self._store.list_removed(before):
            async with self._turn:
                await self._erase(guild_id, before)
        return True

    async def _erase(self, guild_id: int, before: datetime) -> None:
        if self._messenger.guild_name(guild_id) is not None:
            await self._keep([guild_id])
        elif guild_id not in await self._store.list_removed(before):
            return  # back since the list was made
        elif await self._store.erase(guild_id):
            log.info("data of guild %s erased", guild_id)
        else:
            log.warning("guild %s has unsettled claims: erased later", guild_id)
