"""The life of an announcement: co-hosts, cancelling, threads, automatic posts, reminders.

Revision 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _widen_workspaces()
    _widen_announcements()
    op.add_column(
        "openings", sa.Column("hidden", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "guild_settings",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name=op.f("pk_guild_settings")),
    )
    op.create_table(
        "preferences",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("discord_id", sa.BigInteger(), nullable=False),
        sa.Column("reminders", sa.Boolean(), nullable=False),
        sa.Column("direct", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "discord_id", name=op.f("pk_preferences")),
    )
    _create_memory()


def _widen_workspaces() -> None:
    op.add_column("workspaces", sa.Column("auto_lead_minutes", sa.Integer()))
    op.add_column(
        "workspaces", sa.Column("auto_filter", sa.Text(), nullable=False, server_default="")
    )
    op.add_column(
        "workspaces",
        sa.Column("auto_ping", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("workspaces", sa.Column("cutoff_minutes", sa.Integer()))
    op.add_column(
        "workspaces", sa.Column("threads", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "workspaces", sa.Column("reminder_minutes", sa.Text(), nullable=False, server_default="")
    )


def _widen_announcements() -> None:
    for name in ("co_host_ids", "cancel_reason", "posted_title"):
        op.add_column(
            "announcements", sa.Column(name, sa.Text(), nullable=False, server_default="")
        )
    op.add_column("announcements", sa.Column("posted_starts_at", sa.DateTime(timezone=True)))
    op.add_column("announcements", sa.Column("thread_id", sa.BigInteger()))
    op.add_column(
        "announcements",
        sa.Column("automatic", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("announcements", sa.Column("pinged_again_at", sa.DateTime(timezone=True)))


def _create_memory() -> None:
    op.create_table(
        "sent_reminders",
        sa.Column("announcement_id", sa.BigInteger(), nullable=False),
        sa.Column("discord_id", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["announcements.announcement_id"],
            name=op.f("fk_sent_reminders_announcement_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "announcement_id", "discord_id", "minutes", "starts_at", name=op.f("pk_sent_reminders")
        ),
    )
    op.create_table(
        "seen_claims",
        sa.Column("opening_id", sa.BigInteger(), nullable=False),
        sa.Column("roblox_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["opening_id"],
            ["openings.opening_id"],
            name=op.f("fk_seen_claims_opening_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("opening_id", "roblox_id", name=op.f("pk_seen_claims")),
    )
