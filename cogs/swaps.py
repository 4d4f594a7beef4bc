"""/swap, and the buttons with which a swap is asked for and answered."""

from __future__ import annotations

from datetime import datetime

import discord
from discord import app_commands
from discord.ext import commands

from bot.answering import KEPT, add_private, answer
from bot.buttons import Action, Button, Interaction
from bot.client import MusterBot
from bot.errors import Refusal
from bot.menus import MAX_OPTIONS, Choice, Menu
from bot.replies import Reply, swap_reply
from bot.services.swap_choices import Held, Proposal, role_text
from bot.services.swaps import Answer, SwapService
from bot.text import cut, safe
from cogs._common import describe_start, to_actor, to_choices, to_number


class Swaps(commands.Cog):
    """Two members exchange the roles that they hold."""

    def __init__(self, bot: MusterBot) -> None:
        self.bot = bot
        self.swaps: SwapService = bot.services.swaps
        bot.on_press(Action.SWAP, self.on_swap)
        bot.on_pick(Action.SWAP, self.on_chosen)
        bot.on_press(Action.SWAP_YES, self.on_accept)
        bot.on_press(Action.SWAP_NO, self.on_decline)
        bot.on_press(Action.SWAP_BACK, self.on_take_back)
        bot.on_answered(self.on_answered)

    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.rename(partner="with")
    @app_commands.describe(
        partner="The member whose role you want",
        mine="The role you give, if you hold several",
        theirs="The role you want, if they hold several",
        member="For hosts: swap this member's role instead of your own, without asking either",
    )
    async def swap(
        self,
        interaction: Interaction,
        partner: discord.Member,
        mine: str = "",
        theirs: str = "",
        member: discord.Member | None = None,
    ) -> None:
        """Swap your role for another member's, if they agree."""
        work = self._propose(interaction, partner.id, mine, theirs, member.id if member else None)
        await answer(interaction, work)

    @swap.autocomplete("mine")
    async def complete_mine(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """What the member holds, or the one for whom a host acts."""
        me = getattr(interaction.namespace.member, "id", interaction.user.id)
        return await self._complete(interaction, me, current)

    @swap.autocomplete("theirs")
    async def complete_theirs(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """What the other holds in the workspace of the chosen role."""
        partner = getattr(getattr(interaction.namespace, "with"), "id", 0)
        return await self._complete(interaction, partner, current, interaction.namespace.mine)

    async def on_swap(self, interaction: Interaction, button: Button) -> None:
        """Swap on a line of `/claims`: with whom?"""
        await answer(interaction, self._list_partners(interaction, button.number))

    async def on_chosen(
        self, interaction: Interaction, menu: Menu, values: tuple[str, ...]
    ) -> None:
        """Whose role it shall be."""
        theirs, _, partner = (values[0] if values else "").partition(" ")
        work = self._propose(interaction, to_number(partner), str(menu.number), theirs, None)
        await answer(interaction, work, replacing=True)

    async def on_accept(self, interaction: Interaction, button: Button) -> None:
        """The partner says yes."""
        press = _to_answer(interaction, button.number)
        interaction.extras[KEPT] = press.journalled
        await answer(interaction, self._accept(interaction, press), replacing=True)

    async def on_decline(self, interaction: Interaction, button: Button) -> None:
        """The partner says no."""
        await answer(interaction, self._decline(interaction, button.number), replacing=True)

    async def on_take_back(self, interaction: Interaction, button: Button) -> None:
        """The proposer thinks better of it."""
        await answer(interaction, self._take_back(interaction, button.number), replacing=True)

    async def on_answered(self, interaction: Interaction, reply: Reply) -> None:
        """What was told is told; then say what could not be said to the member before."""
        news = self.swaps.news
        for swap_id, discord_id in reply.heard:
            await news.heard(swap_id, discord_id)
        guild_id, member = interaction.guild_id, interaction.user.id
        if guild_id is None or not news.has_news(guild_id, member):
            return
        for outcome in await news.list_news(guild_id, member):
            if await add_private(interaction, swap_reply(outcome, member)):
                await news.heard(outcome.swap_id, member)

    async def _propose(
        self, interaction: Interaction, partner: int, mine: str, theirs: str, member: int | None
    ) -> Reply:
        actor = to_actor(interaction)
        proposal = Proposal(actor, partner, mine, theirs, member, interaction.token)
        return swap_reply(await self.swaps.propose(proposal), actor.discord_id)

    async def _accept(self, interaction: Interaction, press: Answer) -> Reply:
        outcome = await self.swaps.accept(press)
        return swap_reply(outcome, interaction.user.id)

    async def _decline(self, interaction: Interaction, swap_id: int) -> Reply:
        outcome = await self.swaps.decline(_to_answer(interaction, swap_id))
        return swap_reply(outcome, interaction.user.id)

    async def _take_back(self, interaction: Interaction, swap_id: int) -> Reply:
        outcome = await self.swaps.withdraw(_to_answer(interaction, swap_id))
        return swap_reply(outcome, interaction.user.id)

    async def _list_partners(self, interaction: Interaction, opening: int) -> Reply:
        actor, now = to_actor(interaction), self.bot.clock()
        held = await self.swaps.choices.list_held(actor.guild_id, actor.discord_id)
        mine = next((one for one in held if one.opening.opening_id == opening), None)
        if mine is None:
            raise Refusal("You do not hold this role any more, so there is nothing to swap.")
        theirs = await self.swaps.choices.list_theirs(actor.guild_id, mine)
        if not theirs:
            return Reply(
                "Nobody whom I know here holds another role in this workspace's sessions. You can"
                " release yours instead: `/release`"
            )
        names = await self.swaps.choices.names(actor.guild_id, theirs)
        choices = tuple(
            Choice(f"{one.value} {one.discord_id}", f"{names[one.roblox_id]} · {role_text(one)}",
                   describe_start(one.announcement.starts_at, now))
            for one in theirs[:MAX_OPTIONS]
        )  # fmt: skip
        more = " Not everybody fits here; all others: `/swap`" if len(theirs) > MAX_OPTIONS else ""
        return Reply(
            f"Swap {safe(role_text(mine), 200)} for whose role? They are asked first.{more}",
            (Menu(Action.SWAP, opening, "Whose role do you want?", choices),),
        )

    async def _complete(
        self, interaction: Interaction, discord_id: int, typed: str, mine: object = None
    ) -> list[app_commands.Choice[str]]:
        """A member's roles that can be swapped; for one of `mine` only those that fit it."""
        actor, now = to_actor(interaction), self.bot.clock()
        held = await self.swaps.choices.list_held(actor.guild_id, discord_id)
        if mine:
            me = getattr(interaction.namespace.member, "id", actor.discord_id)
            ours = await self.swaps.choices.list_held(actor.guild_id, me)
            fits = {one.workspace.workspace_id for one in ours if one.value == str(mine)}
            held = [one for one in held if not fits or one.workspace.workspace_id in fits]
        return to_choices([(_choice_name(one, now), one.value) for one in held], typed)


def _choice_name(held: Held, now: datetime) -> str:
    return f"{cut(role_text(held), 80)} · {describe_start(held.announcement.starts_at, now)}"


def _to_answer(interaction: Interaction, swap_id: int) -> Answer:
    """A press, which may come from a direct message."""
    member = interaction.user
    roles = None
    if isinstance(member, discord.Member):
        roles = frozenset(role.id for role in member.roles)
    return Answer(swap_id, member.id, interaction.guild_id, roles, interaction.token)


async def setup(bot: MusterBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Swaps(bot))
