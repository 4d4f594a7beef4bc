"""How the claims that a member holds read in lists."""

from __future__ import annotations

from datetime import datetime

from bot.services.openings import Holding
from bot.text import cut, safe, when
from cogs._common import describe_start


def to_choice_name(holding: Holding, now: datetime) -> str:
    """Tells a member's claims apart, also on two servers or in two sessions of one name."""
    server = f" · {cut(holding.server_name, 15)}" if holding.server_name else ""
    start = describe_start(holding.starts_at, now)
    return f"{cut(holding.role_name, 30)} · {cut(holding.session_title, 30)}{server} · {start}"


def release_label(holding: Holding) -> str:
    """The button that gives it back."""
    server = f" · {holding.server_name}" if holding.server_name else ""
    return f"Release {holding.role_name}{server}"


def holding_line(holding: Holding) -> str:
    """A line of `/claims`."""
    server = f", {safe(holding.server_name)}" if holding.server_name else ""
    return (
        f"✔ **{safe(holding.role_name)}** in “{safe(holding.session_title)}”{server} ·"
        f" {when(holding.starts_at)} · {holding.platform}"
    )
