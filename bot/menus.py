"""Every select menu of Muster: like its buttons, an id that says which, never what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Self

import discord
from discord import ui

from bot.buttons import Action, Interaction
from bot.text import cut

MAX_OPTIONS = 25  # Discord's limit
NOTHING = "-"  # the one option of a menu that has none; Discord wants at least one


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a menu."""

    value: str  # our own key, at most 100 characters
    label: str
    hint: str = ""
    chosen: bool = False  # ticked already


@dataclass(frozen=True, slots=True)
class Menu:
    """A select menu to show. Without choices it asks for a member of the guild."""

    action: Action
    number: int
    placeholder: str
    choices: tuple[Choice, ...] = ()
    members: bool = False  # Discord lists the members; the value is a Discord id
    least: int = 1  # how many must be chosen
    most: int = 1  # how many may be
    disabled: bool = False
    row: int | None = None

    @property
    def custom_id(self) -> str:
        """`<action>:m1:<number>`: never the id of a button."""
        return f"{self.action}:m1:{self.number}"


class ActionMenu(
    ui.DynamicItem[ui.Select[Any] | ui.UserSelect[Any]],
    template=r"(?P<action>[a-z]+):m1:(?P<number>\d{1,19})",
):
    """A menu that was used finds its handler by its action, also after a restart."""

    def __init__(self, menu: Menu) -> None:
        super().__init__(_to_select(menu), row=menu.row)
        self.menu = menu

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The menu as used; UNKNOWN for an action that this version does not know."""
        members = isinstance(item, ui.UserSelect)
        try:
            return cls(Menu(Action(match["action"]), int(match["number"]), "", members=members))
        except ValueError:
            return cls(Menu(Action.UNKNOWN, 0, "", members=members))

    async def callback(self, interaction: Interaction) -> None:
        """Hand the choice to the cog that owns the action; the client answers errors."""
        data: dict[str, Any] = dict(interaction.data or {})
        chosen = tuple(str(value) for value in data.get("values", ()) if value != NOTHING)
        await interaction.client.pick(interaction, self.menu, chosen)


def _to_select(menu: Menu) -> ui.Select[Any] | ui.UserSelect[Any]:
    placeholder = cut(menu.placeholder, 150) or None
    if menu.members:
        return ui.UserSelect(
            custom_id=menu.custom_id, placeholder=placeholder, disabled=menu.disabled
        )
    options = [
        discord.SelectOption(
            label=cut(choice.label, 100) or "\u200b",
            value=choice.value,
            description=cut(choice.hint, 100) or None,
            default=choice.chosen,
        )
        for choice in menu.choices[:MAX_OPTIONS]
    ] or [discord.SelectOption(label="Nothing to choose", value=NOTHING)]
    return ui.Select(
        custom_id=menu.custom_id,
        placeholder=placeholder,
        options=options,
        min_values=menu.least,
        max_values=min(menu.most, len(options)),
        disabled=menu.disabled or not menu.choices,
    )
