"""Who may claim what, and until when: cut-off, clash, Discord roles per workspace and per role.

Revision 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("announcements", sa.Column("cutoff_minutes", sa.Integer()))
    op.add_column(
        "workspaces", sa.Column("barred_role_ids", sa.Text(), nullable=False, server_default="")
    )
    op.add_column(
        "workspaces", sa.Column("clash", sa.String(24), nullable=False, server_default="warn")
    )
    op.create_table(
        "role_rules",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("role_id", sa.Text(), nullable=False),
        sa.Column("role_name", sa.Text(), nullable=False),
        sa.Column("allowed_role_ids", sa.Text(), nullable=False),
        sa.Column("barred_role_ids", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.workspace_id"],
            name=op.f("fk_role_rules_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "group_id", "role_id", name=op.f("pk_role_rules")),
    )
