"""How the claims that a member holds read in lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from bot.services.openings import Holding
from bot.text import cut, safe, when
from cogs._common import describe_start


def to_choice_name(holding: Holding, now: datetime) -> str:
    """Tells a member's claims apart, also on two servers or in two sessions of one name."""
    server = f" · {cut(holding.server_name, 15)}" if holding.server_name else ""
    start = describe_start(holding.starts_at, now)
    return f"{cut(holding.role_name, 30)} · {cut(holding.session_title, 30)}{server} · {start}"


def release_labels(holdings: Sequence[Holding], now: datetime) -> list[str]:
    """The buttons that give them back, each told apart from the others by what it takes."""
    labels = [_release_label(one) for one in holdings]
    for more in (_title, lambda one: describe_start(one.starts_at, now)):
        same = {label for label, number in Counter(labels).items() if number > 1}
        labels = [
            f"{label} · {more(one)}" if label in same else label
            for label, one in zip(labels, holdings, strict=True)
        ]
    return labels


def holding_line(holding: Holding) -> str:
    """A line of `/claims`; of what has no button, where it can be given back."""
    server = f", {safe(holding.server_name)}" if holding.server_name else ""
    here = holding.opening_id is not None and holding.can_release
    tail = holding.platform if here else f"give it back in the {holding.platform} panel"
    return (
        f"✔ **{safe(holding.role_name)}** in “{safe(holding.session_title)}”{server} ·"
        f" {when(holding.starts_at)} · {tail}"
    )


def _release_label(holding: Holding) -> str:
    server = f" · {holding.server_name}" if holding.server_name else ""
    return f"Release {cut(holding.role_name, 30)}{server}"


def _title(holding: Holding) -> str:
    return cut(holding.session_title, 30)
