"""Swaps: two members exchange their roles; workspaces say whether hosts may do it for them.

Revision 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ASKED = sa.text("state = 'asked'")
CARRIED = sa.text("state IN ('running', 'undoing')")
NEWS = sa.text("news IN ('due', 'kept')")
LIVE_SIDE, LIVE_SIDE_POSTGRESQL = sa.text("live = 1"), sa.text("live = true")
FOUND_BY = (
    ("swaps", "guild_id"),
    ("swaps", "actor_id"),
    ("swaps", "asked_at"),
    ("swap_sides", "guild_id"),
    ("swap_sides", "discord_id"),
)
UNNOTED, UNNOTED_POSTGRESQL = sa.text("noted = 0"), sa.text("noted = false")


def upgrade() -> None:
    op.add_column(
        "workspaces",
        sa.Column("host_swaps", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    _create_swaps()
    _create_sides()
    for table, column in FOUND_BY:
        op.create_index(f"ix_{table}_{column}", table, [column])


def _create_swaps() -> None:
    op.create_table(
        "swaps",
        sa.Column("swap_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("by_host", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True)),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("step", sa.Text(), nullable=False, server_default=""),
        sa.Column("wrote_at", sa.DateTime(timezone=True)),
        sa.Column("writes", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("unread_since", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("why", sa.Text(), nullable=False, server_default=""),
        sa.Column("owner", sa.Integer()),
        sa.Column("encrypted_token", sa.Text(), nullable=False, server_default=""),
        sa.Column("noted", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.PrimaryKeyConstraint("swap_id", name=op.f("pk_swaps")),
        sa.UniqueConstraint("key", name=op.f("uq_swaps_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_swaps_asked", "swaps", ["expires_at"],
        sqlite_where=ASKED, postgresql_where=ASKED,
    )  # fmt: skip
    op.create_index(
        "ix_swaps_carried", "swaps", ["accepted_at"],
        sqlite_where=CARRIED, postgresql_where=CARRIED,
    )  # fmt: skip
    op.create_index(
        "ix_swaps_unnoted", "swaps", ["settled_at"],
        sqlite_where=UNNOTED, postgresql_where=UNNOTED_POSTGRESQL,
    )  # fmt: skip


def _create_sides() -> None:
    op.create_table(
        "swap_sides",
        sa.Column("swap_id", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("discord_id", sa.BigInteger(), nullable=False),
        sa.Column("roblox_id", sa.BigInteger(), nullable=False),
        sa.Column("opening_id", sa.BigInteger(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("news", sa.String(24), nullable=False),
        sa.Column("stands", sa.String(24), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["swap_id"], ["swaps.swap_id"], name=op.f("fk_swap_sides_swap_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("swap_id", "side", name=op.f("pk_swap_sides")),
    )
    op.create_index(
        "uq_swap_sides_live", "swap_sides", ["opening_id", "roblox_id"], unique=True,
        sqlite_where=LIVE_SIDE, postgresql_where=LIVE_SIDE_POSTGRESQL,
    )  # fmt: skip
    op.create_index(
        "ix_swap_sides_news", "swap_sides", ["guild_id", "discord_id"],
        sqlite_where=NEWS, postgresql_where=NEWS,
    )  # fmt: skip
