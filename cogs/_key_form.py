"""The form in which a platform's key is typed: never a command option, never shown again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from discord import ui

from bot.buttons import Interaction
from bot.replies import Reply
from cogs._forms import Form


class KeyForm(Form, title="Key"):
    """Asks for a key and hands it to `use`. A restart closes open forms; the admin starts again."""

    key: ui.TextInput[Any] = ui.TextInput(
        label="Key", placeholder="Paste the key from your platform's settings", max_length=1000
    )

    def __init__(self, platform: str, use: Callable[[Interaction, str], Awaitable[Reply]]) -> None:
        super().__init__(title=f"{platform} key"[:45], timeout=900)
        self._use = use

    async def typed(self, interaction: Interaction) -> Reply:
        """What comes of the key."""
        return await self._use(interaction, self.key.value)
