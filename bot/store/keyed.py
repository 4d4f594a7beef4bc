"""A query that an index answers by its key: built once, which costs more than to run it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, tuple_

_KEYS = "keys"


class Keyed:
    """A query for the rows that have one of some keys: the values of these columns."""

    def __init__(self, query: Select[Any], *columns: ColumnElement[Any]) -> None:
        self._names = [f"key_{number}" for number in range(len(columns))]
        pairs = zip(columns, self._names, strict=True)
        self._one = query.where(*(column == bindparam(name) for column, name in pairs))
        key = columns[0] if len(columns) == 1 else tuple_(*columns)
        self._many = query.where(key.in_(bindparam(_KEYS, expanding=True)))

    def of(self, keys: Collection[Any]) -> tuple[Select[Any], dict[str, Any]]:
        """The query for these keys, which are tuples for several columns, and its values.

        For one key it has a form of its own, which SQLAlchemy need not complete at each use.
        """
        if len(keys) > 1:
            return self._many, {_KEYS: keys}
        key = next(iter(keys))
        values = (key,) if len(self._names) == 1 else key
        return self._one, dict(zip(self._names, values, strict=True))
