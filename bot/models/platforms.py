"""What the platforms hold: sessions, servers, roles and claims, in our own words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ProviderKind(StrEnum):
    """The staff platforms that Muster speaks to."""

    READMIN_V2 = "readmin-v2"
    READMIN_V1 = "readmin-v1"
    SERIES = "series"

    @property
    def label(self) -> str:
        """The platform's name as members know it."""
        return {
            ProviderKind.READMIN_V2: "ReAdmin",
            ProviderKind.READMIN_V1: "ReAdmin (legacy v1)",
            ProviderKind.SERIES: "Series HR",
        }[self]


class SessionState(StrEnum):
    """Where a session stands in its life, as the platform sees it."""

    NOT_OPEN = "not open yet"  # exists only as a template; nobody can claim it
    SCHEDULED = "scheduled"
    LIVE = "live"
    ENDED = "ended"
    CANCELLED = "cancelled"


class ClaimsForm(StrEnum):
    """How a ReAdmin server stores its claims. Only the map form takes claims from the API."""

    MAP = "map"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one platform can do. Services ask these, never which platform it is."""

    can_release: bool
    has_servers: bool  # sessions are split into servers, and a claim names one
    enforces_limits: bool  # capacity and rank are refused by the platform itself
    one_claim_per_server: bool  # a second claim by the same person replaces the first
    loses_writes: bool = False  # a release can undo what was written at the same moment


@dataclass(frozen=True, slots=True)
class Probe:
    """What a test of a workspace's key and address found."""

    capabilities: Capabilities
    sessions: int  # how many sessions could be read
    roles: int  # how many claimable roles could be read


class LineState(StrEnum):
    """Whether a workspace's platform is asked at all; a circuit breaker's three states."""

    CLOSED = "closed"  # all is well: calls are sent
    OPEN = "open"  # it kept silent several times in a row: calls fail at once
    HALF_OPEN = "half-open"  # one read is finding out whether it is back


@dataclass(frozen=True, slots=True)
class Health:
    """How the line to one workspace's platform does, as this process saw it."""

    state: LineState
    since: datetime  # when it last opened or closed; else when the line was made
    asked_again_at: datetime | None = None  # while open: no read is sent before this
    limited_until: datetime | None = None  # the platform asked for a pause
    last_error: str = ""  # the kind of the last trouble, such as Unavailable; stays after it
    last_error_at: datetime | None = None
    waiting: int = 0  # calls that wait for a free line
    left_out: int = 0  # malformed sessions in the latest list
    limited: int = 0  # how often the platform said 429 on this line


@dataclass(frozen=True, slots=True)
class Role:
    """One claimable role, with the limits that its workspace set."""

    group_id: str  # role group; empty where the platform has none
    group_name: str
    role_id: str
    name: str
    capacity: int | None  # per server; None = unlimited
    min_rank: int = 0  # Roblox group rank, 0-255; 0 = none
    claim_once: bool = False
    vacant_slots: tuple[str, ...] = ()  # Series: keys of the free slots in this reading


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as the platform holds it."""

    roblox_id: int
    role_id: str | None  # None when the platform lost the role, or never had one
    role_name: str | None = None
    claimed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """A Roblox game server in a session. Platforms without servers have exactly one: id ''."""

    server_id: str
    name: str
    claims: tuple[Claim, ...] = ()
    form: ClaimsForm = ClaimsForm.MAP


@dataclass(frozen=True, slots=True)
class Game:
    """The Roblox experience a session is played in."""

    name: str | None
    place_id: int | None


@dataclass(frozen=True, slots=True)
class Session:
    """One reading of a scheduled event of the platform."""

    session_id: str
    name: str
    description: str
    state: SessionState
    starts_at: datetime
    ends_at: datetime
    servers: tuple[Server, ...]
    roles: tuple[Role, ...]
    group_id: int | None = None  # Roblox group of the workspace, where the platform tells
    game: Game | None = None
    host_roblox_id: int | None = None
    claimable: bool = True  # False: the platform's own switch forbids claiming

    def server(self, server_id: str) -> Server | None:
        """The server with this id, or None."""
        return next((s for s in self.servers if s.server_id == server_id), None)

    def role(self, group_id: str, role_id: str) -> Role | None:
        """The offered role with these ids, or None."""
        return next(
            (r for r in self.roles if r.role_id == role_id and r.group_id == group_id), None
        )

    def holders(self, server_id: str, role_id: str) -> tuple[int, ...]:
        """Roblox ids of who holds this role on this server, each once."""
        server = self.server(server_id)
        claims = server.claims if server else ()
        return tuple(dict.fromkeys(c.roblox_id for c in claims if c.role_id == role_id))

    def held_by(self, roblox_id: int) -> tuple[tuple[str, Claim], ...]:
        """(server id, claim) of everything this person holds in the session."""
        return tuple(
            (s.server_id, c) for s in self.servers for c in s.claims if c.roblox_id == roblox_id
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a claim goes: the platform's own keys of one claimable role on one server."""

    session_id: str
    server_id: str
    group_id: str
    role_id: str


@dataclass(frozen=True, slots=True)
class RobloxUser:
    """A Roblox account as Roblox describes it."""

    roblox_id: int
    username: str
    display_name: str
