"""From buttons and menus to what discord.py sends."""

from __future__ import annotations

from collections.abc import Sequence

from discord import ui

from bot.buttons import Button
from bot.menus import Menu

Component = Button | Menu


def to_view(components: Sequence[Component]) -> ui.View | None:
    """What discord.py draws; None when there is nothing to press or choose."""
    if not components:
        return None
    view = ui.View(timeout=None)
    for component in components:
        view.add_item(component.to_item())
    view.stop()  # it waits for nothing: presses are understood by their ids, see `bot.client`
    return view
