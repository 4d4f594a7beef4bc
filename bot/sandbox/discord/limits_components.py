"""Discord's limits on rows, buttons, selects and forms (the classic components)."""

from __future__ import annotations

from typing import Any

from bot.sandbox.discord.errors import ApiError, Json, Path, Problems

ROWS = 5
SELECTS = (3, 5, 6, 7, 8)
TEXT_INPUT, LABEL, TEXT_DISPLAY = 4, 18, 10
RADIO, CHECKBOXES, CHECKBOX = 21, 22, 23
IN_LABEL = (*SELECTS, TEXT_INPUT, RADIO, CHECKBOXES, CHECKBOX)
_LINK, _PREMIUM = 5, 6


def check_components(problems: Problems, components: Any) -> None:
    """Check a message's action rows. Raises ApiError 501 for Components V2, not supported here."""
    seen: set[str] = set()
    ids: set[int] = set()
    for index, row in enumerate(problems.items(components, ("components",), ROWS)):
        path: Path = ("components", index)
        if not isinstance(row, dict) or row.get("type") != 1:
            _refuse_other_kind(problems, row, path)
            continue
        children = problems.items(row.get("components"), (*path, "components"), 5, least=1)
        is_select = any(c.get("type") in SELECTS for c in children if isinstance(c, dict))
        if is_select and len(children) > 1:
            problems.add(
                path, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The specified component exceeds the width"
            )
        for place, child in enumerate(children):
            where = (*path, "components", place)
            _check_child(problems, child, where)
            _check_unique(problems, child, where, seen, ids)


def _refuse_other_kind(problems: Problems, row: Any, path: Path) -> None:
    kind = row.get("type") if isinstance(row, dict) else None
    if kind in range(9, 20):
        body = {"message": "501: the stand-in has no Components V2 in messages", "code": 0}
        raise ApiError(501, body)
    problems.choice(kind, (*path, "type"), (1,))


def _check_unique(
    problems: Problems, child: Json, path: Path, seen: set[str], ids: set[int]
) -> None:
    custom_id = child.get("custom_id")
    if custom_id is not None:
        if custom_id in seen:
            problems.add(
                (*path, "custom_id"),
                "COMPONENT_CUSTOM_ID_DUPLICATED",
                "Component custom id cannot be duplicated",
            )
        seen.add(custom_id)
    given = child.get("id")
    if given:
        if given in ids:
            problems.add((*path, "id"), "COMPONENT_ID_DUPLICATED", "Component id duplicated")
        ids.add(given)


def _check_child(problems: Problems, child: Json, path: Path) -> None:
    kind = child.get("type")
    if kind == 2:
        _check_button(problems, child, path)
    elif kind in SELECTS:
        check_select(problems, child, path)
    else:
        problems.choice(kind, (*path, "type"), (2, *SELECTS))


def _check_button(problems: Problems, button: Json, path: Path) -> None:
    style = button.get("style")
    problems.choice(style, (*path, "style"), (1, 2, 3, 4, 5, 6))
    problems.text(button.get("label"), (*path, "label"), 80)
    if style == _LINK:
        problems.text(button.get("url"), (*path, "url"), 512, least=1)
        if button.get("custom_id"):
            problems.add(
                path, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "A custom id and url"
            )
    elif style != _PREMIUM:
        problems.text(button.get("custom_id"), (*path, "custom_id"), 100, least=1)
    if style != _PREMIUM and not button.get("label") and not button.get("emoji"):
        problems.add(
            path, "BUTTON_COMPONENT_INVALID_EMOJI_OR_LABEL", "A label or emoji must be provided"
        )


def check_select(problems: Problems, select: Json, path: Path) -> None:
    """Check one select menu of any kind."""
    problems.text(select.get("custom_id"), (*path, "custom_id"), 100, least=1)
    problems.text(select.get("placeholder"), (*path, "placeholder"), 150)
    least = problems.number(select.get("min_values", 1), (*path, "min_values"), 0, 25)
    most = problems.number(select.get("max_values", 1), (*path, "max_values"), 1, 25)
    if least > most:
        problems.add((*path, "min_values"), "BASE_TYPE_MAX", "min_values exceeds max_values")
    if select.get("type") != 3:
        return
    options = check_options(problems, select, path)
    if most > len(options):
        problems.add(
            (*path, "max_values"), "BASE_TYPE_MAX", "max_values exceeds the number of options"
        )


def check_options(problems: Problems, select: Json, path: Path) -> list[Any]:
    """Check the options of a text select or a group in a form; the list of them."""
    options = problems.items(select.get("options"), (*path, "options"), 25, least=1)
    values: set[str] = set()
    for index, option in enumerate(options):
        where = (*path, "options", index)
        problems.text(option.get("label"), (*where, "label"), 100, least=1)
        problems.text(option.get("description"), (*where, "description"), 100)
        value = problems.text(option.get("value"), (*where, "value"), 100, least=1)
        if value in values:
            problems.add(
                (*where, "value"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "Value duplicated"
            )
        values.add(value)
    return options


def check_form(body: Json) -> None:
    """Check a form (modal). Raises ApiError 50035."""
    problems = Problems()
    root: Path = ("data",)
    problems.text(body.get("custom_id"), (*root, "custom_id"), 100, least=1)
    problems.text(body.get("title"), (*root, "title"), 45, least=1)
    seen: set[str] = set()
    parts = problems.items(body.get("components"), (*root, "components"), ROWS, least=1)
    for index, part in enumerate(parts):
        path: Path = (*root, "components", index)
        for where, item in _inputs_of(problems, part, path):
            _check_input(problems, item, where, in_label=part.get("type") == LABEL)
            _check_unique(problems, item, where, seen, set())
    problems.raise_if_any()


def _inputs_of(problems: Problems, part: Json, path: Path) -> list[tuple[Path, Json]]:
    kind = part.get("type")
    if kind == TEXT_DISPLAY:
        problems.text(part.get("content"), (*path, "content"), 4000, least=1)
        return []
    if kind == LABEL:
        problems.text(part.get("label"), (*path, "label"), 45, least=1)
        problems.text(part.get("description"), (*path, "description"), 100)
        return [((*path, "component"), part.get("component") or {})]
    problems.choice(kind, (*path, "type"), (1, TEXT_DISPLAY, LABEL))
    children = problems.items(part.get("components"), (*path, "components"), 1, least=1)
    return [((*path, "components", n), child) for n, child in enumerate(children)]


def _check_input(problems: Problems, item: Json, path: Path, *, in_label: bool) -> None:
    kind = item.get("type")
    problems.choice(kind, (*path, "type"), IN_LABEL if in_label else (TEXT_INPUT,))
    if kind in SELECTS:
        check_select(problems, item, path)
        return
    problems.text(item.get("custom_id"), (*path, "custom_id"), 100, least=1)
    if kind in (RADIO, CHECKBOXES):
        check_options(problems, item, path)
    if kind != TEXT_INPUT:
        return
    problems.choice(item.get("style"), (*path, "style"), (1, 2))
    if not in_label:
        problems.text(item.get("label"), (*path, "label"), 45, least=1)
    problems.text(item.get("placeholder"), (*path, "placeholder"), 100)
    problems.text(item.get("value"), (*path, "value"), 4000)
    problems.number(item.get("min_length") or 0, (*path, "min_length"), 0, 4000)
    if item.get("max_length") is not None:
        problems.number(item["max_length"], (*path, "max_length"), 1, 4000)
