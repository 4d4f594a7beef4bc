"""Finding who waits: by id, by line, by member, and what is due around them.

What workers ask costs by what is due, and by an index over who is in line; no list holds them all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, or_, select, tuple_

from bot.models import AnnouncementState, Place, Waiter, WorkspaceState
from bot.store.columns import fits
from bot.store.database import Database
from bot.store.keyed import Keyed
from bot.store.reads import Reads
from bot.store.tables import announcements, links, workspaces
from bot.store.waitlist_tables import IS_LINED, IS_OFFERED, IS_UNTOLD, waitlist

_c = waitlist.c
_PLACE = [part.name for part in fields(Place)]
SHOWN = [_c[f.name] for f in fields(Waiter) if f.name != "place"] + [_c[name] for name in _PLACE]
_IN_ORDER = select(*SHOWN).order_by(_c.since, _c.waitlist_id)
_LINES = Keyed(_IN_ORDER.where(IS_LINED), _c.upstream, _c.session_id)
_OF_MEMBERS = Keyed(_IN_ORDER, _c.guild_id, _c.discord_id)
RETRY = timedelta(seconds=60)  # before somebody else, or we, try again to tell
PAGE = 200  # boards, or lines, of one reading for the workers

Line = tuple[str, str]  # (upstream, session id): over all guilds
_Member = tuple[int, int]  # guild and Discord id


@dataclass(frozen=True, slots=True)
class BoardFacts:
    """A board for whose roles somebody waits, and what may end that."""

    announcement_id: int
    state: AnnouncementState | None  # None: the announcement went with its workspace
    starts_at: datetime | None
    ends_at: datetime | None
    cutoff_minutes: int | None
    keyless: bool  # the guild took Muster out, and its key was erased


class WaitlistReads:
    """Reads of `waitlist`. "In line" means waiting or offered."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lines = Reads(database, self._list_lines)
        self._of_members = Reads(database, self._list_of_members)

    async def get(self, waitlist_id: int) -> Waiter | None:
        """The row with this id, whatever its guild: callers see whose it is."""
        if not fits(waitlist_id):
            return None
        async with self._database.read() as connection:
            query = rows().where(_c.waitlist_id == waitlist_id)
            row = (await connection.execute(query)).one_or_none()
        return to_waiter(row) if row else None

    async def list_line(self, upstream: str, session_id: str) -> list[Waiter]:
        """Everybody in line for any place of this session, over all guilds, in order."""
        return list(await self._lines.get((upstream, session_id)) or ())

    async def list_for_board(self, announcement_id: int) -> list[Waiter]:
        """Everybody in line for the roles of one board, in order."""
        query = rows().where(IS_LINED, _c.announcement_id == announcement_id)
        return await self._list(query.order_by(_c.since, _c.waitlist_id))

    async def list_for_member(self, guild_id: int, discord_id: int) -> list[Waiter]:
        """A member's rows in this guild, endings that they were not told among them; oldest first.

        Untold ones are those with `told` False.
        """
        return list(await self._of_members.get((guild_id, discord_id)) or ())

    async def list_untold(self, now: datetime, limit: int) -> list[Waiter]:
        """Offers and endings of our guilds that nobody was told of lately, oldest try first."""
        query = rows().where(IS_UNTOLD, self._database.ours(_c.guild_id)).limit(limit)
        # Two looks, each at a stretch of the index: what waits for its member's next visit is many.
        untried = query.where(_c.tried_at.is_(None)).order_by(_c.waitlist_id)
        due = query.where(_c.tried_at <= now - RETRY).order_by(_c.tried_at, _c.waitlist_id)
        return (await self._list(untried) + await self._list(due))[:limit]

    async def list_overdue(self, before: datetime, after: Line) -> list[Line]:
        """Lines in which an offer of our guilds ran out before then: a page, in order."""
        line = (_c.upstream, _c.session_id)
        query = select(*line).distinct().where(
            IS_OFFERED, _c.until <= before, tuple_(*line) > tuple_(*after),
            self._database.ours(_c.guild_id),
        )  # fmt: skip
        async with self._database.read() as connection:
            found = await connection.execute(query.order_by(*line).limit(PAGE))
            return [(row.upstream, row.session_id) for row in found]

    async def list_odd_boards(
        self, now: datetime, last: datetime, last_cut_off: datetime, after: int
    ) -> list[BoardFacts]:
        """Boards of our guilds with somebody in line that are not open, or will soon be too late.

        That is by `last` for the start of a session, and by `last_cut_off` where claims close
        before it. A page of those whose ids come `after`.
        """
        a = announcements.c
        ours = self._database.ours(_c.guild_id)
        boards = select(_c.announcement_id, _c.workspace_id).distinct()
        waited = boards.where(IS_LINED, _c.announcement_id > after, ours).subquery("waited")
        odd = or_(
            a.state.is_(None),
            a.state != AnnouncementState.OPEN,
            workspaces.c.state == WorkspaceState.NO_KEY,
            a.ends_at <= now,
            a.starts_at <= last,
            and_(a.cutoff_minutes.is_not(None), a.starts_at <= last_cut_off),
        )
        query = (
            select(
                waited.c.announcement_id, a.state, a.starts_at, a.ends_at, a.cutoff_minutes,
                workspaces.c.state.label("connected"),
            )
            .outerjoin(announcements, a.announcement_id == waited.c.announcement_id)
            .outerjoin(workspaces, workspaces.c.workspace_id == waited.c.workspace_id)
            .where(odd)
            .order_by(waited.c.announcement_id)
            .limit(PAGE)
        )  # fmt: skip
        async with self._database.read() as connection:
            return [
                BoardFacts(
                    row.announcement_id, row.state, row.starts_at, row.ends_at,
                    row.cutoff_minutes, row.connected == WorkspaceState.NO_KEY,
                )
                for row in await connection.execute(query)
            ]  # fmt: skip

    async def list_unlinked(self, after: int, most: int) -> tuple[list[int], int]:
        """Of the next `most` in line in our guilds, those whose link is not what it was.

        Returns the ids of their rows, and where to go on: 0 when all were looked at.
        """
        number = _c.waitlist_id + 0  # not by the table's own order, in which endings lie between
        mine = (IS_LINED, number > after, self._database.ours(_c.guild_id))
        page = (
            select(_c.waitlist_id, _c.guild_id, _c.discord_id, _c.roblox_id)
            .where(*mine)
            .order_by(number)
            .limit(most)
            .subquery("page")
        )
        now_linked = links.c.roblox_id.label("now_linked")
        same = and_(links.c.guild_id == page.c.guild_id, links.c.discord_id == page.c.discord_id)
        query = (
            select(page.c.waitlist_id, page.c.roblox_id, now_linked)
            .outerjoin(links, same)
            .order_by(page.c.waitlist_id)
        )
        async with self._database.read() as connection:
            found = (await connection.execute(query)).all()
        unlinked = [row.waitlist_id for row in found if row.now_linked != row.roblox_id]
        return unlinked, found[-1].waitlist_id if len(found) == most else 0

    async def _list_lines(self, lines: Collection[Line]) -> dict[Line, list[Waiter]]:
        found: dict[Line, list[Waiter]] = defaultdict(list)
        for row in await self._database.find(_LINES, lines):
            found[row.upstream, row.session_id].append(to_waiter(row))
        return found

    async def _list_of_members(self, members: Collection[_Member]) -> dict[_Member, list[Waiter]]:
        found: dict[_Member, list[Waiter]] = defaultdict(list)
        for row in await self._database.find(_OF_MEMBERS, members):
            found[row.guild_id, row.discord_id].append(to_waiter(row))
        return found

    async def _list(self, query: Select[Any]) -> list[Waiter]:
        async with self._database.read() as connection:
            return [to_waiter(row) for row in (await connection.execute(query)).all()]


def rows() -> Select[Any]:
    """Everything that a `Waiter` has."""
    return select(*SHOWN)


def to_value(waiter: Waiter, name: str) -> object:
    """What stands in this column."""
    return getattr(waiter.place, name) if name in _PLACE else getattr(waiter, name)


def to_waiter(row: Any) -> Waiter:
    """What was stored, of a row of `rows`."""
    values = {column.name: row._mapping[column] for column in SHOWN}
    place = Place(**{name: values.pop(name) for name in _PLACE})
    return Waiter(place=place, **values)
