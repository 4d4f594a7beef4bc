"""What the cogs share: who acts, and how a session reads in a list."""

from __future__ import annotations

from datetime import datetime

import discord
from discord import app_commands

from bot.answering import KEPT
from bot.buttons import Interaction
from bot.errors import Refusal
from bot.models import Door
from bot.services.claims import Press
from bot.services.ports import Actor
from bot.text import mention as mention

MAX_CHOICES = 25  # Discord's limit for autocomplete
MAX_CHOICE_NAME = 100


def to_actor(interaction: Interaction) -> Actor:
    """The member who acts, as Discord described them. Refusal outside of a guild."""
    member = interaction.user
    if interaction.guild_id is None or not isinstance(member, discord.Member):
        raise Refusal("Use this in the community's Discord server, not in a direct message.")
    return Actor(
        guild_id=interaction.guild_id,
        discord_id=member.id,
        role_ids=frozenset(role.id for role in member.roles),
        is_admin=interaction.permissions.manage_guild,
    )


def to_press(interaction: Interaction, opening_id: int, door: Door) -> Press:
    """A press by the member who acts, for themselves. Refusal outside of a guild."""
    press = Press(to_actor(interaction), opening_id, door, interaction.id, interaction.token)
    interaction.extras[KEPT] = press.journalled
    return press


def to_number(text: str) -> int:
    """A choice's value, which may have been typed by hand; 0 leads nowhere."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 19 else 0


def to_choices(pairs: list[tuple[str, str]], typed: str) -> list[app_commands.Choice[str]]:
    """(name, value) pairs whose name contains what was typed, within Discord's limits."""
    wanted = typed.casefold()
    return [
        app_commands.Choice(name=name[:MAX_CHOICE_NAME], value=value)
        for name, value in pairs
        if wanted in name.casefold() or typed == value
    ][:MAX_CHOICES]


def describe_start(starts_at: datetime, now: datetime) -> str:
    """A start time in plain text: choices cannot show a time in the reader's own zone."""
    minutes = round((starts_at - now).total_seconds() / 60)
    if minutes < 0:
        return "running"
    if minutes < 90:
        return f"in {minutes} min"
    if minutes < 36 * 60:
        return f"in {round(minutes / 60)} h"
    return f"{starts_at:%d %b %H:%M} UTC"
