"""/mydata: people see and erase what is stored about them, also in a direct message.

And what Discord says about the bot's own comings and goings.
"""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.answering import answer
from bot.buttons import Action, Button, Interaction
from bot.client import MusterBot, answer_error
from bot.errors import Refusal
from bot.replies import Attached, Reply
from bot.services.erasing import ErasingService, Receipt
from bot.services.my_data import MyDataService
from bot.services.removed_guilds import RemovedGuilds

WORD = "ERASE"
WHAT_GOES = (
    "**Erase everything Muster stores about you, in all servers?**",
    "• **Goes**: your links to Roblox accounts and what you proved, your reminders and choices,"
    " your waitlist places, what you were refused. Until you are linked again you cannot claim.",
    "• **Stays without you**: that a claim was made and how it ended, and the sessions that you"
    " hosted, with their notes. Your ids are taken out.",
    "• **Muster cannot delete**: your claims and records in the staff platform (ReAdmin, Series"
    " HR): ask the community's staff; and messages in Discord, such as boards of past sessions and"
    " lines in log channels: ask the server's admins.",
    "A claim that is being confirmed right now is settled first.",
    "To see what there is, use `/mydata show`. Nothing of it can be brought back: you will be asked"
    f" to type {WORD}.",
)


class EraseForm(ui.Modal, title="Erase my data"):
    """Asks for a word, so that nobody erases by a slip. A restart closes open forms."""

    word: ui.TextInput[Any] = ui.TextInput(
        label=f"Type {WORD} to erase your data", placeholder=WORD, max_length=20
    )

    def __init__(self, erasing: ErasingService) -> None:
        super().__init__(timeout=900)
        self._erasing = erasing

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Discord delivered what was typed."""
        await answer(interaction, self._erase(interaction.user.id), replacing=True)

    async def on_error(self, interaction: Interaction, error: Exception, /, *_: Any) -> None:
        """One funnel for all errors."""
        await answer_error(interaction, error)

    async def _erase(self, discord_id: int) -> Reply:
        if self.word.value.strip().casefold() != WORD.casefold():
            raise Refusal(
                f"Nothing was erased: you did not type {WORD}. Use `/mydata erase` again."
            )
        return Reply(_receipt(await self._erasing.erase(discord_id)))


@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
class MyData(commands.GroupCog, group_name="mydata"):
    """What Muster stores about you."""

    def __init__(self, bot: MusterBot) -> None:
        self.my_data: MyDataService = bot.services.privacy.my_data
        self.erasing: ErasingService = bot.services.privacy.erasing
        bot.on_press(Action.ERASE_ME, self.on_erase)

    @app_commands.command()
    async def show(self, interaction: Interaction) -> None:
        """Get a file with everything that Muster stores about you. Only you see it."""
        await answer(interaction, self._show(interaction.user.id))

    @app_commands.command()
    async def erase(self, interaction: Interaction) -> None:
        """Erase what Muster stores about you; first says what goes and what stays."""
        await answer(interaction, _ask())

    async def on_erase(self, interaction: Interaction, button: Button) -> None:
        """The form; whoever presses erases their own data, whatever the button's id says."""
        await interaction.response.send_modal(EraseForm(self.erasing))

    async def _show(self, discord_id: int) -> Reply:
        found = await self.my_data.show(discord_id)
        files = (
            Attached("muster-my-data.txt", found.text.encode()),
            Attached("muster-my-data.json", found.json.encode()),
        )
        entries = "1 entry" if found.entries == 1 else f"{found.entries} entries"
        return Reply(
            f"Everything that Muster stores about you, in all servers: {entries}. The"
            " first file is to read, the second has the same for programs.",
            files=files,
        )


class Membership(commands.Cog):
    """Muster is invited, and taken out. An outage is neither: Discord says so in its event."""

    def __init__(self, bot: MusterBot) -> None:
        self.bot = bot
        self.removed: RemovedGuilds = bot.services.privacy.removed_guilds

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Discord sent GUILD_DELETE without `unavailable`."""
        self.bot.background.spawn(self.removed.note_removed(guild.id), "erase a community's keys")

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Invited, perhaps again."""
        self.bot.background.spawn(self.removed.note_present([guild.id]), "keep a community's data")

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """All shards have named their guilds: who came or went while the process was away?"""
        here = [guild.id for guild in self.bot.guilds]
        work = self.removed.note_ready(self.bot.application_id or 0, here)
        self.bot.background.spawn(work, "compare communities with what is stored")


async def _ask() -> Reply:
    return Reply("\n".join(WHAT_GOES), (Button(Action.ERASE_ME, 1, "Erase my data", "red"),))


def _receipt(receipt: Receipt) -> str:
    lines = ["✔ Your data is erased in all servers."]
    if receipt.boards:
        lines.append(f"Boards that named you: {receipt.boards}. They are being corrected.")
    if receipt.waiting:
        lines.append(
            f"{receipt.waiting} of your claims or releases are still being confirmed with the"
            " platform. They keep your id until that is done; then it is erased by itself."
        )
    lines.append(
        "What stands in the staff platform stays there: ask the community's staff. If you use"
        " Muster again, it stores what it needs for that anew."
    )
    return "\n".join(lines)


async def setup(bot: MusterBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(MyData(bot))
    await bot.add_cog(Membership(bot))
