"""How members come to be linked: proofs, codes, the services that know them, open questions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.models.records import LinkSource


class IdentityKind(StrEnum):
    """A service that knows which Roblox account a Discord account has."""

    BLOXLINK = "bloxlink"
    ROVER = "rover"

    @property
    def label(self) -> str:
        """As it calls itself."""
        return "Bloxlink" if self is IdentityKind.BLOXLINK else "RoVer"

    @property
    def source(self) -> LinkSource:
        """What a link says that rests on this service's word."""
        return LinkSource(self.value)


@dataclass(frozen=True, slots=True)
class Proof:
    """Somebody showed with a code in the profile that a Roblox account is theirs. Times are UTC."""

    discord_id: int
    roblox_id: int
    username: str
    username_at: datetime
    proved_at: datetime


@dataclass(frozen=True, slots=True)
class ProfileCode:
    """Words that one member of one guild puts into the profile of one Roblox account."""

    code_id: int
    guild_id: int
    discord_id: int
    roblox_id: int
    username: str
    username_at: datetime
    words: str  # separated by single spaces
    expires_at: datetime
    tries: int = 0
    last_try_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ServiceKey:
    """A guild lets Muster ask a service. The key itself stays in the store."""

    guild_id: int
    kind: IdentityKind
    key_hint: str  # its last four characters; empty for a short key
    set_by: int  # Discord id
    set_at: datetime


@dataclass(frozen=True, slots=True)
class ServiceAnswer:
    """What a service last said about a member of a guild."""

    guild_id: int
    discord_id: int
    kind: IdentityKind
    roblox_id: int | None  # None: it had no account to tell
    asked_at: datetime


class Question(StrEnum):
    """What about a member's link is open."""

    CONFIRM = "confirm"  # the member: are you this account, as a service says?
    DECIDE = "decide"  # an admin: which account counts, or whose is it?
    CONTESTED = "contested"  # nothing to decide: the member does not know who wants their account
    LOST = "lost"  # nothing to decide: the member does not know yet that their link went to another


@dataclass(frozen=True, slots=True)
class PendingLink:
    """A question about one member of one guild; at most one of each kind is open."""

    question_id: int
    guild_id: int
    discord_id: int
    kind: Question
    roblox_id: int
    username: str
    source: LinkSource
    asked_at: datetime
    other_id: int | None = None  # DECIDE: who has the account; LOST, CONTESTED: who wants it
