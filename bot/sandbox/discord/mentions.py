"""Who a message mentions, and whom it really pings."""

from __future__ import annotations

import re
from typing import Any

from bot.sandbox.discord import permissions
from bot.sandbox.discord.models import SUPPRESS_NOTIFICATIONS, Channel, Guild, Message, Pings
from bot.sandbox.discord.world import DiscordWorld

_CODE = re.compile(r"```.*?```|``.*?``|`[^`]*`", re.DOTALL)
_USER = re.compile(r"<@!?(\d+)>")
_ROLE = re.compile(r"<@&(\d+)>")
_EVERYONE = re.compile(r"@(everyone|here)")
PARSE_ALL = {"parse": ["users", "roles", "everyone"]}
PARSE_USERS = {"parse": ["users"]}


def resolve(world: DiscordWorld, message: Message, allowed: dict[str, Any]) -> None:
    """Fill in `mentions` (what Discord lists) and `pings` (who gets a notification).

    Text in code marks and in embeds mentions nobody, as on Discord.
    """
    channel = world.channels[message.channel_id]
    text = _CODE.sub(" ", message.content)
    mentions = Pings()
    mentions.users = [
        user_id
        for user_id in _ids(_USER, text)
        if user_id in world.users and _allows(allowed, "users", user_id)
    ]
    guild = world.guild_of(channel)
    if guild is not None:
        rights = world.permissions_in(channel, message.author_id)
        may_ping_all = bool(rights & permissions.MENTION_EVERYONE)
        mentions.roles = _roles(guild, text, allowed, may_ping_all)
        asked = "everyone" in (allowed.get("parse") or [])
        mentions.everyone = asked and may_ping_all and bool(_EVERYONE.search(text))
    message.mentions = mentions
    message.pings = _heard(world, channel, message, mentions)


def _heard(world: DiscordWorld, channel: Channel, message: Message, found: Pings) -> Pings:
    if message.flags & SUPPRESS_NOTIFICATIONS:
        return Pings()
    if message.viewer_id is not None:
        return Pings(users=[u for u in found.users if u == message.viewer_id])
    users = [u for u in found.users if u != message.author_id and _reaches(world, channel, u)]
    return Pings(found.everyone, users, list(found.roles))


def _reaches(world: DiscordWorld, channel: Channel, user_id: int) -> bool:
    if channel.is_thread and channel.parent_id in world.channels:
        return world.can_view(world.channels[channel.parent_id], user_id)
    return world.can_view(channel, user_id)


def _roles(guild: Guild, text: str, allowed: dict[str, Any], may_ping_all: bool) -> list[int]:
    return [
        role_id
        for role_id in _ids(_ROLE, text)
        if role_id in guild.roles
        and _allows(allowed, "roles", role_id)
        and (guild.roles[role_id].mentionable or may_ping_all)
    ]


def _ids(pattern: re.Pattern[str], text: str) -> list[int]:
    return list(dict.fromkeys(int(found) for found in pattern.findall(text)))


def _allows(allowed: dict[str, Any], kind: str, target_id: int) -> bool:
    if kind in (allowed.get("parse") or []):
        return True
    return str(target_id) in {str(entry) for entry in allowed.get(kind) or []}
