"""The rules of the house, read from the code itself."""

from __future__ import annotations

import ast
import graphlib
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted(path for top in ("bot", "cogs") for path in (ROOT / top).rglob("*.py"))
DOMAIN = {"bot.models", "bot.errors"}
SERVICES = {"bot.services", "bot.providers", "bot.store", "bot.background", "bot.text"} | DOMAIN
COGS = {
    "bot.answering", "bot.board_view", "bot.buttons", "bot.client", "bot.errors", "bot.models",
    "bot.board_controls", "bot.menus", "bot.replies", "bot.roster_view", "bot.services",
    "bot.text", "bot.uploads", "bot.views", "cogs",
}  # fmt: skip

# room -> (what of ours it may import, which libraries). Arrows go one way.
# Rooms whose lists are the style guide's own, or all of the services'.
GENEROUS = ("cogs", "bot.app", "bot.assembly", "bot.ground", "bot.services")
ROOMS: dict[str, tuple[set[str], set[str]]] = {
    "cogs": (COGS, {"discord"}),
    "bot.__main__": ({"bot.cli"}, set()),
    "bot.cli": (
        {"bot.logs", "bot.errors", "bot.settings", "bot.runner", "bot.doctor", "bot.links_cli",
          "bot.status",
         "bot.store", "bot.sandbox"},
        {"typer", "cryptography"},
    ),
    "bot.runner": (
        {"bot.app", "bot.client", "bot.endpoint", "bot.errors", "bot.gateway", "bot.health",
         "bot.settings", "bot.store"},
        {"aiohttp", "discord"},
    ),
    "bot.doctor": (
        {"bot.providers", "bot.settings", "bot.store"} | DOMAIN, {"aiohttp"},
    ),
    "bot.links_cli": (
        {"bot.providers", "bot.services", "bot.settings", "bot.store"} | DOMAIN, set(),
    ),
    "bot.app": (
        {"bot.assembly", "bot.client", "bot.first_answers", "bot.ground", "bot.messenger",
         "bot.metrics", "bot.settings", "bot.tracing", "bot.vitals"} | SERVICES,
        set(),
    ),
    "bot.assembly": ({"bot.ground"} | SERVICES, set()),
    "bot.ground": (
        {"bot.background", "bot.messenger", "bot.metrics", "bot.settings"} | SERVICES, set(),
    ),
    "bot.metrics": ({"bot.models", "bot.services"}, {"prometheus_client"}),
    "bot.first_answers": ({"bot.metrics"}, set()),
    "bot.tracing": ({"bot.first_answers", "bot.metrics"}, {"aiohttp"}),
    "bot.vitals": (
        {"bot.background", "bot.errors", "bot.first_answers", "bot.metrics", "bot.models",
         "bot.services", "bot.store"},
        {"discord", "sqlalchemy"},
    ),
    "bot.health": ({"bot.errors", "bot.metrics", "bot.vitals"}, {"aiohttp"}),
    "bot.status": ({"bot.settings", "bot.store"} | DOMAIN, {"aiohttp"}),
    "bot.client": (
        {"bot.answering", "bot.background", "bot.buttons", "bot.errors", "bot.first_answers",
         "bot.gateway", "bot.logs", "bot.menus", "bot.metrics", "bot.replies", "bot.rush",
         "bot.services", "bot.vitals"},
        {"discord"},
    ),
    "bot.messenger": (
        {"bot.board_controls", "bot.board_view", "bot.buttons", "bot.replies", "bot.services",
         "bot.text", "bot.views"} | DOMAIN,
        {"aiohttp", "discord"},
    ),
    "bot.answering": (
        {"bot.buttons", "bot.logs", "bot.replies", "bot.views"}, {"aiohttp", "discord"},
    ),
    "bot.board_view": ({"bot.models", "bot.services", "bot.text"}, {"discord"}),
    "bot.board_controls": (
        {"bot.buttons", "bot.menus", "bot.services", "bot.text", "bot.views"}, set(),
    ),
    "bot.roster_view": (
        {"bot.board_controls", "bot.board_view", "bot.buttons", "bot.replies", "bot.services",
         "bot.text"},
        {"discord"},
    ),
    "bot.menus": ({"bot.buttons", "bot.text"}, {"discord"}),
    "bot.views": ({"bot.buttons", "bot.menus"}, {"discord"}),
    "bot.replies": (
        {"bot.buttons", "bot.services", "bot.text", "bot.views", "bot.wording"} | DOMAIN,
        {"discord"},
    ),
    "bot.uploads": ({"bot.errors"}, {"aiohttp", "discord"}),
    "bot.wording": (
        {"bot.services", "bot.text", "bot.wording_full", "bot.wording_release"},
        set(),
    ),
    "bot.wording_full": ({"bot.services", "bot.text"}, set()),
    "bot.wording_release": ({"bot.services"}, set()),
    "bot.buttons": ({"bot.errors", "bot.text"}, {"discord"}),
    "bot.gateway": (set(), {"aiohttp", "discord"}),
    "bot.rush": (set(), set()),
    "bot.endpoint": (set(), {"discord", "yarl"}),
    "bot.services": (SERVICES, {"pydantic"}),
    "bot.providers": (
        {"bot.providers"} | DOMAIN, {"httpx", "httpcore", "pydantic", "stamina"},
    ),
    "bot.store": (
        {"bot.store"} | DOMAIN,
        {"aiosqlite", "alembic", "cryptography", "filelock", "pydantic", "sqlalchemy"},
    ),
    "bot.settings": (DOMAIN, {"cryptography", "pydantic", "pydantic_settings"}),
    "bot.text": (set(), {"discord"}),
    "bot.background": ({"bot.errors"}, set()),
    "bot.logs": (set(), {"structlog"}),
    "bot.errors": ({"bot.models"}, set()),  # LinkTaken names the link that is in the way
    "bot.models": ({"bot.models"}, set()),
    "bot.sandbox": ({"bot.sandbox", "bot.errors"}, {"aiohttp", "cryptography"}),
    "bot": (set(), set()),
}  # fmt: skip


