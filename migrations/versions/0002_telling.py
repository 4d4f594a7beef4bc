"""The journal knows who drives a row, what was tried, and whether its ending reached the member.

Revision 0002. Rows from before it count as told: nobody waits for their endings any more.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

RUNNING = sa.text("state IN ('pending', 'sent', 'unknown')")
UNTOLD = sa.text("told = 0")
UNTOLD_POSTGRESQL = sa.text("told = false")


def upgrade() -> None:
    op.add_column("claim_attempts", sa.Column("owner", sa.Integer()))
    op.add_column(
        "claim_attempts", sa.Column("unread_since", sa.DateTime(timezone=True), nullable=True)
    )
    flags = (("repaired", sa.false()), ("with_reason", sa.false()), ("told", sa.true()))
    for name, default in flags:
        op.add_column(
            "claim_attempts", sa.Column(name, sa.Boolean(), nullable=False, server_default=default)
        )
    op.drop_index("ix_claim_attempts_running_age", "claim_attempts")
    op.create_index(
        "ix_claim_attempts_running_age",
        "claim_attempts",
        ["workspace_id", "created_at"],
        sqlite_where=RUNNING,
        postgresql_where=RUNNING,
    )
    op.create_index(
        "ix_claim_attempts_untold",
        "claim_attempts",
        ["guild_id", "subject_id"],
        sqlite_where=UNTOLD,
        postgresql_where=UNTOLD_POSTGRESQL,
    )
