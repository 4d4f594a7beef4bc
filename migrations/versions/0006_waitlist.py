"""The lines for full roles, and what those who wait were asked.

Revision 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LINED = sa.text("state IN ('waiting', 'offered')")
UNTOLD = {"sqlite": sa.text("told = 0"), "postgresql": sa.text("told = false")}


def upgrade() -> None:
    # Ids stand in custom ids and must never come back, which SQLite promises only with
    # AUTOINCREMENT; that counts up only a column that is declared INTEGER.
    auto_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "waitlist",
        sa.Column("waitlist_id", auto_id, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("announcement_id", sa.BigInteger(), nullable=False),
        sa.Column("opening_id", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("upstream", "session_id", "server_id", "group_id", "role_id")
        ),
        sa.Column("discord_id", sa.BigInteger(), nullable=False),
        sa.Column("roblox_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("silences", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("reason", sa.String(24)),
        sa.Column("told", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("tried_at", sa.DateTime(timezone=True)),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("waitlist_id", name=op.f("pk_waitlist")),
        sqlite_autoincrement=True,
    )
    _create_indexes(UNTOLD[op.get_bind().dialect.name])


def _create_indexes(untold: sa.TextClause) -> None:
    op.create_index(
        "uq_waitlist_member", "waitlist", ["opening_id", "discord_id"],
        unique=True, sqlite_where=LINED, postgresql_where=LINED,
    )  # fmt: skip
    op.create_index(
        "ix_waitlist_line", "waitlist", ["upstream", "session_id"],
        sqlite_where=LINED, postgresql_where=LINED,
    )  # fmt: skip
    op.create_index(
        "ix_waitlist_untold", "waitlist", ["tried_at"],
        sqlite_where=untold, postgresql_where=untold,
    )  # fmt: skip
    op.create_index("ix_waitlist_guild_id", "waitlist", ["guild_id", "discord_id"])
