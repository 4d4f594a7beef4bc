"""From buttons and menus to what discord.py sends."""

from __future__ import annotations

from collections.abc import Sequence

from discord import ui

from bot.buttons import Button
from bot.menus import Menu

Component = Button | Menu


def to_view(components: Sequence[Component]) -> ui.View | None:
    """What discord.py draws; None when there is nothing to press or choose.

    Presses are understood by their ids, see `bot.client`, so discord.py need not listen: it would
    keep every view of a private answer, and a task, for a quarter of an hour.
    """
    if not components:
        return None
    view = ui.View(timeout=None)
    for component in components:
        view.add_item(component.to_item())
    view.stop()
    return view
