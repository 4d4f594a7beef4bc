"""RoVer's registry API, with the key that a guild's admins make at RoVer."""

from __future__ import annotations

from bot.providers.identity.dialects import ROVER
from bot.providers.identity.lookup import Lookup


class Rover(Lookup):
    """Answers for members who are verified and, in its newest flow, share that with the guild."""

    dialect = ROVER
