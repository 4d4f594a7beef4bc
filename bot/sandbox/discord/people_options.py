"""Checks what a person enters as Discord's client would, and puts it in the wire's shape."""

from __future__ import annotations

import base64
from typing import Any

from bot.sandbox.discord.core import Core
from bot.sandbox.discord.limits_commands import (
    ATTACHMENT,
    BOOLEAN,
    CHANNEL,
    INTEGER,
    MENTIONABLE,
    NUMBER,
    ROLE,
    STRING,
    USER,
)
from bot.sandbox.discord.models import Channel

Json = dict[str, Any]
Chosen = dict[str, list[int]]
OPTION_TYPES = {
    STRING: "text",
    INTEGER: "integer",
    BOOLEAN: "boolean",
    USER: "user",
    CHANNEL: "channel",
    ROLE: "role",
    MENTIONABLE: "mentionable",
    NUMBER: "number",
    ATTACHMENT: "attachment",
}


class NotPossible(Exception):
    """A person tried what Discord's client would not let them do; the text says why."""

    def __init__(self, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.status = status


class OptionReader:
    """Reads entered options of one command in one channel, collecting what they refer to."""

    def __init__(self, core: Core, channel: Channel) -> None:
        self.chosen: Chosen = {}
        self._core = core
        self._channel = channel

    def read(self, declared: list[Json], entered: Json, focused: str | None = None) -> list[Json]:
        """The wire's options. While one is focused (autocomplete), the rest may be unfinished.

        Raises NotPossible.
        """
        unknown = set(entered) - {option["name"] for option in declared}
        if unknown:
            raise NotPossible(f"no such option: {', '.join(sorted(unknown))}")
        found = []
        for option in declared:
            name = option["name"]
            if entered.get(name) is None and name != focused:
                if option.get("required") and focused is None:
                    raise NotPossible(f"{name}: this option is required")
                continue
            entry: Json = {"name": name, "type": option["type"]}
            if name == focused:
                entry |= {"value": str(entered.get(name) or ""), "focused": True}
            else:
                entry["value"] = self._value(option, entered[name])
            found.append(entry)
        return found

    def _value(self, option: Json, value: Any) -> Any:
        kind, name = option["type"], option["name"]
        if kind == BOOLEAN:
            if not isinstance(value, bool):
                raise NotPossible(f"{name}: true or false is needed")
            return value
        if kind in (INTEGER, NUMBER):
            return self._number(option, value)
        if kind == STRING:
            return self._text(option, value)
        if kind == ATTACHMENT:
            return self._file(name, value)
        return self.entity(kind, name, value, option.get("channel_types"))

    @staticmethod
    def _number(option: Json, value: Any) -> int | float:
        name = option["name"]
        fitting = int if option["type"] == INTEGER else (int, float)
        if isinstance(value, bool) or not isinstance(value, fitting):
            raise NotPossible(f"{name}: a number is needed")
        number: int | float = value
        if option.get("min_value") is not None and number < option["min_value"]:
            raise NotPossible(f"{name}: at least {option['min_value']}")
        if option.get("max_value") is not None and number > option["max_value"]:
            raise NotPossible(f"{name}: at most {option['max_value']}")
        _check_choice(option, number)
        return number

    @staticmethod
    def _text(option: Json, value: Any) -> str:
        name = option["name"]
        if not isinstance(value, str) or not value:
            raise NotPossible(f"{name}: text is needed")
        if len(value) < (option.get("min_length") or 0):
            raise NotPossible(f"{name}: at least {option['min_length']} characters")
        if len(value) > (option.get("max_length") or 6000):
            raise NotPossible(f"{name}: at most {option.get('max_length') or 6000} characters")
        _check_choice(option, value)
        return value

    def _file(self, name: str, value: Any) -> str:
        if not isinstance(value, dict) or not value.get("filename"):
            raise NotPossible(f"{name}: a file is needed, with filename and text or base64")
        content = value.get("text", "").encode()
        if "base64" in value:
            content = base64.b64decode(value["base64"])
        attachment = self._core.files.add(value["filename"], content)
        self.chosen.setdefault("attachments", []).append(attachment.id)
        return str(attachment.id)

    def entity(self, kind: int, name: str, value: Any, channel_types: Any = None) -> str:
        """Check one chosen user, role, mentionable or channel; its id. Raises NotPossible."""
        world = self._core.world
        guild = world.guild_of(self._channel)
        entity_id = int(value) if str(value).isdigit() else 0
        roles = guild.roles if guild is not None else {}
        channels = guild.channels if guild is not None else {self._channel.id: self._channel}
        if kind in (USER, MENTIONABLE) and entity_id in world.users:
            group = "users"
        elif kind in (ROLE, MENTIONABLE) and entity_id in roles:
            group = "roles"
        elif kind == CHANNEL and entity_id in channels:
            group = "channels"
            if channel_types and int(channels[entity_id].kind) not in channel_types:
                raise NotPossible(f"{name}: not a channel of the right kind")
        else:
            raise NotPossible(f"{name}: there is no {OPTION_TYPES[kind]} {value}")
        self.chosen.setdefault(group, []).append(entity_id)
        return str(entity_id)


def _check_choice(option: Json, value: Any) -> None:
    choices = option.get("choices") or []
    if choices and value not in [choice["value"] for choice in choices]:
        names = ", ".join(choice["name"] for choice in choices)
        raise NotPossible(f"{option['name']}: one of {names}")
