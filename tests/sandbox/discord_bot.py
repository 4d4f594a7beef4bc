"""A real discord.py bot with one of everything, for the stand-in's own tests."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any, Self

import discord
import pytest
import yarl
from discord import app_commands, ui
from discord.ext import commands

from bot.sandbox.discord import DiscordStandIn
from tests.sandbox.discord_bench import TOKEN


class Counter(ui.DynamicItem[ui.Button[Any]], template=r"count:(?P<n>\d+)"):
    """A persistent button whose number lives in its id."""

    def __init__(self, n: int) -> None:
        super().__init__(ui.Button(label=f"Count {n}", custom_id=f"count:{n}"))
        self.n = n

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["n"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        view = ui.View(timeout=None).add_item(Counter(self.n + 1))
        await interaction.response.edit_message(content=f"count {self.n + 1}", view=view)


class NoteForm(ui.Modal, title="Note"):
    """A form with a text input of the old shape and a select in a label."""

    note: ui.TextInput[Any] = ui.TextInput(label="Your note", min_length=2, max_length=10)

    def __init__(self) -> None:
        super().__init__()
        self.who = ui.UserSelect[Any]()
        self.add_item(ui.Label(text="For whom", component=self.who))

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        names = ", ".join(user.display_name for user in self.who.values)
        await interaction.response.send_message(f"{self.note.value} for {names}", ephemeral=True)


class ToolsView(ui.View):
    """Board with a dynamic button, a role select, a text select and a deferring button."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.add_item(Counter(1))

    @ui.select(custom_id="colour", options=[discord.SelectOption(label=c) for c in "RGB"], row=1)
    async def colour(self, interaction: discord.Interaction[Any], select: ui.Select[Any]) -> None:
        await interaction.response.send_message(f"chose {select.values[0]}", ephemeral=True)

    @ui.select(cls=ui.RoleSelect, custom_id="role", row=2)
    async def role(self, interaction: discord.Interaction[Any], select: ui.RoleSelect[Any]) -> None:
        await interaction.response.send_message(f"role {select.values[0].name}", ephemeral=True)

    @ui.button(label="Slow", custom_id="slow", row=3)
    async def slow(self, interaction: discord.Interaction[Any], _: ui.Button[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.edit_original_response(content="slow is done")

    @ui.button(label="Off", custom_id="off", row=3, disabled=True)
    async def off(self, interaction: discord.Interaction[Any], _: ui.Button[Any]) -> None:
        raise AssertionError("a disabled button cannot be pressed")


class BenchBot(commands.AutoShardedBot):
    """An unmodified discord.py bot with the GUILDS intent only."""

    def __init__(self, **options: Any) -> None:
        intents = discord.Intents(guilds=True)
        options.setdefault("guild_ready_timeout", 0.05)
        super().__init__("!", intents=intents, **options)
        self.codes: list[int] = []
        self.resumed = asyncio.Event()
        self.gate = asyncio.Event()
        self.set_up = asyncio.Event()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """No five seconds between shards."""

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Counter)
        self.add_view(ToolsView())
        add_plain_commands(self.tree)
        add_slow_commands(self)
        await self.tree.sync()
        self.set_up.set()

    async def on_resumed(self) -> None:
        self.resumed.set()


def add_plain_commands(tree: app_commands.CommandTree[BenchBot]) -> None:
    """Commands that answer at once."""

    @tree.command()
    async def say(
        interaction: discord.Interaction[Any],
        text: str,
        times: app_commands.Range[int, 1, 3] = 1,
        hidden: bool = False,
    ) -> None:
        """Say something."""
        await interaction.response.send_message(" ".join([text] * times), ephemeral=hidden)

    @say.autocomplete("text")
    async def offer(_: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        words = ["alpha", "beta", "gamma"]
        return [app_commands.Choice(name=w.title(), value=w) for w in words if current in w]

    session = app_commands.Group(name="session", description="Sessions")

    @session.command()
    async def post(
        interaction: discord.Interaction[Any],
        who: discord.Member,
        role: discord.Role,
        where: discord.TextChannel,
    ) -> None:
        """Name a member, a role and a channel."""
        rights = interaction.permissions.manage_guild
        text = f"{who.display_name} {role.name} {where.name} {rights}"
        await interaction.response.send_message(text)

    tree.add_command(session)

    @tree.command()
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def setup(interaction: discord.Interaction[Any]) -> None:
        """For hosts."""
        await interaction.response.send_modal(NoteForm())

    @tree.command()
    async def tools(interaction: discord.Interaction[Any]) -> None:
        """Show the board."""
        await interaction.response.send_message("tools", view=ToolsView())

    @tree.command()
    async def copy(interaction: discord.Interaction[Any], file: discord.Attachment) -> None:
        """Send a file back."""
        content = (await file.read()).decode()
        back = await file.to_file()
        await interaction.response.send_message(content.upper(), file=back, ephemeral=True)


def add_slow_commands(bot: BenchBot) -> None:
    """Commands that break Discord's rules, or wait for the bot's gate."""
    tree = bot.tree

    @tree.command()
    async def mute(interaction: discord.Interaction[Any]) -> None:
        """Never answer, until the gate opens; then too late."""
        await bot.gate.wait()
        try:
            await interaction.response.send_message("late")
        except discord.NotFound as error:
            bot.codes.append(error.code)

    @tree.command()
    async def twice(interaction: discord.Interaction[Any]) -> None:
        """Answer twice by going around the library's own guard."""
        await interaction.response.send_message("once")
        interaction.response._response_type = None
        try:
            await interaction.response.send_message("twice")
        except discord.HTTPException as error:
            bot.codes.append(error.code)

    @tree.command()
    async def later(interaction: discord.Interaction[Any]) -> None:
        """Defer, then wait for the gate, edit, follow up and delete."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await bot.gate.wait()
        try:
            await interaction.edit_original_response(content="finished")
            await interaction.followup.send("and more", ephemeral=True)
        except discord.HTTPException as error:
            bot.codes.append(error.code)


@contextlib.asynccontextmanager
async def running_bot(
    stand_in: DiscordStandIn, patch: pytest.MonkeyPatch, **options: Any
) -> AsyncIterator[BenchBot]:
    """The bench bot, logged in and ready."""
    patch.setattr(discord.http.Route, "BASE", stand_in.api_url)
    gateway = yarl.URL(stand_in.gateway_url)
    patch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", gateway)
    bot = BenchBot(**options)
    task = asyncio.create_task(bot.start(TOKEN))
    ready = asyncio.create_task(_until_ready(bot))
    try:
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
        if task.done():
            task.result()
        assert ready.done()
        yield bot
    finally:
        ready.cancel()
        await bot.close()
        await asyncio.wait({task})


async def _until_ready(bot: BenchBot) -> None:
    await bot.set_up.wait()  # before that, discord.py has no event to wait for
    await bot.wait_until_ready()
