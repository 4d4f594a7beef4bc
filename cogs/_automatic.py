"""/workspace automatic: what Muster does by itself, and when."""

from __future__ import annotations

from typing import Literal

from discord import app_commands
from discord.ext import commands

from bot.answering import answer
from bot.buttons import Interaction
from bot.client import MusterBot
from bot.replies import MAX_TEXT, Reply
from bot.services.role_rules import RoleRules
from bot.services.schedules import find_zones, to_cutoff, to_reminders
from bot.services.today import TodayService
from bot.services.workspaces import WorkspaceService, WorkspaceSettings
from bot.text import cut, shorten
from cogs._common import MAX_CHOICES, to_actor, to_choices
from cogs._workspace_words import settings_text, zone_text

EVERY_NAME = "*"
LONGEST_LEAD = 10_080  # minutes: a week

OnOff = Literal["on", "off"]


class Automatic(commands.Cog):
    """Part of the cog of `/workspace`."""

    bot: MusterBot
    workspaces: WorkspaceService
    rules: RoleRules
    today: TodayService

    @app_commands.command()
    @app_commands.describe(
        workspace="Which one, if there are several",
        post="Post sessions by itself this many minutes before their start; 0 for never",
        name="Only sessions whose name contains this are posted by itself; * for all",
        ping="Ping the ping role when a session is posted by itself",
        thread="Open a thread for every posted session, for talk and reminders",
        reminders="Remind who holds a role, in minutes before the start, such as 60, 15; or off",
        cutoff="Close claims this many minutes before the start, unless the host differs; or off",
        time_zone="For this whole community: type a city. Used for what is today",
    )
    async def automatic(
        self,
        interaction: Interaction,
        workspace: str = "",
        post: app_commands.Range[int, 0, LONGEST_LEAD] | None = None,
        name: str = "",
        ping: OnOff | None = None,
        thread: OnOff | None = None,
        reminders: str = "",
        cutoff: str = "",
        time_zone: str = "",
    ) -> None:
        """Show what Muster does by itself, or change the parts you name."""
        changes: WorkspaceSettings = {}
        if post is not None:
            changes["auto_lead_minutes"] = post or None
        if name.strip():
            changes["auto_filter"] = "" if name.strip() == EVERY_NAME else name.strip()
        if ping is not None:
            changes["auto_ping"] = ping == "on"
        if thread is not None:
            changes["threads"] = thread == "on"
        await answer(
            interaction,
            self._automatic(interaction, workspace, changes, reminders, cutoff, time_zone),
        )

    @automatic.autocomplete("workspace")
    async def complete_automatic(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """The connected workspaces."""
        found = await self.workspaces.list_all(to_actor(interaction).guild_id)
        return to_choices([(cut(w.name, 60), w.name) for w in found], current)

    @automatic.autocomplete("time_zone")
    async def complete_zone(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Time zones by their city."""
        names = find_zones(current)[:MAX_CHOICES]
        return [app_commands.Choice(name=name.replace("_", " "), value=name) for name in names]

    async def _automatic(
        self,
        interaction: Interaction,
        name: str,
        changes: WorkspaceSettings,
        reminders: str,
        cutoff: str,
        time_zone: str,
    ) -> Reply:
        actor = to_actor(interaction)
        workspace = await self.workspaces.get_for_admin(actor, name)
        if reminders:
            changes["reminder_minutes"] = to_reminders(reminders)
        if cutoff:
            changes["cutoff_minutes"] = to_cutoff(cutoff)
        if time_zone:  # first, as it may be refused
            await self.today.set_zone(actor, time_zone)
        workspace = await self.workspaces.update(actor, workspace.name, changes)
        saved = "✔ Saved.\n" if changes or time_zone else ""
        words = settings_text(workspace, await self.rules.list_all(workspace))
        zone = zone_text(await self.today.get_zone(actor.guild_id), self.bot.clock())
        return Reply(shorten(f"{saved}{zone}\n{words}", MAX_TEXT))
