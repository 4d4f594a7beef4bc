"""Discord's limits on application commands and on autocomplete choices."""

from __future__ import annotations

from typing import Any

from bot.sandbox.discord.errors import Json, Path, Problems

COMMANDS = 100
OPTIONS = 25
CHOICES = 25
TOTAL = 8000
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN = 1, 2, 3, 4, 5
USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = 6, 7, 8, 9, 10, 11
_WITH_CHOICES = (STRING, INTEGER, NUMBER)


def check_command(problems: Problems, command: Json, path: Path) -> None:
    """Check one command with everything below it, and its 8000 characters in total."""
    kind = command.get("type", 1)
    problems.choice(kind, (*path, "type"), (1, 2, 3))
    if kind == 1:
        _check_name(problems, command.get("name"), (*path, "name"))
        problems.text(command.get("description"), (*path, "description"), 100, least=1)
        _check_options(problems, command, path, depth=0)
    else:
        problems.text(command.get("name"), (*path, "name"), 32, least=1)
    wanted = command.get("default_member_permissions")
    if wanted is not None and not str(wanted).isdigit():
        problems.add(
            (*path, "default_member_permissions"), "NUMBER_TYPE_COERCE", f'"{wanted}" is not int.'
        )
    for index, context in enumerate(command.get("contexts") or []):
        problems.choice(context, (*path, "contexts", index), (0, 1, 2))
    if _weight(command) > TOTAL:
        problems.add(path, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)")


def check_unique_names(problems: Problems, commands: list[Json]) -> None:
    """No two commands of one kind with the same name."""
    seen: set[tuple[int, str]] = set()
    for index, command in enumerate(commands):
        key = (command.get("type", 1), str(command.get("name")))
        if key in seen:
            problems.add(
                (index,),
                "APPLICATION_COMMANDS_DUPLICATE_NAME",
                "Application command names must be unique",
            )
        seen.add(key)


def check_choices(problems: Problems, choices: Any, path: Path, kind: int) -> None:
    """Check choices of an option or of an autocomplete answer."""
    for index, choice in enumerate(problems.items(choices, path, CHOICES)):
        where = (*path, index)
        problems.text(choice.get("name"), (*where, "name"), 100, least=1)
        value = choice.get("value")
        if kind == STRING:
            problems.text(value, (*where, "value"), 100, least=1)
        elif isinstance(value, bool) or not isinstance(
            value, int if kind == INTEGER else float | int
        ):
            problems.add((*where, "value"), "NUMBER_TYPE_COERCE", f'Value "{value}" is no number.')


def _check_name(problems: Problems, name: Any, path: Path) -> None:
    text = problems.text(name, path, 32, least=1)
    fine = all(sign in "-_'" or sign.isalnum() for sign in text)
    if text and (not fine or text != text.lower()):
        problems.add(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _check_options(problems: Problems, parent: Json, path: Path, depth: int) -> None:
    options = problems.items(parent.get("options"), (*path, "options"), OPTIONS)
    names: set[str] = set()
    optional_seen = False
    holds_subcommands = any(o.get("type") in (SUBCOMMAND, GROUP) for o in options)
    for index, option in enumerate(options):
        where = (*path, "options", index)
        _check_option(problems, option, where, depth)
        if option.get("name") in names:
            problems.add(
                where, "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option name exists"
            )
        names.add(str(option.get("name")))
        is_nested = option.get("type") in (SUBCOMMAND, GROUP)
        if holds_subcommands and not is_nested:
            problems.add(
                where, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-command type is invalid"
            )
        if not is_nested and option.get("required") and optional_seen:
            problems.add(
                where,
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        optional_seen = optional_seen or not option.get("required")


def _check_option(problems: Problems, option: Json, path: Path, depth: int) -> None:
    kind = option.get("type")
    allowed = {0: range(1, 12), 1: (1, *range(3, 12)), 2: range(3, 12)}[depth]
    problems.choice(kind, (*path, "type"), tuple(allowed))
    _check_name(problems, option.get("name"), (*path, "name"))
    problems.text(option.get("description"), (*path, "description"), 100, least=1)
    if kind == GROUP and depth == 0:
        _check_options(problems, option, path, depth=1)
    elif kind == SUBCOMMAND and depth < 2:
        _check_options(problems, option, path, depth=2)
    if option.get("choices"):
        if kind not in _WITH_CHOICES or option.get("autocomplete"):
            problems.add(
                (*path, "choices"),
                "APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID",
                "Choices are not allowed for this option",
            )
        check_choices(problems, option["choices"], (*path, "choices"), kind or STRING)
    for key in ("min_length", "max_length"):
        if option.get(key) is not None:
            problems.number(option[key], (*path, key), 0 if key == "min_length" else 1, 6000)


def _weight(part: Json) -> int:
    size = len(str(part.get("name", ""))) + len(str(part.get("description", "")))
    size += sum(len(str(c.get("name"))) + len(str(c.get("value"))) for c in part.get("choices", []))
    return size + sum(_weight(option) for option in part.get("options") or [])
