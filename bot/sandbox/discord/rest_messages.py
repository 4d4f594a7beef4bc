"""Routes of messages sent with the bot token."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.sandbox.discord import permissions
from bot.sandbox.discord.core import Call
from bot.sandbox.discord.errors import refuse
from bot.sandbox.discord.interaction_payloads import full_message
from bot.sandbox.discord.messages import Draft
from bot.sandbox.discord.models import THREADS, Channel, ChannelKind, Message, created_at
from bot.sandbox.discord.rest_access import channel_of, message_of, require, send_rights

Json = dict[str, Any]
_WRITABLE = (ChannelKind.TEXT, ChannelKind.NEWS, ChannelKind.DM, *THREADS)


def render(call: Call, message: Message) -> Json:
    """A message as Discord answers it."""
    core = call.core
    return full_message(core.world, core.files, message, core.answered(message.interaction_id))


def limit(call: Call, bucket: str, channel: Channel) -> None:
    """Count the call in its bucket of the channel. Raises ApiError 429."""
    limits = call.core.limits
    call.headers |= call.core.buckets.take(bucket, str(channel.id), limits.burst, limits.window)


async def create(call: Call) -> Json:
    """POST /channels/{id}/messages."""
    channel = channel_of(call)
    if channel.kind not in _WRITABLE:
        raise refuse(50008)
    channel_of(call, send_rights(channel))
    if call.form.get("embeds"):
        require(call, channel, permissions.EMBED_LINKS)
    if call.uploads:
        require(call, channel, permissions.ATTACH_FILES)
    if call.form.get("message_reference"):
        _require_history(call, channel)
    if channel.archived and channel.locked:
        raise refuse(50083)
    limit(call, "message-create", channel)
    message = call.core.messages.create(channel, Draft(call.form, call.uploads))
    return render(call, message)


def _require_history(call: Call, channel: Channel) -> None:
    """A reply takes more than a message does; in a DM everybody has it."""
    world = call.core.world
    held = world.permissions_in(channel, world.bot_user.id) if channel.guild_id else -1
    if not held & permissions.READ_MESSAGE_HISTORY:
        raise refuse(160002)


async def edit(call: Call) -> Json:
    """PATCH /channels/{id}/messages/{id}."""
    channel = channel_of(call)
    message = message_of(call, channel)
    if message.author_id != call.core.world.bot_user.id:
        raise refuse(50005)
    if channel.archived:
        raise refuse(50083)
    limit(call, "message-edit", channel)
    _limit_old(call, channel, message)
    call.core.messages.edit(channel, message, Draft(call.form, call.uploads))
    return render(call, message)


def _limit_old(call: Call, channel: Channel, message: Message) -> None:
    age_limit = call.core.limits.old_edit_age
    if age_limit is None:
        return
    age = datetime.now(UTC) - created_at(message.id)
    if age.total_seconds() > age_limit:
        call.core.buckets.take_old_edit(channel.id)


async def get(call: Call) -> Json:
    """GET /channels/{id}/messages/{id}."""
    channel = channel_of(call, permissions.READ_MESSAGE_HISTORY)
    return render(call, message_of(call, channel))


async def list_all(call: Call) -> list[Json]:
    """GET /channels/{id}/messages: newest first; without the history permission none."""
    channel = channel_of(call)
    world = call.core.world
    rights = world.permissions_in(channel, world.bot_user.id)
    if not rights & permissions.READ_MESSAGE_HISTORY:
        return []
    query = {k: int(v) for k, v in call.query.items() if k in ("before", "after", "limit")}
    found = [m for m in channel.messages.values() if m.viewer_id is None]
    found = [m for m in found if query.get("after", 0) < m.id < query.get("before", 1 << 64)]
    found.sort(key=lambda m: m.id, reverse=True)
    count = query.get("limit", 50)
    chosen = found[-count:] if "after" in query else found[:count]
    return [render(call, message) for message in chosen]


async def delete(call: Call) -> None:
    """DELETE /channels/{id}/messages/{id}."""
    channel = channel_of(call)
    message = message_of(call, channel)
    if message.author_id != call.core.world.bot_user.id:
        require(call, channel, permissions.MANAGE_MESSAGES)
    limit(call, "message-delete", channel)
    call.core.world.remove_message(channel, message)
