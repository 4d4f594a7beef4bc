"""How ReAdmin shows its records: the v2 shapes, and the sandbox's own overview."""

from typing import Any

from bot.sandbox.platforms.documents import Doc, DocumentError, iso, javascript_order
from bot.sandbox.platforms.readmin_world import ReAdminWorld, Workspace


def status_of(session: Doc, now: str) -> str:
    """scheduled, live or ended; `now` as the records write it. Both ends belong to live."""
    if now < session["date"]:
        return "scheduled"
    return "ended" if now > session["endsAt"] else "live"


def find_game(workspace: Workspace, template: Doc) -> Doc | None:
    """The raw game record a template names, if the workspace has it."""
    wanted = template.get("gameId")
    return next((game for game in workspace.games if game["gameId"] == wanted), None)


def _game_view(workspace: Workspace, template: Doc) -> Doc | None:
    if "placeId" not in template:
        return None
    game = find_game(workspace, template) or {}
    return {
        "gameId": template.get("gameId"),
        "placeId": template["placeId"],
        "name": game.get("name"),
        "thumbnail": game.get("images", {}).get("thumbnail"),
    }


def role_names(workspace: Workspace) -> dict[str, str]:
    """Role id to role name, over all groups."""
    return {role["id"]: role["name"] for group in workspace.role_groups for role in group["roles"]}


def claim_view(user_id: Any, claim: Doc, names: dict[str, str]) -> Doc:
    """One claim as v2 shows it. Raises DocumentError for a null in the place of a claim."""
    if not isinstance(claim, dict):
        raise DocumentError("Cannot read properties of null")
    role_id = claim.get("claimedRole")
    view = {
        "userId": user_id,
        "roleId": role_id,
        "roleName": names.get(role_id) if isinstance(role_id, str) else None,
        "state": claim.get("state", "none"),
    }
    view |= {name: claim[name] for name in ("claimedBy", "claimedAt") if name in claim}
    return {**view, "claimId": claim.get("claimId")}


def server_view(server_id: str, server: Doc, names: dict[str, str]) -> Doc:
    """One server as v2 shows it: the storage form of its claims does not show."""
    claims = server.get("claims", {})
    if isinstance(claims, list):
        # A null has no userId, and claim_view refuses it.
        listed = [(str((entry or {}).get("userId")), entry) for entry in claims]
    else:
        listed = list(javascript_order(claims).items())
    return {
        "id": server_id,
        "nickname": server.get("nickname"),
        "linked": server.get("linkedToServer", False),
        "linkedServerId": server.get("linkedServerReAdminId"),
        "linkedJobId": server.get("linkedServerJobId"),
        "linkedBy": server.get("linkedByUser"),
        "claims": [claim_view(user, claim, names) for user, claim in listed],
        "attendees": [
            {"userId": user, "state": attendee.get("state"), "addedBy": attendee.get("addedBy")}
            for user, attendee in javascript_order(server.get("attendees", {})).items()
        ],
    }


def session_view(workspace: Workspace, session: Doc) -> Doc:
    """One session as v2 shows it. Raises DocumentError when a claim list holds a null."""
    template = session.get("template", {})
    names = role_names(workspace)
    servers = [server_view(key, server, names) for key, server in session["servers"].items()]
    return {
        "id": session["_id"],
        "groupId": session["groupId"],
        "name": template.get("name", "Session"),
        "description": template.get("description", ""),
        "status": status_of(session, iso(workspace.clock())),
        "startsAt": session["date"],
        "endsAt": session["endsAt"],
        "durationMinutes": template.get("sessionDuration", 0),
        "appearsAt": session.get("notifyTime"),
        "templateId": session["templateId"],
        "oneOff": session["oneOffSession"],
        "game": _game_view(workspace, template),
        "roleGroupIds": template.get("roles", []),
        "servers": servers,
        "counts": {
            "servers": len(servers),
            "claims": sum(len(server["claims"]) for server in servers),
            "attendees": sum(len(server["attendees"]) for server in servers),
        },
        "createdBy": session.get("createdBy"),
        "createdAt": session["created"],
    }


def role_group_view(group: Doc) -> Doc:
    """One role group as v2 shows it."""
    return {name: group[name] for name in ("id", "name", "roles", "created")}


def _held(server_id: str, server: Doc, names: dict[str, str]) -> Doc:
    claims = server.get("claims", {})
    entries = (
        claims if isinstance(claims, list) else [{"userId": u, **c} for u, c in claims.items()]
    )
    return {
        "id": server_id,
        "nickname": server.get("nickname"),
        "form": "list" if isinstance(claims, list) else "map",
        "claims": [
            {
                "userId": entry.get("userId"),
                "roleId": entry.get("claimedRole"),
                "roleName": names.get(entry.get("claimedRole", "")),
            }
            for entry in entries
            if entry is not None
        ],
    }


def overview(world: ReAdminWorld) -> Doc:
    """What ReAdmin really holds, corrupt records included; keys are left out."""
    now = iso(world.clock())
    return {
        "workspaces": [
            {
                "name": workspace.name,
                "groupId": workspace.group_id,
                "roleGroups": [role_group_view(group) for group in workspace.role_groups],
                "sessions": [
                    {
                        "id": session["_id"],
                        "name": session.get("template", {}).get("name", "Session"),
                        "status": status_of(session, now),
                        "startsAt": session["date"],
                        "endsAt": session["endsAt"],
                        "servers": [
                            _held(key, server, role_names(workspace))
                            for key, server in session["servers"].items()
                        ],
                    }
                    for session in workspace.sessions.values()
                ],
            }
            for workspace in world.workspaces.values()
        ]
    }
