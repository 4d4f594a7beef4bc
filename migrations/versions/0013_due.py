"""What the workers look for is found by what is due, however much waits.

Revision 0013, after 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "announcements",
        sa.Column("cancel_untold", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    yes = {"sqlite": "1", "postgresql": "true"}[op.get_bind().dialect.name]
    for name, table, columns, where in (
        (
            "ix_workspaces_automatic",
            "workspaces",
            ["workspace_id"],
            "auto_lead_minutes IS NOT NULL",
        ),
        (
            "ix_announcements_live_by_start",
            "announcements",
            ["starts_at"],
            "state IN ('open', 'closed')",
        ),
        (
            "ix_announcements_cancel_untold",
            "announcements",
            ["announcement_id"],
            f"cancel_untold = {yes}",
        ),
        (
            "ix_waitlist_board",
            "waitlist",
            ["announcement_id", "workspace_id", "guild_id"],
            "state IN ('waiting', 'offered')",
        ),
        ("ix_waitlist_offered", "waitlist", ["until"], "state = 'offered'"),
        ("ix_swap_sides_due", "swap_sides", ["swap_id"], "news = 'due'"),
    ):
        some = sa.text(where)
        op.create_index(name, table, columns, sqlite_where=some, postgresql_where=some)
