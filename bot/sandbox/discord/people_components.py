"""Presses, selections and submitted forms, checked as Discord's client would."""

from __future__ import annotations

from typing import Any

from bot.sandbox.discord.core import Core
from bot.sandbox.discord.interactions import Interaction
from bot.sandbox.discord.limits_commands import CHANNEL, MENTIONABLE, ROLE, USER
from bot.sandbox.discord.limits_components import (
    CHECKBOX,
    CHECKBOXES,
    LABEL,
    RADIO,
    SELECTS,
    TEXT_DISPLAY,
    TEXT_INPUT,
)
from bot.sandbox.discord.models import Channel, Message
from bot.sandbox.discord.people_options import NotPossible, OptionReader

Json = dict[str, Any]
_ENTITY = {5: USER, 6: ROLE, 7: MENTIONABLE, 8: CHANNEL}


def component_of(message: Message, custom_id: str) -> Json:
    """The pressable component with this custom id. Raises NotPossible."""
    for row in message.components:
        for child in row["components"]:
            if child.get("custom_id") == custom_id:
                if child.get("disabled"):
                    raise NotPossible(f"{child.get('label') or custom_id} is disabled")
                return dict(child)
    raise NotPossible(f"the message has no component {custom_id}", 404)


def press_data(reader: OptionReader, component: Json, values: list[Any] | None) -> Json:
    """The interaction's data for a pressed button or a made selection. Raises NotPossible."""
    data: Json = {
        "custom_id": component["custom_id"],
        "component_type": component["type"],
        "id": component.get("id", 0),
    }
    if component["type"] in SELECTS:
        data["values"] = selected(reader, component, values)
    elif values is not None:
        raise NotPossible("a button takes no values")
    return data


def selected(reader: OptionReader, select: Json, values: list[Any] | None) -> list[str]:
    """Check the values chosen in a select of any kind. Raises NotPossible."""
    chosen = [str(value) for value in values or []]
    least, most = select.get("min_values", 1), select.get("max_values", 1)
    if select.get("required") is False and not chosen:
        return []
    if not least <= len(chosen) <= most:
        raise NotPossible(f"choose {least} to {most}")
    if len(set(chosen)) != len(chosen):
        raise NotPossible("a value is chosen twice")
    if select["type"] != 3:
        kinds = select.get("channel_types")
        name = select["custom_id"]
        return [reader.entity(_ENTITY[select["type"]], name, value, kinds) for value in chosen]
    _check_offered(select, chosen)
    return chosen


def _check_offered(part: Json, chosen: list[str]) -> None:
    offered = {option["value"] for option in part.get("options") or []}
    for value in chosen:
        if value not in offered:
            raise NotPossible(f"{part['custom_id']}: {value} is not offered")


def form_inputs(form: Json) -> list[Json]:
    """The inputs of a form in order, each with the label the person reads."""
    found = []
    for part in form["components"]:
        if part["type"] == LABEL:
            described = {"label": part["label"], "description": part.get("description")}
            found.append({**part["component"], **described})
        elif part["type"] != TEXT_DISPLAY:
            found.extend(part["components"])
    return found


def form_data(core: Core, channel: Channel, shown: Interaction, values: Json) -> Json:
    """The interaction's data for a filled-in form. Raises NotPossible."""
    form = shown.form
    if form is None:
        raise NotPossible("this interaction was not answered with a form", 409)
    unknown = set(values) - {item["custom_id"] for item in form_inputs(form)}
    if unknown:
        raise NotPossible(f"the form has no field {', '.join(sorted(unknown))}")
    reader = OptionReader(core, channel)
    parts: list[Json] = []
    for number, part in enumerate(form["components"], start=1):
        if part["type"] == TEXT_DISPLAY:
            parts.append({"type": TEXT_DISPLAY, "id": number})
        elif part["type"] == LABEL:
            item = part["component"]
            answer = _answer(reader, item, part["label"], values)
            parts.append({"type": LABEL, "id": number, "component": answer})
        else:
            item = part["components"][0]
            answer = _answer(reader, item, item["label"], values)
            parts.append({"type": 1, "id": number, "components": [answer]})
    return {"custom_id": form["custom_id"], "components": parts, "chosen": reader.chosen}


def _answer(reader: OptionReader, item: Json, label: str, values: Json) -> Json:
    kind, custom_id = item["type"], item["custom_id"]
    base: Json = {"type": kind, "custom_id": custom_id, "id": item.get("id", 0)}
    value = values.get(custom_id)
    if kind == TEXT_INPUT:
        return base | {"value": _text(item, label, value)}
    if kind == CHECKBOX:
        return base | {"value": bool(item.get("default") if value is None else value)}
    if kind == RADIO:
        if value is None and item.get("required", True):
            raise NotPossible(f"{label}: this is required")
        _check_offered(item, [] if value is None else [value])
        return base | {"value": value}
    listed = value if isinstance(value, list) or value is None else [value]
    if kind == CHECKBOXES:
        _check_offered(item, listed or [])
        return base | {"values": listed or []}
    return base | {"values": selected(reader, item, listed)}


def _text(item: Json, label: str, value: Any) -> str:
    text = item.get("value") or "" if value is None else str(value)
    if not text:
        if item.get("required", True):
            raise NotPossible(f"{label}: this is required")
        return ""
    if len(text) < (item.get("min_length") or 0):
        raise NotPossible(f"{label}: at least {item['min_length']} characters")
    if len(text) > (item.get("max_length") or 4000):
        raise NotPossible(f"{label}: at most {item.get('max_length') or 4000} characters")
    return text
