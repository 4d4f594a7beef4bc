"""The one place that decides how an interaction is acknowledged and answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import discord

from bot.buttons import Interaction, to_view
from bot.replies import NO_PINGS, Reply, report

log = logging.getLogger(__name__)

DIRECT = 1.5  # seconds in which an answer is still given directly, in one call to Discord


async def answer(
    interaction: Interaction, work: Coroutine[Any, Any, Reply], *, replacing: bool = False
) -> None:
    """Answer ephemerally with what `work` comes to, deferring when it takes longer than `DIRECT`.

    `work` runs to its end even when Discord no longer takes the answer. With `replacing`, the
    message whose button was pressed becomes the answer, if it is only the member's own.
    """
    pressed = interaction.message
    replacing = replacing and pressed is not None and pressed.flags.ephemeral
    task = interaction.client.background.spawn(_worded(work), "answer")
    done, _ = await asyncio.wait({task}, timeout=DIRECT)
    log.debug("interaction %s: %s", interaction.id, "direct answer" if done else "deferred")
    try:
        if done and not replacing:
            await _send(interaction, task.result())
        elif done:
            reply = task.result()
            await interaction.response.edit_message(**_content(reply), view=to_view(reply.buttons))
        else:
            await interaction.response.defer(ephemeral=True, thinking=not replacing)
            reply = await task
            await interaction.edit_original_response(**_content(reply), view=to_view(reply.buttons))
    except discord.HTTPException as error:  # too late, or the message is gone: the work stands
        log.warning("interaction %s could not be answered: %s", interaction.id, error)


async def _worded(work: Coroutine[Any, Any, Reply]) -> Reply:
    try:
        return await work
    except Exception as error:
        return report(error)


async def _send(interaction: Interaction, reply: Reply) -> None:
    view = to_view(reply.buttons)
    await interaction.response.send_message(
        reply.text,
        embed=reply.embed or discord.utils.MISSING,
        view=view or discord.utils.MISSING,
        ephemeral=True,
        allowed_mentions=NO_PINGS,
    )


def _content(reply: Reply) -> dict[str, Any]:
    return {"content": reply.text, "embed": reply.embed, "allowed_mentions": NO_PINGS}
