"""The tables that only the operator reads."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table

from bot.store.columns import UtcDateTime
from bot.store.tables import metadata

polls = Table(
    "polls",
    metadata,
    Column(
        "workspace_id",
        BigInteger,
        ForeignKey("workspaces.workspace_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("polled_at", UtcDateTime, nullable=False),
    Column("result", String(40), nullable=False),  # ok, or the class of what went wrong
)