class Import(NamedTuple):
    """One imported module, and whether only a running function imports it."""

    importer: str
    name: str
    lazy: bool


def module_name(path: Path) -> str:
    """The dotted name of a file of ours."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def parsed(path: Path) -> ast.Module:
    """The file as a tree."""
    return ast.parse(path.read_text("utf-8"))


NAMES = {module_name(path) for path in FILES}


def imports_of(path: Path) -> Iterator[Import]:
    """Every import statement of a file, wherever it stands."""
    importer = module_name(path)
    lazy = {
        id(inner)
        for node in ast.walk(parsed(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for inner in ast.walk(node)
    }
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(importer, alias.name, id(node) in lazy)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{importer}: relative import"
            assert node.module is not None
            for alias in node.names:  # `from bot import logs` imports bot.logs
                whole = f"{node.module}.{alias.name}"
                yield Import(importer, whole if whole in NAMES else node.module, id(node) in lazy)


@cache
def all_imports() -> list[Import]:
    """Those of every file, read when the first test asks: collecting tests must stay cheap."""
    return [found for path in FILES for found in imports_of(path)]


def room_of(name: str) -> str:
    """The room that a module of ours is in."""
    return max((room for room in ROOMS if within(name, room)), key=len, default="")


def within(name: str, room: str) -> bool:
    """Whether a module is this room, or inside of it."""
    return name == room or (name.startswith(f"{room}.") and room != "bot")


def is_ours(name: str) -> bool:
    """Whether the module is one of the project's."""
    return name.partition(".")[0] in ("bot", "cogs", "migrations", "tests")


def test_every_module_is_in_a_room() -> None:
    assert [name for name in NAMES if not room_of(name)] == []
    assert len(NAMES) > 60  # the files were found


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    ours, libraries = ROOMS[room]
    strays = [
        f"{found.importer} imports {found.name}"
        for found in all_imports()
        if room_of(found.importer) == room
        and not (
            any(within(found.name, allowed) for allowed in ours)
            if is_ours(found.name)
            else found.name.partition(".")[0] in libraries | sys.stdlib_module_names
        )
    ]
    assert strays == []


def test_no_room_is_allowed_what_it_does_not_use() -> None:
    """The table above says what is true, not what once was."""
    for room, (ours, libraries) in ROOMS.items():
        names = {found.name for found in all_imports() if room_of(found.importer) == room}
        assert libraries <= {name.partition(".")[0] for name in names}, room
        if room not in (
            "cogs",
            "bot.app",
            "bot.assembly",
            "bot.ground",
            "bot.services",
        ):  # the style guide's own lists
            unused = [one for one in ours if not any(within(name, one) for name in names)]
            assert unused == [], room


def test_only_the_cli_imports_the_sandbox_and_only_when_asked() -> None:
    outside = [
        found
        for found in all_imports()
        if within(found.name, "bot.sandbox") and not within(found.importer, "bot.sandbox")
    ]
    assert outside
    assert {found.importer for found in outside} == {"bot.cli"}
    assert all(found.lazy for found in outside)


def test_only_the_runner_builds_the_app() -> None:
    assert {found.importer for found in all_imports() if found.name == "bot.app"} == {"bot.runner"}


def test_cogs_are_not_imported_by_the_bot() -> None:
    assert [
        f for f in all_imports() if within(f.name, "cogs") and not within(f.importer, "cogs")
    ] == []


def test_nothing_imports_tests() -> None:
    assert [found for found in all_imports() if within(found.name, "tests")] == []


def test_no_room_imports_back_up() -> None:
    graph: dict[str, set[str]] = {}
    for found in all_imports():
        if is_ours(found.name):
            graph.setdefault(room_of(found.importer), set()).add(room_of(found.name))
    for room, others in graph.items():
        others.discard(room)
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_no_module_imports_itself_round_a_corner() -> None:
    graph: dict[str, set[str]] = {}
    for found in all_imports():
        if is_ours(found.name) and not found.lazy:
            graph.setdefault(found.importer, set()).add(found.name)
    graphlib.TopologicalSorter(graph).prepare()


def test_files_and_functions_stay_small() -> None:
    long = [
        f"{module_name(path)}: {part}"
        for path in FILES
        for part, lines, most in sizes(path)
        if lines > most
    ]
    assert "\n".join(long) == ""


def sizes(path: Path) -> Iterator[tuple[str, int, int]]:
    """(what, its lines, how many it may have) of the file and each of its functions."""
    yield "the file", len(path.read_text("utf-8").splitlines()), 300
    for node in ast.walk(parsed(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, (node.end_lineno or 0) - node.lineno + 1, 50


def test_no_leftovers() -> None:
    found = [f"{module_name(path)}: {one}" for path in FILES for one in leftovers(path)]
    assert "\n".join(found) == ""


def leftovers(path: Path) -> Iterator[str]:
    """Marks of unfinished work, comments that silence without a reason, prints, bare excepts."""
    text = path.read_text("utf-8")
    yield from re.findall(r"\b(?:TODO|FIXME|XXX|HACK)\b", text)
    yield from re.findall(r"# (?:type: ?ignore|noqa)[^#\s]*(?: [A-Z]+\d+)?\s*$", text, re.MULTILINE)
    for node in ast.walk(parsed(path)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "print"
        ):
            yield f"print in line {node.lineno}"
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield f"except without a type in line {node.lineno}"
