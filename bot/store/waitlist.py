"""Who waits for which full role. Every change is one statement that names the state it ends."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, or_, select, update

from bot.models import (
    AnnouncementState,
    Place,
    WaitEnd,
    Waiter,
    WaitState,
    WorkspaceState,
)
from bot.store.columns import fits
from bot.store.database import Database
from bot.store.tables import IS_RUNNING, announcements, claim_attempts, links, workspaces
from bot.store.waitlist_tables import IS_LINED, IS_UNTOLD, waitlist

_c = waitlist.c
_PLACE = [part.name for part in fields(Place)]
_SHOWN = [_c[f.name] for f in fields(Waiter) if f.name != "place"] + [_c[name] for name in _PLACE]
_RETRY = timedelta(seconds=60)  # before somebody else, or we, try again to tell
# An accepted offer is in the journal: until that has its ending, nothing about it may change.
_IS_CLAIMING = exists().where(
    IS_RUNNING,
    claim_attempts.c.upstream == _c.upstream,
    claim_attempts.c.session_id == _c.session_id,
    claim_attempts.c.roblox_id == _c.roblox_id,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody in line, with what may have changed around them."""

    waiter: Waiter
    state: AnnouncementState | None  # None: the announcement went with its workspace
    starts_at: datetime | None
    ends_at: datetime | None
    cutoff_minutes: int | None
    roblox_id: int | None  # as linked now
    keyless: bool = False  # the guild took Muster out, and its key was erased


