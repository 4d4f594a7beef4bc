"""The Roblox Open Cloud stand-in: the same accounts and groups, for calls with a key."""

import re
from collections.abc import Sequence
from typing import Any

from bot.sandbox.platforms.documents import iso
from bot.sandbox.platforms.platform import Platform
from bot.sandbox.platforms.roblox import RobloxUser, RobloxWorld
from bot.sandbox.platforms.wire import Answer, Call, Route, json_answer

KEY = "open-cloud-demo-key"
ROLES_PER_PAGE = 20  # the most that Roblox gives


class RobloxCloudPlatform(Platform):
    """A pretended Open Cloud over the accounts of `world`; `reads_groups` is a permission."""

    def __init__(self, world: RobloxWorld, *, reads_groups: bool = True) -> None:
        super().__init__()
        self.world = world
        self.reads_groups = reads_groups

    def routes(self) -> Sequence[Route]:
        """The calls that Muster needs."""
        group = "/cloud/v2/groups/{groupId}"
        return [
            Route("GET", "/cloud/v2/users/{userId}", "read", self._user),
            Route("GET", f"{group}/memberships", "other", self._memberships),
            Route("GET", f"{group}/roles", "list", self._roles),
        ]

    async def answer(self, call: Call, route: Route | None) -> Answer:
        """The handler's answer, for the one key."""
        if route is None:
            return Answer(404, b"")
        if call.headers.get("x-api-key") != KEY:
            return self.worded(401, call.path)
        if "groupId" in call.params:
            if not self.reads_groups:
                return _failure(403, "PERMISSION_DENIED", "The key may not read groups.")
            if _number(call.params["groupId"]) not in self._groups():
                return _failure(404, "NOT_FOUND", "Group not found.")
        return await route.handler(call)

    def worded(self, status: int, path: str) -> Answer:
        """Failures that the gateway words, not the API behind it."""
        texts = {400: "Bad request", 401: "Invalid API Key", 429: "Too many requests"}
        error = {"code": 0, "message": texts.get(status, "Internal error")}
        return json_answer(status, {"errors": [error]})

    def state(self) -> dict[str, Any]:
        """The groups with the ranks that somebody holds."""
        return {"groups": {str(group): self._ranks(group) for group in sorted(self._groups())}}

    async def _user(self, call: Call) -> Answer:
        user = self.world.users.get(_number(call.params["userId"]))
        if user is None:
            return _failure(404, "NOT_FOUND", "User not found.")
        found = {
            "path": f"users/{user.user_id}",
            "createTime": iso(user.created),
            "id": str(user.user_id),
            "name": user.name,
            "displayName": user.display_name or user.name,
            "about": user.description,
            "locale": "en_us",
        }
        return json_answer(200, found)

    async def _memberships(self, call: Call) -> Answer:
        wanted = re.fullmatch(r"user == 'users/(\d{1,19})'", call.query.get("filter", ""))
        if wanted is None:
            return _failure(400, "INVALID_ARGUMENT", "The filter is not understood.")
        group = _number(call.params["groupId"])
        user = self.world.users.get(int(wanted[1]))
        members = [_member(user, group)] if user is not None and group in user.ranks else []
        return json_answer(200, {"groupMemberships": members, "nextPageToken": ""})

    async def _roles(self, call: Call) -> Answer:
        group = _number(call.params["groupId"])
        start = _number(call.query.get("pageToken", "0"))
        size = min(_number(call.query.get("maxPageSize", "10")), ROLES_PER_PAGE)
        ranks = self._ranks(group)
        page = [{"path": _role(group, r), "id": str(r), "rank": r} for r in ranks[start:][:size]]
        token = str(start + size) if start + size < len(ranks) else ""
        return json_answer(200, {"groupRoles": page, "nextPageToken": token})

    def _groups(self) -> set[int]:
        held = {group for user in self.world.users.values() for group in user.ranks}
        return held | self.world.groups.keys()

    def _ranks(self, group: int) -> list[int]:
        held = {u.ranks[group] for u in self.world.users.values() if group in u.ranks}
        return sorted(held | {255})


def _member(user: RobloxUser, group: int) -> dict[str, str]:
    return {
        "path": f"groups/{group}/memberships/m{user.user_id}",
        "user": f"users/{user.user_id}",
        "role": _role(group, user.ranks[group]),
    }


def _role(group: int, rank: int) -> str:
    return f"groups/{group}/roles/{rank}"


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"\d{1,19}", text, re.ASCII) else 0


def _failure(status: int, code: str, message: str) -> Answer:
    return json_answer(status, {"code": code, "message": message})
