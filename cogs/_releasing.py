"""What members are asked before they give a role back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import ui

from bot.answering import answer
from bot.buttons import Action, Button, Interaction
from bot.replies import Reply, outcome_reply
from bot.services.releasing import Asked
from bot.text import safe, when
from cogs._forms import Form

MAX_REASON = 300


class ReasonForm(Form, title="Release a role"):
    """Asks why, after the cut-off. What is typed goes to the hosts and is not kept."""

    reason: ui.TextInput[Any] = ui.TextInput(
        label="Why? For the session's hosts", max_length=MAX_REASON,
        style=discord.TextStyle.paragraph,
    )  # fmt: skip

    def __init__(self, use: Callable[[Interaction, str], Awaitable[Reply]]) -> None:
        super().__init__(timeout=900)
        self._use = use

    async def on_submit(self, interaction: Interaction, /) -> None:
        """The question becomes the answer."""
        await answer(interaction, self.typed(interaction), replacing=True)

    async def typed(self, interaction: Interaction) -> Reply:
        """What came of the release."""
        return await self._use(interaction, self.reason.value)


def release_question(asked: Asked) -> Reply:
    """Whether they mean it, and what follows from it."""
    if asked.late is not None:
        return outcome_reply(asked.late)
    opening, announcement, number = asked.opening, asked.announcement, asked.opening.opening_id
    follows = "Somebody else can take it then."
    if asked.waiting == 1:
        follows = "Somebody waits for it and is asked then."
    elif asked.waiting:
        follows = f"{asked.waiting} members wait for it; the first is asked then."
    return Reply(
        f"Release **{safe(opening.role_name)}** in “{safe(announcement.title)}”"
        f"{f' on {safe(opening.server_name)}' if opening.server_name else ''},"
        f" {when(announcement.starts_at)}? {follows}",
        (
            Button(Action.RELEASE_NOW, number, "Release", "red"),
            Button(Action.KEEP, number, "Keep it"),
        ),
    )
