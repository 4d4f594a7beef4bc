"""The lines for full roles."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    Table,
    Text,
    false,
    literal_column,
    true,
)

from bot.models import WaitEnd, WaitState
from bot.store.columns import AutoId, UtcDateTime, choice, partial
from bot.store.tables import metadata

# No foreign keys: whoever waits for a role of a workspace that is removed has still to be told.
waitlist = Table(
    "waitlist",
    metadata,
    Column("waitlist_id", AutoId, primary_key=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("workspace_id", BigInteger, nullable=False),
    Column("announcement_id", BigInteger, nullable=False),
    Column("opening_id", BigInteger, nullable=False),
    Column("upstream", Text, nullable=False),
    Column("session_id", Text, nullable=False),
    Column("server_id", Text, nullable=False),
    Column("group_id", Text, nullable=False),
    Column("role_id", Text, nullable=False),
    Column("discord_id", BigInteger, nullable=False),
    Column("roblox_id", BigInteger, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("state", choice(WaitState), nullable=False),
    Column("until", UtcDateTime),
    Column("silences", Integer, nullable=False, server_default="0"),
    Column("reason", choice(WaitEnd)),
    Column("told", Boolean, nullable=False, server_default=true()),
    Column("tried_at", UtcDateTime),  # the last try to tell; another is made some time after
    Column("changed_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,  # the id stands in custom ids
)

_c = waitlist.c
# Written out, not bound: a partial index serves only a query that repeats its condition.
IS_LINED = _c.state.in_(
    [literal_column(f"'{state.value}'") for state in (WaitState.WAITING, WaitState.OFFERED)]
)
IS_OFFERED = _c.state == literal_column(f"'{WaitState.OFFERED}'")
IS_UNTOLD = _c.told == false()

partial("uq_waitlist_member", _c.opening_id, _c.discord_id, where=IS_LINED, unique=True)
partial("ix_waitlist_line", _c.upstream, _c.session_id, where=IS_LINED)
partial("ix_waitlist_board", _c.announcement_id, _c.workspace_id, _c.guild_id, where=IS_LINED)
partial("ix_waitlist_offered", _c.until, where=IS_OFFERED)
partial("ix_waitlist_untold", _c.tried_at, where=IS_UNTOLD)
partial("ix_waitlist_untold_since", _c.changed_at, where=IS_UNTOLD)  # in vain is told for some time
Index("ix_waitlist_guild_id", _c.guild_id, _c.discord_id)
