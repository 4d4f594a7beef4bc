"""What was refused before it became an attempt, and which acts of hosts have a line in the log.

Revision 0004, after 0003. Acts from before it count as noted: it is too late for a line.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UNNOTED = sa.text("noted = 0 AND state = 'confirmed'")
UNNOTED_POSTGRESQL = sa.text("noted = false AND state = 'confirmed'")


def upgrade() -> None:
    op.create_table(
        "refusals",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("announcement_id", sa.BigInteger()),
        sa.Column("opening_id", sa.BigInteger()),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("door", sa.String(24), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_refusals")),
    )
    op.add_column(
        "claim_attempts",
        sa.Column("noted", sa.Boolean(), nullable=False, server_default=sa.true()),
    )
    op.create_index(
        "ix_claim_attempts_unnoted",
        "claim_attempts",
        ["settled_at"],
        sqlite_where=UNNOTED,
        postgresql_where=UNNOTED_POSTGRESQL,
    )
