"""The INTERACTION_CREATE event: who, where, with which rights, about which message."""

from __future__ import annotations

from typing import Any

from bot.sandbox.discord.files import Files
from bot.sandbox.discord.interactions import Interaction, Kind
from bot.sandbox.discord.models import Message
from bot.sandbox.discord.payloads import (
    attachment_payload,
    channel_payload,
    member_payload,
    message_payload,
    role_payload,
    user_payload,
)
from bot.sandbox.discord.world import DiscordWorld

Json = dict[str, Any]


def interaction_payload(world: DiscordWorld, files: Files, interaction: Interaction) -> Json:
    """The event's data for one interaction."""
    channel = world.channels[interaction.channel_id]
    user = world.users[interaction.user_id]
    rights = world.permissions_in(channel, interaction.user_id)
    body: Json = {
        "id": str(interaction.id),
        "application_id": str(world.bot_user.id),
        "type": int(interaction.kind),
        "token": interaction.token,
        "version": 1,
        "data": interaction.data,
        "channel_id": str(channel.id),
        "channel": channel_payload(world, channel) | {"permissions": str(rights)},
        "app_permissions": str(world.permissions_in(channel, world.bot_user.id)),
        "locale": "en-US",
        "entitlements": [],
        "entitlement_sku_ids": [],
        "attachment_size_limit": 10_485_760,
    }
    source = _source(world, interaction)
    if source is not None:
        body["message"] = full_message(world, files, source, None)
    guild = world.guild_of(channel)
    if guild is None:
        owners = {"0": "0"}
        return body | {
            "user": user_payload(user),
            "context": 1,
            "authorizing_integration_owners": owners,
        }
    member = member_payload(guild.members[user.id]) | {"permissions": str(rights)}
    return body | {
        "guild_id": str(guild.id),
        "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
        "guild_locale": guild.locale,
        "member": member,
        "context": 0,
        "authorizing_integration_owners": {"0": str(guild.id)},
    }


def _source(world: DiscordWorld, interaction: Interaction) -> Message | None:
    if interaction.source_id is None:
        return None
    return world.channels[interaction.channel_id].messages.get(interaction.source_id)


def full_message(
    world: DiscordWorld, files: Files, message: Message, answered: Interaction | None
) -> Json:
    """A message object, with `interaction_metadata` when it answers an interaction."""
    body = message_payload(world, message, files.url)
    if answered is not None:
        body["interaction_metadata"] = _metadata(world, answered)
    return body


def _metadata(world: DiscordWorld, interaction: Interaction) -> Json:
    owner = str(interaction.guild_id or 0)
    body: Json = {
        "id": str(interaction.id),
        "type": int(interaction.kind),
        "user": user_payload(world.users[interaction.user_id]),
        "authorizing_integration_owners": {"0": owner},
    }
    if interaction.kind is Kind.COMMAND:
        body["name"] = interaction.name
    if interaction.kind is Kind.COMPONENT:
        body["interacted_message_id"] = str(interaction.source_id)
    if interaction.kind is Kind.FORM and interaction.caused_by is not None:
        body["triggering_interaction_metadata"] = _metadata(world, interaction.caused_by)
    return body


def resolved_payload(
    world: DiscordWorld, files: Files, channel_id: int, chosen: dict[str, list[int]]
) -> Json:
    """The `resolved` part for chosen users, roles, channels and attachments, by kind."""
    here = world.channels[channel_id]
    guild = world.guild_of(here)
    resolved: dict[str, Json] = {}

    def put(kind: str, entry_id: int, payload: Json) -> None:
        resolved.setdefault(kind, {})[str(entry_id)] = payload

    for user_id in chosen.get("users", []):
        put("users", user_id, user_payload(world.users[user_id]))
        member = guild.members.get(user_id) if guild is not None else None
        if member is not None:
            rights = str(world.permissions_in(here, user_id))
            put(
                "members",
                user_id,
                member_payload(member, with_user=False) | {"permissions": rights},
            )
    for role_id in chosen.get("roles", []):
        if guild is not None:
            put("roles", role_id, role_payload(guild.roles[role_id]))
    for channel_id_ in chosen.get("channels", []):
        channel = world.channels[channel_id_]
        rights = str(world.permissions_in(channel, world.bot_user.id))
        put("channels", channel_id_, channel_payload(world, channel) | {"permissions": rights})
    for file_id in chosen.get("attachments", []):
        put("attachments", file_id, attachment_payload(files.get(file_id), files.url))
    return resolved
