"""Tolerant pieces that the platforms' payload models share."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from bot.providers.dialects import Dialect
from bot.providers.ids import is_roblox_id, is_sound
from bot.providers.verdicts import clean, misread

log = logging.getLogger(__name__)

P = TypeVar("P", bound="Payload")

MOST_ITEMS = 2_000  # of one list; the platforms' own pages and sessions are far smaller
_MOST_TOLD = 5  # ids of left-out items in one log line
_YEARS = (1970, 2999)
_SAFE = 2**53  # JavaScript's whole numbers end here, and with them the platforms'


class Payload(BaseModel):
    """Somebody else's JSON: unknown fields are left aside, and errors never quote the input."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


def _clean_text(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


def or_none(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """For a WrapValidator: what cannot be read counts as not told."""
    try:
        return handler(value)
    except ValidationError:
        return None


def _utc(value: datetime) -> datetime:
    try:
        moment = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("out of range") from None
    if not _YEARS[0] <= moment.year <= _YEARS[1]:  # what is reckoned from it must stay a date
        raise ValueError("out of range")
    return moment


def to_roblox_id(value: Any) -> int | None:
    """The Roblox id in a number or a text of digits, or None."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not is_roblox_id(value):
        return None
    return value


def _sound(value: str) -> str:
    if not is_sound(value):
        raise ValueError("not an identifier")
    return value


def _whole(value: Any) -> Any:
    if isinstance(value, float) and math.isfinite(value):
        return math.floor(value)
    return value


Id = Annotated[str, AfterValidator(_sound)]
Text = Annotated[str, BeforeValidator(_clean_text)]
MaybeText = Annotated[Text | None, WrapValidator(or_none)]
Moment = Annotated[datetime, AfterValidator(_utc)]
MaybeMoment = Annotated[Moment | None, WrapValidator(or_none)]
Whole = Annotated[int, BeforeValidator(_whole), Field(ge=-_SAFE, le=_SAFE)]
MaybeWhole = Annotated[Whole | None, WrapValidator(or_none)]
MaybeBool = Annotated[bool | None, WrapValidator(or_none)]
MaybeRobloxId = Annotated[int | None, BeforeValidator(to_roblox_id)]
Items = Annotated[list[Any], BeforeValidator(lambda value: [] if value is None else value)]
Fields = Annotated[dict[Any, Any], BeforeValidator(lambda value: {} if value is None else value)]


def parse(shape: type[P], data: Any, dialect: Dialect) -> P:
    """`data` as a payload. Raises Misread when it is not one."""
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        log.warning("%s: misread %s: %s", dialect.platform, shape.__name__, _where(error))
    raise misread(dialect)


def parse_each(
    shape: type[P],
    items: Iterable[Any],
    dialect: Dialect,
    id_key: str = "id",
    level: int = logging.WARNING,
) -> list[P]:
    """The readable ones among `items`; malformed ones are logged (ids only) and hide no other."""
    named = ((_id_in(item, id_key), item) for item in items)
    return [good for _, good in _sift(shape, named, dialect, level)]


def parse_values(
    shape: type[P], fields: Mapping[Any, Any], dialect: Dialect, level: int = logging.WARNING
) -> dict[str, P]:
    """The readable ones among the values, by their keys; otherwise like `parse_each`."""
    named = ((key, item) for key, item in fields.items() if is_sound(key))
    return dict(_sift(shape, named, dialect, level))


def _sift(
    shape: type[P], items: Iterable[tuple[str, Any]], dialect: Dialect, level: int
) -> Iterator[tuple[str, P]]:
    """Named items as payloads; what is malformed or too many is left out, in one log line."""
    bad: list[str] = []
    for number, (name, item) in enumerate(items):
        if number >= MOST_ITEMS:
            bad.append(f"all after the first {MOST_ITEMS}")
            break
        try:
            yield name, shape.model_validate(item)
        except ValidationError as error:
            bad.append(f"{_plain(name)}: {_where(error)}" if len(bad) < _MOST_TOLD else "")
    if bad:
        told = "; ".join(filter(None, bad))
        log.log(
            level, "%s: left out %d malformed %s (%s)",
            dialect.platform, len(bad), shape.__name__, told,
        )  # fmt: skip


def _where(error: ValidationError) -> str:
    """Which of our fields are wrong and how; nothing of the input."""
    return ", ".join(
        f"{item['loc'][:1]} {item['type']}" for item in error.errors(include_input=False)
    )


def _id_in(item: Any, key: str) -> str:
    value = item.get(key) if isinstance(item, dict) else None
    return value if isinstance(value, str) else ""


def _plain(name: str) -> str:
    return name if re.fullmatch(r"[\w:-]{1,100}", name, re.ASCII) else "no readable id"
