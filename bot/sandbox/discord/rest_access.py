"""Finds what a call is about and checks that the bot may do it."""

from __future__ import annotations

from bot.sandbox.discord import permissions
from bot.sandbox.discord.core import Call
from bot.sandbox.discord.errors import refuse
from bot.sandbox.discord.models import Channel, Guild, Message


def channel_of(call: Call, needed: int = 0) -> Channel:
    """The channel named in the path.

    Raises ApiError 10003 unknown, 50001 not visible, 50013 when a needed permission is missing,
    and for a DM 50007 or 50278 when `needed` is set and the person cannot be written to.
    """
    world = call.core.world
    channel = world.channels.get(call.ids["channel_id"])
    if channel is None:
        raise refuse(10003)
    if not world.can_view(channel, world.bot_user.id):
        raise refuse(50001)
    if channel.guild_id is None:
        if needed:
            _check_dm(call, channel)
        return channel
    require(call, channel, needed)
    return channel


def require(call: Call, channel: Channel, needed: int) -> None:
    """Raises ApiError 50013 when the bot lacks one of the permissions in a channel."""
    world = call.core.world
    if channel.guild_id is None:
        return
    if world.permissions_in(channel, world.bot_user.id) & needed != needed:
        raise refuse(50013)


def _check_dm(call: Call, channel: Channel) -> None:
    world = call.core.world
    person = world.users[channel.recipient_id or 0]
    shared = any(
        person.id in guild.members and world.bot_user.id in guild.members
        for guild in world.guilds.values()
    )
    if not shared:
        raise refuse(50278)
    if not person.dms_open:
        raise refuse(50007)


def message_of(call: Call, channel: Channel) -> Message:
    """The message named in the path. Raises ApiError 10008; ephemeral ones are not found."""
    message = channel.messages.get(call.ids["message_id"])
    if message is None or message.viewer_id is not None:
        raise refuse(10008)
    return message


def send_rights(channel: Channel) -> int:
    """The permission that writing in a channel or thread takes."""
    if channel.is_thread:
        return permissions.SEND_MESSAGES_IN_THREADS
    return permissions.SEND_MESSAGES


def guild_of(call: Call) -> Guild:
    """The guild named in the path. Raises ApiError 10004 unknown, 50001 when not joined."""
    world = call.core.world
    guild = world.guilds.get(call.ids["guild_id"])
    if guild is None:
        raise refuse(10004)
    if world.bot_user.id not in guild.members:
        raise refuse(50001)
    return guild
