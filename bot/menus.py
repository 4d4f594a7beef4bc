"""Every select menu of Muster: like its buttons, an id that says which, never what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import discord
from discord import ui

from bot.buttons import Action
from bot.text import cut

_ID = re.compile(r"(?P<action>[a-z]+):m1:(?P<number>\d{1,19})")
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

    @classmethod
    def parse(cls, custom_id: str) -> Self | None:
        """The menu that was used, without its choices; None for an id of another shape.

        UNKNOWN for an action that this version does not know.
        """
        match = _ID.fullmatch(custom_id)
        if match is None:
            return None
        try:
            return cls(Action(match["action"]), int(match["number"]), "")
        except ValueError:
            return cls(Action.UNKNOWN, 0, "")

    def to_item(self) -> ui.Select[Any] | ui.UserSelect[Any]:
        """What discord.py draws."""
        placeholder = cut(self.placeholder, 150) or None
        if self.members:
            return ui.UserSelect(
                custom_id=self.custom_id, placeholder=placeholder, disabled=self.disabled,
                row=self.row,
            )  # fmt: skip
        options = [
            discord.SelectOption(
                label=cut(choice.label, 100) or "\u200b",
                value=choice.value,
                description=cut(choice.hint, 100) or None,
                default=choice.chosen,
            )
            for choice in self.choices[:MAX_OPTIONS]
        ] or [discord.SelectOption(label="Nothing to choose", value=NOTHING)]
        return ui.Select(
            custom_id=self.custom_id,
            placeholder=placeholder,
            options=options,
            min_values=self.least,
            max_values=min(self.most, len(options)),
            disabled=self.disabled or not self.choices,
            row=self.row,
        )


def chosen(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The values in an interaction's data."""
    return tuple(str(value) for value in data.get("values", ()) if value != NOTHING)
