"""Permission bits and who may do what where, by Discord's own order of rules."""

from __future__ import annotations

from collections.abc import Iterable

from bot.sandbox.discord.models import Channel, ChannelKind, Guild, Member, Overwrite

ADMINISTRATOR = 1 << 3
MANAGE_GUILD = 1 << 5
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
MANAGE_MESSAGES = 1 << 13
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_MESSAGE_HISTORY = 1 << 16
MENTION_EVERYONE = 1 << 17
USE_APPLICATION_COMMANDS = 1 << 31
MANAGE_THREADS = 1 << 34
CREATE_PUBLIC_THREADS = 1 << 35
CREATE_PRIVATE_THREADS = 1 << 36
SEND_MESSAGES_IN_THREADS = 1 << 38

NAMES = {
    "administrator": ADMINISTRATOR,
    "manage_channels": 1 << 4,
    "manage_guild": MANAGE_GUILD,
    "add_reactions": 1 << 6,
    "view_channel": VIEW_CHANNEL,
    "send_messages": SEND_MESSAGES,
    "manage_messages": MANAGE_MESSAGES,
    "embed_links": EMBED_LINKS,
    "attach_files": ATTACH_FILES,
    "read_message_history": READ_MESSAGE_HISTORY,
    "mention_everyone": MENTION_EVERYONE,
    "manage_roles": 1 << 28,
    "use_application_commands": USE_APPLICATION_COMMANDS,
    "manage_events": 1 << 33,
    "manage_threads": MANAGE_THREADS,
    "create_public_threads": CREATE_PUBLIC_THREADS,
    "create_private_threads": CREATE_PRIVATE_THREADS,
    "send_messages_in_threads": SEND_MESSAGES_IN_THREADS,
    "create_events": 1 << 44,
    "pin_messages": 1 << 51,
}
ALL = (1 << 53) - 1
EVERYONE = sum(
    NAMES[name]
    for name in (
        "add_reactions",
        "view_channel",
        "send_messages",
        "embed_links",
        "attach_files",
        "read_message_history",
        "mention_everyone",  # a new guild's @everyone has it: what can ping, pings here too
        "use_application_commands",
        "create_public_threads",
        "create_private_threads",
        "send_messages_in_threads",
    )
)
DM = EVERYONE & ~MENTION_EVERYONE
_NEEDS_SENDING = EMBED_LINKS | ATTACH_FILES | MENTION_EVERYONE


def bits(value: int | str | Iterable[str]) -> int:
    """A permission set from a number, a number as text, or names such as "send_messages".

    Raises KeyError for an unknown name.
    """
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        return int(value) if value.isdigit() else NAMES[value]
    result = 0
    for name in value:
        result |= NAMES[name]
    return result


def in_guild(guild: Guild, member: Member) -> int:
    """A member's permissions before any channel has its say."""
    if member.user.id == guild.owner_id:
        return ALL
    result = guild.roles[guild.id].permissions
    for role_id in member.roles:
        result |= guild.roles[role_id].permissions
    return ALL if result & ADMINISTRATOR else result


def in_channel(guild: Guild, channel: Channel, member: Member) -> int:
    """A member's permissions in a channel; a thread has those of its parent."""
    if channel.is_thread and channel.parent_id is not None:
        parent = guild.channels.get(channel.parent_id)
        return in_channel(guild, parent, member) if parent is not None else 0
    base = in_guild(guild, member)
    if base & ADMINISTRATOR:
        return ALL
    base = _apply(base, channel.overwrites.get(guild.id))
    allow = deny = 0
    for role_id in member.roles:
        if (overwrite := channel.overwrites.get(role_id)) is not None:
            allow, deny = allow | overwrite.allow, deny | overwrite.deny
    base = _apply((base & ~deny) | allow, channel.overwrites.get(member.user.id))
    if not base & VIEW_CHANNEL:
        return 0
    return base if base & SEND_MESSAGES else base & ~_NEEDS_SENDING


def can_view(guild: Guild, channel: Channel, member: Member) -> bool:
    """Whether a member sees a channel; private threads are for their members and managers."""
    granted = in_channel(guild, channel, member)
    if not granted & VIEW_CHANNEL:
        return False
    if channel.kind is ChannelKind.PRIVATE_THREAD:
        return member.user.id in channel.members or bool(granted & MANAGE_THREADS)
    return True


def _apply(base: int, overwrite: Overwrite | None) -> int:
    return base if overwrite is None else (base & ~overwrite.deny) | overwrite.allow
