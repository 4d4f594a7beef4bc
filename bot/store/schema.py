"""Every table, declared once. `migrations/` must arrive at exactly this."""

from __future__ import annotations

from bot.store import hosting_tables, swap_tables
from bot.store.tables import metadata

ALL = (hosting_tables, swap_tables)  # imported, so that `metadata` knows their tables

__all__ = ["metadata"]
