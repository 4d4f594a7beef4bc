"""The one place that decides how an interaction is acknowledged and answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from datetime import datetime
from typing import Any

import aiohttp
import discord

from bot import logs
from bot.buttons import Interaction
from bot.replies import AT_WORK, NO_PINGS, Reply, report
from bot.views import to_view

log = logging.getLogger(__name__)

DIRECT = 1.5  # seconds from its arrival in which an interaction is still answered in one call
LATEST = 2.5  # seconds after which it is acknowledged, whatever the work has come to
LIFE = 3.0  # seconds after which Discord takes no first answer any more
ARRIVED = "muster:arrived"  # in an interaction's `extras`: when it came, on the loop's clock
KEPT = "muster:kept"  # likewise: an event, set once the wish is in the journal
RESTARTING = Reply("⏳ Muster is restarting. Try again in a moment.")
_UNREACHED = (aiohttp.ClientError, OSError, TimeoutError, RuntimeError)  # not from Discord itself


def note_arrival(interaction: Interaction, utc: datetime) -> None:
    """Remember when the interaction came, before anything is done about it; time its first answer.

    It may have waited behind others on its way to us, which only its own date tells. That counts
    when it is believable; beyond an interaction's life the two clocks just disagree.
    """
    age = (utc - interaction.created_at).total_seconds()
    now = asyncio.get_running_loop().time()
    arrived = interaction.extras[ARRIVED] = now - age if 0 < age < LIFE else now
    kind = interaction.type.name
    interaction.client.first_answers.expect(interaction.id, kind, arrived, now)


async def answer(
    interaction: Interaction, work: Coroutine[Any, Any, Reply], *, replacing: bool = False
) -> None:
    """Answer ephemerally with what `work` comes to, deferring when it takes longer than `DIRECT`.

    `work` runs to its end even when Discord no longer takes the answer. With `replacing`, the
    message whose button was pressed becomes the answer, if it is only the member's own.
    """
    pressed = interaction.message
    replacing = replacing and pressed is not None and pressed.flags.ephemeral
    background = interaction.client.background
    if background.stopping:
        work.close()
        work = given(RESTARTING)
    with logs.about(interaction.id, interaction.guild_id):
        # As background work, so that a stop waits for the answers that are being given.
        answering = background.spawn(_answer(interaction, work, replacing), "answer")
    await asyncio.shield(answering)


async def _answer(
    interaction: Interaction, work: Coroutine[Any, Any, Reply], replacing: bool
) -> None:
    loop = asyncio.get_running_loop()
    arrived = interaction.extras.setdefault(ARRIVED, loop.time())
    left = arrived + DIRECT - loop.time()
    # Late already, or in a rush that would make it late: acknowledging comes before working.
    acknowledged = left <= 0 or interaction.client.background.crowded
    if acknowledged:
        with interaction.client.rush.owing():
            acknowledged = await _acknowledge(interaction, replacing, begun=False)
        work = _in_turn(interaction, work)
    task = interaction.client.background.spawn(_worded(work), "work for an answer")
    if not acknowledged:
        done, _ = await asyncio.wait({task}, timeout=max(left, 0))
        if not done and KEPT in interaction.extras:
            done = await _kept_or_done(
                task, interaction.extras[KEPT], arrived + LATEST - loop.time()
            )
        log.debug("interaction %s: %s", interaction.id, "direct answer" if done else "deferred")
        if not done:
            acknowledged = await _acknowledge(interaction, replacing, begun=True)
    try:
        reply = await task
    except asyncio.CancelledError:  # the process is told to stop, and this takes too long
        if acknowledged:
            await _deliver(interaction, _interrupted(interaction), replacing, acknowledged)
        raise
    if await _deliver(interaction, reply, replacing, acknowledged):
        await interaction.client.after_answer(interaction, reply)


async def add_private(interaction: Interaction, reply: Reply) -> bool:
    """Tell the member something more after the answer; whether Discord took it."""
    try:
        await interaction.followup.send(
            reply.text,
            view=to_view(reply.buttons) or discord.utils.MISSING,
            ephemeral=True,
            allowed_mentions=NO_PINGS,
        )
    except (discord.HTTPException, *_UNREACHED) as error:
        log.warning("interaction %s could not be added to: %s", interaction.id, error)
        return False
    return True


async def show_progress(interaction: Interaction, text: str) -> None:
    """Put a line where the answer will be, if one was promised; a lost line does no harm."""
    if not interaction.response.is_done() or interaction.is_expired():
        return
    try:
        await interaction.edit_original_response(
            content=text, embed=None, view=None, allowed_mentions=NO_PINGS
        )
    except (discord.HTTPException, *_UNREACHED) as error:
        log.info("interaction %s: no progress shown: %s", interaction.id, error)


async def _kept_or_done(
    task: asyncio.Task[Reply], kept: asyncio.Event, left: float
) -> set[asyncio.Task[Any]]:
    """Wait until a killed process would answer after its next start; the task if it is done.

    To defer before that is to promise an answer that nobody may come to give.
    """
    if kept.is_set():
        return set()
    keeping = asyncio.get_running_loop().create_task(kept.wait())
    try:
        await asyncio.wait(
            {task, keeping}, timeout=max(left, 0), return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        keeping.cancel()
    return {task} if task.done() else set()


async def _acknowledge(interaction: Interaction, replacing: bool, *, begun: bool) -> bool:
    """Whether Discord knows now that an answer will come.

    A wish on its way to the journal would be forgotten by a killed process, and so would one of
    which nobody knows yet what it is. Their members read words that stay true; "thinking" would
    keep them waiting for an answer that never comes.
    """
    kept = interaction.extras.get(KEPT)
    promised = begun and (kept is None or kept.is_set())
    try:
        if replacing or promised:
            await interaction.response.defer(ephemeral=True, thinking=not replacing)
        else:
            await interaction.response.send_message(AT_WORK, ephemeral=True)
    except (discord.HTTPException, *_UNREACHED) as error:
        log.warning("interaction %s could not be acknowledged: %s", interaction.id, error)
        return False
    return True


async def _deliver(
    interaction: Interaction, reply: Reply, replacing: bool, acknowledged: bool
) -> bool:
    """Whether the member was shown the reply, which is counted and timed."""
    taken = await _try_to_deliver(interaction, reply, replacing, acknowledged)
    arrived: float = interaction.extras[ARRIVED]
    seconds = asyncio.get_running_loop().time() - arrived
    interaction.client.metrics.answered(interaction.type.name, seconds, taken=taken)
    return taken


async def _try_to_deliver(
    interaction: Interaction, reply: Reply, replacing: bool, acknowledged: bool
) -> bool:
    """What Discord does not take is not the work's fault.

    An edit may be repeated, as it ends the same; a first answer may not.
    """
    for last in (not acknowledged, True):
        try:
            await _show(interaction, reply, replacing, acknowledged)
        except discord.HTTPException as error:  # too late, or the message is gone: the work stands
            log.warning("interaction %s could not be answered: %s", interaction.id, error)
            return False
        except _UNREACHED as error:
            log.warning("interaction %s: Discord not reached: %r", interaction.id, error)
            if last:
                return False
        else:
            return True
    return False


async def _show(
    interaction: Interaction, reply: Reply, replacing: bool, acknowledged: bool
) -> None:
    view = to_view(reply.buttons)
    if acknowledged:
        await interaction.edit_original_response(**_content(reply), view=view)
    elif replacing:
        await interaction.response.edit_message(**_content(reply), view=view)
    else:
        await interaction.response.send_message(
            reply.text,
            embed=reply.embed or discord.utils.MISSING,
            view=view or discord.utils.MISSING,
            files=[attached.to_file() for attached in reply.files],
            ephemeral=True,
            allowed_mentions=NO_PINGS,
        )


def _interrupted(interaction: Interaction) -> Reply:
    """What to say about work that a stop cut off."""
    kept = interaction.extras.get(KEPT)
    if kept is not None and kept.is_set():  # journalled: the next start carries it on
        return Reply("⏳ Muster is restarting. In a moment it says here how this ended.")
    return Reply(
        "⚠ Muster was restarted before it had an answer. Look whether it happened, and ask again if"
        " it did not."
    )


async def given(reply: Reply) -> Reply:
    """Work that is done already."""
    return reply


async def _in_turn(interaction: Interaction, work: Coroutine[Any, Any, Reply]) -> Reply:
    """The work, once everybody else is acknowledged."""
    try:
        await interaction.client.rush.over()
        return await work
    finally:
        work.close()  # of work that a stop keeps from being begun


async def _worded(work: Coroutine[Any, Any, Reply]) -> Reply:
    try:
        return await work
    except Exception as error:
        return report(error)


def _content(reply: Reply) -> dict[str, Any]:
    content: dict[str, Any] = {
        "content": reply.text, "embed": reply.embed, "allowed_mentions": NO_PINGS,
    }  # fmt: skip
    if reply.files:
        content["attachments"] = [attached.to_file() for attached in reply.files]
    return content
