"""/session post, and the cog of all that hosts do with what they posted."""

from __future__ import annotations

from datetime import datetime

from discord import app_commands
from discord.ext import commands

from bot.answering import answer
from bot.board_controls import needs_menus, to_controls
from bot.board_view import to_embed
from bot.buttons import Action, Button, Interaction
from bot.client import MusterBot
from bot.models import SessionState
from bot.replies import Reply
from bot.services.hosting import HostingService, Preview, SessionChoice
from bot.text import cut
from cogs._common import describe_start, to_actor, to_choices, to_number
from cogs._day_words import day_reply, posted_day_reply
from cogs._session_people import SessionPeople

TODAY = "today"  # in a choice's value, in place of a session
CONTROL_ROW = 4  # the last of Discord's five rows; the preview's own buttons use the others


@app_commands.guild_only()  # Discord looks at the group, not at its subcommands
class Sessions(SessionPeople, commands.GroupCog, group_name="session"):
    """Post and run the announcements of sessions."""

    def __init__(self, bot: MusterBot) -> None:
        self.hosting: HostingService = bot.services.hosting
        self.running = bot.services.running
        self.reposter = bot.services.reposter
        self.cancelling = bot.services.cancelling
        self.roster = bot.services.roster
        self.openings = bot.services.openings
        self.waitlist = bot.services.waitlist
        self.listen(bot)
        self.days = bot.services.days
        bot.on_press(Action.POST, self.on_post)
        bot.on_press(Action.POST_TODAY, self.on_post_today)
        bot.on_press(Action.ADD_SERVER, self.on_add_server)
        bot.on_press(Action.DISCARD, self.on_discard)

    @app_commands.command()
    @app_commands.describe(
        session="A coming session that is not posted yet",
        note="A line for everybody, shown on the announcement",
        ping="Ping the workspace's ping role when it is posted",
        cutoff="Claims close this many minutes before the start; hosts can still add people",
    )
    async def post(
        self,
        interaction: Interaction,
        session: str,
        note: app_commands.Range[str, 0, 500] = "",
        ping: bool = False,
        cutoff: app_commands.Range[int, 0, 1440] | None = None,
    ) -> None:
        """Post a session so that staff can claim its roles."""
        number, _, what = session.partition(":")
        if what == TODAY:
            work = self._draft_today(interaction, to_number(number), note, ping, cutoff)
        else:
            work = self._draft(interaction, session, note, ping, cutoff)
        await answer(interaction, work)

    @post.autocomplete("session")
    async def complete_session(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Coming sessions without an announcement."""
        choices = await self.hosting.list_postable(to_actor(interaction))
        now = interaction.client.clock()
        pairs = [(_describe(choice, now), choice.value) for choice in choices]
        for number, day in (await self.days.list_days(to_actor(interaction))).items():
            named = f" · {day[0].workspace_name}" if day[0].workspace_name else ""
            pairs.insert(0, (f"All {len(day)} of today{named}", f"{number}:{TODAY}"))
        return to_choices(pairs, current)

    async def on_post(self, interaction: Interaction, button: Button) -> None:
        """Post under a preview."""
        await answer(interaction, self._post(interaction, button.number), replacing=True)

    async def on_post_today(self, interaction: Interaction, button: Button) -> None:
        """Post all that was previewed together."""
        await answer(interaction, self._post_today(interaction, button.number), replacing=True)

    async def on_add_server(self, interaction: Interaction, button: Button) -> None:
        """Add a server under a preview."""
        await answer(interaction, self._add_server(interaction, button.number), replacing=True)

    async def on_discard(self, interaction: Interaction, button: Button) -> None:
        """Discard under a preview."""
        await answer(interaction, self._discard(interaction, button.number), replacing=True)

    async def _draft(
        self, interaction: Interaction, session: str, note: str, ping: bool, cutoff: int | None
    ) -> Reply:
        preview = await self.hosting.draft(
            to_actor(interaction), session, note, ping=ping, cutoff=cutoff
        )
        return _to_reply(preview)

    async def _draft_today(
        self, interaction: Interaction, workspace: int, note: str, ping: bool, cutoff: int | None
    ) -> Reply:
        actor = to_actor(interaction)
        previews, failed = await self.days.draft(actor, workspace, note, ping=ping, cutoff=cutoff)
        return day_reply(workspace, previews, failed)

    async def _post_today(self, interaction: Interaction, workspace: int) -> Reply:
        return posted_day_reply(await self.days.post(to_actor(interaction), workspace))

    async def _add_server(self, interaction: Interaction, announcement_id: int) -> Reply:
        return _to_reply(await self.hosting.add_server(to_actor(interaction), announcement_id))

    async def _post(self, interaction: Interaction, announcement_id: int) -> Reply:
        actor = to_actor(interaction)
        posted = await self.hosting.post(actor, announcement_id)
        return await self.panel(
            actor,
            str(announcement_id),
            f"✔ Posted in <#{posted.channel_id}>. Change the time or the roles on the platform; the"
            " announcement follows within a minute.",
        )

    async def _discard(self, interaction: Interaction, announcement_id: int) -> Reply:
        workspace = await self.hosting.discard(to_actor(interaction), announcement_id)
        return Reply(
            "The preview is discarded; nothing was posted. What was added to the session stays on"
            f" {workspace.kind.label}."
        )


def _to_reply(preview: Preview) -> Reply:
    number = preview.announcement.announcement_id
    lines = [f"This is how it will look in <#{preview.announcement.channel_id}>."]
    lines += [f"⚠ {warning}" for warning in preview.warnings]
    buttons = to_controls(preview.board, preview=True)
    if needs_menus(preview.board):
        lines.append("It has more roles than fit as buttons, so members choose from menus.")
    if preview.can_create_server:
        lines.append(
            "Claims need a server. **Add a server** creates one that takes claims from Discord;"
            " claim on it from here only, since the panel's own claim button does not work on it."
        )
        buttons.append(
            Button(Action.ADD_SERVER, number, "Add a server", "primary", row=CONTROL_ROW)
        )
    if preview.postable:
        buttons.append(Button(Action.POST, number, "Post", "green", row=CONTROL_ROW))
    buttons.append(Button(Action.DISCARD, number, "Discard", row=CONTROL_ROW))
    return Reply("\n".join(lines), tuple(buttons), to_embed(preview.board))


def _describe(choice: SessionChoice, now: datetime) -> str:
    session = choice.session
    parts = [cut(session.name, 50), describe_start(session.starts_at, now)]
    if choice.workspace_name:
        parts.append(choice.workspace_name)
    if session.state is SessionState.NOT_OPEN:
        parts.append("not open yet: open it in the panel first")
    return " · ".join(parts)


async def setup(bot: MusterBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Sessions(bot))
