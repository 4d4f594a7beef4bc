"""The Roblox stand-in: users, groups and thumbnails under one base URL, without any login."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.platforms.documents import Doc, iso
from bot.sandbox.platforms.platform import Platform
from bot.sandbox.platforms.wire import Answer, Call, Route, json_answer

# Roblox does not publish how many names or ids one call may carry.
MOST_PER_CALL = 100
BORN = datetime(2019, 5, 14, 9, 30, tzinfo=UTC)


@dataclass
class RobloxUser:
    """A Roblox account. `ranks` maps group ids to the rank held there (1-255).

    `headshot` None: the picture is not rendered yet. `previous_names` are still found by name.
    """

    user_id: int
    name: str
    display_name: str = ""
    description: str = ""
    previous_names: Sequence[str] = ()
    banned: bool = False
    ranks: dict[int, int] = field(default_factory=dict)
    headshot: str | None = None
    created: datetime = BORN


@dataclass
class RobloxWorld:
    """The accounts and the names of the groups."""

    users: dict[int, RobloxUser] = field(default_factory=dict)
    groups: dict[int, str] = field(default_factory=dict)

    def add_user(self, user: RobloxUser) -> RobloxUser:
        """Add an account, or replace the one with the same id."""
        self.users[user.user_id] = user
        return user

    def find_by_name(self, name: str) -> RobloxUser | None:
        """By present name, else by a previous one; case does not matter."""
        wanted = name.casefold()
        for names_of in (_present_name, _previous_names):
            for user in self.users.values():
                if wanted in {known.casefold() for known in names_of(user)}:
                    return user
        return None


def _present_name(user: RobloxUser) -> Sequence[str]:
    return [user.name]


def _previous_names(user: RobloxUser) -> Sequence[str]:
    return user.previous_names


class RefusedError(Exception):
    """A call that Roblox refuses: status, its own error code, its words."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def failure(status: int, code: int, message: str) -> Answer:
    """The error body of Roblox."""
    return json_answer(status, {"errors": [{"code": code, "message": message}]})


class RobloxPlatform(Platform):
    """A pretended Roblox; use its base URL for the users, groups and thumbnails hosts alike."""

    def __init__(self, world: RobloxWorld) -> None:
        super().__init__()
        self.world = world

    def routes(self) -> Sequence[Route]:
        """The calls that need no login."""
        return [
            Route("POST", "/v1/usernames/users", "read", self._by_names),
            Route("GET", "/v1/users/avatar-headshot", "other", self._headshots),
            Route("GET", "/v1/users/{userId}", "read", self._user),
            Route("POST", "/v1/users", "read", self._by_ids),
            Route("GET", "/v2/users/{userId}/groups/roles", "other", self._group_roles),
        ]

    async def answer(self, call: Call, route: Route | None) -> Answer:
        """The handler's answer, refusals in Roblox's own form."""
        if route is None:
            return failure(404, 0, "NotFound")
        try:
            return await route.handler(call)
        except RefusedError as refused:
            return failure(refused.status, refused.code, refused.message)

    def worded(self, status: int, path: str) -> Answer:
        """Roblox words every failure in the same form."""
        texts = {400: "BadRequest", 401: "Unauthorized", 429: "Too many requests"}
        return failure(status, 0, texts.get(status, "InternalServerError"))

    def state(self) -> dict[str, Any]:
        """Accounts with their profile text and ranks."""
        return {
            "users": [
                {
                    "id": user.user_id,
                    "name": user.name,
                    "description": user.description,
                    "ranks": {str(group): rank for group, rank in user.ranks.items()},
                }
                for user in self.world.users.values()
            ]
        }

    async def _by_names(self, call: Call) -> Answer:
        body = _object(call)
        names = body.get("usernames")
        if not isinstance(names, list):
            raise RefusedError(400, 0, "Invalid request")
        if len(names) > MOST_PER_CALL:
            raise RefusedError(400, 2, "Too many usernames.")
        found = {str(name): self.world.find_by_name(str(name)) for name in names}
        data = [
            {"requestedUsername": name, **_short(user)}
            for name, user in found.items()
            if user is not None and not (user.banned and body.get("excludeBannedUsers"))
        ]
        return json_answer(200, {"data": data})

    async def _by_ids(self, call: Call) -> Answer:
        body = _object(call)
        ids = body.get("userIds")
        if not isinstance(ids, list) or not all(isinstance(one, int) for one in ids):
            raise RefusedError(400, 0, "Invalid request")
        if len(ids) > MOST_PER_CALL:
            raise RefusedError(400, 1, "Too many ids.")
        users = self._known(dict.fromkeys(ids))
        data = [_short(u) for u in users if not (u.banned and body.get("excludeBannedUsers"))]
        return json_answer(200, {"data": data})

    async def _user(self, call: Call) -> Answer:
        user = self._find_user(call)
        return json_answer(
            200,
            {
                "description": user.description,
                "created": iso(user.created),
                "isBanned": user.banned,
                "externalAppDisplayName": None,
                **_short(user),
            },
        )

    async def _group_roles(self, call: Call) -> Answer:
        user = self._find_user(call)
        data = [
            {
                "group": {"id": group, "name": self.world.groups.get(group, f"Group {group}")},
                "role": {"id": group * 1000 + rank, "name": f"Rank {rank}", "rank": rank},
            }
            for group, rank in user.ranks.items()
        ]
        return json_answer(200, {"data": data})

    async def _headshots(self, call: Call) -> Answer:
        wanted = call.query.get("userIds", "")
        if not re.fullmatch(r"\d{1,18}(,\d{1,18})*", wanted):
            raise RefusedError(
                400, 4, "The requested Ids are invalid, of an invalid type or missing."
            )
        users = self._known(int(one) for one in wanted.split(","))
        data = [
            {
                "targetId": user.user_id,
                "state": "Completed" if user.headshot else "Pending",
                "imageUrl": user.headshot,
            }
            for user in users
        ]
        return json_answer(200, {"data": data})

    def _find_user(self, call: Call) -> RobloxUser:
        text = call.params["userId"]
        user = self.world.users.get(int(text)) if re.fullmatch(r"\d{1,18}", text) else None
        if user is None:
            raise RefusedError(404, 3, "The user id is invalid.")
        return user

    def _known(self, ids: Iterable[int]) -> list[RobloxUser]:
        return [self.world.users[one] for one in ids if one in self.world.users]


def _short(user: RobloxUser) -> Doc:
    return {
        "hasVerifiedBadge": False,
        "id": user.user_id,
        "name": user.name,
        "displayName": user.display_name or user.name,
    }


def _object(call: Call) -> Doc:
    try:
        body = json.loads(call.content)
    except ValueError as error:
        raise RefusedError(400, 0, "Invalid request") from error
    if not isinstance(body, dict):
        raise RefusedError(400, 0, "Invalid request")
    return body
