"""What a member who is not linked is offered, and how their claim goes on once they are."""

from __future__ import annotations

import logging
from dataclasses import replace

import discord

from bot.buttons import Interaction
from bot.models import Door
from bot.replies import MAX_TEXT, NO_PINGS, Reply, not_linked_buttons, outcome_reply
from bot.services.deciding import contested_text
from bot.services.linking_oneself import LinkingOneself
from bot.services.outcomes import Code, Outcome
from bot.text import safe, shorten
from bot.views import to_view
from cogs._account_words import asked_reply
from cogs._common import to_actor, to_press

log = logging.getLogger(__name__)


async def with_link_offers(interaction: Interaction, outcome: Outcome, reply: Reply) -> Reply:
    """The answer to a claim; for somebody who is not linked, with the ways that this guild has."""
    opening = outcome.opening_id
    if outcome.code is not Code.NOT_LINKED or outcome.subject_id or opening is None:
        return reply
    oneself: LinkingOneself = interaction.client.services.oneself
    actor = to_actor(interaction)
    await oneself.resuming.note(actor, outcome)
    kinds = await oneself.identity.list_kinds(actor.guild_id)
    lost = await oneself.decisions.take_lost(actor.guild_id, actor.discord_id)
    text = reply.text
    if lost is not None:
        text += (
            f"\nYou were linked to **{safe(lost.username)}**; <@{lost.other_id}> has shown since"
            " that it is theirs. If that is wrong, tell an admin."
        )
    buttons = not_linked_buttons(opening, [kind.label for kind in kinds])
    return replace(reply, text=shorten(text, MAX_TEXT), buttons=buttons)


async def go_on(interaction: Interaction, said: str) -> Reply:
    """What was said to somebody who is linked now, and the outcome of the claim that waited."""
    services = interaction.client.services
    actor = to_actor(interaction)
    opening = await services.oneself.resuming.get(actor)
    if opening is None:
        return Reply(said)
    outcome = await services.claims.claim(to_press(interaction, opening, Door.BUTTON))
    await services.oneself.resuming.done(actor)
    reply = outcome_reply(outcome)
    return replace(reply, text=shorten(f"{said}\n\n{reply.text}", MAX_TEXT))


async def tell_news(interaction: Interaction) -> None:
    """After a member acted: ask them, or tell them, what has come up about their link."""
    interaction.client.background.spawn(_tell_news(interaction), "news about a link")


async def _tell_news(interaction: Interaction) -> None:
    oneself: LinkingOneself = interaction.client.services.oneself
    actor = to_actor(interaction)
    contested = await oneself.decisions.take_contested(actor.guild_id, actor.discord_id)
    if contested is not None and contested.other_id is not None:
        text = contested_text(contested.username, contested.other_id)
        await _follow_up(interaction, Reply(text))
    asked = await oneself.identity.recheck(actor)
    if asked is not None:
        await _follow_up(interaction, asked_reply(asked))


async def _follow_up(interaction: Interaction, reply: Reply) -> None:
    view = to_view(reply.buttons) or discord.utils.MISSING
    try:
        await interaction.followup.send(
            reply.text, view=view, ephemeral=True, allowed_mentions=NO_PINGS
        )
    except (discord.HTTPException, OSError) as error:  # it stays in the log channel
        log.info("interaction %s: news not shown: %s", interaction.id, error)
