"""/links: admins say which Roblox account a member is."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.answering import answer
from bot.buttons import Interaction
from bot.client import MusterBot
from bot.replies import Reply
from bot.services.linking import LinkingService
from bot.text import safe
from cogs._common import mention, to_actor


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class Links(commands.GroupCog, group_name="links"):
    """Account links of the members of this community."""

    def __init__(self, bot: MusterBot) -> None:
        self.linking: LinkingService = bot.services.linking

    @app_commands.command()
    @app_commands.describe(member="Whom to link", roblox="Their Roblox username, or account number")
    async def add(self, interaction: Interaction, member: discord.Member, roblox: str) -> None:
        """Link a member to their Roblox account."""
        await answer(interaction, self._add(interaction, member, roblox))

    @app_commands.command()
    @app_commands.describe(member="Whose link to show")
    async def show(self, interaction: Interaction, member: discord.User) -> None:
        """Show which Roblox account a member is linked to."""
        await answer(interaction, self._show(interaction, member))

    @app_commands.command()
    @app_commands.describe(member="Whose link to remove")
    async def remove(self, interaction: Interaction, member: discord.User) -> None:
        """Remove a member's link. Their claims on the platform stay."""
        await answer(interaction, self._remove(interaction, member))

    async def _add(self, interaction: Interaction, member: discord.Member, roblox: str) -> Reply:
        link = await self.linking.add(to_actor(interaction), member.id, roblox)
        return Reply(
            f"✔ <@{member.id}> is linked to **{safe(link.username)}**"
            f" (https://www.roblox.com/users/{link.roblox_id}/profile)."
        )

    async def _show(self, interaction: Interaction, member: discord.User) -> Reply:
        link = await self.linking.get(to_actor(interaction), member.id)
        if link is None:
            return Reply(f"<@{member.id}> is not linked here. Link them with `/links add`.")
        return Reply(
            f"<@{member.id}> is **{safe(link.username)}**, Roblox account {link.roblox_id}.\n"
            f"Linked by {mention(link.linked_by)} <t:{int(link.linked_at.timestamp())}:R>; the name"
            f" was read <t:{int(link.username_at.timestamp())}:R>."
        )

    async def _remove(self, interaction: Interaction, member: discord.User) -> Reply:
        link = await self.linking.remove(to_actor(interaction), member.id)
        return Reply(
            f"✔ <@{member.id}> is no longer linked to **{safe(link.username)}**. Their claims on"
            " the platform stay until somebody releases them."
        )


async def setup(bot: MusterBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Links(bot))
