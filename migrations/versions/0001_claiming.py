"""Workspaces, links, announcements with their openings, and the journal: what claiming needs.

Revision 0001, the first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

LIVE = sa.text("state IN ('open', 'closed')")
DRAFT = sa.text("state = 'draft'")
RUNNING = sa.text("state IN ('pending', 'sent', 'unknown')")


def upgrade() -> None:
    _workspaces()
    _links()
    _announcements()
    _openings()
    _claim_attempts()
    _app_state()


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _time() -> sa.DateTime:
    return sa.DateTime(timezone=True)


def _workspaces() -> None:
    op.create_table(
        "workspaces",
        sa.Column("workspace_id", _id(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded_name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("encrypted_key", sa.Text(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("key_hint", sa.Text(), nullable=False),
        sa.Column("key_set_at", _time(), nullable=False),
        sa.Column("announcement_channel_id", sa.BigInteger()),
        sa.Column("log_channel_id", sa.BigInteger()),
        sa.Column("ping_role_id", sa.BigInteger()),
        sa.Column("host_role_ids", sa.Text(), nullable=False),
        sa.Column("claimer_role_ids", sa.Text(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("state_since", _time()),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_workspaces")),
        sa.UniqueConstraint(
            "guild_id", "folded_name", name=op.f("uq_workspaces_guild_id_folded_name")
        ),
        sa.UniqueConstraint(
            "workspace_id", "guild_id", name=op.f("uq_workspaces_workspace_id_guild_id")
        ),
        sqlite_autoincrement=True,
    )


def _links() -> None:
    op.create_table(
        "links",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("discord_id", sa.BigInteger(), nullable=False),
        sa.Column("roblox_id", sa.BigInteger(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("username_at", _time(), nullable=False),
        sa.Column("source", sa.String(24), nullable=False),
        sa.Column("linked_by", sa.BigInteger(), nullable=False),
        sa.Column("linked_at", _time(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "discord_id", name=op.f("pk_links")),
        sa.UniqueConstraint("guild_id", "roblox_id", name=op.f("uq_links_guild_id_roblox_id")),
    )


def _announcements() -> None:
    op.create_table(
        "announcements",
        sa.Column("announcement_id", _id(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("host_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("starts_at", _time(), nullable=False),
        sa.Column("ends_at", _time(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("ping", sa.Boolean(), nullable=False),
        sa.Column("closed_by", sa.BigInteger()),
        sa.Column("closed_at", _time()),
        sa.Column("rendered_hash", sa.Text(), nullable=False),
        sa.Column("touched_at", _time(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "guild_id"],
            ["workspaces.workspace_id", "workspaces.guild_id"],
            name=op.f("fk_announcements_workspace_id_guild_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("announcement_id", name=op.f("pk_announcements")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_announcements_drafts",
        "announcements",
        ["touched_at"],
        sqlite_where=DRAFT,
        postgresql_where=DRAFT,
    )
    op.create_index(
        "ix_announcements_live_session",
        "announcements",
        ["session_id"],
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    op.create_index(
        op.f("ix_announcements_workspace_id_guild_id"),
        "announcements",
        ["workspace_id", "guild_id"],
    )
    op.create_index(
        "uq_announcements_live",
        "announcements",
        ["guild_id", "workspace_id", "session_id"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )


def _openings() -> None:
    op.create_table(
        "openings",
        sa.Column("opening_id", _id(), nullable=False),
        sa.Column("announcement_id", sa.BigInteger(), nullable=False),
        sa.Column("server_id", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("role_id", sa.Text(), nullable=False),
        sa.Column("role_name", sa.Text(), nullable=False),
        sa.Column("server_name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["announcements.announcement_id"],
            name=op.f("fk_openings_announcement_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("opening_id", name=op.f("pk_openings")),
        sa.UniqueConstraint(
            "announcement_id",
            "server_id",
            "group_id",
            "role_id",
            name=op.f("uq_openings_announcement_id_server_id_group_id_role_id"),
        ),
        sqlite_autoincrement=True,
    )


def _claim_attempts() -> None:
    op.create_table(
        "claim_attempts",
        sa.Column("operation_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("announcement_id", sa.BigInteger(), nullable=False),
        sa.Column("opening_id", sa.BigInteger(), nullable=False),
        sa.Column("upstream", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("server_id", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("role_id", sa.Text(), nullable=False),
        sa.Column("door", sa.String(24), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("roblox_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _time(), nullable=False),
        sa.Column("interaction_id", sa.BigInteger()),
        sa.Column("encrypted_token", sa.Text(), nullable=False),
        sa.Column("sent_at", _time()),
        sa.Column("absent_since", _time()),
        sa.Column("settled_at", _time()),
        sa.Column("upstream_status", sa.Integer()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("operation_id", name=op.f("pk_claim_attempts")),
        sa.UniqueConstraint("interaction_id", name=op.f("uq_claim_attempts_interaction_id")),
    )
    op.create_index(
        op.f("ix_claim_attempts_guild_id_subject_id_created_at"),
        "claim_attempts",
        ["guild_id", "subject_id", "created_at"],
    )
    op.create_index(
        "ix_claim_attempts_running_age",
        "claim_attempts",
        ["created_at"],
        sqlite_where=RUNNING,
        postgresql_where=RUNNING,
    )
    op.create_index(
        "uq_claim_attempts_running",
        "claim_attempts",
        ["upstream", "session_id", "roblox_id"],
        unique=True,
        sqlite_where=RUNNING,
        postgresql_where=RUNNING,
    )


def _app_state() -> None:
    op.create_table(
        "app_state",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_app_state")),
    )
