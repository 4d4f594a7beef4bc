"""Which gateway event a change of the world causes, and the intents it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.sandbox.discord.models import Change, Channel
from bot.sandbox.discord.payloads import (
    channel_payload,
    guild_create_payload,
    member_payload,
    message_payload,
    role_payload,
    user_payload,
)
from bot.sandbox.discord.world import DiscordWorld

Json = dict[str, Any]
GUILDS, MEMBERS, GUILD_MESSAGES, DIRECT_MESSAGES = 1 << 0, 1 << 1, 1 << 9, 1 << 12


@dataclass(frozen=True, slots=True)
class Event:
    """A gateway event with the intents a session must have asked for."""

    name: str
    data: Json
    intents: int


def event_of(world: DiscordWorld, change: Change, files_url: str) -> Event | None:
    """The event for a change; None when the bot is not told of it."""
    name = change.kind.upper()
    if change.kind.startswith("message_"):
        return _message_event(world, change, name, files_url)
    guild = change.guild
    if guild is None or not _hears_of(world, change):
        return None
    if change.kind == "guild_create":
        return Event(name, guild_create_payload(world, guild), GUILDS)
    if change.kind == "guild_delete":
        data = {"id": str(guild.id), **({"unavailable": True} if guild.unavailable else {})}
        return Event(name, data, GUILDS)
    if change.role is not None:
        data = {"guild_id": str(guild.id), "role": role_payload(change.role)}
        return Event(name, data, GUILDS)
    if change.member is not None:
        return _member_event(world, change, name)
    if change.channel is not None:
        return _channel_event(world, change.channel, name)
    return None


def _hears_of(world: DiscordWorld, change: Change) -> bool:
    guild = change.guild
    if guild is None:
        return False
    return world.bot_user.id in guild.members or change.kind == "guild_delete"


def _message_event(world: DiscordWorld, change: Change, name: str, files_url: str) -> Event | None:
    message, channel = change.message, change.channel
    if message is None or channel is None or message.viewer_id is not None:
        return None
    if not world.can_view(channel, world.bot_user.id):
        return None
    place = {"guild_id": str(channel.guild_id)} if channel.guild_id is not None else {}
    intent = GUILD_MESSAGES if channel.guild_id is not None else DIRECT_MESSAGES
    if change.kind == "message_delete":
        data = {"id": str(message.id), "channel_id": str(channel.id), **place}
    else:
        data = message_payload(world, message, files_url) | place
    return Event(name, data, intent)


def _member_event(world: DiscordWorld, change: Change, name: str) -> Event | None:
    if change.member is None or change.guild is None:
        return None
    place = {"guild_id": str(change.guild.id)}
    if change.kind == "guild_member_remove":
        return Event(name, place | {"user": user_payload(change.member.user)}, MEMBERS)
    # Updates of the bot's own member need no intent.
    own = change.kind == "guild_member_update" and change.member.user is world.bot_user
    return Event(name, member_payload(change.member) | place, 0 if own else MEMBERS)


def _channel_event(world: DiscordWorld, channel: Channel, name: str) -> Event | None:
    if not channel.is_thread:
        return Event(name, channel_payload(world, channel), GUILDS)
    if not world.can_view(channel, world.bot_user.id):
        return None
    data = channel_payload(world, channel)
    if name == "THREAD_CREATE":
        data["newly_created"] = True
    return Event(name, data, GUILDS)
