"""Checks of ids before they are sent: some would corrupt a session or reach another route."""

from __future__ import annotations

import re
from urllib.parse import quote

from bot.errors import UpstreamFacts, UpstreamNotFound, UpstreamRefused

LARGEST_ROBLOX_ID = 2**63 - 1
# ReAdmin takes capitals too, but a session must have one name here: its lane hangs on it.
READMIN_SESSION = re.compile(r"[0-9a-f]{24}")
SERIES_SESSION = re.compile(r"[A-Za-z0-9_-]{1,200}")

_PLAIN = re.compile(r"[A-Za-z0-9_:-]{1,200}")
# ReAdmin looks servers up as plain properties: these names every JavaScript object has.
_OBJECT_NAMES = frozenset({
    "constructor", "prototype", "toString", "toLocaleString", "valueOf", "hasOwnProperty",
    "isPrototypeOf", "propertyIsEnumerable", "__proto__", "__defineGetter__",
    "__defineSetter__", "__lookupGetter__", "__lookupSetter__",
})  # fmt: skip


def is_sound(value: str) -> bool:
    """Whether a text can be an identifier at all: not empty, bounded, nothing invisible in it."""
    return 0 < len(value) <= 500 and value.isprintable()


def is_roblox_id(value: int) -> bool:
    """Whether `value` can be a Roblox id at all."""
    return 1 <= value <= LARGEST_ROBLOX_ID


def roblox_text(value: int, platform: str) -> str:
    """The decimal digits that platforms expect. Raises UpstreamRefused when out of range."""
    if not is_roblox_id(value):
        raise UpstreamRefused("This is not a Roblox user id.", UpstreamFacts(platform))
    return str(value)


def session_id(value: str, form: re.Pattern[str], platform: str) -> str:
    """`value`, when it has the platform's form; else UpstreamNotFound: there is no such one."""
    if not form.fullmatch(value) or value in _OBJECT_NAMES:
        raise _not_found("session", platform)
    return value


def plain_id(value: str, what: str, platform: str) -> str:
    """`value`, when it is a harmless server, role group or role id; else UpstreamNotFound."""
    if not _PLAIN.fullmatch(value) or value in _OBJECT_NAMES:
        raise _not_found(what, platform)
    return value


def role_name(value: str, platform: str) -> str:
    """`value`, when it can be a role's name (free text, never part of a path)."""
    if not is_sound(value) or value in _OBJECT_NAMES:
        raise _not_found("role", platform)
    return value


def path(*parts: str) -> str:
    """A path of these parts, each escaped."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def _not_found(what: str, platform: str) -> UpstreamNotFound:
    return UpstreamNotFound(f"{platform} does not have this {what}.", UpstreamFacts(platform), what)
