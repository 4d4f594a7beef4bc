"""One person's data across all tables, as `bot.store.personal_data` declares it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, func, select, update

from bot.models import NOBODY, ImportState
from bot.store.bulk import change_all, delete_all
from bot.store.database import Database
from bot.store.holdings import Holding, Person, Then, of_guild, to_condition
from bot.store.link_tables import imports
from bot.store.personal_data import HOLDINGS
from bot.store.tables import IS_LIVE, announcements, links, openings

MOST_ROWS = 10_000  # of one table in one file: Discord takes 10 MB
_LOOKED_UP = 500  # ids in one query


@dataclass(frozen=True, slots=True)
class Held:
    """What one table has about a person."""

    holding: Holding
    rows: tuple[dict[str, Any], ...]  # by column; people as "you", "a host" and the like
    cut: bool  # there are more


class PersonalDataStore:
    """Reads and erases. Nothing in here belongs to a guild: the data is the person's own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_held(self, discord_id: int) -> list[Held]:
        """Everything about this person, in the order of the declaration; others only as roles."""
        accounts = await self._accounts(discord_id)
        held = []
        for holding in (one for one in HOLDINGS if one.personal):
            rows = await self._rows(holding, _about(holding, discord_id, accounts))
            theirs = [row for row in rows if _names(row, holding, discord_id)]
            if theirs:
                shown = tuple(_shown(row, holding, discord_id) for row in theirs[:MOST_ROWS])
                held.append(Held(holding, shown, len(rows) > MOST_ROWS))
        return held

    async def _rows(
        self, holding: Holding, conditions: Iterable[ColumnElement[bool]]
    ) -> list[Row[Any]]:
        """Rows that meet one of the conditions, the newest first.

        One query for each, unsorted, so that each uses the index made for it.
        """
        key = [column.name for column in holding.table.primary_key.columns]
        found: dict[tuple[Any, ...], Row[Any]] = {}
        async with self._database.read() as connection:
            for which in conditions:
                query = select(holding.table).where(which).limit(MOST_ROWS + 1)
                for row in await connection.execute(query):
                    found[tuple(row._mapping[name] for name in key)] = row
        newest = holding.shown[0].name
        return sorted(found.values(), key=lambda row: row._mapping[newest], reverse=True)

    async def list_titles(self, announcement_ids: Iterable[int]) -> dict[int, str]:
        """The names of these posted sessions."""
        query = select(announcements.c.announcement_id, announcements.c.title)
        return await self._named(query, announcements.c.announcement_id, announcement_ids)

    async def list_roles(self, opening_ids: Iterable[int]) -> dict[int, str]:
        """The names of these roles of posted sessions."""
        query = select(openings.c.opening_id, openings.c.role_name)
        return await self._named(query, openings.c.opening_id, opening_ids)

    async def list_boards(self, discord_id: int) -> set[int]:
        """The live announcements whose boards name this person."""
        a = announcements.c
        hosting = [to_condition(p, discord_id) for p in _people_of(announcements)]
        queries = [select(a.announcement_id).where(IS_LIVE, which) for which in hosting]
        for guild_id, roblox_id in await self._accounts(discord_id):
            queries += [
                select(openings.c.announcement_id)
                .join(announcements, a.announcement_id == openings.c.announcement_id)
                .join(holding.table, holding.table.c.opening_id == openings.c.opening_id)
                .where(IS_LIVE, a.guild_id == guild_id, holding.account == roblox_id)
                for holding in HOLDINGS
                if holding.account is not None and "opening_id" in holding.table.c
            ]
        found: set[int] = set()
        async with self._database.read() as connection:
            for query in queries:
                found.update(await connection.scalars(query))
        return found

    async def erase(self, discord_id: int) -> None:
        """Erase all that is settled. Harmless to repeat, also after a crash halfway.

        Links go last: they say which Roblox accounts are meant.
        """
        accounts = await self._accounts(discord_id)
        for holding in HOLDINGS:
            for guild_id, roblox_id in accounts if holding.account is not None else ():
                which = _account_rows(holding, guild_id, roblox_id)
                await delete_all(self._database, holding.table, which)
            for person in holding.people:
                await self._erase_from(holding, person, discord_id)

    async def erase_waiting(self, discord_id: int, before: datetime) -> int:
        """Erase what was made by then and is settled by now; returns how many rows are not."""
        waiting = 0
        for holding in HOLDINGS:
            if holding.waits is None:
                continue
            old = holding.waits.made_at <= before
            for person in holding.people:
                await self._erase_from(holding, person, discord_id, old)
            for person in holding.people:
                waiting += await self._count(holding, person, discord_id, old)
        return waiting

    async def is_coming(self, before: datetime) -> bool:
        """Whether a file of links is being read since then, of which no line is stored yet."""
        reading = (imports.c.state == ImportState.READING) & (imports.c.created_at <= before)
        async with self._database.read() as connection:
            return bool(await connection.scalar(select(exists().where(reading))))

    async def _count(
        self, holding: Holding, person: Person, discord_id: int, old: ColumnElement[bool]
    ) -> int:
        """How many old rows with this person are not settled."""
        assert holding.waits is not None
        unsettled = (to_condition(person, discord_id), old, ~holding.waits.settled)
        query = select(func.count()).select_from(holding.table).where(*unsettled)
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalar_one()

    async def _erase_from(
        self, holding: Holding, person: Person, discord_id: int, *more: ColumnElement[bool]
    ) -> None:
        which = to_condition(person, discord_id)
        for condition in more if holding.waits is None else (*more, holding.waits.settled):
            which &= condition
        if person.then is Then.DELETE:
            await delete_all(self._database, holding.table, which)
        elif person.then is Then.BLANK:
            nobody = None if person.column.nullable else NOBODY
            values = {person.column.name: nobody, **person.too}
            await change_all(self._database, holding.table, which, values)
        elif person.then is Then.TAKE_OUT:
            await self._take_out(holding, person, discord_id, which)

    async def _take_out(
        self, holding: Holding, person: Person, discord_id: int, which: ColumnElement[bool]
    ) -> None:
        key = next(iter(holding.table.primary_key.columns))
        query = select(key, person.column).where(which).with_for_update()
        async with self._database.write() as connection:
            for number, ids in (await connection.execute(query)).all():
                change = update(holding.table).where(key == number)
                left = ids - {discord_id}
                await connection.execute(change.values({person.column.name: left}))

    async def _accounts(self, discord_id: int) -> list[tuple[int, int]]:
        """(guild, Roblox id) of each link: an account counts only where it is linked."""
        query = select(links.c.guild_id, links.c.roblox_id).where(links.c.discord_id == discord_id)
        async with self._database.read() as connection:
            return [(row.guild_id, row.roblox_id) for row in await connection.execute(query)]

    async def _named(
        self, query: Select[Any], column: ColumnElement[int], ids: Iterable[int]
    ) -> dict[int, str]:
        wanted, names = sorted(set(ids)), dict[int, str]()
        async with self._database.read() as connection:
            for start in range(0, len(wanted), _LOOKED_UP):
                part = query.where(column.in_(wanted[start : start + _LOOKED_UP]))
                names.update((row[0], row[1]) for row in await connection.execute(part))
        return names


