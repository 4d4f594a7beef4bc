"""The journal of claims and releases. Its constraints decide which of two presses runs."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    func,
    select,
    update,
)

from bot.models import Attempt, AttemptState
from bot.store import attempt_statements as statements
from bot.store.attempt_rows import AttemptRows, saved
from bot.store.batching import Batch
from bot.store.database import Database
from bot.store.keyring import KeyRing
from bot.store.locks import Hold
from bot.store.reads import Reads
from bot.store.refusals import RefusalStore
from bot.store.tables import IS_RUNNING, IS_UNNOTED, IS_UNTOLD, claim_attempts
from bot.store.waitlist import WaitlistStore

log = logging.getLogger(__name__)

_c = claim_attempts.c


class AttemptStore:
    """Rows of `claim_attempts`. Nothing returns before its row would survive a power cut.

    Each object is one owner of rows: the process that carries them out. `refusals` has what never
    became a row here, `waitlist` for whom a place is kept without one.
    """

    def __init__(self, database: Database, keyring: KeyRing) -> None:
        self._database = database
        self.refusals = RefusalStore(database)
        self.waitlist = WaitlistStore(database)
        self._rows = AttemptRows(keyring)
        self._owner = secrets.randbelow(2**31 - 1) + 1
        insert = database.insert(claim_attempts).on_conflict_do_nothing()
        self._insert = insert.returning(_c.operation_id)
        self._adds = Batch(self._add_all)
        self._saves = Batch(self._save_all)
        self._told = Batch(self._mark_told_all)
        self._sents = Batch(self._mark_sent_all)
        self._untold = Reads(database, self._list_untold_of)
        self._doubtful = Reads(database, self._list_doubtful_of)

    @property
    def owner(self) -> int:
        """The number under which this process carries rows out."""
        return self._owner

    async def add(self, attempt: Attempt) -> Attempt | None:
        """Store a new attempt: None when it is stored.

        Otherwise the attempt that stands in its way: the one with the same interaction id (the
        interaction was delivered twice; it may be settled), else the one that runs for the same
        Roblox account on the same session.
        """
        while True:
            stored, other = await self._adds.submit(attempt)
            if stored or other is not None:
                return other
            # The other one was settled between our insert and our look: there is room now.

    async def save(self, attempt: Attempt) -> None:
        """Store state, times, status, reason and marks. Erases the token of a settled, told one."""
        await self._saves.submit(attempt)

    async def mark_sent(self, attempt: Attempt, now: datetime) -> Attempt | None:
        """Store that the write goes out now; None when the row is no longer ours or not pending.

        Then another process has taken it over, and nothing may be written for it.
        """
        sent = replace(attempt, state=AttemptState.SENT, sent_at=now)
        return sent if await self._sents.submit((attempt.operation_id, now)) else None

    async def mark_told(self, operation_ids: Iterable[str]) -> None:
        """Whom these settled attempts are for knows their endings; the tokens are erased."""
        await asyncio.gather(*(self._told.submit(one) for one in operation_ids))

    async def note(self, interaction_id: int) -> bool:
        """Whether the line about this act is now the caller's to write: once for each."""
        change = update(claim_attempts).where(IS_UNNOTED, _c.interaction_id == interaction_id)
        async with self._database.write() as connection:
            result = await connection.execute(change.values(noted=True))
            return bool(result.rowcount)

    async def take(self, attempt: Attempt) -> bool:
        """Become the owner of a row whose owner no longer lives; False when somebody else did."""
        await self._database.own(self._owner)
        if attempt.owner == self._owner:
            return True
        before = _c.owner.is_(None) if attempt.owner is None else _c.owner == attempt.owner
        change = update(claim_attempts).where(_c.operation_id == attempt.operation_id, before)
        async with self._database.write() as connection:
            result = await connection.execute(change.values(owner=self._owner))
            return bool(result.rowcount)

    async def live_owners(self) -> set[int]:
        """Whose rows are being carried out: ours, and those of other processes that live."""
        return await self._database.live_owners() | {self._owner}

    def session_lock(self, key: str) -> AbstractAsyncContextManager[Hold]:
        """Keep other processes away from one upstream session; see `Database.session_lock`."""
        return self._database.session_lock(key)

    async def erase_token(self, operation_id: str) -> None:
        """The answer that this token leads to is out of reach."""
        change = update(claim_attempts).where(_c.operation_id == operation_id)
        async with self._database.write() as connection:
            await connection.execute(change.values(encrypted_token=""))

    def owns(self, attempt: Attempt) -> bool:
        """Whether this process carries the row out."""
        return attempt.owner == self._owner

    async def get(self, operation_id: str) -> Attempt | None:
        """The attempt with this operation id."""
        query = select(claim_attempts).where(_c.operation_id == operation_id)
        return next(iter(await self._list(query)), None)

    async def list_unsettled(self, limit: int) -> list[Attempt]:
        """Attempts of our guilds that have no final outcome, at most `limit` of each workspace.

        Oldest first within a workspace, so that one that is dead hides no other's.
        """
        ours = self._database.ours(_c.guild_id)
        workspaces = select(_c.workspace_id).where(IS_RUNNING, ours).distinct()
        async with self._database.read() as connection:
            numbers = (await connection.scalars(workspaces)).all()
        running = select(claim_attempts).where(IS_RUNNING).order_by(_c.created_at, _c.operation_id)
        found = [
            await self._list(running.where(_c.workspace_id == number).limit(limit))
            for number in sorted(numbers)
        ]
        return [attempt for attempts in found for attempt in attempts]

    async def list_untold(self, guild_id: int, discord_id: int) -> list[Attempt]:
        """What was asked for this member, ended, and was never said; oldest first."""
        return list(await self._untold.get((guild_id, discord_id)) or ())

    async def list_unanswered(self, since: datetime, limit: int) -> list[Attempt]:
        """Settled attempts of our guilds made after `since` whose answer still waits for words."""
        waiting = (IS_UNTOLD, _c.settled_at.is_not(None), _c.encrypted_token != "")
        ours = self._database.ours(_c.guild_id)
        query = select(claim_attempts).where(*waiting, _c.created_at >= since, ours)
        return await self._list(query.order_by(_c.created_at, _c.operation_id).limit(limit))

    async def list_unnoted(self, before: datetime, limit: int) -> list[Attempt]:
        """What hosts have to read of, settled before then, and have not been told yet."""
        ours = self._database.ours(_c.guild_id)
        query = select(claim_attempts).where(IS_UNNOTED, _c.settled_at < before, ours)
        return await self._list(query.order_by(_c.settled_at, _c.operation_id).limit(limit))

    async def list_doubtful(self, upstream: str, session_id: str) -> list[Attempt]:
        """Attempts of all guilds that may yet hold or free a place of this session, oldest first.

        Those without an ending that were sent, or that accept a place which is kept for them.
        """
        return list(await self._doubtful.get((upstream, session_id)) or ())

    async def count_unsettled(self) -> int:
        """How many attempts of our guilds have no final outcome."""
        ours = self._database.ours(_c.guild_id)
        async with self._database.read() as connection:
            counted = select(func.count()).select_from(claim_attempts).where(IS_RUNNING, ours)
            return (await connection.execute(counted)).scalar_one()

    async def list_for_member(self, guild_id: int, discord_id: int, limit: int) -> list[Attempt]:
        """What was asked for this member in this guild, by anyone; newest first."""
        rows = await self._database.look_up(
            statements.OF_MEMBER, guild_id=guild_id, discord_id=discord_id, most=limit
        )
        return [self._rows.to_attempt(row) for row in rows]

    async def _list_untold_of(
        self, members: Collection[tuple[int, int]]
    ) -> dict[tuple[int, int], list[Attempt]]:
        found: dict[tuple[int, int], list[Attempt]] = defaultdict(list)
        for row in await self._database.find(statements.UNTOLD, members):
            attempt = self._rows.to_attempt(row)
            found[attempt.guild_id, attempt.subject_id].append(attempt)
        return found

    async def _list_doubtful_of(
        self, sessions: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], list[Attempt]]:
        found: dict[tuple[str, str], list[Attempt]] = defaultdict(list)
        for row in await self._database.find(statements.DOUBTFUL, sessions):
            attempt = self._rows.to_attempt(row)
            found[attempt.upstream, attempt.place.session_id].append(attempt)
        return found

    async def _add_all(self, attempts: Sequence[Attempt]) -> list[tuple[bool, Attempt | None]]:
        await self._database.own(self._owner)  # before others can see a row of ours
        # In lane order, so that two processes never wait for each other's rows crosswise.
        rows = sorted(
            (self._rows.to_row(attempt, self._owner) for attempt in attempts),
            key=lambda row: (row["upstream"], row["session_id"], row["roblox_id"]),
        )

        def add(connection: Connection) -> list[tuple[bool, Attempt | None]]:
            stored = set(connection.execute(self._insert, rows).scalars())
            return [
                (True, None) if a.operation_id in stored else self._in_the_way(connection, a)
                for a in attempts
            ]

        return await self._database.transact(add)

    def _in_the_way(self, connection: Connection, attempt: Attempt) -> tuple[bool, Attempt | None]:
        """(whether it is stored after all, else what kept it out)."""
        same_lane = (
            (_c.upstream == attempt.upstream)
            & (_c.session_id == attempt.place.session_id)
            & (_c.roblox_id == attempt.roblox_id)
        )
        conditions = [_c.operation_id == attempt.operation_id, IS_RUNNING & same_lane]
        if attempt.interaction_id is not None:
            conditions.insert(1, _c.interaction_id == attempt.interaction_id)
        for condition in conditions:
            row = connection.execute(select(claim_attempts).where(condition)).one_or_none()
            other = self._rows.to_attempt(row) if row else None
            if other is not None:
                # Our own row: an earlier try was cancelled after it had committed.
                ours = other.operation_id == attempt.operation_id
                return (ours, None if ours else other)
        return (False, None)

    async def _mark_sent_all(self, sent: Sequence[tuple[str, datetime]]) -> list[bool]:
        def mark(connection: Connection) -> list[bool]:
            found = {}
            for one, now in sorted(sent):
                row = {"ours": self._owner, "sent_id": one, "sent_at": now}
                found[one] = bool(connection.execute(statements.SENT, row).rowcount)
            return [found[one] for one, _ in sent]

        return await self._database.transact(mark)

    async def _save_all(self, attempts: Sequence[Attempt]) -> list[None]:
        rows = [saved(one) for one in sorted(attempts, key=lambda attempt: attempt.operation_id)]
        await self._database.transact(lambda connection: connection.execute(statements.SAVE, rows))
        return [None] * len(attempts)

    async def _mark_told_all(self, operation_ids: Sequence[str]) -> list[None]:
        told = {"operation_ids": sorted(operation_ids)}
        await self._database.transact(lambda connection: connection.execute(statements.TOLD, told))
        return [None] * len(operation_ids)

    async def _list(self, query: Select[Any]) -> list[Attempt]:
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [self._rows.to_attempt(row) for row in rows]
