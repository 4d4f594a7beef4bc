"""The log is for a person at a terminal, and never for secrets that libraries would print."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import datetime
from types import SimpleNamespace

import pytest

from bot import logs

LOUD = ("discord", "aiosqlite", "asyncio", "filelock", "httpcore", "httpx", "stamina")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Logging is global: put it back."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    levels = {name: logging.getLogger(name).level for name in LOUD}
    root.handlers.clear()
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    for handler in root.handlers[:]:
        root.removeHandler(handler)
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR"])
def test_the_level_is_ours_alone(level: str) -> None:
    logs.configure(level)
    number = logging.getLevelName(level)
    assert logging.getLogger("bot.services.engine").getEffectiveLevel() == number
    for name in LOUD:
        assert logging.getLogger(name).getEffectiveLevel() >= max(number, logging.INFO)
    assert logging.getLogger("httpx").getEffectiveLevel() >= logging.WARNING  # it logs addresses


def test_whole_gateway_events_are_not_logged_at_debug(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("DEBUG")
    logging.getLogger("discord.gateway").debug("the key that somebody typed")
    logging.getLogger("httpx").info("GET https://host/?key=1")
    logging.getLogger("bot.anything").debug("ours")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "key" not in captured.err
    assert '"event": "ours"' in captured.err


def test_configuring_twice_logs_once(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")
    logs.configure("INFO")
    logging.getLogger("bot").warning("once")
    assert capsys.readouterr().err.count("once") == 1


def test_elsewhere_than_at_a_terminal_a_line_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")
    logging.getLogger("bot.services.engine").info("claim by %s", 7)
    line = json.loads(capsys.readouterr().err)
    assert datetime.fromisoformat(line.pop("timestamp")).tzinfo is not None
    assert line == {"event": "claim by 7", "level": "info", "logger": "bot.services.engine"}


def test_what_python_itself_would_print_is_json_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("INFO")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old ways", stacklevel=1)
    thread = threading.Thread(target=lambda: 1 // 0)
    thread.start()
    thread.join()
    error = ValueError("lost")
    sys.unraisablehook(SimpleNamespace(object=None, exc_value=error))  # type: ignore[arg-type]  # as Python's
    sys.excepthook(ValueError, error, None)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["logger"] for line in lines] == ["py.warnings", *["bot.logs"] * 3]
    assert "old ways" in lines[0]["event"]
    assert ["exception" in line for line in lines] == [False, True, True, True]
    assert [line["level"] for line in lines[1:]] == ["critical", "error", "critical"]


async def test_a_line_says_which_interaction_it_belongs_to(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("INFO")
    log = logging.getLogger("bot.answering")

    async def work() -> None:
        log.info("within")

    with logs.about(11, 22):
        task = asyncio.create_task(work())
    log.info("after")
    await task
    after, within = map(json.loads, capsys.readouterr().err.splitlines())
    assert (within["event"], within["interaction"], within["guild"]) == ("within", 11, 22)
    assert "interaction" not in after


def test_a_log_that_nobody_wants_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)  # as Python does when it is started with `2>&-`
    logs.configure("INFO")
    logging.getLogger("bot").warning("into the void")


@pytest.mark.parametrize("terminal", [True, False])
def test_a_traceback_shows_no_values(
    terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    logs.configure("INFO")
    hidden = "".join(("s3cr3t", "-value"))

    def fail(key: str) -> None:
        raise ValueError(f"of {len(key)} characters")

    try:
        fail(hidden)
    except ValueError:
        logging.getLogger("bot").exception("it failed")
    written = capsys.readouterr().err
    assert "ValueError" in written
    assert "Traceback" in written
    assert hidden not in written
