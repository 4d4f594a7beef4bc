"""/links: admins say which Roblox account a member is."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.answering import add_private, answer
from bot.buttons import Action, Button, Interaction
from bot.client import MusterBot
from bot.errors import Refusal
from bot.replies import MAX_TEXT, Reply
from bot.services.container import LinkDesk
from bot.services.link_cards import Card
from bot.services.linking import LinkingService
from bot.text import safe, shorten
from cogs._common import to_actor
from cogs._link_imports import Imports
from cogs._link_services import LinkServiceCommands
from cogs._link_words import (
    already_reply,
    card_reply,
    disowned_reply,
    link_text,
    linked_reply,
    notice_reply,
    page_reply,
)


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class Links(Imports, LinkServiceCommands, commands.GroupCog, group_name="links"):
    """Account links of the members of this community."""

    def __init__(self, bot: MusterBot) -> None:
        self.linking: LinkingService = bot.services.linking
        self.desk: LinkDesk = bot.services.links
        self.clock = bot.clock
        bot.on_press(Action.LINK_MEMBER, self.on_link)
        bot.on_press(Action.DROP_LINK, self.on_drop_link)
        bot.on_press(Action.LINKS_PAGE, self.on_page)
        bot.on_press(Action.DISOWN, self.on_disown)
        bot.on_answered(self.tell_notice)
        self.listen_for_imports(bot)
        self.handle_services(bot)

    @app_commands.command()
    @app_commands.describe(member="Whom to link", roblox="Their Roblox username, or account number")
    async def add(self, interaction: Interaction, member: discord.Member, roblox: str) -> None:
        """Link a member to their Roblox account; shows the account and asks first."""
        await answer(interaction, self._add(interaction, member, roblox))

    @app_commands.command()
    @app_commands.describe(
        member="Whose link to show", roblox="Or a Roblox username or account number: whose it is"
    )
    async def show(
        self, interaction: Interaction, member: discord.User | None = None, roblox: str = ""
    ) -> None:
        """Show which Roblox account a member is linked to, or whose an account is."""
        await answer(interaction, self._show(interaction, member, roblox))

    @app_commands.command(name="list")
    async def list_all(self, interaction: Interaction) -> None:
        """Show all linked members, page by page."""
        await answer(interaction, self._page(interaction, 0))

    @app_commands.command()
    @app_commands.describe(member="Whose link to remove")
    async def remove(self, interaction: Interaction, member: discord.User) -> None:
        """Remove a member's link. Their claims on the platform stay."""
        await answer(interaction, self._remove(interaction, member))

    async def on_link(self, interaction: Interaction, button: Button) -> None:
        """Yes, link as the card shows."""
        await answer(interaction, self._confirm(interaction, button.number), replacing=True)

    async def on_drop_link(self, interaction: Interaction, button: Button) -> None:
        """No to the card."""
        await answer(interaction, self._drop(interaction, button.number), replacing=True)

    async def on_page(self, interaction: Interaction, button: Button) -> None:
        """Another page of the list."""
        await answer(interaction, self._page(interaction, button.page), replacing=True)

    async def on_disown(self, interaction: Interaction, button: Button) -> None:
        """A member says that an account is not theirs."""
        await answer(interaction, self._disown(interaction, button.number), replacing=True)

    async def tell_notice(self, interaction: Interaction, _: Reply) -> None:
        """After an answer: what an admin did to the member's link, if they have not read it."""
        if interaction.guild_id is None:
            return
        notice = await self.desk.notices.get_untold(interaction.guild_id, interaction.user.id)
        if notice is not None and await add_private(interaction, notice_reply(notice)):
            await self.desk.notices.mark_told(notice)

    async def _add(self, interaction: Interaction, member: discord.Member, roblox: str) -> Reply:
        if member.bot:
            raise Refusal(f"<@{member.id}> is a bot, and bots do not claim. Choose a member.")
        shown = await self.desk.cards.show(to_actor(interaction), member.id, roblox)
        return card_reply(shown, self.clock()) if isinstance(shown, Card) else already_reply(shown)

    async def _confirm(self, interaction: Interaction, number: int) -> Reply:
        done = await self.desk.cards.confirm(to_actor(interaction), number)
        if isinstance(done, Card):
            changed = "⚠ Something was linked otherwise since this card was shown. "
            return card_reply(done, self.clock(), changed)
        return linked_reply(done)

    async def _drop(self, interaction: Interaction, number: int) -> Reply:
        await self.desk.cards.cancel(to_actor(interaction), number)
        return Reply("Nothing was changed.")

    async def _show(
        self, interaction: Interaction, member: discord.User | None, roblox: str
    ) -> Reply:
        actor = to_actor(interaction)
        if (member is None) == (not roblox):
            raise Refusal("Name either a `member` or a `roblox` account.")
        if member is not None:
            link = await self.linking.get(actor, member.id)
            nobody = f"<@{member.id}> is not linked here. Link them with `/links add`."
        else:
            user, link = await self.desk.directory.find(actor, roblox)
            nobody = f"Nobody here is linked to **{safe(user.username)}** ({user.roblox_id})."
        if link is None:
            return Reply(nobody)
        return Reply(link_text(link, old=self.desk.directory.is_old(link)))

    async def _page(self, interaction: Interaction, number: int) -> Reply:
        page = await self.desk.directory.page(to_actor(interaction), number)
        is_old = self.desk.directory.is_old
        reply = page_reply(page, old=frozenset(x.discord_id for x in page.links if is_old(x)))
        return Reply(shorten(reply.text, MAX_TEXT), reply.buttons)

    async def _remove(self, interaction: Interaction, member: discord.User) -> Reply:
        link = await self.linking.remove(to_actor(interaction), member.id)
        return Reply(
            f"✔ <@{member.id}> is no longer linked to **{safe(link.username)}**. Their claims on"
            " the platform stay until somebody releases them."
        )

    async def _disown(self, interaction: Interaction, number: int) -> Reply:
        return disowned_reply(await self.desk.notices.disown(to_actor(interaction), number))


async def setup(bot: MusterBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Links(bot))
