"""Log lines: for a person at a terminal, as JSON elsewhere; libraries that would tell secrets stay
quiet.

Every line of work for an interaction carries its id and its guild's. No line, traceback included,
shows the values of variables.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TextIO

import structlog
from structlog.typing import Processor

log = logging.getLogger(__name__)

# At DEBUG discord.py logs whole gateway events, key forms included, and httpx logs every address.
_FLOORS = {
    "discord": logging.INFO,
    "aiosqlite": logging.INFO,
    "asyncio": logging.INFO,
    "filelock": logging.INFO,
    "httpcore": logging.INFO,
    "httpx": logging.WARNING,
    "stamina": logging.WARNING,
}


def configure(level: str) -> None:
    """Log to standard error from `level` up, and what Python itself would print there as well."""
    handler = logging.StreamHandler()
    handler.setFormatter(_formatter(for_person=for_person()))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name, floor in _FLOORS.items():
        logging.getLogger(name).setLevel(max(floor, logging.getLevelName(level)))
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: log.critical(
        "uncaught in a thread", exc_info=args.exc_value
    )
    sys.unraisablehook = lambda args: log.error(
        "ignored in %s", getattr(args.object, "__qualname__", "cleaning up"),
        exc_info=args.exc_value,
    )  # fmt: skip


def for_person() -> bool:
    """Whether somebody reads along at a terminal."""
    stream: TextIO | None = sys.stderr  # Python has none when it was started with it closed
    return stream is not None and stream.isatty()


@contextmanager
def about(interaction_id: int, guild_id: int | None) -> Iterator[None]:
    """Mark the lines of this block, and of the tasks begun in it, as work for the interaction."""
    with structlog.contextvars.bound_contextvars(interaction=interaction_id, guild=guild_id):
        yield


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    log.critical("uncaught: Muster ends", exc_info=(kind, error, trace))


def _formatter(*, for_person: bool) -> structlog.stdlib.ProcessorFormatter:
    seen: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # structlog's own default for terminals shows local variables, and in them keys.
    last: list[Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if for_person
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=seen,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )
