"""The tables of swaps: each has two sides, and a claim is in one live swap at most."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    false,
    literal_column,
    true,
)

from bot.models import News, Stands, SwapState
from bot.store.columns import AutoId, UtcDateTime, Words, choice, partial
from bot.store.tables import metadata

# Like the journal they outlive what they tell of: no foreign keys but between the two.
swaps = Table(
    "swaps",
    metadata,
    Column("swap_id", AutoId, primary_key=True),
    Column("key", Text, nullable=False),
    Column("guild_id", BigInteger, nullable=False),
    Column("workspace_id", BigInteger, nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("by_host", Boolean, nullable=False),
    Column("state", choice(SwapState), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("accepted_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("step", Text, nullable=False, server_default=""),
    Column("wrote_at", UtcDateTime),
    Column("writes", Integer, nullable=False, server_default="0"),
    Column("unread_since", UtcDateTime),
    Column("reason", Text, nullable=False, server_default=""),
    Column("why", Words, nullable=False, server_default=""),
    Column("owner", Integer),
    Column("encrypted_token", Text, nullable=False, server_default=""),
    Column("noted", Boolean, nullable=False, server_default=true()),
    UniqueConstraint("key"),
    sqlite_autoincrement=True,  # its id stands in the buttons of messages
)

swap_sides = Table(
    "swap_sides",
    metadata,
    Column(
        "swap_id", BigInteger, ForeignKey("swaps.swap_id", ondelete="CASCADE"), primary_key=True
    ),
    Column("side", Integer, primary_key=True, autoincrement=False),  # 0: the proposer's
    Column("guild_id", BigInteger, nullable=False),
    Column("discord_id", BigInteger, nullable=False),
    Column("roblox_id", BigInteger, nullable=False),
    Column("opening_id", BigInteger, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("news", choice(News), nullable=False),
    Column("stands", choice(Stands), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),  # as of the swap; by it an erasure is judged
)

# Written out, not bound: a partial index serves only a query that repeats its condition.
IS_ASKED = swaps.c.state == literal_column(f"'{SwapState.ASKED}'")
IS_CARRIED = swaps.c.state.in_(
    [literal_column(f"'{state}'") for state in (SwapState.RUNNING, SwapState.UNDOING)]
)
IS_LIVE_SIDE = swap_sides.c.live == true()
IS_NEWS = swap_sides.c.news.in_([literal_column(f"'{news}'") for news in (News.DUE, News.KEPT)])
IS_DUE_NEWS = swap_sides.c.news == literal_column(f"'{News.DUE}'")
IS_UNNOTED_SWAP = swaps.c.noted == false()

# Who is forgotten is found by person and guild, and what is old by its date.
for _column in (
    *(swaps.c[name] for name in ("guild_id", "actor_id", "asked_at")),
    *(swap_sides.c[name] for name in ("guild_id", "discord_id")),
):
    Index(None, _column)
partial("ix_swaps_asked", swaps.c.expires_at, where=IS_ASKED)
partial("ix_swaps_carried", swaps.c.accepted_at, where=IS_CARRIED)
partial("ix_swaps_unnoted", swaps.c.settled_at, where=IS_UNNOTED_SWAP)
# One live swap for each claim, on whichever side: the database decides who was first.
partial(
    "uq_swap_sides_live",
    *(swap_sides.c.opening_id, swap_sides.c.roblox_id),
    where=IS_LIVE_SIDE,
    unique=True,
)
partial(
    "ix_swap_sides_news",
    *(swap_sides.c.guild_id, swap_sides.c.discord_id),
    where=IS_NEWS,
)
# What is to be told now, apart from what is kept for members who may never come back.
partial("ix_swap_sides_due", swap_sides.c.swap_id, where=IS_DUE_NEWS)
