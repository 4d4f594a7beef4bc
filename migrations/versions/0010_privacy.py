"""Forgetting: erasures, communities that took Muster out, members who left, and their indexes.

Revision 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INDEXES = (
    ("claim_attempts", "subject_id"),
    ("claim_attempts", "created_at"),
    ("links", "linked_by"),
    ("refusals", "actor_id"),
    ("refusals", "subject_id"),
    ("refusals", "guild_id"),
    ("refusals", "at"),
    ("preferences", "discord_id"),
    ("sent_reminders", "discord_id"),
    ("seen_claims", "roblox_id"),
    ("departures", "discord_id"),
    ("announcements", "host_id"),
    ("announcements", "closed_by"),
    ("announcements", "guild_id"),
    ("announcements", "ends_at"),
    ("waitlist", "discord_id"),
    ("link_wishes", "asked_by"),
    ("link_wishes", "discord_id"),
    ("link_wishes", "holder_id"),
    ("link_wishes", "guild_id"),
    ("link_notices", "discord_id"),
    ("link_notices", "by_id"),
    ("link_notices", "at"),
    ("imports", "by_id"),
    ("import_rows", "discord_id"),
    ("import_rows", "had_linked_by"),
    ("held_back", "guild_id"),
    ("profile_codes", "guild_id"),
    ("identity_services", "set_by"),
    ("service_answers", "guild_id"),
    ("service_answers", "asked_at"),
    ("pending_links", "asked_at"),
    ("resumes", "guild_id"),
)


def upgrade() -> None:
    op.add_column(
        "workspaces", sa.Column("leavers", sa.String(24), nullable=False, server_default="flag")
    )
    op.create_table(
        "erasures",
        sa.Column("discord_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("swept_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("discord_id", name=op.f("pk_erasures")),
    )
    op.create_table(
        "removed_guilds",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name=op.f("pk_removed_guilds")),
    )
    _create_departures()
    for table, column in INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])
    no = {"sqlite": "0", "postgresql": "false"}[op.get_bind().dialect.name]
    for name, table, column, where in (
        ("ix_claim_attempts_actor_id", "claim_attempts", "actor_id", "actor_id != subject_id"),
        ("ix_announcements_co_hosted", "announcements", "announcement_id", "co_host_ids != ''"),
        ("ix_departures_undealt", "departures", "noticed_at", f"dealt_with = {no}"),
    ):
        some = sa.text(where)
        op.create_index(name, table, [column], sqlite_where=some, postgresql_where=some)


def _create_departures() -> None:
    starts_at = sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False)
    discord_id = sa.Column("discord_id", sa.BigInteger(), nullable=False)
    for name, second, more in (
        ("departure_checks", starts_at, ()),
        (
            "departures",
            discord_id,
            (
                sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
                sa.Column("dealt_with", sa.Boolean(), nullable=False),
            ),
        ),
    ):
        op.create_table(
            name,
            sa.Column("announcement_id", sa.BigInteger(), nullable=False),
            second,
            *more,
            sa.ForeignKeyConstraint(
                ["announcement_id"],
                ["announcements.announcement_id"],
                name=op.f(f"fk_{name}_announcement_id"),
                ondelete="CASCADE",
            ),
            sa.PrimaryKeyConstraint("announcement_id", second.name, name=op.f(f"pk_{name}")),
        )
