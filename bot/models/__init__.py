"""The domain: what sessions, openings, claims and workspaces are, free of any upstream's words.

All times are aware datetimes in UTC.
"""

from bot.models.announcements import NOBODY, Announcement, AnnouncementState, Opening
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
    Attempt,
    AttemptKind,
    AttemptState,
    ClashPolicy,
    Door,
    LinkSource,
    Preferences,
    RoleRule,
    Workspace,
    WorkspaceState,
)
from bot.models.swaps import News, Stands, Swap, SwapSide, SwapState

__all__ = [
    "NOBODY",
    "AccountLink",
    "Announcement",
    "AnnouncementState",
    "Attempt",
    "AttemptKind",
    "AttemptState",
    "Capabilities",
    "Claim",
    "ClaimsForm",
    "ClashPolicy",
    "Door",
    "Game",
    "Health",
    "LineState",
    "LinkSource",
    "News",
    "Opening",
    "Place",
    "Preferences",
    "Probe",
    "ProviderKind",
    "RobloxUser",
    "Role",
    "RoleRule",
    "Server",
    "Session",
    "SessionState",
    "Stands",
    "Swap",
    "SwapSide",
    "SwapState",
    "Workspace",
    "WorkspaceState",
]
