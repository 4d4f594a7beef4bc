"""From buttons and menus to what discord.py sends."""

from __future__ import annotations

from collections.abc import Sequence

from discord import ui

from bot.buttons import ActionButton, Button
from bot.menus import ActionMenu, Menu

Component = Button | Menu


def to_view(components: Sequence[Component]) -> ui.View | None:
    """What is shown; None when there is nothing to press or choose.

    All in it is dynamic and answers by its id. discord.py is told that it need not listen: it
    would keep every view of a private answer, and a task, for a quarter of an hour.
    """
    if not components:
        return None
    view = ui.View(timeout=None)
    for component in components:
        if isinstance(component, Menu):
            view.add_item(ActionMenu(component))
        else:
            view.add_item(ActionButton(component))
    view.stop()
    return view
