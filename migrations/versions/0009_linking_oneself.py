"""Linking oneself: proofs, profile codes, Bloxlink and RoVer, open questions, held-up presses.

Revision 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

AUTO_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_proofs()
    _create_services()
    _create_questions()
    op.create_index(op.f("ix_links_discord_id"), "links", ["discord_id"])


def _create_proofs() -> None:
    op.create_table(
        "proofs",
        sa.Column("discord_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("roblox_id", sa.BigInteger(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("username_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("discord_id", name=op.f("pk_proofs")),
        sa.UniqueConstraint("roblox_id", name=op.f("uq_proofs_roblox_id")),
    )
    op.create_table(
        "held_back",
        sa.Column("discord_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("discord_id", "guild_id", name=op.f("pk_held_back")),
    )
    op.create_table(
        "profile_codes",
        sa.Column("code_id", AUTO_ID, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("discord_id", sa.BigInteger(), nullable=False),
        sa.Column("roblox_id", sa.BigInteger(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("username_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_try_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("code_id", name=op.f("pk_profile_codes")),
        sa.UniqueConstraint(
            "discord_id", "guild_id", name=op.f("uq_profile_codes_discord_id_guild_id")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_profile_codes_expires_at"), "profile_codes", ["expires_at"])


def _create_services() -> None:
    op.create_table(
        "identity_services",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("encrypted_key", sa.Text(), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("key_hint", sa.Text(), nullable=False),
        sa.Column("set_by", sa.BigInteger(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "kind", name=op.f("pk_identity_services")),
    )
    op.create_table(
        "service_answers",
        sa.Column("discord_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("roblox_id", sa.BigInteger()),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("discord_id", "guild_id", "kind", name=op.f("pk_service_answers")),
    )


def _create_questions() -> None:
    op.create_table(
        "pending_links",
        sa.Column("question_id", AUTO_ID, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("discord_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("roblox_id", sa.BigInteger(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("source", sa.String(24), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("other_id", sa.BigInteger()),
        sa.PrimaryKeyConstraint("question_id", name=op.f("pk_pending_links")),
        sa.UniqueConstraint(
            "discord_id", "guild_id", "kind", name=op.f("uq_pending_links_discord_id_guild_id_kind")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_pending_links_guild_id_kind_asked_at"),
        "pending_links",
        ["guild_id", "kind", "asked_at"],
    )
    op.create_index(op.f("ix_pending_links_other_id"), "pending_links", ["other_id"])
    op.create_table(
        "resumes",
        sa.Column("discord_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("opening_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("admins_told", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("discord_id", "guild_id", name=op.f("pk_resumes")),
    )
    op.create_index(op.f("ix_resumes_asked_at"), "resumes", ["asked_at"])
