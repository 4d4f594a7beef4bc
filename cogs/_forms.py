"""What every form does: hand over what was typed, and answer errors like everything else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from discord import ui

from bot.answering import answer
from bot.buttons import Interaction
from bot.client import answer_error
from bot.replies import Reply


class Form(ui.Modal, title="Form"):
    """Text fields. A restart closes open forms; whoever had one open begins again.

    What is done with them gets the interaction that sent them: rights count as they are then.
    """

    async def typed(self, interaction: Interaction) -> Reply:
        """What comes of the fields, sent by whoever acts in `interaction`."""
        raise NotImplementedError

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Discord delivered what was typed."""
        await answer(interaction, self.typed(interaction))

    async def on_error(self, interaction: Interaction, error: Exception, /, *_: Any) -> None:
        """One funnel for all errors."""
        await answer_error(interaction, error)


class EditForm(Form, title="Edit the announcement"):
    """Note and cut-off as text."""

    note: ui.TextInput[Any] = ui.TextInput(
        label="Note for everybody", required=False, max_length=500
    )
    cutoff: ui.TextInput[Any] = ui.TextInput(
        label="Cut-off in minutes before the start", required=False, max_length=5,
        placeholder="Empty: claims stay open",
    )  # fmt: skip

    def __init__(self, use: Callable[[Interaction, str, str], Awaitable[Reply]]) -> None:
        super().__init__(timeout=900)
        self._use = use

    async def typed(self, interaction: Interaction) -> Reply:
        """The edited announcement."""
        return await self._use(interaction, self.note.value, self.cutoff.value)


class CancelForm(Form, title="Cancel the session"):
    """Asks for the reason."""

    reason: ui.TextInput[Any] = ui.TextInput(
        label="Why? Everybody can read this", required=False, max_length=300
    )

    def __init__(self, use: Callable[[Interaction, str], Awaitable[Reply]]) -> None:
        super().__init__(timeout=900)
        self._use = use

    async def typed(self, interaction: Interaction) -> Reply:
        """What came of cancelling."""
        return await self._use(interaction, self.reason.value)
