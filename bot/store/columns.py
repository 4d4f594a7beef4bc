"""Column types and indexes that behave the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    Enum,
    Index,
    Integer,
    Text,
)
from sqlalchemy.types import TypeDecorator

BIGGEST_ID = 2**63 - 1

# SQLite counts up only a column that is declared INTEGER.
AutoId = BigInteger().with_variant(Integer, "sqlite")


def fits(number: int) -> bool:
    """Whether an id can be stored at all; with a bigger one even a lookup raises."""
    return 0 < number <= BIGGEST_ID


def choice(kind: type[StrEnum]) -> Enum:
    """A column that holds one value of `kind`, as readable text."""
    return Enum(
        kind, native_enum=False, length=24, values_callable=lambda k: [member.value for member in k]
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC; naive ones are refused. SQLite drops zones: they are put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text that others wrote. PostgreSQL refuses NUL, and neither takes half a surrogate pair."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        if value is None:
            return None
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


class IdSet(TypeDecorator[frozenset[int]]):
    """A small set of Discord ids, stored as sorted text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: frozenset[int] | None, _dialect: Dialect) -> str | None:
        return None if value is None else " ".join(str(number) for number in sorted(value))

    def process_result_value(self, value: str | None, _dialect: Dialect) -> frozenset[int] | None:
        return None if value is None else frozenset(int(part) for part in value.split())


def partial(
    name: str, *columns: Column[Any], where: ColumnElement[bool], unique: bool = False
) -> None:
    """An index over some rows of a table: both databases know it, each by its own option."""
    Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)
