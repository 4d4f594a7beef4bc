"""What a pretended Series HR holds: workspaces, members with ranks, sessions with slots."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from bot.sandbox.platforms.documents import utcnow

Clock = Callable[[], datetime]
Status = Literal["upcoming", "ongoing", "completed", "cancelled"]
VACANT = "VACANT_"


@dataclass
class CustomRole:
    """A role of a session. A slot's key is a Roblox id (filled) or `VACANT_n`, with gaps."""

    min_rank: int = 0
    slots: list[str] = field(default_factory=list)
    made: int = 0

    @classmethod
    def with_slots(
        cls, vacant: int, min_rank: int = 0, holders: Sequence[int] = ()
    ) -> "CustomRole":
        """A role with some holders and, numbered after them, some vacant slots."""
        made = len(holders) + vacant
        free = [f"{VACANT}{number}" for number in range(len(holders), made)]
        return cls(min_rank, [*map(str, holders), *free], made)

    def fill(self, slot_key: str, user_id: str) -> None:
        """Put a user into a vacant slot. Raises ValueError when the key is not there."""
        self.slots[self.slots.index(slot_key)] = user_id

    def vacate(self, user_id: str) -> None:
        """Free the user's slot under a number never used before: none can be computed.

        Raises ValueError when the user holds none.
        """
        self.slots[self.slots.index(user_id)] = f"{VACANT}{self.made}"
        self.made += 1


@dataclass
class SeriesSession:
    """One session. `status` is what somebody set it to; `scheduled` is aware, in UTC."""

    title: str
    scheduled: datetime
    duration: timedelta = timedelta(hours=1)
    status: Status = "upcoming"
    claimable: bool = True
    delayed: bool = False
    host: int | None = None
    co_host: int | None = None
    supervisor: int | None = None
    min_host_rank: int = 0
    custom_roles: dict[str, CustomRole] | None = None
    session_id: str = ""


@dataclass
class SeriesWorkspace:
    """One workspace. `members` maps Roblox ids to their rank; a free plan has no custom roles."""

    key: str
    workspace_id: str
    name: str
    clock: Clock
    premium: bool = True
    members: dict[str, int] = field(default_factory=dict)
    sessions: dict[str, SeriesSession] = field(default_factory=dict)

    def add_member(self, roblox_id: int, rank: int) -> None:
        """Let somebody into the workspace, or change their rank (0-255)."""
        self.members[str(roblox_id)] = rank

    def add_session(self, session: SeriesSession) -> SeriesSession:
        """Add a session; an empty `session_id` gets one of the platform's form."""
        if not session.session_id:
            stamp = int(session.scheduled.timestamp())
            session.session_id = f"session_{stamp}_{secrets.token_hex(6)[:11]}"
        self.sessions[session.session_id] = session
        return session


@dataclass
class SeriesWorld:
    """Everything one pretended Series holds. `clock` gives aware moments in UTC."""

    clock: Clock = utcnow
    workspaces: dict[str, SeriesWorkspace] = field(default_factory=dict)

    def add_workspace(
        self, key: str, workspace_id: str, name: str = "Workspace", premium: bool = True
    ) -> SeriesWorkspace:
        """Add a workspace, opened by this key."""
        workspace = SeriesWorkspace(key, workspace_id, name, self.clock, premium)
        self.workspaces[key] = workspace
        return workspace

    def get_session(self, session_id: str) -> SeriesSession:
        """The session, whatever workspace it is in. Raises KeyError for an unknown id."""
        for workspace in self.workspaces.values():
            if session_id in workspace.sessions:
                return workspace.sessions[session_id]
        raise KeyError(session_id)

    def panel_claim(self, session_id: str, role_name: str, slot_key: str, user_id: int) -> None:
        """Somebody fills a slot in the panel. Raises KeyError or ValueError."""
        self._role(session_id, role_name).fill(slot_key, str(user_id))

    def panel_release(self, session_id: str, role_name: str, user_id: int) -> None:
        """Somebody is taken off a role in the panel. Raises KeyError or ValueError."""
        self._role(session_id, role_name).vacate(str(user_id))

    def _role(self, session_id: str, role_name: str) -> CustomRole:
        return (self.get_session(session_id).custom_roles or {})[role_name]
