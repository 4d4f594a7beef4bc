"""The journal of claims and releases. Its constraints decide which of two presses runs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Boolean, ColumnElement, Row, Select, bindparam, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import StartRefused
from bot.models import Attempt, Place
from bot.store.batching import Batch
from bot.store.database import Database
from bot.store.keyring import KeyRing
from bot.store.tables import IS_RUNNING, claim_attempts

log = logging.getLogger(__name__)

_c = claim_attempts.c
_SAVE = (  # the other columns come with the rows of `_saved`
    update(claim_attempts)
    .where(_c.operation_id == bindparam("saved_id"))
    .values(
        encrypted_token=case((bindparam("settled", type_=Boolean()), ""), else_=_c.encrypted_token)
    )
)


class AttemptStore:
    """Rows of `claim_attempts`. Nothing returns before its row would survive a power cut."""

    def __init__(self, database: Database, keyring: KeyRing) -> None:
        self._database = database
        self._keyring = keyring
        self._adds = Batch(self._add_all)
        self._saves = Batch(self._save_all)

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
        """Store state, times, status and reason. Erases the interaction token when settled."""
        await self._saves.submit(attempt)

    async def get(self, operation_id: str) -> Attempt | None:
        """The attempt with this operation id."""
        async with self._database.read() as connection:
            return await self._first(connection, _c.operation_id == operation_id)

    async def list_unsettled(self, limit: int) -> list[Attempt]:
        """Attempts of all guilds that have no final outcome, oldest first."""
        running = select(claim_attempts).where(IS_RUNNING)
        return await self._list(running.order_by(_c.created_at, _c.operation_id).limit(limit))

    async def list_unsettled_for(self, upstream: str, session_id: str) -> list[Attempt]:
        """Attempts of all guilds on one session that have no final outcome, oldest first."""
        running = select(claim_attempts).where(
            IS_RUNNING, _c.upstream == upstream, _c.session_id == session_id
        )
        return await self._list(running.order_by(_c.created_at, _c.operation_id))

    async def count_unsettled(self) -> int:
        """How many attempts have no final outcome."""
        async with self._database.read() as connection:
            counted = select(func.count()).select_from(claim_attempts).where(IS_RUNNING)
            return (await connection.execute(counted)).scalar_one()

    async def list_for_member(self, guild_id: int, discord_id: int, limit: int) -> list[Attempt]:
        """What was asked for this member in this guild, by anyone; newest first."""
        theirs = select(claim_attempts).where(_c.guild_id == guild_id, _c.subject_id == discord_id)
        return await self._list(theirs.order_by(_c.created_at.desc()).limit(limit))

    async def _add_all(self, attempts: Sequence[Attempt]) -> list[tuple[bool, Attempt | None]]:
        # In lane order, so that two processes never wait for each other's rows crosswise.
        rows = sorted(
            (self._to_row(attempt) for attempt in attempts),
            key=lambda row: (row["upstream"], row["session_id"], row["roblox_id"]),
        )
        insert = self._database.insert(claim_attempts).on_conflict_do_nothing()
        async with self._database.write() as connection:
            result = await connection.execute(insert.returning(_c.operation_id), rows)
            stored = set(result.scalars())
            return [
                (True, None) if a.operation_id in stored else await self._in_the_way(connection, a)
                for a in attempts
            ]

    async def _in_the_way(
        self, connection: AsyncConnection, attempt: Attempt
    ) -> tuple[bool, Attempt | None]:
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
            other = await self._first(connection, condition)
            if other is not None:
                # Our own row: an earlier try was cancelled after it had committed.
                ours = other.operation_id == attempt.operation_id
                return (ours, None if ours else other)
        return (False, None)

    async def _save_all(self, attempts: Sequence[Attempt]) -> list[None]:
        ordered = sorted(attempts, key=lambda attempt: attempt.operation_id)
        async with self._database.write() as connection:
            await connection.execute(_SAVE, [_saved(attempt) for attempt in ordered])
        return [None] * len(attempts)

    async def _first(
        self, connection: AsyncConnection, condition: ColumnElement[bool]
    ) -> Attempt | None:
        found = await connection.execute(select(claim_attempts).where(condition))
        row = found.one_or_none()
        return self._to_attempt(row) if row else None

    async def _list(self, query: Select[Any]) -> list[Attempt]:
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [self._to_attempt(row) for row in rows]

    def _to_row(self, attempt: Attempt) -> dict[str, Any]:
        token = attempt.interaction_token
        return {
            "operation_id": attempt.operation_id,
            "kind": attempt.kind,
            "state": attempt.state,
            "guild_id": attempt.guild_id,
            "workspace_id": attempt.workspace_id,
            "announcement_id": attempt.announcement_id,
            "opening_id": attempt.opening_id,
            "upstream": attempt.upstream,
            "session_id": attempt.place.session_id,
            "server_id": attempt.place.server_id,
            "group_id": attempt.place.group_id,
            "role_id": attempt.place.role_id,
            "door": attempt.door,
            "actor_id": attempt.actor_id,
            "subject_id": attempt.subject_id,
            "roblox_id": attempt.roblox_id,
            "created_at": attempt.created_at,
            "interaction_id": attempt.interaction_id,
            "encrypted_token": self._keyring.encrypt(SecretStr(token)) if token else "",
            "sent_at": attempt.sent_at,
            "absent_since": attempt.absent_since,
            "settled_at": attempt.settled_at,
            "upstream_status": attempt.upstream_status,
            "reason": attempt.reason,
        }

    def _to_attempt(self, row: Row[Any]) -> Attempt:
        values = dict(row._mapping)
        place = Place(**{part.name: values.pop(part.name) for part in fields(Place)})
        token = self._token(values.pop("encrypted_token"), row.operation_id)
        return Attempt(place=place, interaction_token=token, **values)

    def _token(self, encrypted: str, operation_id: str) -> str:
        """The interaction token, or '' when it is gone: then the member is told another way."""
        if not encrypted:
            return ""
        try:
            return self._keyring.decrypt(encrypted).get_secret_value()
        except StartRefused:
            log.warning("the interaction token of %s was encrypted with a lost key", operation_id)
            return ""


def _saved(attempt: Attempt) -> dict[str, Any]:
    return {
        "saved_id": attempt.operation_id,
        "settled": attempt.state.settled,
        "state": attempt.state,
        "sent_at": attempt.sent_at,
        "absent_since": attempt.absent_since,
        "settled_at": attempt.settled_at,
        "upstream_status": attempt.upstream_status,
        "reason": attempt.reason,
    }
