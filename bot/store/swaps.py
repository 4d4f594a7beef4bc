"""The swaps of all guilds, and their rows in the journal of claims: changed together or not at all.

A swap's steps are known to the journal as claims and releases of their own, so that nobody else
takes a place that is being exchanged, and none of the two starts anything else there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models import Attempt, AttemptState, News, Swap, SwapState
from bot.store.attempt_rows import AttemptRows
from bot.store.attempts import AttemptStore
from bot.store.database import Database
from bot.store.keyring import KeyRing
from bot.store.swap_reads import SwapReads
from bot.store.swap_rows import to_rows
from bot.store.swap_tables import IS_CARRIED, IS_UNNOTED_SWAP, swap_sides, swaps
from bot.store.tables import IS_RUNNING, claim_attempts

_s, _j = swaps.c, claim_attempts.c


class Taken(StrEnum):
    """Whether a swap may be carried out now."""

    YES = "yes"
    OVER = "over"  # it is not being asked any more
    BUSY = "busy"  # one of the two has something open on one of the sessions


class _RollBack(Exception):
    """Nothing of the transaction is wanted."""


class SwapStore(SwapReads):
    """Rows of `swaps` and `swap_sides`, carried out by the owner of the `attempts`."""

    def __init__(self, database: Database, keyring: KeyRing, attempts: AttemptStore) -> None:
        super().__init__(database, keyring)
        self._rows = AttemptRows(keyring)
        self._owner = attempts.owner

    async def add(self, swap: Swap, attempts: Sequence[Attempt] = ()) -> Swap | Taken:
        """Store a new swap and return it with its id; a host's comes with its attempts.

        OVER when one of the two claims is in another live swap, BUSY as for `accept`.
        """
        row, sides = to_rows(swap)
        row |= {"owner": self._owner}
        row |= {"encrypted_token": self._keyring.seal(swap.interaction_token)}
        await self._database.own(self._owner)  # before others can see a row of ours
        try:
            async with self._database.write() as connection:
                insert = swaps.insert().values(row).returning(_s.swap_id)
                number = (await connection.execute(insert)).scalar_one()
                if not await self._add_sides(connection, number, sides):
                    raise _RollBack(Taken.OVER)
                await self._add_attempts(connection, attempts)
        except _RollBack as found:
            return Taken(found.args[0])
        stored = await self.get(number)
        assert stored is not None  # nothing but erasure removes it, and nobody knows it yet
        return stored

    async def accept(
        self, swap_id: int, attempts: Sequence[Attempt], token: str, now: datetime
    ) -> Taken:
        """An asked swap is carried out from now on, by this process and nobody else."""
        await self._database.own(self._owner)
        change = update(swaps).where(
            _s.swap_id == swap_id, _s.state == SwapState.ASKED, _s.expires_at > now
        )
        values = {
            "state": SwapState.RUNNING, "accepted_at": now, "owner": self._owner,
            "encrypted_token": self._keyring.seal(token), "why": "",
        }  # fmt: skip
        try:
            async with self._database.write() as connection:
                if not (await connection.execute(change.values(values))).rowcount:
                    return Taken.OVER
                await self._add_attempts(connection, attempts)
        except _RollBack as found:
            return Taken(found.args[0])
        return Taken.YES

    async def record(self, swap: Swap, step: str, now: datetime) -> bool:
        """This write goes out now; False when another process has taken the swap over.

        With the first, the journal's rows count as sent.
        """
        values = {"step": step, "wrote_at": now, "writes": _s.writes + 1, "unread_since": None}
        pending = (_j.state == AttemptState.PENDING) & _j.operation_id.in_(operation_ids(swap))
        async with self._database.write() as connection:
            if not await self._update(connection, swap, values):
                return False
            if not swap.step:
                sent = {"state": AttemptState.SENT, "sent_at": now}
                await connection.execute(update(claim_attempts).where(pending).values(sent))
        return True

    async def pause(self, swap: Swap) -> None:
        """Store what is known while it has to wait: `wrote_at` and `unread_since`."""
        await self._change(swap, {"wrote_at": swap.wrote_at, "unread_since": swap.unread_since})

    async def turn_back(self, swap: Swap) -> bool:
        """Give up finishing it, for its `reason`; False when another process has taken it over."""
        values = {"state": SwapState.UNDOING, "reason": swap.reason, "why": swap.why}
        return await self._change(swap, values)

    async def settle(
        self, swap: Swap, settled: Sequence[Attempt] = (), more: Sequence[Attempt] = ()
    ) -> bool:
        """Store the ending with those of its attempts, and `more` rows for the journal.

        Attempts that are not named and open end for the swap's reason. False when another process
        has taken the swap over: then it has the say.
        """
        values = {
            "state": swap.state, "settled_at": swap.settled_at, "reason": swap.reason,
            "why": swap.why, "wrote_at": None, "noted": swap.noted,
        }  # fmt: skip
        async with self._database.write() as connection:
            if not await self._update(connection, swap, values):
                return False
            await self._end_sides(connection, swap)
            await self._end_attempts(connection, settled)
            open_rows = IS_RUNNING & _j.operation_id.in_(operation_ids(swap))
            await connection.execute(
                update(claim_attempts)
                .where(open_rows)
                .values(state=AttemptState.REFUSED, reason=swap.reason, settled_at=swap.settled_at)
            )
            for attempt in more:
                row = self._rows.to_row(attempt, self._owner)
                insert = self._database.insert(claim_attempts).values(row)
                await connection.execute(insert.on_conflict_do_nothing())
        return True

    async def ask_again(self, swap: Swap, why: str) -> bool:
        """Nothing was sent after all: the partner may accept once more, and is to hear that.

        Their token is kept until they have.
        """
        values = {"state": SwapState.ASKED, "step": "", "unread_since": None, "why": why}
        partner = (swap_sides.c.swap_id == swap.swap_id) & (
            swap_sides.c.discord_id == swap.partner.discord_id
        )
        async with self._database.write() as connection:
            if not await self._update(connection, swap, values):
                return False
            await connection.execute(update(swap_sides).where(partner).values(news=News.DUE))
            # Removed, not refused: the same keys come back when it is accepted again.
            unsent = (_j.state == AttemptState.PENDING) & _j.operation_id.in_(operation_ids(swap))
            await connection.execute(delete(claim_attempts).where(unsent))
        return True

    async def close(self, swap: Swap) -> bool:
        """Store the ending of a swap that is only being asked; False when it no longer is."""
        change = update(swaps).where(_s.swap_id == swap.swap_id, _s.state == SwapState.ASKED)
        ending = {"state": swap.state, "settled_at": swap.settled_at}
        values = ending | {"owner": self._owner, "why": ""}
        await self._database.own(self._owner)
        async with self._database.write() as connection:
            if not (await connection.execute(change.values(values))).rowcount:
                return False
            await self._end_sides(connection, swap)
        return True

    async def take(self, swap: Swap) -> bool:
        """Become the owner of a swap whose owner no longer lives; False when somebody else did."""
        await self._database.own(self._owner)
        if swap.owner == self._owner:
            return True
        before = _s.owner.is_(None) if swap.owner is None else _s.owner == swap.owner
        change = update(swaps).where(_s.swap_id == swap.swap_id, before)
        rows = update(claim_attempts).where(_j.operation_id.in_(operation_ids(swap)))
        async with self._database.write() as connection:
            taken = await connection.execute(change.values(owner=self._owner))
            if taken.rowcount:
                await connection.execute(rows.values(owner=self._owner))
            return bool(taken.rowcount)

    def owns(self, swap: Swap) -> bool:
        """Whether this process carries it out."""
        return swap.owner == self._owner

    async def hear(self, swap_id: int, discord_id: int, news: News) -> None:
        """Store what this member has yet to hear about the swap.

        Once nobody is to be told any more by us, the token is erased.
        """
        sides = swap_sides.c.swap_id == swap_id
        change = update(swap_sides).where(sides, swap_sides.c.discord_id == discord_id)
        due = exists().where(sides, swap_sides.c.news == News.DUE)
        at_rest = _s.settled_at.is_not(None) | (_s.state == SwapState.ASKED)
        over = (_s.swap_id == swap_id, at_rest, ~due)
        async with self._database.write() as connection:
            await connection.execute(change.values(news=news))
            await connection.execute(update(swaps).where(*over).values(encrypted_token=""))

    async def note(self, swap_id: int) -> bool:
        """Whether the log channel's line about it is now the caller's to write: once for each."""
        change = update(swaps).where(IS_UNNOTED_SWAP, _s.swap_id == swap_id)
        async with self._database.write() as connection:
            return bool((await connection.execute(change.values(noted=True))).rowcount)

    async def forget_words(self, discord_id: int) -> None:
        """Erase what was said about ended swaps of this person: the sentences name people."""
        theirs = select(swap_sides.c.swap_id).where(swap_sides.c.discord_id == discord_id)
        change = update(swaps).where(_s.swap_id.in_(theirs), _s.settled_at.is_not(None))
        async with self._database.write() as connection:
            await connection.execute(change.values(why=""))

    async def _add_sides(
        self, connection: AsyncConnection, number: int, sides: list[dict[str, Any]]
    ) -> bool:
        # In one order, so that two who propose to each other never wait for each other crosswise.
        rows = sorted(sides, key=lambda row: (row["opening_id"], row["roblox_id"]))
        insert = self._database.insert(swap_sides).on_conflict_do_nothing()
        for row in rows:
            added = await connection.execute(insert.values(row | {"swap_id": number}))
            if not added.rowcount:
                return False
        return True

    async def _add_attempts(self, connection: AsyncConnection, attempts: Sequence[Attempt]) -> None:
        rows = sorted(
            (self._rows.to_row(attempt, self._owner) for attempt in attempts),
            key=lambda row: (row["upstream"], row["session_id"], row["roblox_id"]),
        )
        insert = self._database.insert(claim_attempts).on_conflict_do_nothing()
        for row in rows:
            if not (await connection.execute(insert.values(row))).rowcount:
                raise _RollBack(Taken.BUSY)

    async def _end_sides(self, connection: AsyncConnection, swap: Swap) -> None:
        for number, side in enumerate(swap.sides):
            change = update(swap_sides).where(
                swap_sides.c.swap_id == swap.swap_id, swap_sides.c.side == number
            )
            values = {"live": False, "news": side.news, "stands": side.stands}
            await connection.execute(change.values(values))

    async def _end_attempts(self, connection: AsyncConnection, settled: Iterable[Attempt]) -> None:
        for attempt in settled:
            values = {
                "state": attempt.state, "settled_at": attempt.settled_at,
                "reason": attempt.reason, "told": True,
            }  # fmt: skip
            change = update(claim_attempts).where(_j.operation_id == attempt.operation_id)
            await connection.execute(change.values(values))

    async def _change(self, swap: Swap, values: dict[str, Any]) -> bool:
        async with self._database.write() as connection:
            return await self._update(connection, swap, values)

    async def _update(
        self, connection: AsyncConnection, swap: Swap, values: dict[str, Any]
    ) -> bool:
        mine = (_s.swap_id == swap.swap_id) & (_s.owner == self._owner)
        changed = await connection.execute(update(swaps).where(mine, IS_CARRIED).values(values))
        return bool(changed.rowcount)


def operation_ids(swap: Swap) -> list[str]:
    """The keys of a swap's rows in the journal: a claim and a release for each side."""
    return [f"{swap.key}{side}{what}" for side in (0, 1) for what in ("claim", "release")]
