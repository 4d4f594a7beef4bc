"""The demo's page is self-contained and never turns text into markup (no browser needed)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.sandbox import page

PAGE = Path(page.__file__).parent
SOURCES = sorted(path for path in PAGE.iterdir() if path.suffix in {".html", ".css", ".js"})
SCRIPTS = [path for path in SOURCES if path.suffix == ".js"]
INDEX = (PAGE / "index.html").read_text(encoding="utf-8")

_ADDRESS = re.compile(r"\b(?:https?|wss?):/{2}[\w.\[]|[\"'(]/{2}\w")
_IMPORT = re.compile(r"^import .*?from \"\./([\w-]+\.js)\";$", re.MULTILINE)
_NAMES = re.compile(r"^import \{([^}]+)\} from \"\./([\w-]+\.js)\";$", re.MULTILINE)
_MARKUP = re.compile(
    r"(inner|outer)HTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc"
    r"|createContextualFragment|setHTMLUnsafe|DOMParser|[^\w]on[a-z]+="
)


def by_name(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", SOURCES, ids=by_name)
def test_nothing_is_loaded_from_outside(path: Path) -> None:
    assert _ADDRESS.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=by_name)
def test_text_never_becomes_markup(path: Path) -> None:
    found = _MARKUP.search(path.read_text(encoding="utf-8"))
    assert found is None, found


def test_the_page_forbids_everything_foreign() -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', INDEX)
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    assert rules["default-src"] == "'self'"
    assert rules["img-src"] == "'self' data:"
    assert "unsafe" not in policy[1]


def test_index_refers_only_to_files_that_are_there() -> None:
    referred = set(re.findall(r'(?:src|href)="/page/([^"]+)"', INDEX))
    assert "main.js" in referred
    assert referred <= {path.name for path in SOURCES}
    assert {path.name for path in SOURCES if path.suffix == ".css"} <= referred
    assert not re.search(r"<script>|<style|\son\w+=|style=", INDEX)


def test_every_script_is_reached_from_main() -> None:
    reached, waiting = set[str](), ["main.js"]
    while waiting:
        name = waiting.pop()
        reached.add(name)
        text = (PAGE / name).read_text(encoding="utf-8")
        waiting += [found for found in _IMPORT.findall(text) if found not in reached]
    assert reached == {path.name for path in SCRIPTS}


@pytest.mark.parametrize("path", SCRIPTS, ids=by_name)
def test_what_is_imported_is_exported(path: Path) -> None:
    for names, source in _NAMES.findall(path.read_text(encoding="utf-8")):
        text = (PAGE / source).read_text(encoding="utf-8")
        for name in (part.strip() for part in names.split(",")):
            declared = rf"^export (async )?(const|function|class) ([^;(]*?, )?{name}\b"
            assert re.search(declared, text, re.MULTILINE), f"{source} exports no {name}"


def test_the_hooks_of_the_browser_test_are_there() -> None:
    for hook in ("viewing-as", "drawer", "messages", "announcer"):
        assert f'id="{hook}"' in INDEX
    scripts = "".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    for hook in ("customId:", "messageId:", "channelId:", 'id: "command"', "ephemeral"):
        assert hook in scripts


@pytest.mark.parametrize("path", SOURCES, ids=by_name)
def test_files_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 260
