"""Who a Roblox id is, in words for a board or an answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

from bot.errors import ProviderError
from bot.models import RobloxUser
from bot.providers.bounds import Monotonic
from bot.providers.identity.cache import AgedCache
from bot.providers.identity.roblox import Roblox
from bot.store.links import LinkStore

log = logging.getLogger(__name__)

NAMES_REMEMBERED = 20_000
NAME_AGE = 3600.0  # seconds; names only label, ids decide
ABSENT_AGE = 600.0  # an account that is gone is not asked for at every board


class People:
    """Labels for Roblox ids: the linked member where there is one, else the Roblox name."""

    def __init__(
        self, links: LinkStore, roblox: Roblox, monotonic: Monotonic = time.monotonic
    ) -> None:
        self._links = links
        self._roblox = roblox
        self._names: AgedCache[int, RobloxUser] = AgedCache(NAMES_REMEMBERED, monotonic)

    async def labels(self, guild_id: int, roblox_ids: Iterable[int]) -> dict[int, str]:
        """A label for each id: a member mention in this guild, a Roblox name, or the bare id.

        Never raises for an unreachable Roblox: a board with old names or ids is better than none.
        """
        wanted = set(roblox_ids)
        links = await self._links.map_by_roblox(guild_id, wanted)
        labels = {roblox_id: f"<@{link.discord_id}>" for roblox_id, link in links.items()}
        names = await self._fetch_names(wanted - labels.keys())
        for roblox_id in wanted - labels.keys():
            user = names.get(roblox_id)
            labels[roblox_id] = user.username if user else f"Roblox user {roblox_id}"
        return labels

    async def _fetch_names(self, roblox_ids: set[int]) -> dict[int, RobloxUser]:
        try:
            return await self._names.fetch_many(
                sorted(roblox_ids), self._roblox.fetch_users, NAME_AGE, ABSENT_AGE
            )
        except ProviderError as error:
            log.warning("Roblox names could not be read: %s", error)
            return self._names.get_held(roblox_ids)
