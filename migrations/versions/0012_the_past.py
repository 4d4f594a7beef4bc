"""What is live, what was ever posted, and which endings are old, without a look at all the rest.

Revision 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLE = "announcements"


def upgrade() -> None:
    live = sa.text("state IN ('open', 'closed')")
    op.create_index(
        "ix_announcements_live_guild", TABLE, ["guild_id", "starts_at"],
        sqlite_where=live, postgresql_where=live,
    )  # fmt: skip
    for columns in (["guild_id", "ends_at"], ["workspace_id", "guild_id", "session_id"]):
        op.create_index(f"ix_{TABLE}_{'_'.join(columns)}", TABLE, columns)
    no = {"sqlite": "0", "postgresql": "false"}[op.get_bind().dialect.name]
    untold = sa.text(f"told = {no}")
    op.create_index(
        "ix_waitlist_untold_since", "waitlist", ["changed_at"],
        sqlite_where=untold, postgresql_where=untold,
    )  # fmt: skip
    # The beginnings of the two above.
    for columns in (["guild_id"], ["workspace_id", "guild_id"]):
        op.drop_index(f"ix_{TABLE}_{'_'.join(columns)}", TABLE)
