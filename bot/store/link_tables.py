"""The tables of links in the making: questions to admins, notices to members, imports."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    UniqueConstraint,
)

from bot.models import ImportState, LinkSource, NoticeKind, Verdict
from bot.store.columns import AutoId, UtcDateTime, Words, choice
from bot.store.tables import metadata

# Their ids stand in custom ids, as in `bot.store.tables`: SQLite must never give one out twice.
link_wishes = Table(
    "link_wishes",
    metadata,
    Column("wish_id", AutoId, primary_key=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("asked_by", BigInteger, nullable=False),
    Column("discord_id", BigInteger, nullable=False),
    Column("roblox_id", BigInteger, nullable=False),
    Column("username", Words, nullable=False),
    Column("had_roblox_id", BigInteger),
    Column("holder_id", BigInteger),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    sqlite_autoincrement=True,
)

link_notices = Table(
    "link_notices",
    metadata,
    Column("notice_id", AutoId, primary_key=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("discord_id", BigInteger, nullable=False),
    Column("kind", choice(NoticeKind), nullable=False),
    Column("roblox_id", BigInteger, nullable=False),
    Column("username", Words, nullable=False),
    Column("by_id", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("told", Boolean, nullable=False),
    UniqueConstraint("guild_id", "discord_id"),  # the last one says it all
    sqlite_autoincrement=True,
)

imports = Table(
    "imports",
    metadata,
    Column("import_id", AutoId, primary_key=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("by_id", BigInteger, nullable=False),
    Column("state", choice(ImportState), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("applied_at", UtcDateTime),
    Index(None, "guild_id", "import_id"),
    sqlite_autoincrement=True,
)

import_rows = Table(
    "import_rows",
    metadata,
    Column(
        "import_id",
        BigInteger,
        ForeignKey("imports.import_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("line", Integer, primary_key=True),
    Column("discord_id", BigInteger, nullable=False),
    Column("roblox_id", BigInteger, nullable=False),
    Column("username", Words, nullable=False),
    Column("verdict", choice(Verdict), nullable=False),
    Column("done", Boolean, nullable=False),
    # What the member had before, so that it can be undone.
    Column("had_roblox_id", BigInteger),
    Column("had_username", Words),
    Column("had_username_at", UtcDateTime),
    Column("had_source", choice(LinkSource)),
    Column("had_linked_by", BigInteger),
    Column("had_linked_at", UtcDateTime),
)
