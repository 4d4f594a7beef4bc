"""/session: hosts post, refresh and close announcements."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.answering import answer
from bot.board_view import to_buttons, to_embed
from bot.buttons import Action, Button, Interaction
from bot.client import MusterBot
from bot.models import Announcement, SessionState
from bot.replies import Reply, masked_link
from bot.services.hosting import HostingService, Preview, SessionChoice
from bot.text import cut
from cogs._common import describe_start, to_actor, to_choices

CONTROL_ROW = 4  # the last of Discord's five rows; the preview's own buttons use the others
PREVIEW_BUTTONS = 20


@app_commands.guild_only()  # Discord looks at the group, not at its subcommands
class Sessions(commands.GroupCog, group_name="session"):
    """Post and run the announcements of sessions."""

    def __init__(self, bot: MusterBot) -> None:
        self.hosting: HostingService = bot.services.hosting
        bot.on_press(Action.POST, self.on_post)
        bot.on_press(Action.ADD_SERVER, self.on_add_server)

    @app_commands.command()
    @app_commands.describe(
        session="A coming session that is not posted yet",
        note="A line for everybody, shown on the announcement",
        ping="Ping the workspace's ping role when it is posted",
    )
    async def post(
        self,
        interaction: Interaction,
        session: str,
        note: app_commands.Range[str, 0, 500] = "",
        ping: bool = False,
    ) -> None:
        """Post a session so that staff can claim its roles."""
        await answer(interaction, self._draft(interaction, session, note, ping))

    @app_commands.command()
    @app_commands.describe(announcement="The posted session")
    async def refresh(self, interaction: Interaction, announcement: str) -> None:
        """Read a posted session anew and correct its announcement."""
        await answer(interaction, self._refresh(interaction, announcement))

    @app_commands.command()
    @app_commands.describe(announcement="The posted session")
    async def close(self, interaction: Interaction, announcement: str) -> None:
        """Stop claims through an announcement; who holds a role keeps it."""
        await answer(interaction, self._close(interaction, announcement))

    @post.autocomplete("session")
    async def complete_session(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Coming sessions without an announcement."""
        choices = await self.hosting.list_postable(to_actor(interaction))
        return to_choices([(_describe(choice), choice.value) for choice in choices], current)

    @refresh.autocomplete("announcement")
    @close.autocomplete("announcement")
    async def complete_announcement(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Announcements that this member may run."""
        hosted = await self.hosting.list_hosted(to_actor(interaction))
        pairs = [
            (f"{cut(a.title, 60)} · {describe_start(a.starts_at)}", str(a.announcement_id))
            for a in hosted
        ]
        return to_choices(pairs, current)

    async def on_post(self, interaction: Interaction, button: Button) -> None:
        """Post under a preview."""
        await answer(interaction, self._post(interaction, button.number), replacing=True)

    async def on_add_server(self, interaction: Interaction, button: Button) -> None:
        """Add a server under a preview."""
        await answer(interaction, self._add_server(interaction, button.number), replacing=True)

    async def _draft(self, interaction: Interaction, session: str, note: str, ping: bool) -> Reply:
        preview = await self.hosting.draft(to_actor(interaction), session, note, ping=ping)
        return _to_reply(preview)

    async def _add_server(self, interaction: Interaction, announcement_id: int) -> Reply:
        return _to_reply(await self.hosting.add_server(to_actor(interaction), announcement_id))

    async def _post(self, interaction: Interaction, announcement_id: int) -> Reply:
        posted = await self.hosting.post(to_actor(interaction), announcement_id)
        return Reply(
            f"✔ Posted in <#{posted.channel_id}>: {_link(posted)}\n"
            "Stop claims with `/session close`. Change the time or the roles on the platform; the"
            " announcement follows within a minute, or at once with `/session refresh`."
        )

    async def _refresh(self, interaction: Interaction, choice: str) -> Reply:
        announcement = await self.hosting.refresh(to_actor(interaction), choice)
        return Reply(f"✔ {_link(announcement)} shows what the platform says now.")

    async def _close(self, interaction: Interaction, choice: str) -> Reply:
        announcement = await self.hosting.close(to_actor(interaction), choice)
        return Reply(f"✔ {_link(announcement)} is closed. Who holds a role keeps it.")


def _to_reply(preview: Preview) -> Reply:
    number = preview.announcement.announcement_id
    lines = [f"This is how it will look in <#{preview.announcement.channel_id}>."]
    lines += [f"⚠ {warning}" for warning in preview.warnings]
    buttons = to_buttons(preview.board, limit=PREVIEW_BUTTONS, preview=True)
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
    buttons.append(Button(Action.CANCEL, number, "Discard", row=CONTROL_ROW))
    return Reply("\n".join(lines), tuple(buttons), to_embed(preview.board))


def _describe(choice: SessionChoice) -> str:
    session = choice.session
    parts = [cut(session.name, 50), describe_start(session.starts_at)]
    if choice.workspace_name:
        parts.append(choice.workspace_name)
    if session.state is SessionState.NOT_OPEN:
        parts.append("not open yet: open it in the panel first")
    return " · ".join(parts)


def _link(announcement: Announcement) -> str:
    return masked_link(
        announcement.title,
        f"https://discord.com/channels/{announcement.guild_id}"
        f"/{announcement.channel_id}/{announcement.message_id}",
    )


async def setup(bot: MusterBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Sessions(bot))
