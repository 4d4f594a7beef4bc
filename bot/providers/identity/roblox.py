"""Who is who on Roblox: names, ids, group ranks and profile texts."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from bot.errors import KeyRefused, UpstreamFacts, UpstreamNotFound, UpstreamRefused
from bot.models import RobloxProfile, RobloxUser
from bot.providers import ids
from bot.providers.bounds import DEFAULT_BOUNDS, Bounds, Monotonic
from bot.providers.dialects import ROBLOX
from bot.providers.identity.cache import AgedCache
from bot.providers.identity.dialects import RESOURCE
from bot.providers.identity.roblox_cloud import OpenCloud
from bot.providers.identity.roblox_public import NO_USER, PublicRoblox

log = logging.getLogger(__name__)

T = TypeVar("T")

RANK_AGE = 30.0  # seconds
RANKS_REMEMBERED = 10_000
CLOUD_PAUSE = 600.0  # seconds until a refused key is tried again


class Roblox:
    """Asks Roblox. What it could not ask raises a ProviderError, and never looks like a no.

    With `cloud`, which is closed with this, Open Cloud is asked where it can answer, and the public
    APIs where its key is refused.
    """

    def __init__(
        self,
        users_url: str,
        groups_url: str,
        cloud: OpenCloud | None = None,
        *,
        bounds: Bounds = DEFAULT_BOUNDS,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        self._public = PublicRoblox(users_url, groups_url, bounds)
        self._cloud = cloud
        self._monotonic = monotonic
        self._ranks: AgedCache[tuple[int, int], int] = AgedCache(RANKS_REMEMBERED, monotonic)
        self._refused_at: dict[str, float] = {}  # by what Open Cloud was asked for

    async def aclose(self) -> None:
        """Close the connections."""
        await self._public.aclose()
        if self._cloud is not None:
            await self._cloud.aclose()

    async def fetch_user_by_name(self, name: str) -> RobloxUser | None:
        """The account with this username, or None. Finds previous names too: compare before use."""
        return (await self.fetch_users_by_name([name])).get(name)

    async def fetch_users_by_name(self, names: Iterable[str]) -> dict[str, RobloxUser]:
        """The accounts with these usernames, by the name as given; unknown names are missing.

        Case does not matter. Finds previous names too: compare before use.
        """
        return await self._public.fetch_users_by_name(names)

    async def fetch_user(self, roblox_id: int) -> RobloxUser | None:
        """The account with this id, or None."""
        if not ids.is_roblox_id(roblox_id):
            return None
        try:
            return await self._prefer_cloud(
                "users",
                lambda cloud: cloud.fetch_user(roblox_id),
                lambda: self._public.fetch_user(roblox_id),
            )
        except UpstreamNotFound as error:
            if error.what != NO_USER:
                raise
            return None

    async def fetch_users(self, roblox_ids: Iterable[int]) -> dict[int, RobloxUser]:
        """The accounts with these ids; unknown ids are missing from the answer."""
        return await self._public.fetch_users(roblox_ids)

    async def fetch_profile(self, roblox_id: int) -> RobloxProfile | None:
        """What everybody sees of the account with this id, or None."""
        if not ids.is_roblox_id(roblox_id):
            return None
        try:
            return await self._public.fetch_card(roblox_id)
        except UpstreamNotFound as error:
            if error.what != NO_USER:
                raise
            return None
        except (KeyRefused, UpstreamRefused):
            if self._cloud is None:
                raise
            user = await self.fetch_user(roblox_id)
            return RobloxProfile(user) if user else None

    async def fetch_profile_text(self, roblox_id: int) -> str:
        """What the owner of this account wrote under "About"; may be empty.

        Roblox may serve it a little late. UpstreamNotFound with `what` "user": no such account.
        """
        if not ids.is_roblox_id(roblox_id):
            facts = UpstreamFacts(ROBLOX.platform)
            raise UpstreamNotFound("Roblox does not have this user.", facts, NO_USER)
        return await self._prefer_cloud(
            "users",
            lambda cloud: cloud.fetch_profile_text(roblox_id),
            lambda: self._public.fetch_profile_text(roblox_id),
        )

    async def fetch_rank(self, roblox_id: int, group_id: int, *, max_age: float = RANK_AGE) -> int:
        """The person's rank (1-255) in the group, less than `max_age` seconds old; 0: not in it."""
        if not ids.is_roblox_id(roblox_id):
            return 0

        async def load() -> int:
            return await self._prefer_cloud(
                "groups",
                lambda cloud: cloud.fetch_rank(roblox_id, group_id, max_age),
                lambda: self._public.fetch_rank(roblox_id, group_id),
            )

        return await self._ranks.fetch((roblox_id, group_id), load, max_age)

    async def _prefer_cloud(
        self,
        part: str,
        cloud: Callable[[OpenCloud], Awaitable[T]],
        public: Callable[[], Awaitable[T]],
    ) -> T:
        """Open Cloud's answer, or the public one where the key is not good for this `part`."""
        if self._cloud is None or self._is_refused(part):
            return await public()
        try:
            answer = await cloud(self._cloud)
            self._refused_at.pop(part, None)
            return answer
        except UpstreamNotFound as error:
            if error.what != RESOURCE:  # one that is missing, the public API knows how to say
                self._note_refusal(part, error)
        except (KeyRefused, UpstreamRefused) as error:
            self._note_refusal(part, error)
        return await public()

    def _is_refused(self, part: str) -> bool:
        at = self._refused_at.get(part)
        return at is not None and self._monotonic() - at < CLOUD_PAUSE

    def _note_refusal(self, part: str, error: Exception) -> None:
        if part not in self._refused_at:  # once, until it works again
            log.warning("Roblox is asked for %s without the Open Cloud key: %s", part, error)
        self._refused_at[part] = self._monotonic()
