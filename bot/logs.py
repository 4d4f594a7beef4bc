"""Logging for a person at a terminal; libraries that would log secrets are kept quiet."""

from __future__ import annotations

import logging

# At DEBUG discord.py logs whole gateway events, key forms included, and httpx logs every address.
_FLOORS = {
    "discord": logging.INFO,
    "aiosqlite": logging.INFO,
    "asyncio": logging.INFO,
    "httpcore": logging.INFO,
    "httpx": logging.WARNING,
    "stamina": logging.WARNING,
}


def configure(level: str) -> None:
    """Log to standard error from `level` up."""
    logging.basicConfig(
        level=level, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", force=True
    )
    for name, floor in _FLOORS.items():
        logging.getLogger(name).setLevel(max(floor, logging.getLevelName(level)))
