"""Tolerant pieces that the platforms' payload models share."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from bot.providers.dialects import Dialect
from bot.providers.ids import is_roblox_id, is_sound
from bot.providers.verdicts import clean, misread

log = logging.getLogger(__name__)

P = TypeVar("P", bound="Payload")


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
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("out of range") from None


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
Whole = Annotated[int, BeforeValidator(_whole)]
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
    shape: type[P], items: Iterable[Any], dialect: Dialect, id_key: str = "id"
) -> list[P]:
    """The readable ones among `items`; a malformed one is logged (id only) and hides no other."""
    good = []
    for item in items:
        try:
            good.append(shape.model_validate(item))
        except ValidationError as error:
            log.warning(
                "%s: left out a malformed %s (%s): %s",
                dialect.platform, shape.__name__, _id_in(item, id_key), _where(error),
            )  # fmt: skip
    return good


def _where(error: ValidationError) -> str:
    """Which of our fields are wrong and how; nothing of the input."""
    return ", ".join(
        f"{item['loc'][:1]} {item['type']}" for item in error.errors(include_input=False)
    )


def _id_in(item: Any, key: str) -> str:
    value = item.get(key) if isinstance(item, dict) else None
    plain = isinstance(value, str) and re.fullmatch(r"[\w:-]{1,100}", value, re.ASCII)
    return str(value) if plain else "no readable id"
