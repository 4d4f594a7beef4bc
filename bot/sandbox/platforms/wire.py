"""What goes in and out of a platform: calls, answers, routes."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote_to_bytes

from bot.sandbox.platforms.documents import to_json
from bot.sandbox.platforms.faults import Kind

JSON_TYPE = "application/json; charset=utf-8"
_PARAMETER = re.compile(r"\{(\w+)(\??)\}")


@dataclass(frozen=True)
class Answer:
    """One response: status, body as bytes, content type, further headers."""

    status: int
    content: bytes
    content_type: str = JSON_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer that carries a JSON value."""
    return Answer(status, to_json(value), headers=headers or {})


@dataclass
class SeenRequest:
    """A request that reached the platform. `status` stays None while, or if, it got no answer."""

    method: str
    path: str
    headers: dict[str, str]
    body: str
    kind: Kind
    status: int | None = None


@dataclass(frozen=True)
class Call:
    """A request on its way to a handler. `path` is raw and without the query."""

    method: str
    path: str
    target: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes
    too_large: bool = False
    params: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


class BadPathError(ValueError):
    """A percent-escape in the path that decodes to nothing."""


def decode(part: str) -> str:
    """Percent-decode one part of a path. Raises BadPathError for escapes that are no UTF-8 text."""
    if re.search(r"%(?![0-9A-Fa-f]{2})", part):
        raise BadPathError(part)
    try:
        return unquote_to_bytes(part).decode()
    except UnicodeDecodeError as error:
        raise BadPathError(part) from error


@dataclass(frozen=True)
class Route:
    """A method and a path pattern: `{name}` is one part of the path, `{name?}` may be empty."""

    method: str
    pattern: str
    kind: Kind
    handler: Callable[[Call], Awaitable[Answer]]

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The decoded parts of a raw path, or None when this is another route."""
        found = self._regex.fullmatch(path) if method == self.method else None
        return {name: decode(part) for name, part in found.groupdict().items()} if found else None

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        return re.compile(
            _PARAMETER.sub(
                lambda part: f"(?P<{part[1]}>[^/]{'*' if part[2] else '+'})", self.pattern
            )
        )
