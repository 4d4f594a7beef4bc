"""Roblox's public users and groups APIs: everything without a login."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

from bot.errors import UpstreamNotFound
from bot.models import RobloxProfile, RobloxUser
from bot.providers import ids
from bot.providers.bounds import Bounds
from bot.providers.dialects import ROBLOX
from bot.providers.guard import UpstreamPolicy
from bot.providers.http import Wire
from bot.providers.payloads import Payload, Text, parse
from bot.providers.verdicts import Json, misread

BATCH = 100  # Roblox does not say how many names or ids one call may carry
NO_USER = "user"  # what of the UpstreamNotFound for an id that is nobody's


class _Payload(Payload):
    model_config = ConfigDict(alias_generator=to_camel)


class _User(_Payload):
    id: int
    name: Text
    display_name: Text = ""


class _Named(_User):
    requested_username: Text


class _Profile(_Payload):
    description: Annotated[Text, BeforeValidator(lambda value: "" if value is None else value)]


class _Card(_User):
    created: datetime | None = None
    is_banned: bool = False


class _Id(_Payload):
    id: int


class _Rank(_Payload):
    rank: int


class _Membership(_Payload):
    group: _Id
    role: _Rank


class PublicRoblox:
    """Asks Roblox without a key. What it could not ask raises a ProviderError."""

    def __init__(self, users_url: str, groups_url: str, bounds: Bounds) -> None:
        # The operator chose these addresses, so they may be private ones (the demo's are).
        policy = UpstreamPolicy(allow_insecure=True, allow_private=True)
        self._users = Wire(users_url.rstrip("/"), ROBLOX, None, policy, bounds=bounds)
        self._groups = Wire(groups_url.rstrip("/"), ROBLOX, None, policy, bounds=bounds)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._users.aclose()
        await self._groups.aclose()

    async def fetch_users_by_name(self, names: Iterable[str]) -> dict[str, RobloxUser]:
        """The accounts with these names, by the name as it was asked for."""
        # One impossible name would have Roblox refuse the names beside it.
        possible = [name for name in names if re.fullmatch(r"[ -~]{1,50}", name)]
        wanted = list({name.lower(): name for name in possible}.values())
        found: dict[str, RobloxUser] = {}
        for start in range(0, len(wanted), BATCH):
            body: Json = {
                "usernames": wanted[start : start + BATCH], "excludeBannedUsers": False,
            }  # fmt: skip
            for item in _items(await self._users.ask("/v1/usernames/users", body)):
                user = parse(_Named, item, ROBLOX)
                found[user.requested_username.lower()] = _to_user(user)
        if found.keys() - {name.lower() for name in wanted}:
            raise misread(ROBLOX)  # whose answer it is cannot be told
        return {name: found[name.lower()] for name in possible if name.lower() in found}

    async def fetch_user(self, roblox_id: int) -> RobloxUser:
        """The account with this id."""
        return _to_user(parse(_User, await self._fetch_profile(roblox_id), ROBLOX))

    async def fetch_card(self, roblox_id: int) -> RobloxProfile:
        """What everybody sees of the account with this id."""
        card = parse(_Card, await self._fetch_profile(roblox_id), ROBLOX)
        return RobloxProfile(_to_user(card), card.created, card.is_banned)

    async def fetch_profile_text(self, roblox_id: int) -> str:
        """The text that the account's owner wrote about themselves."""
        return parse(_Profile, await self._fetch_profile(roblox_id), ROBLOX).description

    async def fetch_users(self, roblox_ids: Iterable[int]) -> dict[int, RobloxUser]:
        """The accounts with these ids; unknown ids are missing from the answer."""
        found = {}
        wanted = sorted({one for one in roblox_ids if ids.is_roblox_id(one)})
        for start in range(0, len(wanted), BATCH):
            body: Json = {
                "userIds": wanted[start : start + BATCH], "excludeBannedUsers": False,
            }  # fmt: skip
            for item in _items(await self._users.ask("/v1/users", body)):
                user = parse(_User, item, ROBLOX)
                found[user.id] = _to_user(user)
        return found

    async def fetch_rank(self, roblox_id: int, group_id: int) -> int:
        """The person's rank (1-255) in the group; 0 when not in it."""
        path = ids.path("v2", "users", str(roblox_id), "groups", "roles")
        try:
            answer = await self._groups.get(path)
        except UpstreamNotFound as error:
            if error.what != NO_USER:
                raise
            return 0
        for item in _items(answer):
            membership = parse(_Membership, item, ROBLOX)
            if membership.group.id == group_id:
                return membership.role.rank
        return 0

    async def _fetch_profile(self, roblox_id: int) -> Json:
        return await self._users.get(ids.path("v1", "users", str(roblox_id)))


def _items(answer: Json) -> list[Any]:
    items = answer.get("data")
    if not isinstance(items, list):
        raise misread(ROBLOX)
    return items


def _to_user(user: _User) -> RobloxUser:
    return RobloxUser(user.id, user.name, user.display_name or user.name)
