"""/today and /reminders: who covers what, and who wants to hear of it."""

from __future__ import annotations

from datetime import date
from typing import Literal

from discord import app_commands
from discord.ext import commands

from bot.answering import answer
from bot.buttons import Action, Button, Interaction
from bot.client import MusterBot
from bot.models import Preferences, Workspace
from bot.replies import Reply
from bot.services.reminders import ReminderChoices
from bot.services.today import TodayService
from bot.text import safe
from cogs._common import to_actor
from cogs._today_view import today_reply

MAX_NAMED = 10

OnOff = Literal["on", "off"]


class Calendar(commands.Cog):
    """The day of a community, and what its members are reminded of."""

    def __init__(self, bot: MusterBot) -> None:
        self.days: TodayService = bot.services.today
        self.choices: ReminderChoices = bot.services.reminder_choices
        bot.on_press(Action.TODAY, self.on_page)

    @app_commands.command()
    @app_commands.guild_only()
    async def today(self, interaction: Interaction) -> None:
        """Show today's sessions and who covers which role."""
        await answer(interaction, self._today(interaction, None, 0))

    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.describe(
        thread="Be mentioned in a session's thread before it starts",
        direct="Get a direct message before a session starts",
    )
    async def reminders(
        self, interaction: Interaction, thread: OnOff | None = None, direct: OnOff | None = None
    ) -> None:
        """Choose how you are reminded of the roles you hold, or see what you chose."""
        await answer(interaction, self._reminders(interaction, thread, direct))

    async def on_page(self, interaction: Interaction, button: Button) -> None:
        """Another page of the same day."""
        try:
            day = date.fromordinal(button.number)
        except (ValueError, OverflowError):  # of no button of ours
            day = None
        await answer(interaction, self._today(interaction, day, button.page), replacing=True)

    async def _today(self, interaction: Interaction, day: date | None, page: int) -> Reply:
        found = await self.days.get(to_actor(interaction).guild_id, day)
        return today_reply(found, page)

    async def _reminders(
        self, interaction: Interaction, thread: OnOff | None, direct: OnOff | None
    ) -> Reply:
        actor = to_actor(interaction)
        reminding = await self.choices.list_reminding(actor.guild_id)
        if thread is None and direct is None:
            chosen = await self.choices.get(actor.guild_id, actor.discord_id)
            return Reply(_words(chosen, reminding))
        chosen, reached = await self.choices.change(
            actor.guild_id, actor.discord_id,
            thread=None if thread is None else thread == "on",
            direct=None if direct is None else direct == "on",
        )  # fmt: skip
        warning = "" if reached else _UNREACHED
        return Reply(f"✔ Saved.\n{_words(chosen, reminding)}{warning}")


_UNREACHED = (
    "\n⚠ Discord did not let Muster send you a direct message. Allow direct messages from members"
    " of this community in its privacy settings, then turn `direct` off and on again to check."
)


def _words(chosen: Preferences, reminding: list[Workspace]) -> str:
    lines = [
        "You are reminded of sessions in which you hold a role:",
        f"• in the session's thread: **{'on' if chosen.reminders else 'off'}**",
        f"• by direct message: **{'on' if chosen.direct else 'off'}**",
    ]
    for workspace in reminding[:MAX_NAMED]:
        times = " and ".join(str(m) for m in sorted(workspace.reminder_minutes, reverse=True))
        threads = "" if workspace.threads else " (by direct message only: it has no threads)"
        lines.append(f"{safe(workspace.name, 40)}: {times} minutes before the start{threads}.")
    if not reminding:
        lines.append(
            "No reminders are sent here yet; an admin turns them on: `/workspace automatic`."
        )
    return "\n".join(lines)


async def setup(bot: MusterBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Calendar(bot))
