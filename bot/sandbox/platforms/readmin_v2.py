"""ReAdmin's Sessions v2 routes, with every check they make and none they lack."""

import base64
import re
import uuid
from collections.abc import Awaitable, Callable
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.platforms.documents import Doc, iso, set_at
from bot.sandbox.platforms.fastify import is_object_id
from bot.sandbox.platforms.readmin_views import (
    claim_view,
    role_group_view,
    role_names,
    server_view,
    session_view,
    status_of,
)
from bot.sandbox.platforms.readmin_world import (
    Workspace,
    add_to_set,
    holds_elsewhere,
    new_claim,
    without_user,
)
from bot.sandbox.platforms.wire import Answer, Call, json_answer

# Names that every JavaScript object has: as server ids they pass the "exists" check.
INHERITED_NAMES = frozenset(
    {"constructor", "toString", "toLocaleString", "valueOf", "hasOwnProperty", "isPrototypeOf"}
    | {"propertyIsEnumerable", "__proto__", "__defineGetter__", "__defineSetter__"}
    | {"__lookupGetter__", "__lookupSetter__"}
)
MISSING_FIELDS = "userId, roleGroupId and roleId are all required"


class RefusedError(Exception):
    """A handler says no; carries status and reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def refusal(refused: RefusedError) -> Answer:
    """The error envelope of v2."""
    return json_answer(refused.status, {"success": False, "reason": refused.reason})


def find_session(workspace: Workspace, session_id: str) -> Doc:
    """The raw record in this workspace. Raises RefusedError."""
    if not session_id:
        raise RefusedError(400, "Session ID was not provided")
    if not is_object_id(session_id):
        raise RefusedError(400, "Invalid session ID")
    session = workspace.sessions.get(session_id.lower())
    if session is None:
        raise RefusedError(404, "Session not found")
    return session


def write_claim(session: Doc, server_id: str, user_id: str | int, claim: Doc) -> None:
    """The one write of a claim, v1 and v2. Raises DocumentError, then nothing is stored."""
    set_at(session, ["servers", server_id, "claims", *str(user_id).split(".")], claim)
    add_to_set(session["claims"], user_id)


class SessionsV2:
    """The handlers. `pause` is awaited between the read and the overwrite of a release."""

    def __init__(self, pause: Callable[[], Awaitable[None]]) -> None:
        self.pause = pause

    async def list_sessions(self, workspace: Workspace, call: Call) -> Answer:
        """One page of the records; values that make no sense are ignored, not refused."""
        sessions = _selected(workspace, call)
        limit = _limit(call.query.get("limit", ""))
        offset = _offset(call.query.get("cursor", ""))
        page = sessions[offset : offset + limit]
        has_more = offset + len(page) < len(sessions)
        pagination = {
            "total": len(sessions),
            "limit": limit,
            "count": len(page),
            "hasMore": has_more,
            "nextCursor": _cursor(offset + len(page)) if has_more else None,
        }
        data = [session_view(workspace, session) for session in page]
        return json_answer(200, {"success": True, "data": data, "pagination": pagination})

    async def list_roles(self, workspace: Workspace, _call: Call) -> Answer:
        """All role groups."""
        groups = sorted(workspace.role_groups, key=lambda group: str(group["created"]))
        data = [role_group_view(group) for group in groups]
        return json_answer(200, {"success": True, "data": data})

    async def get_session(self, workspace: Workspace, call: Call) -> Answer:
        """One session."""
        session = find_session(workspace, call.params["sessionId"])
        return json_answer(200, {"success": True, "data": session_view(workspace, session)})

    async def create_server(self, workspace: Workspace, call: Call) -> Answer:
        """Add a server; its claims are a map."""
        session = find_session(workspace, call.params["sessionId"])
        server: Doc = {"linkedToServer": False, "claims": {}, "attendees": {}}
        nickname = call.body.get("nickname") if isinstance(call.body, dict) else None
        if nickname:
            server["nickname"] = nickname
        server_id = str(uuid.uuid4())
        session["servers"][server_id] = server
        return json_answer(201, {"success": True, "data": server_view(server_id, server, {})})

    async def claim_role(self, workspace: Workspace, call: Call) -> Answer:
        """Claim. Capacity, rank, claim-once, offered groups and the end are not looked at."""
        body = call.body if isinstance(call.body, dict) else {}
        user_id, group_id, role_id = (body.get(n) for n in ("userId", "roleGroupId", "roleId"))
        if not user_id or not group_id or not role_id:
            raise RefusedError(400, MISSING_FIELDS)
        session = find_session(workspace, call.params["sessionId"])
        server_id = call.params["serverId"]
        if server_id not in session["servers"] and server_id not in INHERITED_NAMES:
            raise RefusedError(404, "Server not found")
        if "template" not in session:
            raise RefusedError(400, "Session has no template")
        group = find_group(workspace, group_id)
        if group is None:
            raise RefusedError(404, "Role group not found")
        if all(role["id"] != role_id for role in group["roles"]):
            raise RefusedError(404, "Role not found")
        claim = new_claim(user_id, role_id, workspace.clock, str(uuid.uuid4()))
        write_claim(session, server_id, user_id, claim)
        data = claim_view(user_id, claim, role_names(workspace))
        return json_answer(201, {"success": True, "data": data})

    async def release_claim(self, workspace: Workspace, call: Call) -> Answer:
        """Release, held or not: read, then overwrite the server's claims and the session's list.

        A claim that lands in between is lost, as on the real server.
        """
        session = find_session(workspace, call.params["sessionId"])
        server_id, user_id = call.params["serverId"], call.params["userId"]
        if server_id not in session["servers"]:
            raise RefusedError(404, "Server not found")
        seen = deepcopy({"servers": session["servers"], "claims": session["claims"]})
        await self.pause()
        left = without_user(seen["servers"][server_id]["claims"], user_id)
        kept = holds_elsewhere(seen, server_id, user_id)
        session["servers"][server_id]["claims"] = left
        session["claims"] = [user for user in seen["claims"] if kept or user != user_id]
        return json_answer(200, {"success": True})


def find_group(workspace: Workspace, group_id: Any) -> Doc | None:
    """The role group with this uuid; anything but text finds nothing."""
    return next((group for group in workspace.role_groups if group["id"] == group_id), None)


def _selected(workspace: Workspace, call: Call) -> list[Doc]:
    """The sessions that pass the filters, in the order asked for."""
    now = iso(workspace.clock())
    status, template = call.query.get("status"), call.query.get("templateId")
    earliest, latest = _moment(call.query.get("from", "")), _moment(call.query.get("to", ""))
    found = workspace.sessions.values()
    chosen = [
        session
        for session in found
        if (status not in ("scheduled", "live", "ended") or status_of(session, now) == status)
        and (not template or session.get("template", {}).get("id") == template)
        and (earliest is None or session["date"] >= earliest)
        and (latest is None or status == "live" or session["date"] <= latest)
    ]
    chosen.sort(key=lambda session: (session["date"], session["_id"]))
    return chosen[::-1] if call.query.get("order") == "desc" else chosen


def _moment(text: str) -> str | None:
    """A query's date as the records write dates, None when JavaScript could not parse it."""
    if not re.match(r"\d{4}-\d{2}-\d{2}", text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _limit(text: str) -> int:
    wanted = int(text) if re.fullmatch(r"-?\d{1,9}", text) else 0
    return max(1, min(wanted, 100)) if wanted else 25


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f"o:{offset}".encode()).decode().rstrip("=")


def _offset(cursor: str) -> int:
    """The place a cursor stands for; a malformed one is the start, without an error."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        return 0
    return int(text[2:]) if re.fullmatch(r"o:\d{1,9}", text) else 0
