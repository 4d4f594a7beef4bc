"""ReAdmin's legacy v1 routes: raw records, odd statuses, no release."""

import uuid
from copy import deepcopy
from datetime import date, datetime, timedelta

from bot.sandbox.platforms.documents import Doc, DocumentError, iso
from bot.sandbox.platforms.fastify import is_object_id
from bot.sandbox.platforms.readmin_v2 import INHERITED_NAMES, RefusedError, find_group, write_claim
from bot.sandbox.platforms.readmin_views import find_game
from bot.sandbox.platforms.readmin_world import Workspace, new_claim
from bot.sandbox.platforms.wire import Answer, Call, json_answer

AHEAD = timedelta(hours=12)


def refusal(refused: RefusedError) -> Answer:
    """The error envelope of v1: the text is under another key than in v2."""
    return json_answer(refused.status, {"success": False, "message": refused.reason})


class SessionsV1:
    """The handlers. A DocumentError becomes a 500 without any text."""

    async def list_sessions(self, workspace: Workspace, _call: Call) -> Answer:
        """The records that start now or later; running ones are missing."""
        now = iso(workspace.clock())
        later = [session for session in workspace.sessions.values() if session["date"] >= now]
        return json_answer(200, {"success": True, "sessions": sorted(later, key=_start)})

    async def list_upcoming(self, workspace: Workspace, _call: Call) -> Answer:
        """Today's records and placeholders, at most 12 hours ahead, ended ones included.

        Today is the server's own: of the zone in which its clock tells the time.
        """
        now = workspace.clock()
        last = iso(now + AHEAD)
        records = [
            {**session, "game": find_game(workspace, session.get("template", {}))}
            for session in workspace.sessions.values()
            if _day(session, now) == now.date() and session["date"] <= last
        ]
        taken = {session["date"] for session in workspace.sessions.values()}
        placeholders = [
            placeholder
            for template in workspace.templates
            if (placeholder := _placeholder(workspace, template, now)) is not None
            and placeholder["date"] <= last
            and placeholder["date"] not in taken
        ]
        return json_answer(
            200, {"success": True, "sessions": sorted(records + placeholders, key=_start)}
        )

    async def list_roles(self, workspace: Workspace, _call: Call) -> Answer:
        """All role groups, raw."""
        return json_answer(200, {"success": True, "roles": workspace.role_groups})

    async def get_session(self, workspace: Workspace, call: Call) -> Answer:
        """One raw record, null for an unknown id."""
        session = _find(workspace, call.params["sessionId"])
        return json_answer(200, {"success": True, "session": session})

    async def create_server(self, workspace: Workspace, call: Call) -> Answer:
        """Add a server; the session in the answer is the one before the addition."""
        session = _find(workspace, call.params["sessionId"])
        if session is None:
            raise RefusedError(400, "Session not found")
        if "template" not in session:
            raise RefusedError(400, "Template not found")
        before, server_id = deepcopy(session), str(uuid.uuid4())
        session["servers"][server_id] = {"linkedToServer": False, "claims": {}, "attendees": {}}
        return json_answer(200, {"success": True, "newServerId": server_id, "session": before})

    async def claim_role(self, workspace: Workspace, call: Call) -> Answer:
        """Claim; `roleId` is the group here, `subroleId` the role. The claim gets no id."""
        if call.body is None:
            raise DocumentError("Cannot destructure the body")
        body = call.body if isinstance(call.body, dict) else {}
        user_id, group_id, role_id = (body.get(n) for n in ("userId", "roleId", "subroleId"))
        if not user_id or not group_id or not role_id:
            raise RefusedError(400, "Invalid request")
        session = _find(workspace, call.params["sessionId"])
        if session is None:
            raise RefusedError(400, "Session not found")
        server_id = call.params["serverId"]
        if server_id not in session["servers"] and server_id not in INHERITED_NAMES:
            raise RefusedError(400, "Server not found")
        if "template" not in session:
            raise RefusedError(400, "Template not found")
        group = find_group(workspace, group_id)
        if group is None:
            raise RefusedError(400, "Role not found")
        if all(role["id"] != role_id for role in group["roles"]):
            raise RefusedError(400, "Subrole not found")
        write_claim(session, server_id, user_id, new_claim(user_id, role_id, workspace.clock))
        return json_answer(200, {"success": True})


def _find(workspace: Workspace, session_id: str) -> Doc | None:
    if not is_object_id(session_id):
        raise DocumentError("input must be a 24 character hex string")
    return workspace.sessions.get(session_id.lower())


def _start(record: Doc) -> str:
    return str(record["date"])


def _day(record: Doc, now: datetime) -> date:
    return datetime.fromisoformat(record["date"]).astimezone(now.tzinfo).date()


def _placeholder(workspace: Workspace, template: Doc, now: datetime) -> Doc | None:
    """Today's occurrence of a recurring template, or None when it has none today."""
    schedule = template["schedule"]
    today = now.strftime("%A").lower()
    if schedule["type"] == "none" or schedule.get("day", today) != today:
        return None
    start = now.replace(hour=schedule["hour"], minute=schedule["minute"], second=0, microsecond=0)
    return {
        **template,
        "_id": "notCreated",
        "date": iso(start),
        "endsAt": iso(start + timedelta(minutes=template["sessionDuration"])),
        "notifyTime": iso(start - timedelta(minutes=template["appearsMinutesBefore"])),
        "template": template,
        "game": find_game(workspace, template),
    }
