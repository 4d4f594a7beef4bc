"""Routes of guilds, their members, roles and channels."""

from __future__ import annotations

from typing import Any

from bot.sandbox.discord.core import Call
from bot.sandbox.discord.errors import refuse
from bot.sandbox.discord.payloads import (
    channel_payload,
    guild_payload,
    member_payload,
    role_payload,
    user_payload,
)
from bot.sandbox.discord.rest_access import guild_of

Json = dict[str, Any]


async def get(call: Call) -> Json:
    """GET /guilds/{id}."""
    guild = guild_of(call)
    body = guild_payload(guild)
    if call.query.get("with_counts") in ("1", "true", "True"):
        count = len(guild.members)
        body |= {"approximate_member_count": count, "approximate_presence_count": count}
    return body


async def get_member(call: Call) -> Json:
    """GET /guilds/{id}/members/{id}: 10007 for somebody who left, 10013 for nobody."""
    guild = guild_of(call)
    user_id = call.ids["user_id"]
    if user_id not in call.core.world.users:
        raise refuse(10013)
    if user_id not in guild.members:
        raise refuse(10007)
    return member_payload(guild.members[user_id])


async def list_roles(call: Call) -> list[Json]:
    """GET /guilds/{id}/roles."""
    return [role_payload(role) for role in guild_of(call).roles.values()]


async def list_channels(call: Call) -> list[Json]:
    """GET /guilds/{id}/channels: all but threads, hidden ones included."""
    world = call.core.world
    channels = guild_of(call).channels.values()
    return [channel_payload(world, c) for c in channels if not c.is_thread]


async def list_threads(call: Call) -> Json:
    """GET /guilds/{id}/threads/active: those the bot sees."""
    world = call.core.world
    me = world.bot_user.id
    threads = [
        channel_payload(world, c)
        for c in guild_of(call).channels.values()
        if c.is_thread and not c.archived and world.can_view(c, me)
    ]
    return {"threads": threads, "members": []}


async def get_user(call: Call) -> Json:
    """GET /users/{id}."""
    user = call.core.world.users.get(call.ids["user_id"])
    if user is None:
        raise refuse(10013)
    return user_payload(user)


async def get_me(call: Call) -> Json:
    """GET /users/@me."""
    me = call.core.world.bot_user
    return user_payload(me) | {"mfa_enabled": True, "verified": True, "locale": "en-US"}
