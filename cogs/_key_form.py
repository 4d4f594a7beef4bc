"""The form in which a platform's key is typed: never a command option, never shown again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from discord import ui

from bot.answering import answer
from bot.buttons import Interaction
from bot.client import answer_error
from bot.replies import Reply


class KeyForm(ui.Modal):
    """Asks for a key and hands it to `use`. A restart closes open forms; the admin starts again."""

    key: ui.TextInput[Any] = ui.TextInput(
        label="Key", placeholder="Paste the key from your platform's settings", max_length=1000
    )

    def __init__(self, platform: str, use: Callable[[str], Awaitable[Reply]]) -> None:
        super().__init__(title=f"{platform} key"[:45], timeout=900)
        self._use = use

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Discord delivered what was typed."""
        await answer(interaction, self._answer())

    async def on_error(self, interaction: Interaction, error: Exception, /, *_: Any) -> None:
        """One funnel for all errors."""
        await answer_error(interaction, error)

    async def _answer(self) -> Reply:
        return await self._use(self.key.value)
