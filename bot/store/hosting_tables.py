"""The tables of a session's life after its posting: who is reminded, and what was seen last."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, Table, Text

from bot.store.columns import UtcDateTime
from bot.store.tables import metadata

guild_settings = Table(
    "guild_settings",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("time_zone", Text, nullable=False),  # a name of the IANA database
)

preferences = Table(
    "preferences",
    metadata,
    Column("guild_id", BigInteger, primary_key=True),
    Column("discord_id", BigInteger, primary_key=True),
    Column("reminders", Boolean, nullable=False),
    Column("direct", Boolean, nullable=False),
)

# A row is written before the reminder goes out: after a crash it is missed, never sent twice.
sent_reminders = Table(
    "sent_reminders",
    metadata,
    Column(
        "announcement_id",
        BigInteger,
        ForeignKey("announcements.announcement_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("discord_id", BigInteger, primary_key=True),
    Column("minutes", Integer, primary_key=True),  # which of the lead times
    Column("starts_at", UtcDateTime, primary_key=True),  # a session that moves is reminded of anew
)

# Who held what at the last look: to notice what others change, also across a restart.
seen_claims = Table(
    "seen_claims",
    metadata,
    Column(
        "opening_id",
        BigInteger,
        ForeignKey("openings.opening_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("roblox_id", BigInteger, primary_key=True),
)
