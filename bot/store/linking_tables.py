"""The tables of linking oneself: proofs, codes, the services' keys and answers, open questions."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from bot.models import IdentityKind, LinkSource, Question
from bot.store.columns import AutoId, UtcDateTime, Words, choice
from bot.store.tables import links, metadata

# The member's own, good in every guild. The newest proof of a Roblox account is the only one.
proofs = Table(
    "proofs",
    metadata,
    Column("discord_id", BigInteger, primary_key=True, autoincrement=False),
    Column("roblox_id", BigInteger, nullable=False, unique=True),
    Column("username", Words, nullable=False),
    Column("username_at", UtcDateTime, nullable=False),
    Column("proved_at", UtcDateTime, nullable=False),
)

# Where a member was unlinked, a proof from before does not link them again by itself.
held_back = Table(
    "held_back",
    metadata,
    Column("discord_id", BigInteger, primary_key=True, autoincrement=False),
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
)

# Their ids stand in buttons: SQLite must never give one to something else.
profile_codes = Table(
    "profile_codes",
    metadata,
    Column("code_id", AutoId, primary_key=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("discord_id", BigInteger, nullable=False),
    Column("roblox_id", BigInteger, nullable=False),
    Column("username", Words, nullable=False),
    Column("username_at", UtcDateTime, nullable=False),
    Column("words", Text, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("last_try_at", UtcDateTime),
    UniqueConstraint("discord_id", "guild_id"),
    Index(None, "expires_at"),
    sqlite_autoincrement=True,
)

identity_services = Table(
    "identity_services",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", choice(IdentityKind), primary_key=True),
    Column("encrypted_key", Text, nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("key_hint", Words, nullable=False),
    Column("set_by", BigInteger, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
)

service_answers = Table(
    "service_answers",
    metadata,
    Column("discord_id", BigInteger, primary_key=True, autoincrement=False),
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", choice(IdentityKind), primary_key=True),
    Column("roblox_id", BigInteger),
    Column("asked_at", UtcDateTime, nullable=False),
)

pending_links = Table(
    "pending_links",
    metadata,
    Column("question_id", AutoId, primary_key=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("discord_id", BigInteger, nullable=False),
    Column("kind", choice(Question), nullable=False),
    Column("roblox_id", BigInteger, nullable=False),
    Column("username", Words, nullable=False),
    Column("source", choice(LinkSource), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("other_id", BigInteger),
    UniqueConstraint("discord_id", "guild_id", "kind"),
    Index(None, "guild_id", "kind", "asked_at"),  # what an admin has to decide
    Index(None, "other_id"),
    sqlite_autoincrement=True,
)

# A press that was not carried out because the member was not linked.
resumes = Table(
    "resumes",
    metadata,
    Column("discord_id", BigInteger, primary_key=True, autoincrement=False),
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("opening_id", BigInteger, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("admins_told", Boolean, nullable=False, server_default=false()),
    Index(None, "asked_at"),
)

Index(None, links.c.discord_id)  # unlinking everywhere looks for a member in all guilds
