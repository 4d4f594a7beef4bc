"""The tables that a claim needs, declared once; `bot.store.schema` has all."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    literal_column,
    true,
)

from bot.models import (
    AnnouncementState,
    AttemptKind,
    AttemptState,
    ClashPolicy,
    Door,
    Leavers,
    LinkSource,
    ProviderKind,
    WorkspaceState,
)
from bot.store.columns import AutoId, IdSet, UtcDateTime, Words, choice, partial

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

# Ids that end up in the custom ids of messages must never come back for something else, which
# SQLite promises only with AUTOINCREMENT.
workspaces = Table(
    "workspaces",
    metadata,
    Column("workspace_id", AutoId, primary_key=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("name", Words, nullable=False),
    Column("folded_name", Words, nullable=False),
    Column("kind", choice(ProviderKind), nullable=False),
    Column("base_url", Text, nullable=False),
    Column("encrypted_key", Text, nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("key_hint", Words, nullable=False),
    Column("key_set_at", UtcDateTime, nullable=False),
    Column("announcement_channel_id", BigInteger),
    Column("log_channel_id", BigInteger),
    Column("ping_role_id", BigInteger),
    Column("host_role_ids", IdSet, nullable=False),
    Column("claimer_role_ids", IdSet, nullable=False),
    Column("barred_role_ids", IdSet, nullable=False, server_default=""),
    Column("clash", choice(ClashPolicy), nullable=False, server_default=ClashPolicy.WARN.value),
    Column("auto_lead_minutes", Integer),
    Column("auto_filter", Words, nullable=False, server_default=""),
    Column("auto_ping", Boolean, nullable=False, server_default=false()),
    Column("cutoff_minutes", Integer),
    Column("threads", Boolean, nullable=False, server_default=false()),
    Column("reminder_minutes", IdSet, nullable=False, server_default=""),
    Column("leavers", choice(Leavers), nullable=False, server_default=Leavers.FLAG.value),
    Column("host_swaps", Boolean, nullable=False, server_default=false()),
    Column("state", choice(WorkspaceState), nullable=False),
    Column("state_since", UtcDateTime),
    UniqueConstraint("guild_id", "folded_name"),
    UniqueConstraint("workspace_id", "guild_id"),  # what announcements point at
    sqlite_autoincrement=True,
)

role_rules = Table(
    "role_rules",
    metadata,
    Column(
        "workspace_id",
        BigInteger,
        ForeignKey("workspaces.workspace_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("group_id", Text, primary_key=True),
    Column("role_id", Text, primary_key=True),
    Column("role_name", Words, nullable=False),
    Column("allowed_role_ids", IdSet, nullable=False),
    Column("barred_role_ids", IdSet, nullable=False),
)

links = Table(
    "links",
    metadata,
    Column("guild_id", BigInteger, primary_key=True),
    Column("discord_id", BigInteger, primary_key=True),
    Column("roblox_id", BigInteger, nullable=False),
    Column("username", Words, nullable=False),
    Column("username_at", UtcDateTime, nullable=False),
    Column("source", choice(LinkSource), nullable=False),
    Column("linked_by", BigInteger, nullable=False),
    Column("linked_at", UtcDateTime, nullable=False),
    UniqueConstraint("guild_id", "roblox_id"),
    Index(None, "username_at", "guild_id", "discord_id"),  # the oldest names are read anew first
)

announcements = Table(
    "announcements",
    metadata,
    Column("announcement_id", AutoId, primary_key=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("workspace_id", BigInteger, nullable=False),
    Column("session_id", Text, nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("message_id", BigInteger),
    Column("state", choice(AnnouncementState), nullable=False),
    Column("host_id", BigInteger, nullable=False),
    Column("title", Words, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("note", Words, nullable=False),
    Column("ping", Boolean, nullable=False),
    Column("closed_by", BigInteger),
    Column("closed_at", UtcDateTime),
    Column("rendered_hash", Text, nullable=False),
    Column("touched_at", UtcDateTime, nullable=False),  # drafts are forgotten some time after
    Column("cutoff_minutes", Integer),
    Column("co_host_ids", IdSet, nullable=False, server_default=""),
    Column("cancel_reason", Words, nullable=False, server_default=""),
    Column("posted_title", Words, nullable=False, server_default=""),
    Column("posted_starts_at", UtcDateTime),
    Column("thread_id", BigInteger),
    Column("automatic", Boolean, nullable=False, server_default=false()),
    Column("pinged_again_at", UtcDateTime),
    Column("cancel_untold", Boolean, nullable=False, server_default=false()),  # to the holders
    # Both columns, so that no row can join one guild's session to another guild's workspace.
    ForeignKeyConstraint(
        ["workspace_id", "guild_id"],
        ["workspaces.workspace_id", "workspaces.guild_id"],
        ondelete="CASCADE",
    ),
    Index(None, "workspace_id", "guild_id", "session_id"),  # for that cascade, and what was posted
    Index(None, "guild_id", "ends_at"),
    sqlite_autoincrement=True,
)

openings = Table(
    "openings",
    metadata,
    Column("opening_id", AutoId, primary_key=True),
    Column(
        "announcement_id",
        BigInteger,
        ForeignKey("announcements.announcement_id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("server_id", Text, nullable=False),
    Column("group_id", Text, nullable=False),
    Column("role_id", Text, nullable=False),
    Column("role_name", Words, nullable=False),
    Column("server_name", Words, nullable=False),
    Column("position", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("hidden", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("announcement_id", "server_id", "group_id", "role_id"),
    sqlite_autoincrement=True,
)

# The journal outlives what it tells of: no foreign keys.
claim_attempts = Table(
    "claim_attempts",
    metadata,
    Column("operation_id", Text, primary_key=True),
    Column("kind", choice(AttemptKind), nullable=False),
    Column("state", choice(AttemptState), nullable=False),
    Column("guild_id", BigInteger, nullable=False),
    Column("workspace_id", BigInteger, nullable=False),
    Column("announcement_id", BigInteger, nullable=False),
    Column("opening_id", BigInteger, nullable=False),
    Column("upstream", Text, nullable=False),
    Column("session_id", Text, nullable=False),
    Column("server_id", Text, nullable=False),
    Column("group_id", Text, nullable=False),
    Column("role_id", Text, nullable=False),
    Column("door", choice(Door), nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("roblox_id", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("interaction_id", BigInteger),
    Column("encrypted_token", Text, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("absent_since", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("upstream_status", Integer),
    Column("reason", Words, nullable=False),
    Column("owner", Integer),
    Column("unread_since", UtcDateTime),
    Column("repaired", Boolean, nullable=False, server_default=false()),
    Column("with_reason", Boolean, nullable=False, server_default=false()),
    Column("told", Boolean, nullable=False, server_default=true()),
    Column("noted", Boolean, nullable=False, server_default=true()),  # the log channel has its line
    UniqueConstraint("interaction_id"),  # both databases let any number of NULLs in
    Index(None, "guild_id", "subject_id", "created_at"),
)

# Presses that never became an attempt; kept only so that a quoted reference leads somewhere.
refusals = Table(
    "refusals",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("announcement_id", BigInteger),
    Column("opening_id", BigInteger),
    Column("actor_id", BigInteger, nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("door", choice(Door), nullable=False),
    Column("code", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

app_state = Table(
    "app_state",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)


def _one_of(column: Column[str], *values: str) -> ColumnElement[bool]:
    """Written out, not bound: a partial index serves only a query that repeats its condition."""
    return column.in_([literal_column(f"'{value}'") for value in values])


IS_LIVE = _one_of(announcements.c.state, AnnouncementState.OPEN, AnnouncementState.CLOSED)
IS_AUTOMATIC = workspaces.c.auto_lead_minutes.is_not(None)
IS_CANCEL_UNTOLD = announcements.c.cancel_untold == true()
IS_DRAFT = announcements.c.state == literal_column(f"'{AnnouncementState.DRAFT}'")
IS_RUNNING = _one_of(
    claim_attempts.c.state, AttemptState.PENDING, AttemptState.SENT, AttemptState.UNKNOWN
)
IS_UNTOLD = claim_attempts.c.told == false()
IS_UNNOTED = (claim_attempts.c.noted == false()) & (
    claim_attempts.c.state == literal_column(f"'{AttemptState.CONFIRMED}'")
)

_a, _j = announcements.c, claim_attempts.c
partial("ix_workspaces_automatic", workspaces.c.workspace_id, where=IS_AUTOMATIC)
partial(
    "uq_announcements_live", _a.guild_id, _a.workspace_id, _a.session_id, where=IS_LIVE, unique=True
)
partial("ix_announcements_live_session", _a.session_id, where=IS_LIVE)
partial("ix_announcements_live_by_start", _a.starts_at, where=IS_LIVE)
partial("ix_announcements_cancel_untold", _a.announcement_id, where=IS_CANCEL_UNTOLD)
# In the order of the list, else SQLite would rather read everything that the guild ever posted.
partial("ix_announcements_live_guild", _a.guild_id, _a.starts_at, where=IS_LIVE)
partial("ix_announcements_drafts", _a.touched_at, where=IS_DRAFT)
partial(
    "uq_claim_attempts_running",
    *(_j.upstream, _j.session_id, _j.roblox_id),
    where=IS_RUNNING,
    unique=True,
)
partial("ix_claim_attempts_running_age", _j.workspace_id, _j.created_at, where=IS_RUNNING)
partial("ix_claim_attempts_untold", _j.guild_id, _j.subject_id, where=IS_UNTOLD)
partial("ix_claim_attempts_unnoted", _j.settled_at, where=IS_UNNOTED)
