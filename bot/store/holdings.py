"""How a table is declared to hold something about people; `bot.store.personal_data` does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, Text, select, type_coerce

from bot.store.privacy_tables import HAS_CO_HOSTS


class Then(StrEnum):
    """What erasing does where a person's id stands."""

    DELETE = "the row is deleted"
    BLANK = "the row stays, and the id in it becomes nobody's"
    TAKE_OUT = "the row stays, and the id is taken out of its list"
    LAST = "the row is what asks for the erasing, and goes when it is done"


@dataclass(frozen=True, slots=True)
class Person:
    """A column with Discord ids of people."""

    column: Column[Any]
    then: Then
    others: str = "somebody else"  # how `/mydata show` calls whoever else stands there
    own: tuple[Column[Any], ...] = ()  # about this person: shown to nobody else
    too: Mapping[str, object] = field(default_factory=dict)  # set when the id is blanked
    only: ColumnElement[bool] | None = None  # other rows are found, and blanked, by another column


@dataclass(frozen=True, slots=True)
class Waits:
    """Rows that nothing may happen to before they are settled (invariants I2 and I5)."""

    settled: ColumnElement[bool]
    made_at: ColumnElement[datetime]  # what is made after a request to erase is not meant by it


@dataclass(frozen=True, slots=True)
class History:
    """Rows that are deleted when they are old."""

    by: Column[datetime]
    over: ColumnElement[bool]  # only of these
    life: timedelta | None = None  # None: as long as the operator says, like the claims


@dataclass(frozen=True, slots=True)
class Holding:
    """What one table holds. The four texts are PRIVACY.md's, in words for everybody."""

    table: Table
    what: str
    why: str
    how_long: str
    seen_by: str
    people: tuple[Person, ...] = ()
    account: Column[Any] | None = None  # Roblox ids with no Discord id beside them: rows deleted
    shown: tuple[Column[Any], ...] = ()  # in `/mydata show`, besides the people
    waits: Waits | None = None
    history: History | None = None
    keys: tuple[Column[Any], ...] = ()  # emptied as soon as Muster is taken out of a community

    @property
    def personal(self) -> bool:
        """Whether the table holds anything about people."""
        return bool(self.people or self.account is not None)


def columns_of(table: Table, names: str) -> tuple[Column[Any], ...]:
    """The columns with these names, which stand between spaces."""
    return tuple(table.c[name] for name in names.split())


def to_condition(person: Person, discord_id: int) -> ColumnElement[bool]:
    """The rows in which this person stands there, found through an index."""
    column = person.column
    if person.then is not Then.TAKE_OUT:
        theirs: ColumnElement[bool] = column == discord_id
        return theirs if person.only is None else theirs & person.only
    # Also finds longer ids that contain this one: whoever takes it out looks at each row.
    return HAS_CO_HOSTS & type_coerce(column, Text).contains(str(discord_id))


def of_guild(table: Table, guild_id: int) -> ColumnElement[bool] | None:
    """The rows of a guild, by the table's own column or that of what it belongs to; None: none."""
    if "guild_id" in table.c:
        return table.c.guild_id == guild_id
    for key in table.foreign_keys:
        parent = key.column
        inside = of_guild(parent.table, guild_id)
        if inside is not None:
            return key.parent.in_(select(parent).where(inside))
    return None


def list_people(holding: Holding) -> Iterator[Column[Any]]:
    """Every declared column that is about a person."""
    for person in holding.people:
        yield person.column
        yield from person.own
    if holding.account is not None:
        yield holding.account
