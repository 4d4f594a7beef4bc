"""Endings that could not be said when they came: a member's next answer tells them, once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from bot.services.claims import ClaimService
from bot.services.outcomes import Outcome
from bot.services.ports import Actor

MOST = 3  # in one answer; the rest waits for the next
ON_ITS_WAY = timedelta(seconds=15)  # an answer that has not arrived by then has got lost


class EarlierEndings:
    """Gives each ending to one answer at a time: a member may press again before it arrives."""

    def __init__(self, claims: ClaimService, clock: Callable[[], datetime]) -> None:
        self._claims = claims
        self._clock = clock
        self._taken: dict[str, datetime] = {}  # operation id -> when an answer took it along

    async def take(self, actor: Actor, besides: Collection[str] = ()) -> list[Outcome]:
        """What an answer to this member has to say first, oldest first; not what it says anyway.

        Call `mark_told` when it arrived.
        """
        untold = await self._claims.untold(actor.guild_id, actor.discord_id)
        now = self._clock()
        self._taken = {key: at for key, at in self._taken.items() if now - at < ON_ITS_WAY}
        said = self._taken.keys() | set(besides)
        found = [one for one in untold if one.operation_id not in said][:MOST]
        self._taken |= dict.fromkeys((one.operation_id for one in found), now)
        return found

    async def mark_told(self, operation_ids: Collection[str]) -> None:
        """The member has read these endings."""
        await self._claims.mark_told(operation_ids)
