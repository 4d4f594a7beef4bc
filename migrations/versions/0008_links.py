"""Links by admins: a card to confirm, a notice to the member, imports that can be undone.

Revision 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
AUTO_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_index(
        op.f("ix_links_username_at_guild_id_discord_id"),
        "links",
        ["username_at", "guild_id", "discord_id"],
    )
    op.create_table(
        "link_wishes",
        sa.Column("wish_id", AUTO_ID, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("discord_id", sa.BigInteger(), nullable=False),
        sa.Column("roblox_id", sa.BigInteger(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("had_roblox_id", sa.BigInteger()),
        sa.Column("holder_id", sa.BigInteger()),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("wish_id", name=op.f("pk_link_wishes")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_link_wishes_created_at"), "link_wishes", ["created_at"])
    op.create_table(
        "link_notices",
        sa.Column("notice_id", AUTO_ID, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("discord_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("roblox_id", sa.BigInteger(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_link_notices")),
        sa.UniqueConstraint(
            "guild_id", "discord_id", name=op.f("uq_link_notices_guild_id_discord_id")
        ),
        sqlite_autoincrement=True,
    )
    _create_imports()


def _create_imports() -> None:
    op.create_table(
        "imports",
        sa.Column("import_id", AUTO_ID, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("applied_at", TIME),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_imports")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_imports_created_at"), "imports", ["created_at"])
    op.create_index(op.f("ix_imports_guild_id_import_id"), "imports", ["guild_id", "import_id"])
    op.create_index(op.f("ix_imports_state"), "imports", ["state"])
    op.create_table(
        "import_rows",
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("discord_id", sa.BigInteger(), nullable=False),
        sa.Column("roblox_id", sa.BigInteger(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(24), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("had_roblox_id", sa.BigInteger()),
        sa.Column("had_username", sa.Text()),
        sa.Column("had_username_at", TIME),
        sa.Column("had_source", sa.String(24)),
        sa.Column("had_linked_by", sa.BigInteger()),
        sa.Column("had_linked_at", TIME),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["imports.import_id"],
            name=op.f("fk_import_rows_import_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_import_rows")),
    )
