"""What a chosen person sees: guilds, channels, messages and interactions, as JSON."""

from __future__ import annotations

from typing import Any

from bot.sandbox.discord import permissions
from bot.sandbox.discord.commands import flatten
from bot.sandbox.discord.core import Core, elapsed
from bot.sandbox.discord.interactions import Interaction
from bot.sandbox.discord.models import Channel, Guild, Message, Pings, User, created_at
from bot.sandbox.discord.payloads import attachment_payload, stamp
from bot.sandbox.discord.people_components import form_inputs
from bot.sandbox.discord.people_options import OPTION_TYPES

Json = dict[str, Any]


def can_see(core: Core, message: Message, user_id: int) -> bool:
    """Whether a person sees a message: the channel, and an ephemeral one only as its viewer."""
    channel = core.world.channels.get(message.channel_id)
    if channel is None or not core.world.can_view(channel, user_id):
        return False
    return message.viewer_id in (None, user_id)


def view_person(user: User) -> Json:
    """A user as everybody sees them."""
    return {
        "id": str(user.id),
        "username": user.username,
        "display_name": user.display_name,
        "bot": user.bot,
    }


def view_world(core: Core, user_id: int) -> Json:
    """Everything a person has in their client, messages aside."""
    world = core.world
    me = world.users[user_id]
    dms = [c for c in world.channels.values() if c.recipient_id == user_id]
    joined = [guild for guild in world.guilds.values() if user_id in guild.members]
    return {
        "me": view_person(me) | {"dms_open": me.dms_open},
        "people": [view_person(user) for user in world.users.values()],
        "guilds": [_guild(core, guild, user_id) for guild in joined],
        "dms": [_channel(core, c, user_id) for c in dms],
        "bot_online": core.gateway.is_connected(None),
    }


def _guild(core: Core, guild: Guild, user_id: int) -> Json:
    member = guild.members[user_id]
    roots = [
        channel
        for channel in guild.channels.values()
        if not channel.is_thread and core.world.can_view(channel, user_id)
    ]
    return {
        "id": str(guild.id),
        "name": guild.name,
        "owner_id": str(guild.owner_id),
        "roles": [
            {"id": str(r.id), "name": r.name, "mentionable": r.mentionable, "managed": r.managed}
            for r in guild.roles.values()
        ],
        "members": [
            view_person(m.user) | {"nick": m.nick, "roles": [str(r) for r in m.roles]}
            for m in guild.members.values()
        ],
        "my_roles": [str(role_id) for role_id in member.roles],
        "my_permissions": str(permissions.in_guild(guild, member)),
        "channels": [_channel(core, channel, user_id) for channel in roots],
    }


def _channel(core: Core, channel: Channel, user_id: int) -> Json:
    world = core.world
    rights = world.permissions_in(channel, user_id)
    name = world.bot_user.display_name if channel.guild_id is None else channel.name
    body: Json = {
        "id": str(channel.id),
        "guild_id": str(channel.guild_id) if channel.guild_id else None,
        "parent_id": str(channel.parent_id) if channel.parent_id else None,
        "name": name,
        "kind": channel.kind.name.lower(),
        "topic": channel.topic,
        "my_permissions": str(rights),
    }
    if channel.is_thread:
        members = sorted(map(str, channel.members))
        return body | {"archived": channel.archived, "locked": channel.locked, "members": members}
    threads = [t for t in world.threads_of(channel) if world.can_view(t, user_id)]
    return body | {
        "threads": [_channel(core, thread, user_id) for thread in threads],
        "commands": view_commands(core, channel, user_id),
    }


def view_commands(core: Core, channel: Channel, user_id: int) -> list[Json]:
    """The commands a person can use in a channel, one entry for every full name."""
    found = []
    for command in core.commands.usable(channel, user_id):
        for path, part in flatten(command):
            options = [
                {**option, "type_name": OPTION_TYPES[option["type"]]}
                for option in part.get("options") or []
            ]
            found.append(
                {
                    "id": command["id"],
                    "name": path,
                    "description": part["description"],
                    "options": options,
                }
            )
    return found


def _pings(pings: Pings) -> Json:
    return {
        "everyone": pings.everyone,
        "users": [str(user_id) for user_id in pings.users],
        "roles": [str(role_id) for role_id in pings.roles],
    }


def view_message(core: Core, message: Message) -> Json:
    """A message as those who see it see it."""
    world = core.world
    channel = world.channels[message.channel_id]
    answered = core.answered(message.interaction_id)
    thread = world.channels.get(message.thread_id or 0)
    body: Json = {
        "id": str(message.id),
        "channel_id": str(message.channel_id),
        "guild_id": str(channel.guild_id) if channel.guild_id else None,
        "author": view_person(world.users[message.author_id]),
        "content": message.content,
        "embeds": message.embeds,
        "components": message.components,
        "attachments": [attachment_payload(a, core.files.url) for a in message.attachments],
        "ephemeral": message.viewer_id is not None,
        "viewer_id": str(message.viewer_id) if message.viewer_id else None,
        "loading": message.loading,
        "edited": message.edited_at is not None,
        "edited_at": stamp(message.edited_at) if message.edited_at else None,
        "timestamp": stamp(created_at(message.id)),
        "flags": message.flags,
        "pings": _pings(message.pings),
        "mentions": _pings(message.mentions),
        "answers": None,
        "thread": None,
        "reply_to": str(message.reference_id) if message.reference_id else None,
        "revision": message.revision,
    }
    if answered is not None:
        body["answers"] = {
            "interaction_id": str(answered.id),
            "kind": answered.kind.name.lower(),
            "name": answered.name,
            "user": view_person(world.users[answered.user_id]),
        }
    if thread is not None:
        body["thread"] = {"id": str(thread.id), "name": thread.name}
    return body


def view_form(interaction: Interaction) -> Json | None:
    """The form shown as answer, with a flat list of its inputs."""
    if interaction.form is None:
        return None
    form = interaction.form
    return {
        "interaction_id": str(interaction.id),
        "custom_id": form["custom_id"],
        "title": form["title"],
        "components": form["components"],
        "inputs": form_inputs(form),
    }


def view_interaction(core: Core, interaction: Interaction) -> Json:
    """An interaction with the answer as the person who caused it sees it now."""
    channel = core.world.channels.get(interaction.channel_id)
    shown = interaction.latest_id or interaction.original_id
    message = channel.messages.get(shown or 0) if channel is not None else None
    reply = interaction.reply
    return {
        "interaction_id": str(interaction.id),
        "channel_id": str(interaction.channel_id),
        "action": interaction.kind.name.lower(),
        "name": interaction.name,
        "state": interaction.state,
        "reason": interaction.reason,
        "kind": reply.name.lower() if reply is not None else None,
        "message": view_message(core, message) if message is not None else None,
        "form": view_form(interaction),
        "acknowledged_after": elapsed(interaction.started, interaction.acknowledged),
        "finished_after": elapsed(interaction.started, interaction.finished),
        "revision": interaction.revision,
    }
