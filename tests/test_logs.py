"""The log is for a person at a terminal, and never for secrets that libraries would print."""

from __future__ import annotations

import logging
from collections.abc import Iterator

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
    yield
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
