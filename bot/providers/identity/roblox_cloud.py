"""Roblox Open Cloud: the calls that an operator's key makes possible."""

from __future__ import annotations

import functools
import time
from typing import Any

from pydantic import ConfigDict, SecretStr
from pydantic.alias_generators import to_camel

from bot.models import RobloxUser
from bot.providers import ids
from bot.providers.bounds import DEFAULT_BOUNDS, Bounds, Monotonic
from bot.providers.guard import UpstreamPolicy
from bot.providers.http import Wire
from bot.providers.identity.cache import AgedCache
from bot.providers.identity.dialects import ROBLOX_CLOUD
from bot.providers.payloads import MaybeRobloxId, MaybeText, Payload, Text, parse
from bot.providers.verdicts import Json, misread

ROLES_PER_PAGE = 20  # the most that Roblox gives
MOST_PAGES = 20
GROUPS_REMEMBERED = 1000


class _Payload(Payload):
    model_config = ConfigDict(alias_generator=to_camel)


class _User(_Payload):
    id: MaybeRobloxId
    name: Text
    display_name: Text = ""


class _Profile(_Payload):
    about: Text


class _Members(_Payload):
    group_memberships: list[Any]


class _Member(_Payload):
    user: str
    role: str


class _Roles(_Payload):
    group_roles: list[Any]
    next_page_token: MaybeText = None


class _Role(_Payload):
    path: str
    rank: int


class OpenCloud:
    """Asks Open Cloud with the operator's key. What it could not ask raises a ProviderError.

    Raises Refusal when no header can carry the key.
    """

    def __init__(
        self,
        url: str,
        key: SecretStr,
        *,
        bounds: Bounds = DEFAULT_BOUNDS,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        policy = UpstreamPolicy(allow_insecure=True, allow_private=True)  # the operator's choice
        self._wire = Wire(
            url.rstrip("/"), ROBLOX_CLOUD, key, policy, monotonic=monotonic, bounds=bounds
        )
        self._roles: AgedCache[int, dict[str, int]] = AgedCache(GROUPS_REMEMBERED, monotonic)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()

    async def fetch_user(self, roblox_id: int) -> RobloxUser:
        """The account with this id."""
        user = parse(_User, await self._fetch_profile(roblox_id), ROBLOX_CLOUD)
        if user.id != roblox_id:
            raise misread(ROBLOX_CLOUD)
        return RobloxUser(roblox_id, user.name, user.display_name or user.name)

    async def fetch_profile_text(self, roblox_id: int) -> str:
        """The text that the account's owner wrote about themselves."""
        return parse(_Profile, await self._fetch_profile(roblox_id), ROBLOX_CLOUD).about

    async def fetch_rank(self, roblox_id: int, group_id: int, max_age: float) -> int:
        """The person's rank (1-255) in the group; 0 when not in it.

        What the group's roles are may be `max_age` seconds old.
        """
        query = {"maxPageSize": "1", "filter": f"user == 'users/{roblox_id}'"}
        answer = await self._wire.get(_group_path(group_id, "memberships"), query)
        members = parse(_Members, answer, ROBLOX_CLOUD).group_memberships
        if not members:
            return 0
        member = parse(_Member, members[0], ROBLOX_CLOUD)
        if member.user != f"users/{roblox_id}":
            raise misread(ROBLOX_CLOUD)  # the filter was not understood
        for age in (max_age, 0):  # a role that we do not know may be newer than what we know
            ranks = await self._fetch_ranks(group_id, age)
            if member.role in ranks:
                return ranks[member.role]
        raise misread(ROBLOX_CLOUD)

    async def _fetch_profile(self, roblox_id: int) -> Json:
        return await self._wire.get(ids.path("cloud", "v2", "users", str(roblox_id)))

    async def _fetch_ranks(self, group_id: int, max_age: float) -> dict[str, int]:
        """Ranks by role path."""
        load = functools.partial(self._load_ranks, group_id)
        return await self._roles.fetch(group_id, load, max_age)

    async def _load_ranks(self, group_id: int) -> dict[str, int]:
        ranks: dict[str, int] = {}
        query = {"maxPageSize": str(ROLES_PER_PAGE)}
        for _ in range(MOST_PAGES):
            answer = await self._wire.get(_group_path(group_id, "roles"), query)
            page = parse(_Roles, answer, ROBLOX_CLOUD)
            roles = [parse(_Role, item, ROBLOX_CLOUD) for item in page.group_roles]
            ranks.update((role.path, role.rank) for role in roles)
            if not page.next_page_token:
                return ranks
            query["pageToken"] = page.next_page_token
        raise misread(ROBLOX_CLOUD)


def _group_path(group_id: int, part: str) -> str:
    return ids.path("cloud", "v2", "groups", str(group_id), part)
