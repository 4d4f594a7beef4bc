"""What the sandbox's Discord is made of: people, guilds, channels, messages."""

from __future__ import annotations

import enum
import itertools
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]
_EPOCH_MS = 1_420_070_400_000
_GUILD_STEP = 1_000_003  # a prime, so that guild ids spread evenly over any number of shards


class Snowflakes:
    """Hands out ids as Discord does: time in the upper bits, always rising."""

    def __init__(self) -> None:
        self._last_ms = 0
        self._counter = 0
        self._guilds = itertools.count(1)

    def new(self) -> int:
        """An id of this moment, larger than every one before."""
        now = int(time.time() * 1000) - _EPOCH_MS
        if now > self._last_ms:
            self._last_ms, self._counter = now, 0
        else:
            self._counter += 1
            if self._counter > 4095:
                self._last_ms, self._counter = self._last_ms + 1, 0
        return (self._last_ms << 22) | (1 << 17) | self._counter

    def new_guild(self) -> int:
        """An id of a guild founded some years ago, on another shard than the one before."""
        return (63_072_000_000 + next(self._guilds) * _GUILD_STEP) << 22


def created_at(snowflake: int) -> datetime:
    """The moment (UTC) an id was made."""
    return datetime.fromtimestamp(((snowflake >> 22) + _EPOCH_MS) / 1000, UTC)


class ChannelKind(enum.IntEnum):
    """Discord's channel types that the stand-in knows."""

    TEXT = 0
    DM = 1
    CATEGORY = 4
    NEWS = 5
    NEWS_THREAD = 10
    THREAD = 11
    PRIVATE_THREAD = 12


THREADS = (ChannelKind.NEWS_THREAD, ChannelKind.THREAD, ChannelKind.PRIVATE_THREAD)
LOADING = 1 << 7
EPHEMERAL = 1 << 6
SUPPRESS_EMBEDS = 1 << 2
HAS_THREAD = 1 << 5
SUPPRESS_NOTIFICATIONS = 1 << 12
COMPONENTS_V2 = 1 << 15


@dataclass(slots=True)
class User:
    """A Discord account; `dms_open` is whether it accepts messages of bots."""

    id: int
    username: str
    display_name: str
    bot: bool = False
    dms_open: bool = True


@dataclass(slots=True)
class Role:
    """A Discord role; the one with the guild's own id is @everyone."""

    id: int
    name: str
    permissions: int
    position: int
    mentionable: bool = False
    managed: bool = False


@dataclass(slots=True)
class Member:
    """A user in a guild, with the ids of their Discord roles."""

    user: User
    roles: list[int]
    joined_at: datetime
    nick: str | None = None


@dataclass(slots=True)
class Overwrite:
    """What a channel allows and denies a role (kind 0) or a member (kind 1)."""

    target_id: int
    kind: int
    allow: int = 0
    deny: int = 0


@dataclass(slots=True)
class Attachment:
    """A file on a message or in a command's option."""

    id: int
    filename: str
    content: bytes
    content_type: str
    description: str | None = None


@dataclass(slots=True)
class Pings:
    """Who gets a notification because of a message."""

    everyone: bool = False
    users: list[int] = field(default_factory=list)
    roles: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Message:
    """A message; `viewer_id` is set when only that person can see it (ephemeral)."""

    id: int
    channel_id: int
    author_id: int
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: int = 0
    viewer_id: int | None = None
    kind: int = 0
    nonce: str | None = None
    edited_at: datetime | None = None
    mentions: Pings = field(default_factory=Pings)
    pings: Pings = field(default_factory=Pings)
    interaction_id: int | None = None
    thread_id: int | None = None
    reference_id: int | None = None
    revision: int = 0

    @property
    def loading(self) -> bool:
        """Whether it still shows that the bot is thinking."""
        return bool(self.flags & LOADING)


@dataclass(slots=True)
class Channel:
    """A guild channel, a thread or a DM; which fields matter depends on its kind."""

    id: int
    kind: ChannelKind
    name: str
    guild_id: int | None = None
    parent_id: int | None = None
    position: int = 0
    topic: str | None = None
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    recipient_id: int | None = None
    owner_id: int = 0
    members: set[int] = field(default_factory=set)
    archived: bool = False
    locked: bool = False
    auto_archive: int = 1440
    archived_at: datetime | None = None
    messages: dict[int, Message] = field(default_factory=dict)
    revision: int = 0

    @property
    def is_thread(self) -> bool:
        """Whether this is a thread of some kind."""
        return self.kind in THREADS


@dataclass(slots=True)
class Guild:
    """A Discord community."""

    id: int
    name: str
    owner_id: int
    locale: str = "en-US"
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    unavailable: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """Something happened to the world; `kind` is Discord's event name in lower case.

    "bot_status", "commands" and "dm_create" are ours: people notice, the bot is not told.
    """

    kind: str
    guild: Guild | None = None
    channel: Channel | None = None
    message: Message | None = None
    role: Role | None = None
    member: Member | None = None
