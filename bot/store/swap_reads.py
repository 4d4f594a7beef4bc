"""Finding swaps: by id, by claim, by what is still to be done or said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, select, tuple_

from bot.models import Swap
from bot.store.columns import fits
from bot.store.database import Database
from bot.store.keyring import KeyRing
from bot.store.swap_rows import joined, to_swap
from bot.store.swap_tables import (
    IS_ASKED,
    IS_CARRIED,
    IS_DUE_NEWS,
    IS_LIVE_SIDE,
    IS_NEWS,
    IS_UNNOTED_SWAP,
    swap_sides,
    swaps,
)

_s = swaps.c
PAGE = 200  # swaps of one reading for the workers
Member = tuple[int, int]  # (guild id, Discord id)
_AT_ONCE = 500  # parameters in one lookup, well below both databases' limits


class SwapReads:
    """Reads of `swaps` and `swap_sides`."""

    def __init__(self, database: Database, keyring: KeyRing) -> None:
        self._database = database
        self._keyring = keyring

    async def get(self, swap_id: int) -> Swap | None:
        """One swap of any guild; whoever asks for a member looks whether it is theirs."""
        found = await self._load([swap_id]) if fits(swap_id) else []
        return found[0] if found else None

    async def get_live(self, opening_id: int, roblox_id: int) -> Swap | None:
        """The live swap that this claim is in."""
        claim = (swap_sides.c.opening_id == opening_id) & (swap_sides.c.roblox_id == roblox_id)
        found = await self._list(select(swap_sides.c.swap_id).where(IS_LIVE_SIDE, claim))
        return found[0] if found else None

    async def list_carried(self, after: int = 0) -> list[Swap]:
        """Those of our guilds that are being carried out, or were when their process died.

        Like the other lists for workers: a page of those whose ids come `after`, in order.
        """
        return await self._page(_s.swap_id, after, IS_CARRIED)

    async def list_expired(self, now: datetime, after: int = 0) -> list[Swap]:
        """Those of our guilds that nobody accepted in time."""
        return await self._page(_s.swap_id, after, IS_ASKED, _s.expires_at <= now)

    async def list_unnoted(self, after: int = 0) -> list[Swap]:
        """Those of our guilds that ended and have no line in the log channel yet."""
        return await self._page(_s.swap_id, after, IS_UNNOTED_SWAP, _s.settled_at.is_not(None))

    async def list_due(self, after: int = 0) -> list[Swap]:
        """Those of our guilds of which somebody is to be told something that is not kept yet."""
        return await self._page(swap_sides.c.swap_id, after, IS_DUE_NEWS)

    async def list_waiting(self, after: Member, limit: int) -> list[Member]:
        """Whom in our guilds something waits for, at most `limit` `after` this one, in order."""
        c = swap_sides.c
        query = select(c.guild_id, c.discord_id).where(IS_NEWS, self._database.ours(c.guild_id))
        query = query.where(tuple_(c.guild_id, c.discord_id) > tuple_(*after)).distinct()
        query = query.order_by(c.guild_id, c.discord_id).limit(limit)
        async with self._database.read() as connection:
            return [(row.guild_id, row.discord_id) for row in await connection.execute(query)]

    async def list_news(self, guild_id: int, discord_id: int) -> list[Swap]:
        """Swaps of which this member has something to hear."""
        theirs = (swap_sides.c.guild_id == guild_id) & (swap_sides.c.discord_id == discord_id)
        return await self._list(select(swap_sides.c.swap_id).where(IS_NEWS, theirs))

    async def _page(
        self, number: Column[int], after: int, *conditions: ColumnElement[bool]
    ) -> list[Swap]:
        ours = self._database.ours(number.table.c.guild_id)
        query = select(number).where(*conditions, number > after, ours).distinct()
        return await self._list(query.order_by(number).limit(PAGE))

    async def _list(self, numbers: Select[Any]) -> list[Swap]:
        # First which, then what: each of the two is one look into one index.
        async with self._database.read() as connection:
            found = (await connection.scalars(numbers)).all()
        return await self._load(sorted(set(found)))

    async def _load(self, numbers: Sequence[int]) -> list[Swap]:
        swaps_found: list[Swap] = []
        async with self._database.read() as connection:
            for start in range(0, len(numbers), _AT_ONCE):
                some = numbers[start : start + _AT_ONCE]
                rows = await connection.execute(joined().where(_s.swap_id.in_(some)))
                swaps_found += [to_swap(row, self._keyring) for row in rows]
        return sorted(swaps_found, key=lambda swap: swap.swap_id)
