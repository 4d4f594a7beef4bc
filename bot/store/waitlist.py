"""Who waits for which full role. Every change is one statement that names the state it ends."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, or_, update

from bot.models import WaitEnd, Waiter, WaitState
from bot.store.tables import IS_RUNNING, claim_attempts
from bot.store.waitlist_reads import RETRY, SHOWN, WaitlistReads, rows, to_value, to_waiter
from bot.store.waitlist_tables import IS_LINED, IS_UNTOLD, waitlist

_c = waitlist.c
# An accepted offer is in the journal: until that has its ending, nothing about it may change.
_IS_CLAIMING = exists().where(
    IS_RUNNING,
    claim_attempts.c.upstream == _c.upstream,
    claim_attempts.c.session_id == _c.session_id,
    claim_attempts.c.roblox_id == _c.roblox_id,
)


class WaitlistStore(WaitlistReads):
    """Rows of `waitlist`."""

    async def join(self, waiter: Waiter) -> Waiter:
        """Put somebody at the end of the line; who is in it already keeps their place.

        `waitlist_id` of the argument does not count. Returns the row that stands.
        """
        row = {column.name: to_value(waiter, column.name) for column in SHOWN}
        del row["waitlist_id"]
        insert = self._database.insert(waitlist).values(row | {"changed_at": waiter.since})
        mine = (_c.opening_id == waiter.opening_id, _c.discord_id == waiter.discord_id, IS_LINED)
        while True:
            async with self._database.write() as connection:
                added = insert.on_conflict_do_nothing().returning(*SHOWN)
                found = (await connection.execute(added)).one_or_none()
                if found is None:
                    found = (await connection.execute(rows().where(*mine))).one_or_none()
            if found is not None:
                return to_waiter(found)
            # They left between our insert and our look: there is room now.

    async def offer(self, waiter: Waiter, until: datetime, now: datetime) -> Waiter | None:
        """Keep a place for somebody who waits.

        None when they no longer do, or while a claim of theirs there is not settled.
        """
        offered = replace(waiter, state=WaitState.OFFERED, until=until, told=False)
        return offered if await self._move(waiter, offered, now, ~_IS_CLAIMING) else None

    async def silence(self, waiter: Waiter, most: int, now: datetime) -> Waiter | None:
        """End an offer that got no answer: back to the end of the line, or out after `most`.

        None when it has ended already, or when it was accepted and that is not settled yet.
        """
        count = waiter.silences + 1
        if count >= most:
            after = _ended(waiter, WaitEnd.SILENT)
        else:
            after = replace(waiter, state=WaitState.WAITING, until=None, since=now, told=True)
        after = replace(after, silences=count)
        return after if await self._move(waiter, after, now, ~_IS_CLAIMING) else None

    async def end(self, waiter: Waiter, reason: WaitEnd, now: datetime) -> Waiter | None:
        """Take somebody out, to be told why.

        None when their standing has changed, or while a claim of theirs there is not settled.
        """
        after = _ended(waiter, reason)
        return after if await self._move(waiter, after, now, ~_IS_CLAIMING) else None

    async def remove(self, waiter: Waiter) -> bool:
        """Take out somebody who need not be told; False when they were out already."""
        return bool(await self._delete(_is(waiter.waitlist_id), IS_LINED))

    async def forget_member(self, guild_id: int, discord_id: int) -> list[Waiter]:
        """Delete everything about a member of a guild; what was deleted."""
        return await self._delete(_c.guild_id == guild_id, _c.discord_id == discord_id)

    async def forget_everywhere(self, discord_id: int) -> list[Waiter]:
        """The same in all guilds."""
        return await self._delete(_c.discord_id == discord_id)

    async def take_telling(self, waiter: Waiter, now: datetime) -> bool:
        """Whether telling this is now the caller's to try; nobody else does for a while."""
        due = or_(_c.tried_at.is_(None), _c.tried_at <= now - RETRY)
        change = update(waitlist).where(*_stands(waiter), IS_UNTOLD, due)
        async with self._database.write() as connection:
            result = await connection.execute(change.values(tried_at=now))
            return bool(result.rowcount)

    async def mark_told(self, waiters: Collection[Waiter]) -> None:
        """They know of these offers and endings; endings need not be kept any longer."""
        async with self._database.write() as connection:
            for waiter in sorted(waiters, key=lambda one: one.waitlist_id):
                if waiter.state is WaitState.ENDED:
                    await connection.execute(delete(waitlist).where(*_stands(waiter)))
                else:
                    change = update(waitlist).where(*_stands(waiter))
                    await connection.execute(change.values(told=True))

    async def put_off(self, waiter: Waiter, until: datetime) -> None:
        """Try to tell no sooner than then: there is no way to reach them but their next visit."""
        change = update(waitlist).where(*_stands(waiter), IS_UNTOLD)
        async with self._database.write() as connection:
            await connection.execute(change.values(tried_at=until))

    async def take_back(self, waiter: Waiter, now: datetime) -> bool:
        """End an offer whose place is gone again: they keep their place in the line."""
        waiting = replace(waiter, state=WaitState.WAITING, until=None, told=True)
        return await self._move(waiter, waiting, now)

    async def forget_endings(self, before: datetime) -> int:
        """Delete endings from before then, whose members never used Muster again."""
        old = (IS_UNTOLD, _c.state == WaitState.ENDED, _c.changed_at < before)
        return len(await self._delete(*old))

    async def _move(
        self, before: Waiter, after: Waiter, now: datetime, *conditions: ColumnElement[bool]
    ) -> bool:
        change = update(waitlist).where(*_stands(before), *conditions)
        values = {
            name: getattr(after, name)
            for name in ("state", "until", "since", "silences", "reason", "told")
        }
        async with self._database.write() as connection:
            change = change.values(values | {"tried_at": None, "changed_at": now})
            return bool((await connection.execute(change)).rowcount)

    async def _delete(self, *conditions: ColumnElement[bool]) -> list[Waiter]:
        async with self._database.write() as connection:
            gone = delete(waitlist).where(*conditions).returning(*SHOWN)
            return [to_waiter(row) for row in (await connection.execute(gone)).all()]


def _is(waitlist_id: int) -> ColumnElement[bool]:
    return _c.waitlist_id == waitlist_id


def _stands(waiter: Waiter) -> tuple[ColumnElement[bool], ...]:
    """The row is as it was read: this very offer, this very wait."""
    until = _c.until.is_(None) if waiter.until is None else _c.until == waiter.until
    return (_is(waiter.waitlist_id), _c.state == waiter.state, _c.since == waiter.since, until)


def _ended(waiter: Waiter, reason: WaitEnd) -> Waiter:
    return replace(waiter, state=WaitState.ENDED, until=None, reason=reason, told=False)
