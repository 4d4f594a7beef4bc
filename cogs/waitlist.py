"""The buttons of a waitlist: join, leave, accept, pass."""

from __future__ import annotations

import discord
from discord.ext import commands

from bot.answering import KEPT, answer
from bot.buttons import Action, Button, Interaction
from bot.client import MusterBot
from bot.models import Door
from bot.replies import Reply, outcome_reply
from bot.services.claims import Press
from bot.services.outcomes import Outcome
from bot.services.ports import Actor
from bot.services.waitlist import Waiting, WaitlistService
from bot.services.waitlist_words import place_words
from cogs._common import to_actor
from cogs._waiting import with_news


class Waitlist(commands.Cog):
    """Members wait for a full role, and are asked when it is their turn."""

    def __init__(self, bot: MusterBot) -> None:
        self.waitlist: WaitlistService = bot.services.waitlist
        bot.on_answered(self.on_answered)
        bot.on_press(Action.JOIN_WAITLIST, self.on_join)
        bot.on_press(Action.LEAVE_WAITLIST, self.on_leave)
        bot.on_press(Action.ACCEPT_OFFER, self.on_accept)
        bot.on_press(Action.DECLINE_OFFER, self.on_decline)

    async def on_answered(self, _: Interaction, reply: Reply) -> None:
        """The member has read these offers and endings."""
        if reply.news:
            await self.waitlist.mark_told(reply.news)

    async def on_join(self, interaction: Interaction, button: Button) -> None:
        """Join waitlist, below the answer that the role is full."""
        await answer(interaction, self._join(interaction, button.number), replacing=True)

    async def on_leave(self, interaction: Interaction, button: Button) -> None:
        """Leave waitlist: done at once, for joining again is one press."""
        await answer(interaction, self._leave(interaction, button.number))

    async def on_accept(self, interaction: Interaction, button: Button) -> None:
        """Accept an offer, in the thread, in a direct message or below an answer."""
        await answer(interaction, self._accept(interaction, button.number))

    async def on_decline(self, interaction: Interaction, button: Button) -> None:
        """Pass."""
        await answer(interaction, self._decline(interaction, button.number))

    async def _join(self, interaction: Interaction, opening: int) -> Reply:
        actor = to_actor(interaction)
        joined = await self.waitlist.join(actor, opening)
        if isinstance(joined, Outcome):
            return outcome_reply(joined)
        return await with_news(self.waitlist, actor, _joined(joined))

    async def _leave(self, interaction: Interaction, number: int) -> Reply:
        left = await self.waitlist.leave(to_actor(interaction), number)
        return Reply(f"↩ You no longer wait for {place_words(left.opening, left.announcement)}.")

    async def _accept(self, interaction: Interaction, number: int) -> Reply:
        actor = _to_offered(interaction)
        press = Press(actor, 0, Door.WAITLIST, interaction.id, interaction.token)
        interaction.extras[KEPT] = press.journalled
        in_guild = interaction.guild_id is not None
        return outcome_reply(await self.waitlist.accept(press, number, known_roles=in_guild))

    async def _decline(self, interaction: Interaction, number: int) -> Reply:
        actor = _to_offered(interaction)
        passed = await self.waitlist.decline(actor.guild_id, actor.discord_id, number)
        where = place_words(passed.opening, passed.announcement)
        return Reply(f"↩ You passed, and no longer wait for {where}. The next one is asked.")


def _to_offered(interaction: Interaction) -> Actor:
    """Who answers an offer: in a direct message Discord tells neither guild nor roles."""
    if interaction.guild_id is None or not isinstance(interaction.user, discord.Member):
        return Actor(0, interaction.user.id, frozenset(), is_admin=False)
    return to_actor(interaction)


def _joined(joined: Waiting) -> Reply:
    where = place_words(joined.opening, joined.announcement)
    if joined.number == 0:
        label = f"Claim {joined.opening.role_name}"
        claim = Button(Action.CLAIM, joined.opening.opening_id, label, "primary")
        return Reply(f"✔ A place is free right now: {where}. Nobody has to wait.", (claim,))
    how = "I ask you as soon as it is your turn."
    if not joined.heard:
        how = (
            "When it is your turn, I ask you the next time you use Muster here, and not for long."
            " To be asked by direct message instead: `/reminders`"
        )
    leave = Button(Action.LEAVE_WAITLIST, joined.waiter.waitlist_id, "Leave waitlist")
    return Reply(f"⏳ You are no. {joined.number} on the waitlist of {where}.\n{how}", (leave,))


async def setup(bot: MusterBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Waitlist(bot))
