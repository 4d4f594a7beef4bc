"""Bloxlink's public API (v4), with the server key that a guild's admins make at Bloxlink."""

from __future__ import annotations

from bot.providers.identity.dialects import BLOXLINK
from bot.providers.identity.lookup import Lookup


class Bloxlink(Lookup):
    """Answers with the account that the person chose for this guild."""

    dialect = BLOXLINK
