"""The tables of what must be forgotten, and of who left; and the indexes that finding it takes."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Table,
    exists,
    false,
    literal_column,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import Refusal
from bot.store.columns import UtcDateTime
from bot.store.guild_turns import take_turn
from bot.store.hosting_tables import preferences, seen_claims, sent_reminders
from bot.store.link_tables import import_rows, imports, link_notices, link_wishes
from bot.store.linking_tables import (
    held_back,
    identity_services,
    pending_links,
    profile_codes,
    resumes,
    service_answers,
)
from bot.store.tables import announcements, claim_attempts, links, metadata, refusals
from bot.store.waitlist_tables import waitlist

# Somebody asked for this and was promised it: the row goes only when everything else has gone.
erasures = Table(
    "erasures",
    metadata,
    Column("discord_id", BigInteger, primary_key=True, autoincrement=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("swept_at", UtcDateTime),  # everything but what was unsettled then
)

# Communities that Muster was taken out of. Being invited again takes the row away.
removed_guilds = Table(
    "removed_guilds",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("removed_at", UtcDateTime, nullable=False),
)

# Whose holders were asked after: once for each time at which a session starts.
departure_checks = Table(
    "departure_checks",
    metadata,
    Column(
        "announcement_id",
        BigInteger,
        ForeignKey("announcements.announcement_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("starts_at", UtcDateTime, primary_key=True),
)

departures = Table(
    "departures",
    metadata,
    Column(
        "announcement_id",
        BigInteger,
        ForeignKey("announcements.announcement_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("discord_id", BigInteger, primary_key=True),
    Column("noticed_at", UtcDateTime, nullable=False),
    Column("dealt_with", Boolean, nullable=False),  # hosts told, and what else the settings say
)

_j = claim_attempts.c
# Hosts' acts for others: few, so that a claim pays for one more index and not for two.
FOR_ANOTHER = _j.actor_id != _j.subject_id
HAS_CO_HOSTS = announcements.c.co_host_ids != literal_column("''")
IS_UNDEALT = departures.c.dealt_with == false()

for _name, _column, _where in (
    ("ix_claim_attempts_actor_id", _j.actor_id, FOR_ANOTHER),
    ("ix_announcements_co_hosted", announcements.c.announcement_id, HAS_CO_HOSTS),
    ("ix_departures_undealt", departures.c.noticed_at, IS_UNDEALT),
):
    Index(_name, _column, sqlite_where=_where, postgresql_where=_where)
for _found_by in (
    _j.subject_id,
    _j.created_at,
    links.c.linked_by,
    *(refusals.c[name] for name in ("actor_id", "subject_id", "guild_id", "at")),
    preferences.c.discord_id,
    sent_reminders.c.discord_id,
    seen_claims.c.roblox_id,
    departures.c.discord_id,
    *(announcements.c[name] for name in ("host_id", "closed_by", "ends_at")),
    waitlist.c.discord_id,
    *(link_wishes.c[name] for name in ("asked_by", "discord_id", "holder_id", "guild_id")),
    *(link_notices.c[name] for name in ("discord_id", "by_id", "at")),
    imports.c.by_id,
    *(import_rows.c[name] for name in ("discord_id", "had_linked_by")),
    held_back.c.guild_id,
    profile_codes.c.guild_id,
    identity_services.c.set_by,
    *(service_answers.c[name] for name in ("guild_id", "asked_at")),
    pending_links.c.asked_at,
    resumes.c.guild_id,
):
    Index(None, _found_by)


def is_kept(guild_id: Column[int] | int) -> ColumnElement[bool]:
    """Whether Muster was not taken out of the guild."""
    return ~exists().where(removed_guilds.c.guild_id == guild_id)


async def require_kept(connection: AsyncConnection, guild_id: int) -> None:
    """Begin a transaction that stores a key: Refusal when Muster was taken out of the guild.

    A removal that comes now waits for the end of the transaction, and finds the key.
    """
    await take_turn(connection, guild_id)
    if not await connection.scalar(select(is_kept(guild_id))):
        raise Refusal(
            "Nothing was saved, because Muster was taken out of this Discord server: invite it"
            " again, and then enter the key once more."
        )
