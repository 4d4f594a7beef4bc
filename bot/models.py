"""The domain: what sessions, openings, claims and workspaces are, free of any upstream's words.

All times are aware datetimes in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
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


@dataclass(frozen=True, slots=True)
class Probe:
    """What a test of a workspace's key and address found."""

    capabilities: Capabilities
    sessions: int  # how many sessions could be read
    roles: int  # how many claimable roles could be read


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


class WorkspaceState(StrEnum):
    """Whether a workspace's connection works, as last seen."""

    OK = "ok"
    KEY_REFUSED = "key refused"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A community's workspace on a platform, connected to one guild. The key stays in the store."""

    workspace_id: int
    guild_id: int
    name: str  # short name, unique in the guild
    kind: ProviderKind
    base_url: str  # normalised, without a trailing slash
    key_hint: str  # last four characters of the key
    key_set_at: datetime
    announcement_channel_id: int | None = None
    log_channel_id: int | None = None
    ping_role_id: int | None = None
    host_role_ids: frozenset[int] = frozenset()
    claimer_role_ids: frozenset[int] = frozenset()  # empty: every member may claim
    state: WorkspaceState = WorkspaceState.OK
    state_since: datetime | None = None


class LinkSource(StrEnum):
    """How we came to know that a Discord account is a Roblox account."""

    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class AccountLink:
    """This Discord account is that Roblox account, in one guild."""

    guild_id: int
    discord_id: int
    roblox_id: int
    username: str
    username_at: datetime
    source: LinkSource
    linked_by: int
    linked_at: datetime


class AnnouncementState(StrEnum):
    """The life of an announcement in Muster (the session's own life is the platform's)."""

    DRAFT = "draft"  # previewed by a host, not posted yet
    OPEN = "open"
    CLOSED = "closed"
    ENDED = "ended"
    GONE = "gone"  # the session no longer exists on the platform


@dataclass(frozen=True, slots=True)
class Announcement:
    """Our record that a session is posted in a guild."""

    announcement_id: int
    guild_id: int
    workspace_id: int
    session_id: str
    channel_id: int
    message_id: int | None
    state: AnnouncementState
    host_id: int  # Discord id of who posted it
    title: str  # the session's name when last seen, for choices and receipts
    starts_at: datetime
    ends_at: datetime
    note: str = ""
    ping: bool = False
    closed_by: int | None = None
    closed_at: datetime | None = None
    rendered_hash: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """One claimable role of an announced session on one server: what a button stands for."""

    opening_id: int
    announcement_id: int
    place: Place
    role_name: str
    server_name: str
    position: int


class AttemptKind(StrEnum):
    """What a journal row asked the platform to do."""

    CLAIM = "claim"
    RELEASE = "release"


class AttemptState(StrEnum):
    """How far a journal row came."""

    PENDING = "pending"  # accepted, nothing sent
    SENT = "sent"  # the write may have reached the platform
    UNKNOWN = "unknown"  # looked, could not tell; being looked at again
    CONFIRMED = "confirmed"
    REFUSED = "refused"

    @property
    def settled(self) -> bool:
        """Whether the attempt has its final outcome."""
        return self in (AttemptState.CONFIRMED, AttemptState.REFUSED)


class Door(StrEnum):
    """Through which door a claim or release came in."""

    BUTTON = "button"
    SLASH = "slash"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One row of the journal: somebody asked for a claim or a release, and what became of it."""

    operation_id: str  # random, also the reference number that members see (its first 8 characters)
    kind: AttemptKind
    state: AttemptState
    guild_id: int
    workspace_id: int
    announcement_id: int
    opening_id: int
    upstream: str  # normalised base URL; with the session id it names the lane
    place: Place
    door: Door
    actor_id: int  # Discord id of who pressed
    subject_id: int  # Discord id of whom it is for
    roblox_id: int
    created_at: datetime
    interaction_id: int | None = None
    interaction_token: str = field(default="", repr=False)  # lives 15 minutes; erased when settled
    sent_at: datetime | None = None
    absent_since: datetime | None = None  # first read-back that did not find the claim
    settled_at: datetime | None = None
    upstream_status: int | None = None
    reason: str = ""

    def moved_to(self, state: AttemptState) -> Attempt:
        """The same attempt in another state."""
        return replace(self, state=state)
