"""/session edit, close, reopen, refresh, cancel, repost, roster and server: commands of hosts."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.answering import answer
from bot.buttons import Action, Interaction
from bot.replies import Reply
from bot.roster_view import roster_reply
from bot.services.waitlist import WaitlistService
from bot.text import cut
from cogs._common import describe_start, to_actor, to_choices
from cogs._session_panel import MAX_CUTOFF, SessionPanel
from cogs._waiting import to_waits

POSTED = "The posted session"


class SessionLife(SessionPanel):
    """Part of the cog of `/session`."""

    waitlist: WaitlistService

    @app_commands.command()
    @app_commands.describe(
        announcement=POSTED,
        note="The line for everybody; - takes it away",
        cutoff="Claims close this many minutes before the start; -1 for no cut-off",
        cohost="Somebody who may run this session with you",
        no_cohost="Somebody who may not any more",
    )
    async def edit(
        self,
        interaction: Interaction,
        announcement: str,
        note: app_commands.Range[str, 0, 500] | None = None,
        cutoff: app_commands.Range[int, -1, MAX_CUTOFF] | None = None,
        cohost: discord.Member | None = None,
        no_cohost: discord.User | None = None,
    ) -> None:
        """Change what you name; without it, a panel with everything you can do."""

        async def work() -> Reply:
            actor = to_actor(interaction)
            if note is None and cutoff is None and cohost is None and no_cohost is None:
                return await self.panel(actor, announcement)
            return await self.edited(
                actor, announcement,
                note="" if note == "-" else note,
                cutoff=None if cutoff == -1 else cutoff, no_cutoff=cutoff == -1,
                co_host=cohost.id if cohost else None,
                no_co_host=no_cohost.id if no_cohost else None,
            )  # fmt: skip

        await answer(interaction, work())

    @app_commands.command()
    @app_commands.describe(announcement=POSTED)
    async def refresh(self, interaction: Interaction, announcement: str) -> None:
        """Read a posted session anew and correct its announcement."""
        await answer(interaction, self.act(interaction, Action.REFRESH, announcement))

    @app_commands.command()
    @app_commands.describe(announcement=POSTED)
    async def close(self, interaction: Interaction, announcement: str) -> None:
        """Stop claims through an announcement; who holds a role keeps it."""
        await answer(interaction, self.act(interaction, Action.CLOSE, announcement))

    @app_commands.command()
    @app_commands.describe(announcement=POSTED)
    async def reopen(self, interaction: Interaction, announcement: str) -> None:
        """Take claims again, after a close or a cancelling."""
        await answer(interaction, self.act(interaction, Action.REOPEN, announcement))

    @app_commands.command()
    @app_commands.describe(
        announcement=POSTED,
        reason="Why; everybody can read it",
        release_all="Also give all claims back on the platform, where it can",
    )
    async def cancel(
        self,
        interaction: Interaction,
        announcement: str,
        reason: app_commands.Range[str, 0, 300] = "",
        release_all: bool = False,
    ) -> None:
        """Say that a session does not take place; who holds a role is told."""
        await answer(interaction, self.cancelled(interaction, announcement, reason, release_all))

    @app_commands.command()
    @app_commands.describe(announcement=POSTED)
    async def repost(self, interaction: Interaction, announcement: str) -> None:
        """Post the announcement again as a new message, also when it was deleted."""
        await answer(interaction, self.act(interaction, Action.REPOST, announcement))

    @app_commands.command(name="roster")
    @app_commands.describe(announcement=POSTED)
    async def show_roster(self, interaction: Interaction, announcement: str) -> None:
        """Show who holds what, page by page."""

        async def work() -> Reply:
            actor = to_actor(interaction)
            posted, _ = await self.running.get_hosted(actor, announcement)
            number = posted.announcement_id
            waits = to_waits(await self.waitlist.list_line(actor, number))
            board = await self.openings.get_board(actor, number, fresh=True)
            return roster_reply(board, 0, waits)

        await answer(interaction, work())

    @app_commands.command()
    @app_commands.describe(announcement=POSTED)
    async def server(self, interaction: Interaction, announcement: str) -> None:
        """Add a server to a posted session; asks first."""
        await answer(interaction, self.act(interaction, Action.ASK_SERVER, announcement))

    @edit.autocomplete("announcement")
    @refresh.autocomplete("announcement")
    @close.autocomplete("announcement")
    @reopen.autocomplete("announcement")
    @cancel.autocomplete("announcement")
    @repost.autocomplete("announcement")
    @show_roster.autocomplete("announcement")
    @server.autocomplete("announcement")
    async def complete_hosted(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Announcements that this member may run."""
        return await self.list_choices(interaction, current)

    async def list_choices(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """The same, for the commands of the rest of the cog."""
        now = interaction.client.clock()
        pairs = [
            (f"{cut(a.title, 60)} · {describe_start(a.starts_at, now)}", str(a.announcement_id))
            for a in await self.running.list_hosted(to_actor(interaction))
        ]
        return to_choices(pairs, current)