class WaitlistStore:
    """Rows of `waitlist`. "In line" means waiting or offered."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def join(self, waiter: Waiter) -> Waiter:
        """Put somebody at the end of the line; who is in it already keeps their place.

        `waitlist_id` of the argument does not count. Returns the row that stands.
        """
        row = {column.name: _value(waiter, column.name) for column in _SHOWN}
        del row["waitlist_id"]
        insert = self._database.insert(waitlist).values(row | {"changed_at": waiter.since})
        mine = (_c.opening_id == waiter.opening_id, _c.discord_id == waiter.discord_id, IS_LINED)
        while True:
            async with self._database.write() as connection:
                added = insert.on_conflict_do_nothing().returning(*_SHOWN)
                found = (await connection.execute(added)).one_or_none()
                if found is None:
                    found = (await connection.execute(_rows().where(*mine))).one_or_none()
            if found is not None:
                return _to_waiter(found)
            # They left between our insert and our look: there is room now.

    async def get(self, waitlist_id: int) -> Waiter | None:
        """The row with this id, whatever its guild: callers see whose it is."""
        if not fits(waitlist_id):
            return None
        async with self._database.read() as connection:
            row = (await connection.execute(_rows().where(_is(waitlist_id)))).one_or_none()
        return _to_waiter(row) if row else None

    async def list_line(self, upstream: str, session_id: str) -> list[Waiter]:
        """Everybody in line for any place of this session, over all guilds, in order."""
        query = _rows().where(IS_LINED, _c.upstream == upstream, _c.session_id == session_id)
        return await self._list(query.order_by(_c.since, _c.waitlist_id))

    async def list_for_member(self, guild_id: int, discord_id: int) -> list[Waiter]:
        """A member's rows in this guild, endings that they were not told among them; oldest first.

        Untold ones are those with `told` False.
        """
        query = _rows().where(_c.guild_id == guild_id, _c.discord_id == discord_id)
        return await self._list(query.order_by(_c.since, _c.waitlist_id))

    async def list_standing(self) -> list[Standing]:
        """Everybody in line in our guilds, with their announcement and their link."""
        a, now_linked = announcements.c, links.c.roblox_id.label("now_linked")
        facts = (a.state.label("posted"), a.starts_at, a.ends_at, a.cutoff_minutes)
        connected = workspaces.c.state.label("connected")
        query = (
            select(*_SHOWN, *facts, now_linked, connected)
            .outerjoin(announcements, a.announcement_id == _c.announcement_id)
            .outerjoin(workspaces, workspaces.c.workspace_id == _c.workspace_id)
            .outerjoin(
                links, and_(links.c.guild_id == _c.guild_id, links.c.discord_id == _c.discord_id)
            )
            .where(IS_LINED, self._database.ours(_c.guild_id))
            .order_by(_c.since, _c.waitlist_id)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            Standing(
                _to_waiter(row), row.posted, row.starts_at, row.ends_at, row.cutoff_minutes,
                row.now_linked, row.connected == WorkspaceState.NO_KEY,
            )
            for row in rows
        ]  # fmt: skip

    async def list_untold(self, now: datetime, limit: int) -> list[Waiter]:
        """Offers and endings of our guilds that nobody was told of lately, oldest try first."""
        query = _rows().where(IS_UNTOLD, self._database.ours(_c.guild_id)).limit(limit)
        # Two looks, each at a stretch of the index: what waits for its member's next visit is many.
        untried = query.where(_c.tried_at.is_(None)).order_by(_c.waitlist_id)
        due = query.where(_c.tried_at <= now - _RETRY).order_by(_c.tried_at, _c.waitlist_id)
        return (await self._list(untried) + await self._list(due))[:limit]

    async def offer(self, waiter: Waiter, until: datetime, now: datetime) -> Waiter | None:
        """Keep a place for somebody who waits; None when they no longer do."""
        offered = replace(waiter, state=WaitState.OFFERED, until=until, told=False)
        return offered if await self._move(waiter, offered, now) else None

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

    async def remove_holder(self, upstream: str, place: Place, roblox_id: int) -> list[Waiter]:
        """Take out whoever waited for a place with this account and holds it now."""
        return await self._delete(
            IS_LINED, _c.upstream == upstream, _c.session_id == place.session_id,
            _c.server_id == place.server_id, _c.group_id == place.group_id,
            _c.role_id == place.role_id, _c.roblox_id == roblox_id,
        )  # fmt: skip

    async def forget_member(self, guild_id: int, discord_id: int) -> list[Waiter]:
        """Delete everything about a member of a guild; what was deleted."""
        return await self._delete(_c.guild_id == guild_id, _c.discord_id == discord_id)

    async def forget_everywhere(self, discord_id: int) -> list[Waiter]:
        """The same in all guilds."""
        return await self._delete(_c.discord_id == discord_id)

    async def take_telling(self, waiter: Waiter, now: datetime) -> bool:
        """Whether telling this is now the caller's to try; nobody else does for a while."""
        due = or_(_c.tried_at.is_(None), _c.tried_at <= now - _RETRY)
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
            gone = delete(waitlist).where(*conditions).returning(*_SHOWN)
            return [_to_waiter(row) for row in (await connection.execute(gone)).all()]

    async def _list(self, query: Select[Any]) -> list[Waiter]:
        async with self._database.read() as connection:
            return [_to_waiter(row) for row in (await connection.execute(query)).all()]


def _rows() -> Select[Any]:
    return select(*_SHOWN)


def _is(waitlist_id: int) -> ColumnElement[bool]:
    return _c.waitlist_id == waitlist_id


def _stands(waiter: Waiter) -> tuple[ColumnElement[bool], ...]:
    """The row is as it was read: this very offer, this very wait."""
    until = _c.until.is_(None) if waiter.until is None else _c.until == waiter.until
    return (_is(waiter.waitlist_id), _c.state == waiter.state, _c.since == waiter.since, until)


def _ended(waiter: Waiter, reason: WaitEnd) -> Waiter:
    return replace(waiter, state=WaitState.ENDED, until=None, reason=reason, told=False)


def _value(waiter: Waiter, name: str) -> object:
    return getattr(waiter.place, name) if name in _PLACE else getattr(waiter, name)


def _to_waiter(row: Any) -> Waiter:
    values = {column.name: row._mapping[column] for column in _SHOWN}
    place = Place(**{name: values.pop(name) for name in _PLACE})
    return Waiter(place=place, **values)
