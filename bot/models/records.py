"""What Muster itself keeps: workspaces, links, preferences and the journal."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bot.models.platforms import Place, ProviderKind


class WorkspaceState(StrEnum):
    """Whether a workspace's connection works, as last seen."""

    OK = "ok"
    KEY_REFUSED = "key refused"
    DOWN = "down"
    NO_KEY = "no key"  # erased when Muster was taken out of the guild; it must be typed again


class ClashPolicy(StrEnum):
    """What happens when somebody claims two sessions that run at the same time."""

    OFF = "off"
    WARN = "warn"  # they are asked whether they mean it
    REFUSE = "refuse"


class Leavers(StrEnum):
    """What becomes of the claims of somebody who left the guild."""

    FLAG = "flag"  # hosts are told, nothing else
    RELEASE = "release"  # their claims are given back on the platform as well


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
    barred_role_ids: frozenset[int] = frozenset()  # who has one of these may not
    clash: ClashPolicy = ClashPolicy.WARN
    auto_lead_minutes: int | None = None  # posts sessions by itself this long before; None: never
    auto_filter: str = ""  # only sessions whose name contains this, whatever the case
    auto_ping: bool = False  # the ping role is pinged by automatic posts too
    cutoff_minutes: int | None = None  # of new announcements, unless their host says otherwise
    threads: bool = False  # every announcement gets a thread, for talk and reminders
    reminder_minutes: frozenset[int] = frozenset()  # before the start; empty: nobody is reminded
    leavers: Leavers = Leavers.FLAG
    host_swaps: bool = False  # hosts may exchange two members' roles without asking them
    state: WorkspaceState = WorkspaceState.OK
    state_since: datetime | None = None

    @property
    def upstream(self) -> str:
        """Names, with a session id, one session of the platform, however its host is spelled.

        ReAdmin's session ids are unique in the world; one server may answer to several addresses.
        """
        return self.base_url if self.kind is ProviderKind.SERIES else "readmin"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What one member of a guild wants to hear from Muster."""

    guild_id: int
    discord_id: int
    reminders: bool = True  # of the roles that they hold, in a session's thread
    direct: bool = False  # by direct message: reminders, and changes that concern them


@dataclass(frozen=True, slots=True)
class RoleRule:
    """Which Discord roles may claim one claimable role of a workspace, wherever it is offered."""

    workspace_id: int
    group_id: str
    role_id: str
    role_name: str  # as it was called when the rule was made; display only
    allowed_role_ids: frozenset[int] = frozenset()  # in place of the workspace's, unless empty
    barred_role_ids: frozenset[int] = frozenset()  # besides the workspace's


class LinkSource(StrEnum):
    """How we came to know that a Discord account is a Roblox account."""

    PROOF = "proof"
    BLOXLINK = "bloxlink"
    ROVER = "rover"
    ADMIN = "admin"
    IMPORT = "import"


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
    WAITLIST = "waitlist"  # an offer was accepted
    SWAP = "swap"  # one half of a swap: carried out and settled by the swaps alone


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
    upstream: str  # `Workspace.upstream`; with the session id it names the lane
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
    owner: int | None = field(default=None, compare=False)  # the process that drives it
    unread_since: datetime | None = None  # first of the failed reads in a row
    repaired: bool = False  # it vanished once and was written again
    with_reason: bool = False  # a reason was given for it; the reason itself is not kept
    told: bool = False  # whom it is for knows the ending

    @property
    def noteworthy(self) -> bool:
        """Whether hosts read of it once it is done: what one did for another, or says why.

        Without an interaction, whoever acts for many at once says so in one line.
        """
        told = self.door is Door.HOST or self.with_reason
        return told and self.interaction_id is not None

    @property
    def in_vain(self) -> bool:
        """Tried by a host for somebody and refused: for the host to hear, not for the member."""
        return self.door is Door.HOST and self.state is AttemptState.REFUSED

    def moved_to(self, state: AttemptState) -> Attempt:
        """The same attempt in another state."""
        return replace(self, state=state)
