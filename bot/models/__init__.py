"""The domain: what sessions, openings, claims and workspaces are, free of any upstream's words.

All times are aware datetimes in UTC.
"""

from bot.models.platforms import (
    Capabilities,
    Claim,
    ClaimsForm,
    Game,
    Health,
    LineState,
    Place,
    Probe,
    ProviderKind,
    RobloxUser,
    Role,
    Server,
    Session,
    SessionState,
)
from bot.models.records import (
    AccountLink,
    Announcement,
    AnnouncementState,
    Attempt,
    AttemptKind,
    AttemptState,
    Door,
    LinkSource,
    Opening,
    Workspace,
    WorkspaceState,
)

__all__ = [
    "AccountLink",
    "Announcement",
    "AnnouncementState",
    "Attempt",
    "AttemptKind",
    "AttemptState",
    "Capabilities",
    "Claim",
    "ClaimsForm",
    "Door",
    "Game",
    "Health",
    "LineState",
    "LinkSource",
    "Opening",
    "Place",
    "Probe",
    "ProviderKind",
    "RobloxUser",
    "Role",
    "Server",
    "Session",
    "SessionState",
    "Workspace",
    "WorkspaceState",
]
