"""Every table, declared once. `migrations/` must arrive at exactly this."""

from __future__ import annotations

from bot.store import (
    hosting_tables,
    link_tables,
    linking_tables,
    operating_tables,
    privacy_tables,
    swap_tables,
    waitlist_tables,
)
from bot.store.tables import metadata

# Imported, so that `metadata` knows their tables.
ALL = (
    hosting_tables,
    link_tables,
    linking_tables,
    operating_tables,
    privacy_tables,
    swap_tables,
    waitlist_tables,
)

__all__ = ["metadata"]
