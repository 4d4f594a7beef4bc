"""/links import and export: many links at once, from a file and into one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from bot.answering import answer, show_progress
from bot.buttons import Action, Button, Interaction
from bot.client import MusterBot
from bot.models import ImportState
from bot.replies import Attached, Reply
from bot.services.container import LinkDesk
from bot.services.link_files import MAX_BYTES, SIZE_RULE
from bot.text import counted
from bot.uploads import read_upload
from cogs._common import to_actor
from cogs._import_words import ask_undo_reply, import_reply, progress_text, report_reply

PACE = 4.0  # seconds between two edits of the progress line
MOST_ATTACHED = 9_000_000  # bytes; Discord takes ten


class Progress:
    """Keeps one line of progress in the admin's answer, an edit every few seconds."""

    def __init__(self, interaction: Interaction) -> None:
        self._interaction = interaction
        self._next = 0.0

    async def __call__(self, what: str, done: int, total: int) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._next:
            self._next = now + PACE
            await show_progress(self._interaction, progress_text(what, done, total))


class Imports(commands.Cog):
    """Part of the cog of `/links`."""

    desk: LinkDesk

    def listen_for_imports(self, bot: MusterBot) -> None:
        """Answer the buttons under a dry run and an applied import."""
        bot.on_press(Action.APPLY_IMPORT, self.on_apply_import)
        bot.on_press(Action.DROP_IMPORT, self.on_drop_import)
        bot.on_press(Action.ASK_UNDO_IMPORT, self.on_ask_undo_import)
        bot.on_press(Action.UNDO_IMPORT, self.on_undo_import)
        bot.on_press(Action.IMPORT_REPORT, self.on_import_report)

    @app_commands.command(name="import")
    @app_commands.describe(
        file=f"CSV of Discord id and Roblox name or id; {SIZE_RULE}. Leave it out to see the last"
    )
    async def import_links(
        self, interaction: Interaction, file: discord.Attachment | None = None
    ) -> None:
        """Link many members from a CSV file: a dry run first. Or undo the last import."""
        if file is None:
            await answer(interaction, self._latest_import(interaction))
        else:
            work = self._read_import(interaction, file)
            await answer(interaction, self._or_in_log(interaction, work))

    @app_commands.command()
    async def export(self, interaction: Interaction) -> None:
        """All links of this community as a CSV file, which can be imported again."""
        await answer(interaction, self._export_links(interaction))

    async def on_apply_import(self, interaction: Interaction, button: Button) -> None:
        """Apply what is clean."""
        work = self._apply_import(interaction, button.number)
        await answer(interaction, self._or_in_log(interaction, work), replacing=True)

    async def on_undo_import(self, interaction: Interaction, button: Button) -> None:
        """Yes, put back what was before."""
        work = self._undo_import(interaction, button.number)
        await answer(interaction, self._or_in_log(interaction, work), replacing=True)

    async def on_drop_import(self, interaction: Interaction, button: Button) -> None:
        """Forget the dry run."""
        await answer(interaction, self._drop_import(interaction, button.number), replacing=True)

    async def on_ask_undo_import(self, interaction: Interaction, button: Button) -> None:
        """Undo asks first."""
        await answer(interaction, self._ask_undo_import(interaction, button.number))

    async def on_import_report(self, interaction: Interaction, button: Button) -> None:
        """The report once more."""
        await answer(interaction, self._report_import(interaction, button.number))

    async def _latest_import(self, interaction: Interaction) -> Reply:
        return import_reply(await self.desk.imports.get_latest(to_actor(interaction)))

    async def _read_import(self, interaction: Interaction, file: discord.Attachment) -> Reply:
        actor = to_actor(interaction)
        content = await read_upload(file, MAX_BYTES, SIZE_RULE)
        report = await self.desk.imports.read(actor, content, Progress(interaction))
        return await asyncio.to_thread(import_reply, report)  # it writes a file of many lines

    async def _apply_import(self, interaction: Interaction, number: int) -> Reply:
        told = Progress(interaction)
        return import_reply(await self.desk.imports.apply(to_actor(interaction), number, told))

    async def _undo_import(self, interaction: Interaction, number: int) -> Reply:
        told = Progress(interaction)
        return import_reply(await self.desk.imports.undo(to_actor(interaction), number, told))

    async def _drop_import(self, interaction: Interaction, number: int) -> Reply:
        await self.desk.imports.discard(to_actor(interaction), number)
        return Reply("Discarded. Nothing was changed.")

    async def _ask_undo_import(self, interaction: Interaction, number: int) -> Reply:
        report = await self.desk.imports.get(to_actor(interaction), number)
        if report.one.state is not ImportState.APPLIED:
            return import_reply(report)
        return ask_undo_reply(report)

    async def _report_import(self, interaction: Interaction, number: int) -> Reply:
        actor = to_actor(interaction)
        report = await self.desk.imports.get(actor, number)
        lines = await self.desk.imports.list_lines(actor, number)
        return await asyncio.to_thread(report_reply, replace(report, lines=tuple(lines)))

    async def _export_links(self, interaction: Interaction) -> Reply:
        content, count = await self.desk.directory.export(to_actor(interaction), MOST_ATTACHED)
        if not count:
            return Reply("Nobody is linked here yet, so there is nothing to export.")
        return Reply(
            f"All there is: {counted(count, 'link')}. The file can be imported again with"
            " `/links import`. A spreadsheet rounds long ids: open it with the id columns as text.",
            files=(Attached("links.csv", content),),
        )

    async def _or_in_log(self, interaction: Interaction, work: Awaitable[Reply]) -> Reply:
        """The reply; also in the log channel when Discord no longer takes an answer (15 min)."""
        reply = await work
        if interaction.is_expired() and interaction.guild_id is not None:
            await self.desk.guild_log.say(
                interaction.guild_id,
                f"<@{interaction.user.id}> {reply.text}\n-# Go on with `/links import`.",
            )
        return reply
