"""What guilds have posted: announcements and their openings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.models.platforms import Place

NOBODY = 0  # in place of a Discord id


class AnnouncementState(StrEnum):
    """The life of an announcement in Muster (the session's own life is the platform's)."""

    DRAFT = "draft"  # previewed by a host, not posted yet
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"  # by a host, here; the platform's session may still stand
    ENDED = "ended"
    GONE = "gone"  # the session no longer exists on the platform
    LOST = "lost"  # its message or channel was deleted; a host can post it again


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
    host_id: int  # Discord id; NOBODY when it was posted by itself and the host is not linked
    title: str  # the session's name when last seen, for choices and receipts
    starts_at: datetime
    ends_at: datetime
    note: str = ""
    ping: bool = False
    closed_by: int | None = None  # also who cancelled it
    closed_at: datetime | None = None
    rendered_hash: str = ""
    cutoff_minutes: int | None = None  # before the start; None: claims stay open to the end
    co_host_ids: frozenset[int] = frozenset()  # Discord ids
    cancel_reason: str = ""
    posted_title: str = ""  # the name when it was posted, to say so when it changes
    posted_starts_at: datetime | None = None
    thread_id: int | None = None
    automatic: bool = False  # posted by lead time, not by a member
    pinged_again_at: datetime | None = None

    @property
    def url(self) -> str:
        """Where its board stands in Discord."""
        return f"https://discord.com/channels/{self.guild_id}/{self.channel_id}/{self.message_id}"

    @property
    def host_ids(self) -> frozenset[int]:
        """Discord ids of those who may run it besides the workspace's hosts."""
        return (self.co_host_ids | {self.host_id}) - {NOBODY}

    @property
    def cut_off(self) -> datetime | None:
        """When members can no longer claim; hosts still can."""
        if self.cutoff_minutes is None:
            return None
        return self.starts_at - timedelta(minutes=self.cutoff_minutes)


@dataclass(frozen=True, slots=True)
class Opening:
    """One claimable role of an announced session on one server: what a button stands for."""

    opening_id: int
    announcement_id: int
    place: Place
    role_name: str
    server_name: str
    position: int
    hidden: bool = False  # by a host: not on the board, not in lists
