"""Roblox's public users and groups APIs: names, ids and group ranks, without a key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from bot.errors import UpstreamNotFound
from bot.models import RobloxUser
from bot.providers import ids
from bot.providers.dialects import ROBLOX
from bot.providers.guard import UpstreamPolicy
from bot.providers.http import DEFAULT_BOUNDS, Bounds, Wire
from bot.providers.payloads import Payload, Text, parse
from bot.providers.verdicts import Json, misread

BATCH = 100


class _Payload(Payload):
    model_config = ConfigDict(alias_generator=to_camel)


class _User(_Payload):
    id: int
    name: Text
    display_name: Text = ""


class _Id(_Payload):
    id: int


class _Rank(_Payload):
    rank: int


class _Membership(_Payload):
    group: _Id
    role: _Rank


class Roblox:
    """Asks Roblox. What it could not ask raises a ProviderError, and never looks like a no."""

    def __init__(self, users_url: str, groups_url: str, *, bounds: Bounds = DEFAULT_BOUNDS) -> None:
        # The operator chose these addresses, so they may be private ones (the demo's are).
        policy = UpstreamPolicy(allow_insecure=True, allow_private=True)
        self._users = Wire(users_url.rstrip("/"), ROBLOX, None, policy, bounds=bounds)
        self._groups = Wire(groups_url.rstrip("/"), ROBLOX, None, policy, bounds=bounds)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._users.aclose()
        await self._groups.aclose()

    async def fetch_user_by_name(self, name: str) -> RobloxUser | None:
        """The account with this username, or None. Finds previous names too: compare before use."""
        body: Json = {"usernames": [name], "excludeBannedUsers": False}
        answer = await self._users.ask("/v1/usernames/users", body)
        items = _items(answer)
        return _to_user(parse(_User, items[0], ROBLOX)) if items else None

    async def fetch_user(self, roblox_id: int) -> RobloxUser | None:
        """The account with this id, or None."""
        if not ids.is_roblox_id(roblox_id):
            return None
        try:
            answer = await self._users.get(ids.path("v1", "users", str(roblox_id)))
        except UpstreamNotFound as error:
            if error.what != "user":
                raise
            return None
        return _to_user(parse(_User, answer, ROBLOX))

    async def fetch_users(self, roblox_ids: Iterable[int]) -> dict[int, RobloxUser]:
        """The accounts with these ids; unknown ids are missing from the answer."""
        found = {}
        wanted = sorted({one for one in roblox_ids if ids.is_roblox_id(one)})
        for start in range(0, len(wanted), BATCH):
            body: Json = {
                "userIds": wanted[start : start + BATCH], "excludeBannedUsers": False,
            }  # fmt: skip
            answer = await self._users.ask("/v1/users", body)
            for item in _items(answer):
                user = parse(_User, item, ROBLOX)
                found[user.id] = _to_user(user)
        return found

    async def fetch_rank(self, roblox_id: int, group_id: int) -> int:
        """The person's rank (1-255) in the group; 0 when not in it."""
        if not ids.is_roblox_id(roblox_id):
            return 0
        path = ids.path("v2", "users", str(roblox_id), "groups", "roles")
        try:
            answer = await self._groups.get(path)
        except UpstreamNotFound as error:
            if error.what != "user":
                raise
            return 0
        for item in _items(answer):
            membership = parse(_Membership, item, ROBLOX)
            if membership.group.id == group_id:
                return membership.role.rank
        return 0


def _items(answer: Json) -> list[Any]:
    items = answer.get("data")
    if not isinstance(items, list):
        raise misread(ROBLOX)
    return items


def _to_user(user: _User) -> RobloxUser:
    return RobloxUser(user.id, user.name, user.display_name or user.name)
