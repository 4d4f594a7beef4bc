"""Our world in the JSON shapes of Discord's API version 10."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.sandbox.discord import permissions
from bot.sandbox.discord.models import (
    Attachment,
    Channel,
    ChannelKind,
    Guild,
    Member,
    Message,
    Overwrite,
    Role,
    User,
    created_at,
)
from bot.sandbox.discord.world import DiscordWorld

Json = dict[str, Any]


def stamp(moment: datetime) -> str:
    """A moment as Discord writes it."""
    return moment.isoformat(timespec="microseconds")


def user_payload(user: User) -> Json:
    """A user object."""
    return {
        "id": str(user.id),
        "username": user.username,
        "discriminator": "0",
        "global_name": None if user.bot else user.display_name,
        "avatar": None,
        "bot": user.bot,
        "public_flags": 0,
        "flags": 0,
    }


def role_payload(role: Role) -> Json:
    """A role object."""
    return {
        "id": str(role.id),
        "name": role.name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": role.position,
        "permissions": str(role.permissions),
        "managed": role.managed,
        "mentionable": role.mentionable,
        "flags": 0,
    }


def member_payload(member: Member, *, with_user: bool = True) -> Json:
    """A guild member object."""
    body: Json = {
        "nick": member.nick,
        "avatar": None,
        "roles": [str(role_id) for role_id in member.roles],
        "joined_at": stamp(member.joined_at),
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "pending": False,
        "communication_disabled_until": None,
    }
    return {**body, "user": user_payload(member.user)} if with_user else body


def _overwrite_payload(overwrite: Overwrite) -> Json:
    return {
        "id": str(overwrite.target_id),
        "type": overwrite.kind,
        "allow": str(overwrite.allow),
        "deny": str(overwrite.deny),
    }


def _thread_fields(channel: Channel) -> Json:
    changed = stamp(channel.archived_at or created_at(channel.id))
    return {
        "parent_id": str(channel.parent_id),
        "owner_id": str(channel.owner_id),
        "message_count": len(channel.messages),
        "total_message_sent": len(channel.messages),
        "member_count": len(channel.members),
        "rate_limit_per_user": 0,
        "thread_metadata": {
            "archived": channel.archived,
            "auto_archive_duration": channel.auto_archive,
            "archive_timestamp": changed,
            "locked": channel.locked,
            "invitable": True,
            "create_timestamp": stamp(created_at(channel.id)),
        },
    }


def thread_member_payload(channel: Channel, user_id: int) -> Json:
    """A thread member object."""
    joined = stamp(created_at(channel.id))
    return {"id": str(channel.id), "user_id": str(user_id), "join_timestamp": joined, "flags": 0}


def channel_payload(world: DiscordWorld, channel: Channel) -> Json:
    """A channel object: guild channel, thread or DM."""
    public = [m.id for m in channel.messages.values() if m.viewer_id is None]
    body: Json = {
        "id": str(channel.id),
        "type": int(channel.kind),
        "last_message_id": str(max(public)) if public else None,
        "flags": 0,
    }
    if channel.kind is ChannelKind.DM:
        recipient = world.users[channel.recipient_id or 0]
        return {**body, "recipients": [user_payload(recipient)]}
    body |= {"guild_id": str(channel.guild_id), "name": channel.name}
    if channel.is_thread:
        body |= _thread_fields(channel)
        if world.bot_user.id in channel.members:
            body["member"] = thread_member_payload(channel, world.bot_user.id)
        return body
    return body | {
        "position": channel.position,
        "permission_overwrites": [_overwrite_payload(o) for o in channel.overwrites.values()],
        "parent_id": str(channel.parent_id) if channel.parent_id else None,
        "topic": channel.topic,
        "nsfw": False,
        "rate_limit_per_user": 0,
    }


def guild_payload(guild: Guild) -> Json:
    """A guild object as `GET /guilds/{id}` gives it."""
    return {
        "id": str(guild.id),
        "name": guild.name,
        "owner_id": str(guild.owner_id),
        "preferred_locale": guild.locale,
        "roles": [role_payload(role) for role in guild.roles.values()],
        "icon": None,
        "splash": None,
        "banner": None,
        "description": None,
        "features": [],
        "emojis": [],
        "stickers": [],
        "afk_timeout": 300,
        "afk_channel_id": None,
        "verification_level": 1,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "premium_tier": 0,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "vanity_url_code": None,
        "application_id": None,
    }


def guild_create_payload(world: DiscordWorld, guild: Guild) -> Json:
    """What GUILD_CREATE carries without the members intent: of the members only the bot."""
    me = guild.members[world.bot_user.id]
    channels = [c for c in guild.channels.values() if not c.is_thread]
    threads = [
        c
        for c in guild.channels.values()
        if c.is_thread and not c.archived and permissions.can_view(guild, c, me)
    ]
    return guild_payload(guild) | {
        "joined_at": stamp(me.joined_at),
        "large": len(guild.members) > 250,
        "unavailable": False,
        "member_count": len(guild.members),
        "members": [member_payload(me)],
        "channels": [channel_payload(world, c) for c in channels],
        "threads": [channel_payload(world, c) for c in threads],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def attachment_payload(attachment: Attachment, files_url: str) -> Json:
    """An attachment object; its URL is served by the stand-in."""
    url = f"{files_url}/{attachment.id}/{attachment.filename}"
    return {
        "id": str(attachment.id),
        "filename": attachment.filename,
        "description": attachment.description,
        "content_type": attachment.content_type,
        "size": len(attachment.content),
        "url": url,
        "proxy_url": url,
    }


def message_payload(world: DiscordWorld, message: Message, files_url: str) -> Json:
    """A message object without the interaction it answers."""
    channel = world.channels[message.channel_id]
    body: Json = {
        "id": str(message.id),
        "channel_id": str(message.channel_id),
        "author": user_payload(world.users[message.author_id]),
        "content": message.content,
        "embeds": message.embeds,
        "components": message.components,
        "attachments": [attachment_payload(a, files_url) for a in message.attachments],
        "flags": message.flags,
        "type": message.kind,
        "timestamp": stamp(created_at(message.id)),
        "edited_timestamp": stamp(message.edited_at) if message.edited_at else None,
        "mention_everyone": message.mentions.everyone,
        "mentions": [user_payload(world.users[u]) for u in message.mentions.users],
        "mention_roles": [str(r) for r in message.mentions.roles],
        "pinned": False,
        "tts": False,
    }
    if message.nonce is not None:
        body["nonce"] = message.nonce
    if message.author_id == world.bot_user.id:
        body["application_id"] = str(world.bot_user.id)
    thread = world.channels.get(message.thread_id) if message.thread_id else None
    if thread is not None:
        body["thread"] = channel_payload(world, thread)
    if message.reference_id is not None:
        reference = {"message_id": str(message.reference_id), "channel_id": str(channel.id)}
        body["message_reference"] = reference
    return body
