"""What is live, and what was ever posted, is found without a look at all that is over.

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
        "ix_announcements_live_start", TABLE, ["guild_id", "starts_at"],
        sqlite_where=live, postgresql_where=live,
    )  # fmt: skip
    for columns in (["guild_id", "ends_at"], ["workspace_id", "guild_id", "session_id"]):
        op.create_index(f"ix_{TABLE}_{'_'.join(columns)}", TABLE, columns)
    # The beginnings of the two above.
    for columns in (["guild_id"], ["workspace_id", "guild_id"]):
        op.drop_index(f"ix_{TABLE}_{'_'.join(columns)}", TABLE)