def _people_of(table: Any) -> tuple[Person, ...]:
    return next(holding.people for holding in HOLDINGS if holding.table is table)


def _about(
    holding: Holding, discord_id: int, accounts: Iterable[tuple[int, int]]
) -> list[ColumnElement[bool]]:
    """Which rows are about a person."""
    conditions = [to_condition(person, discord_id) for person in holding.people]
    if holding.account is not None:
        conditions += [_account_rows(holding, *account) for account in accounts]
    return conditions


def _account_rows(holding: Holding, guild_id: int, roblox_id: int) -> ColumnElement[bool]:
    assert holding.account is not None
    inside = of_guild(holding.table, guild_id)
    assert inside is not None  # an account means nothing outside of a guild
    return (holding.account == roblox_id) & inside


def _names(row: Row[Any], holding: Holding, discord_id: int) -> bool:
    """Whether the row is really about the person: a list is searched by text."""
    if holding.account is not None:
        return True
    return any(_is_in(row._mapping[person.column.name], discord_id) for person in holding.people)


def _is_in(value: object, discord_id: int) -> bool:
    return discord_id in value if isinstance(value, frozenset) else value == discord_id


def _shown(row: Row[Any], holding: Holding, discord_id: int) -> dict[str, Any]:
    values = row._mapping
    shown = {column.name: values[column.name] for column in holding.shown}
    if holding.account is not None:
        shown[holding.account.name] = values[holding.account.name]
    for person in holding.people:
        value, name = values[person.column.name], person.column.name
        if _is_in(value, discord_id):
            shown[name] = "you"
            shown |= {column.name: values[column.name] for column in person.own}
        elif value:
            shown[name] = person.others
    return shown
