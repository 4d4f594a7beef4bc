"""The Series HR stand-in: it enforces membership, rank, slots and plan, unlike ReAdmin."""

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from typing import Any, get_args

from bot.sandbox.platforms.documents import iso
from bot.sandbox.platforms.platform import Platform
from bot.sandbox.platforms.series_views import list_view, overview, session_view
from bot.sandbox.platforms.series_world import (
    VACANT,
    CustomRole,
    SeriesSession,
    SeriesWorkspace,
    SeriesWorld,
    Status,
)
from bot.sandbox.platforms.wire import Answer, Call, Route, json_answer

KEY_HEADERS = ("apikey", "x-api-key")
QUOTA = 1000

Handler = Callable[[SeriesWorkspace, Call], Awaitable[Answer]]


class RefusedError(Exception):
    """The platform says no; carries status and message. The texts are ours, none is published."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def envelope(status: int, message: str) -> Answer:
    """The error body of Series: the code repeats the status."""
    return json_answer(status, {"success": False, "error": {"code": status, "message": message}})


def success(data: Any) -> Answer:
    """The success body of Series; every route answers 200."""
    return json_answer(200, {"success": True, "data": data})


class SeriesPlatform(Platform):
    """A pretended Series API; `page_size` is how many sessions a page of the list holds."""

    def __init__(self, world: SeriesWorld, page_size: int = 25) -> None:
        super().__init__()
        self.world = world
        self.page_size = page_size

    def routes(self) -> Sequence[Route]:
        """The routes Muster uses; paths of custom roles carry no verb `get`."""
        roles, keyed = "/sessions/{sessionId}/custom-roles", self._keyed
        return [
            Route("GET", "/basic/check-key/{apiKey}", "other", self._check_key),
            Route("GET", "/sessions/list", "list", keyed(self._list)),
            Route("GET", "/sessions/get/{sessionId}", "read", keyed(self._get)),
            Route("PATCH", roles + "/claim", "claim", keyed(self._claim)),
            Route("PATCH", roles + "/quit", "release", keyed(self._quit)),
            Route("PATCH", roles + "/remove", "release", keyed(self._remove)),
        ]

    async def answer(self, call: Call, route: Route | None) -> Answer:
        """The handler's answer, refusals in the envelope."""
        if route is None:
            return envelope(404, "Endpoint not found")
        try:
            return await route.handler(call)
        except RefusedError as refused:
            return envelope(refused.status, refused.message)

    def worded(self, status: int, path: str) -> Answer:
        """400, 401, 429 and 500 are documented nowhere for sessions; the envelope is inferred."""
        texts = {
            400: "Validation error: malformed path",
            401: "Invalid API key",
            429: "Rate limit exceeded",
            500: "Internal server error",
        }
        return envelope(status, texts[status])

    def state(self) -> dict[str, Any]:
        """Workspaces, sessions, roles with holders and vacant keys."""
        return overview(self.world)

    def _keyed(self, handler: Handler) -> Callable[[Call], Awaitable[Answer]]:
        async def checked(call: Call) -> Answer:
            keys = [call.headers[name] for name in KEY_HEADERS if name in call.headers]
            workspace = self.world.workspaces.get(keys[0]) if keys else None
            # What a missing or wrong key gets is undocumented; 401 in the envelope is our guess.
            return await handler(workspace, call) if workspace else self.worded(401, call.path)

        return checked

    async def _check_key(self, call: Call) -> Answer:
        workspace = self.world.workspaces.get(call.params["apiKey"])
        if workspace is None:
            return success({"valid": False, "status": "inactive", "message": "Unknown API key"})
        now = self.world.clock()
        return success(
            {
                "valid": True,
                "workspaceId": workspace.workspace_id,
                "workspaceName": workspace.name,
                "status": "active",
                "createdAt": iso(now - timedelta(days=90)),
                "lastUsed": iso(now),
                "rateLimitRemaining": QUOTA,
                "rateLimitReset": iso(now + timedelta(hours=1)),
            }
        )

    async def _list(self, workspace: SeriesWorkspace, call: Call) -> Answer:
        page = call.query.get("page", "1")
        if not re.fullmatch(r"[1-9]\d{0,8}", page):
            raise RefusedError(400, "Validation error: page must be a positive integer")
        found = [s for s in workspace.sessions.values() if _wanted(s, call)]
        found.sort(key=lambda session: (session.scheduled, session.session_id))
        first = (int(page) - 1) * self.page_size
        shown = [list_view(workspace, s) for s in found[first : first + self.page_size]]
        return success(
            {"WorkspaceId": workspace.workspace_id, "Page": int(page), "Sessions": shown}
        )

    async def _get(self, workspace: SeriesWorkspace, call: Call) -> Answer:
        return success(session_view(workspace, _find(workspace, call)))

    async def _claim(self, workspace: SeriesWorkspace, call: Call) -> Answer:
        """The order of the checks is not documented."""
        user_id, role_name, slot_key = _fields(call, "UserId", "RoleName", "SlotKey")
        session, role = _find_role(workspace, call, role_name)
        if not session.claimable or session.status in ("completed", "cancelled"):
            raise RefusedError(400, "This session cannot be claimed")
        rank = _rank(workspace, user_id)
        if rank < role.min_rank:
            raise RefusedError(403, "Rank is too low for this role")
        if user_id in role.slots:
            raise RefusedError(400, "User already holds a slot in this role")
        if not slot_key.startswith(VACANT) or slot_key not in role.slots:
            raise RefusedError(400, "This slot is taken")
        role.fill(slot_key, user_id)
        return _acted(f"{role_name} claimed", session, role_name, "UserId", user_id)

    async def _quit(self, workspace: SeriesWorkspace, call: Call) -> Answer:
        user_id, role_name = _fields(call, "UserId", "RoleName")
        session, role = _find_role(workspace, call, role_name)
        if session.status in ("completed", "cancelled"):
            raise RefusedError(400, "This session is over")
        _leave(workspace, role, user_id)
        return _acted(f"{role_name} given up", session, role_name, "UserId", user_id)

    async def _remove(self, workspace: SeriesWorkspace, call: Call) -> Answer:
        """Unlike quit, this also works on a session that is over."""
        user_id, role_name = _fields(call, "TargetUserId", "RoleName")
        session, role = _find_role(workspace, call, role_name)
        _leave(workspace, role, user_id)
        return _acted(f"Removed from {role_name}", session, role_name, "TargetUserId", user_id)


