"""Log lines: for a person at a terminal, as JSON elsewhere; libraries that would tell secrets stay
quiet.

Every line of work for an interaction carries its id and its guild's. No line, traceback included,
shows the values of variables.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from structlog.typing import Processor

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
    """Log to standard error from `level` up."""
    handler = logging.StreamHandler()
    handler.setFormatter(_formatter(for_person=sys.stderr.isatty()))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name, floor in _FLOORS.items():
        logging.getLogger(name).setLevel(max(floor, logging.getLevelName(level)))


@contextmanager
def about(interaction_id: int, guild_id: int | None) -> Iterator[None]:
    """Mark the lines of this block, and of the tasks begun in it, as work for the interaction."""
    with structlog.contextvars.bound_contextvars(interaction=interaction_id, guild=guild_id):
        yield


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
