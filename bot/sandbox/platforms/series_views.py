"""How Series shows its sessions, and the sandbox's own overview of it."""

from bot.sandbox.platforms.documents import Doc, iso
from bot.sandbox.platforms.series_world import (
    VACANT,
    CustomRole,
    SeriesSession,
    SeriesWorkspace,
    SeriesWorld,
)


def _role_view(role: CustomRole) -> Doc:
    return {
        "MinRank": role.min_rank,
        "Permissions": {
            "ChangeSessionStatus": False,
            "PassOrFailAttendees": False,
            "ModifyAttendance": False,
        },
        "Slots": {key: {"Attended": False} for key in role.slots},
    }


def _text(roblox_id: int | None) -> str | None:
    return None if roblox_id is None else str(roblox_id)


def list_view(workspace: SeriesWorkspace, session: SeriesSession) -> Doc:
    """A session as the list shows it. Custom roles are missing on a free plan."""
    view: Doc = {
        "SessionId": session.session_id,
        "WorkspaceId": workspace.workspace_id,
        "Title": session.title,
        "Host": _text(session.host),
        "Scheduled": iso(session.scheduled),
        "Delayed": session.delayed,
        "Status": session.status,
        "Claimable": session.claimable,
        "Duration": int(session.duration.total_seconds() // 60),
    }
    if workspace.premium and session.custom_roles is not None:
        roles = session.custom_roles.items()
        view["CustomRoles"] = {name: _role_view(role) for name, role in roles}
    return view


def session_view(workspace: SeriesWorkspace, session: SeriesSession) -> Doc:
    """A session as its own route shows it: more people and a rank than the list has."""
    people = {
        "CoHost": _text(session.co_host),
        "Supervisor": _text(session.supervisor),
        "MinHostRank": session.min_host_rank,
    }
    return {**list_view(workspace, session), **people}


def _held(session: SeriesSession) -> list[Doc]:
    roles = (session.custom_roles or {}).items()
    return [
        {
            "role": name,
            "holders": [key for key in role.slots if not key.startswith(VACANT)],
            "vacant": [key for key in role.slots if key.startswith(VACANT)],
        }
        for name, role in roles
    ]


def overview(world: SeriesWorld) -> Doc:
    """What Series really holds; keys are left out."""
    return {
        "workspaces": [
            {
                "name": workspace.name,
                "workspaceId": workspace.workspace_id,
                "premium": workspace.premium,
                "members": workspace.members,
                "sessions": [
                    {
                        "id": session.session_id,
                        "name": session.title,
                        "status": session.status,
                        "claimable": session.claimable,
                        "startsAt": iso(session.scheduled),
                        "endsAt": iso(session.scheduled + session.duration),
                        "roles": _held(session),
                    }
                    for session in workspace.sessions.values()
                ],
            }
            for workspace in world.workspaces.values()
        ]
    }