def _find(workspace: SeriesWorkspace, call: Call) -> SeriesSession:
    session = workspace.sessions.get(call.params["sessionId"])
    if session is None:
        raise RefusedError(404, "Session not found")
    return session


def _find_role(
    workspace: SeriesWorkspace, call: Call, role_name: str
) -> tuple[SeriesSession, CustomRole]:
    session = _find(workspace, call)
    if not workspace.premium:
        raise RefusedError(403, "Custom roles need a Premium or Enterprise subscription")
    role = (session.custom_roles or {}).get(role_name)
    if role is None:
        raise RefusedError(404, "Custom role not found")
    return session, role


def _fields(call: Call, *names: str) -> list[str]:
    """The required text fields of a JSON body."""
    try:
        body = json.loads(call.content)
    except ValueError as error:
        raise RefusedError(400, "Validation error: body is not valid JSON") from error
    values = [body.get(name) if isinstance(body, dict) else None for name in names]
    for name, value in zip(names, values, strict=True):
        if not isinstance(value, str) or not value:
            raise RefusedError(400, f"Validation error: {name} is required")
    return [str(value) for value in values]


def _rank(workspace: SeriesWorkspace, user_id: str) -> int:
    if user_id not in workspace.members:
        raise RefusedError(400, "User is not a member of this workspace")
    return workspace.members[user_id]


def _leave(workspace: SeriesWorkspace, role: CustomRole, user_id: str) -> None:
    _rank(workspace, user_id)
    if user_id not in role.slots:
        raise RefusedError(400, "User does not hold a slot in this role")
    role.vacate(user_id)


def _acted(message: str, session: SeriesSession, role: str, field: str, user_id: str) -> Answer:
    named = {"SessionId": session.session_id, "RoleName": role, field: user_id}
    return success({"message": message, **named})


def _wanted(session: SeriesSession, call: Call) -> bool:
    """Whether a session passes the filters of the list. Days are taken in UTC, undocumented."""
    status, host = call.query.get("status"), call.query.get("host")
    if status is not None and status not in get_args(Status):
        raise RefusedError(400, "Validation error: unknown status")
    day, start, end = (_day(call, name) for name in ("date", "start", "end"))
    if (start is None) != (end is None) or (day is not None and start is not None):
        raise RefusedError(400, "Validation error: use date, or start and end together")
    scheduled = session.scheduled.date()
    return (
        (status is None or session.status == status)
        and (host is None or str(session.host) == host)
        and (day is None or scheduled == day)
        and (start is None or end is None or start <= scheduled <= end)
    )


def _day(call: Call, name: str) -> date | None:
    if name not in call.query:
        return None
    try:
        return date.fromisoformat(call.query[name])
    except ValueError as error:
        raise RefusedError(400, f"Validation error: {name} must be YYYY-MM-DD") from error
