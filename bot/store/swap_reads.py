"""Finding swaps: by id, by claim, by what is still to be done or said."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select

from bot.models import Swap, SwapState
from bot.store.columns import fits
from bot.store.database import Database
from bot.store.keyring import KeyRing
from bot.store.swap_rows import joined, to_swap
from bot.store.swap_tables import (
    IS_LIVE_SIDE,
    IS_LIVE_SWAP,
    IS_NEWS,
    IS_UNNOTED_SWAP,
    swap_sides,
    swaps,
)

_s = swaps.c
CARRIED = _s.state.in_([SwapState.RUNNING.value, SwapState.UNDOING.value])


class SwapReads:
    """Reads of `swaps` and `swap_sides`."""

    def __init__(self, database: Database, keyring: KeyRing) -> None:
        self._database = database
        self._keyring = keyring

    async def get(self, swap_id: int) -> Swap | None:
        """One swap of any guild; whoever asks for a member looks whether it is theirs."""
        found = await self._list(_s.swap_id == swap_id) if fits(swap_id) else []
        return found[0] if found else None

    async def get_live(self, opening_id: int, roblox_id: int) -> Swap | None:
        """The live swap that this claim is in."""
        claim = (swap_sides.c.opening_id == opening_id) & (swap_sides.c.roblox_id == roblox_id)
        numbers = select(swap_sides.c.swap_id).where(IS_LIVE_SIDE, claim)
        found = await self._list(_s.swap_id.in_(numbers))
        return found[0] if found else None

    async def list_carried(self) -> list[Swap]:
        """Those of all guilds that are being carried out, or were when their process died."""
        return await self._list(IS_LIVE_SWAP, CARRIED)

    async def list_expired(self, now: datetime) -> list[Swap]:
        """Those of all guilds that nobody accepted in time."""
        return await self._list(IS_LIVE_SWAP, _s.expires_at <= now, _s.state == SwapState.ASKED)

    async def list_unnoted(self) -> list[Swap]:
        """Those that ended and have no line in the log channel yet."""
        return await self._list(IS_UNNOTED_SWAP, _s.settled_at.is_not(None))

    async def list_news(self, guild_id: int, discord_id: int) -> list[Swap]:
        """Swaps of which this member has something to hear."""
        theirs = (swap_sides.c.guild_id == guild_id) & (swap_sides.c.discord_id == discord_id)
        numbers = select(swap_sides.c.swap_id).where(IS_NEWS, theirs)
        return await self._list(_s.swap_id.in_(numbers))

    async def list_all_news(self) -> list[Swap]:
        """Swaps of all guilds of which somebody has something to hear."""
        numbers = select(swap_sides.c.swap_id).where(IS_NEWS)
        return await self._list(_s.swap_id.in_(numbers))

    async def _list(self, *conditions: ColumnElement[bool]) -> list[Swap]:
        query = joined().where(*conditions).order_by(_s.swap_id)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [to_swap(row, self._keyring) for row in rows]
