"""Documents as ReAdmin's JavaScript and MongoDB treat them: key order, writes by path, dates."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Doc = dict[str, Any]

# MongoDB pads an array with nulls up to this index and refuses beyond it.
LAST_PADDED_INDEX = 1_500_000
# From this number on, JavaScript no longer treats a key as an array index.
FIRST_NON_INDEX = 2**32 - 1


class DocumentError(Exception):
    """What the database, or JavaScript reading a broken record, would have thrown."""


def utcnow() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """An aware datetime as the platforms write it: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _is_index(key: str) -> bool:
    canonical = key.isascii() and key.isdigit() and (key == "0" or not key.startswith("0"))
    return canonical and int(key) < FIRST_NON_INDEX


def javascript_order(mapping: Mapping[str, Any]) -> Doc:
    """The same mapping with its keys as JavaScript lists them: small numbers ascending first."""
    numbers = sorted((key for key in mapping if _is_index(key)), key=int)
    others = [key for key in mapping if not _is_index(key)]
    return {key: mapping[key] for key in [*numbers, *others]}


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ordered(item) for key, item in javascript_order(value).items()}
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    return value


def to_json(value: Any) -> bytes:
    """A JSON value as `JSON.stringify` writes it."""
    return json.dumps(_ordered(value), separators=(",", ":"), ensure_ascii=False).encode()


def set_at(document: Doc, path: list[str], value: Any) -> None:
    """MongoDB's `$set`: missing objects are made, a number on an array is an index.

    Raises DocumentError where MongoDB refuses: an empty or `$` part, a scalar on the way, a name
    on an array, an index too far away. Nothing is changed then.
    """
    if any(part == "" or part.startswith("$") for part in path):
        raise DocumentError("invalid field name")
    if len(path) == 1:
        document[path[0]] = value
        return
    following = document.get(path[0], {})
    if isinstance(following, list):
        _set_in_array(following, path[1:], value)
    elif isinstance(following, dict):
        set_at(following, path[1:], value)
    else:
        raise DocumentError("cannot create a field in a scalar")
    document[path[0]] = following


def _set_in_array(array: list[Any], path: list[str], value: Any) -> None:
    if not _is_index(path[0]):
        raise DocumentError("cannot create a named field in an array")
    index = int(path[0])
    if index > LAST_PADDED_INDEX:
        raise DocumentError("cannot backfill the array that far")
    present = array[index] if index < len(array) else None
    if len(path) > 1:
        nested = {} if present is None else present
        if not isinstance(nested, dict):
            raise DocumentError("cannot create a field in a scalar")
        set_at(nested, path[1:], value)
        value = nested
    array.extend([None] * (index + 1 - len(array)))
    array[index] = value
