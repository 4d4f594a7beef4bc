"""The lines to Bloxlink and RoVer: one for each guild that has given its own key."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping

from pydantic import SecretStr

from bot.errors import ProviderError
from bot.models import IdentityKind
from bot.providers.identity.base import IdentityService, Resolution
from bot.providers.identity.base import NotResolved as NotResolved
from bot.providers.identity.bloxlink import Bloxlink
from bot.providers.identity.rover import Rover
from bot.store.identity_services import IdentityServiceStore

log = logging.getLogger(__name__)

MOST_OPEN = 500  # lines; the one that was unused longest is closed for a new one
_CLASSES = {IdentityKind.BLOXLINK: Bloxlink, IdentityKind.ROVER: Rover}

Answers = dict[IdentityKind, Resolution | ProviderError]


class ServiceLines:
    """Asks the services of a guild about one of its members, who acted just now."""

    def __init__(self, store: IdentityServiceStore, urls: Mapping[IdentityKind, str]) -> None:
        self._store = store
        self._urls = urls  # the operator's choice, never a guild's
        self._lines: OrderedDict[tuple[int, IdentityKind], IdentityService] = OrderedDict()
        self._drops = 0  # how often a key was changed

    async def ask_all(self, guild_id: int, discord_id: int) -> Answers:
        """What each service of the guild says, or why it says nothing. Empty: there is none."""
        kinds = [service.kind for service in await self._store.list_all(guild_id)]
        found = await asyncio.gather(*(self.ask(guild_id, kind, discord_id) for kind in kinds))
        return {
            kind: answer for kind, answer in zip(kinds, found, strict=True) if answer is not None
        }

    async def ask(
        self, guild_id: int, kind: IdentityKind, discord_id: int
    ) -> Resolution | ProviderError | None:
        """What one service says, or why it says nothing; None when the guild does not use it."""
        line = await self._line(guild_id, kind)
        return await _resolve(line, discord_id) if line is not None else None

    def forget_member(self, discord_id: int) -> None:
        """Hold nothing in memory of what any service said about this person."""
        for line in self._lines.values():
            line.forget(discord_id)

    async def try_key(
        self, guild_id: int, kind: IdentityKind, key: SecretStr, discord_id: int
    ) -> Resolution | ProviderError:
        """What the service says with a key that is not stored. Raises Refusal for an odd key."""
        line = self._open(guild_id, kind, key)
        try:
            return await _resolve(line, discord_id)
        finally:
            await line.aclose()

    async def drop(self, guild_id: int, kind: IdentityKind) -> None:
        """The key is another one now, or gone."""
        self._drops += 1
        line = self._lines.pop((guild_id, kind), None)
        if line is not None:
            await line.aclose()

    async def drop_guild(self, guild_id: int) -> None:
        """The guild's keys are gone."""
        for kind in IdentityKind:
            await self.drop(guild_id, kind)

    async def aclose(self) -> None:
        """Close all lines."""
        for guild_id, kind in list(self._lines):
            await self.drop(guild_id, kind)

    async def _line(self, guild_id: int, kind: IdentityKind) -> IdentityService | None:
        name = (guild_id, kind)
        while name not in self._lines:
            drops = self._drops
            key = await self._store.get_key(guild_id, kind)
            if drops != self._drops:  # it may have been changed while it was read
                continue
            if key is None:
                return None
            self._lines.setdefault(name, self._open(guild_id, kind, key))
        self._lines.move_to_end(name)
        while len(self._lines) > MOST_OPEN:
            _, oldest = self._lines.popitem(last=False)
            await oldest.aclose()
        return self._lines[name]

    def _open(self, guild_id: int, kind: IdentityKind, key: SecretStr) -> IdentityService:
        return _CLASSES[kind](self._urls[kind], guild_id, key)


async def _resolve(line: IdentityService, discord_id: int) -> Resolution | ProviderError:
    try:
        return await line.resolve(discord_id)
    except ProviderError as error:
        log.info("member %s not looked up: %s", discord_id, error)
        return error
