"""/session edit, reopen, cancel, repost, roster and server, and the host's panel."""

from __future__ import annotations

from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from bot.answering import answer
from bot.buttons import Action, Button, Interaction
from bot.client import MusterBot
from bot.errors import Refusal
from bot.menus import Menu
from bot.models import Door
from bot.replies import Reply, outcome_reply
from bot.roster_view import roster_reply
from bot.services.cancelling import Cancelled, Cancelling
from bot.services.openings import OpeningsService
from bot.services.roster import RosterService
from bot.services.running import RunningService
from bot.services.waitlist import WaitlistService
from bot.text import cut
from cogs._common import describe_start, to_actor, to_choices, to_number, to_press
from cogs._host_panel import CancelForm, EditForm, board_link, panel, role_menu, shown_menu
from cogs._waiting import to_waits

MAX_CUTOFF = 1440  # minutes: a day


class SessionLife(commands.Cog):
    """Part of the cog of `/session`."""

    running: RunningService
    cancelling: Cancelling
    roster: RosterService
    openings: OpeningsService
    waitlist: WaitlistService

    def listen(self, bot: MusterBot) -> None:
        """Answer the panel's buttons and menus."""
        bot.on_press(Action.EDIT, self.on_edit)
        bot.on_press(Action.CANCEL_SESSION, self.on_cancel_session)
        bot.on_press(Action.CLOSE, self.on_panel)
        bot.on_press(Action.REOPEN, self.on_panel)
        bot.on_press(Action.REFRESH, self.on_panel)
        bot.on_press(Action.REPOST, self.on_panel)
        bot.on_press(Action.SHOW_ROLES, self.on_panel)
        bot.on_press(Action.ASK_PING, self.on_panel)
        bot.on_press(Action.PING_AGAIN, self.on_panel)
        bot.on_press(Action.MORE_SERVERS, self.on_panel)
        bot.on_pick(Action.ADD_MEMBER, self.on_add_member)
        bot.on_pick(Action.SHOW_ROLES, self.on_show_roles)

    @app_commands.command()
    @app_commands.describe(
        announcement="The posted session",
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
                return panel((await self.running.get_hosted(actor, announcement))[0])
            edited = await self.running.edit(
                actor, announcement,
                note="" if note == "-" else note,
                cutoff=None if cutoff == -1 else cutoff, no_cutoff=cutoff == -1,
                co_host=cohost.id if cohost else None,
                no_co_host=no_cohost.id if no_cohost else None,
            )  # fmt: skip
            return panel(edited, "✔ Changed.")

        await answer(interaction, work())

    @app_commands.command()
    @app_commands.describe(announcement="The posted session")
    async def reopen(self, interaction: Interaction, announcement: str) -> None:
        """Take claims again, after a close or a cancelling."""
        await answer(interaction, self._act(interaction, Action.REOPEN, announcement))

    @app_commands.command()
    @app_commands.describe(
        announcement="The posted session",
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
        await answer(interaction, self._cancel(interaction, announcement, reason, release_all))

    @app_commands.command()
    @app_commands.describe(announcement="The posted session")
    async def repost(self, interaction: Interaction, announcement: str) -> None:
        """Post the announcement again as a new message, also when it was deleted."""
        await answer(interaction, self._act(interaction, Action.REPOST, announcement))

    @app_commands.command(name="roster")
    @app_commands.describe(announcement="The posted session")
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
    @app_commands.describe(announcement="The posted session")
    async def server(self, interaction: Interaction, announcement: str) -> None:
        """Add a server to a posted session; asks first."""

        async def work() -> Reply:
            posted, workspace = await self.running.get_hosted(to_actor(interaction), announcement)
            return Reply(
                f"Add one more server to {board_link(posted)}? It cannot be taken away from here,"
                f" and the claim button of the {workspace.kind.label} panel does not work on it.",
                (
                    Button(Action.MORE_SERVERS, posted.announcement_id, "Add a server", "primary"),
                    Button(Action.CANCEL, posted.announcement_id, "Leave it"),
                ),
            )

        await answer(interaction, work())

    @edit.autocomplete("announcement")
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

    async def on_panel(self, interaction: Interaction, button: Button) -> None:
        """A button that acts at once and shows the panel again."""
        work = self._act(interaction, button.action, str(button.number))
        await answer(interaction, work, replacing=True)

    async def on_edit(self, interaction: Interaction, button: Button) -> None:
        """A form has to be the first answer, so nothing is looked up before it."""
        actor = to_actor(interaction)

        async def use(note: str, cutoff: str) -> Reply:
            minutes = _to_minutes(cutoff)
            edited = await self.running.edit(
                actor, str(button.number), note=note, cutoff=minutes, no_cutoff=minutes is None
            )
            return panel(edited, "✔ Changed.")

        posted, _ = await self.running.get_hosted(actor, str(button.number))
        form = EditForm(use)
        form.note.default = posted.note
        form.cutoff.default = "" if posted.cutoff_minutes is None else str(posted.cutoff_minutes)
        await interaction.response.send_modal(form)

    async def on_cancel_session(self, interaction: Interaction, button: Button) -> None:
        """Asks why in a form, and does it."""

        async def use(reason: str) -> Reply:
            return await self._cancel(interaction, str(button.number), reason, False)

        await self.running.get_hosted(to_actor(interaction), str(button.number))
        await interaction.response.send_modal(CancelForm(use))

    async def on_add_member(
        self, interaction: Interaction, menu: Menu, values: tuple[str, ...]
    ) -> None:
        """First whom, then which role; the second choice carries both."""
        await answer(interaction, self._add_member(interaction, menu, "".join(values[:1])))

    async def on_show_roles(
        self, interaction: Interaction, menu: Menu, values: tuple[str, ...]
    ) -> None:
        """These roles, and no others."""

        async def work() -> Reply:
            chosen = {to_number(value) for value in values}
            shown = await self.running.show_roles(to_actor(interaction), menu.number, chosen)
            return panel(shown, "✔ The board shows these roles now.")

        await answer(interaction, work(), replacing=True)

    async def _add_member(self, interaction: Interaction, menu: Menu, value: str) -> Reply:
        actor, choice = to_actor(interaction), str(menu.number)
        role, _, member = value.partition(":")
        if not member:
            posted, _ = await self.running.get_hosted(actor, choice)
            openings = await self.running.list_openings(actor, choice)
            return role_menu(posted, openings, to_number(value))
        press = replace(to_press(interaction, 0, Door.HOST), subject_id=to_number(member))
        return outcome_reply(await self.roster.add(press, choice, role))

    async def _act(self, interaction: Interaction, action: Action, choice: str) -> Reply:
        actor, number = to_actor(interaction), to_number(choice)
        match action:
            case Action.CLOSE:
                closed = await self.running.close(actor, choice)
                return panel(closed, "✔ Closed. Who holds a role keeps it.")
            case Action.REOPEN:
                return panel(await self.running.reopen(actor, choice), "✔ Open again.")
            case Action.REFRESH:
                return panel(await self.running.refresh(actor, choice), "✔ Refreshed.")
            case Action.REPOST:
                return panel(await self.running.repost(actor, choice), "✔ Posted again.")
            case Action.PING_AGAIN:
                return panel(await self.running.ping_again(actor, number), "✔ Pinged.")
            case Action.MORE_SERVERS:
                return panel(await self.running.add_server(actor, number), "✔ A server was added.")
            case Action.ASK_PING:
                return await self._ask_ping(interaction, choice)
            case _:
                posted, _ = await self.running.get_hosted(actor, choice)
                return shown_menu(posted, await self.running.list_openings(actor, choice))

    async def _ask_ping(self, interaction: Interaction, choice: str) -> Reply:
        posted, workspace = await self.running.get_hosted(to_actor(interaction), choice)
        if workspace.ping_role_id is None:
            raise Refusal("No ping role is set. An admin sets it with `/workspace settings`.")
        return Reply(
            f"Ping <@&{workspace.ping_role_id}> about {board_link(posted)}? This can be done once.",
            (
                Button(Action.PING_AGAIN, posted.announcement_id, "Ping", "primary"),
                Button(Action.CANCEL, posted.announcement_id, "Do not ping"),
            ),
        )

    async def _cancel(
        self, interaction: Interaction, choice: str, reason: str, release_all: bool
    ) -> Reply:
        press = replace(to_press(interaction, 0, Door.HOST), reason=reason.strip())
        done = await self.cancelling.cancel(press, choice, release_all=release_all)
        return panel(done.announcement, _cancelled(done, release_all))


def _cancelled(done: Cancelled, release_all: bool) -> str:
    if done.unread:
        return (
            "✔ Cancelled. The platform did not answer, so nobody was told besides by the board, and"
            " the claims still stand there."
        )
    if not done.told and not done.not_told:
        return "✔ Cancelled. Nobody held a role."
    parts = [f"✔ Cancelled. People with a role who were told: {done.told}"]
    parts.append(f"; who can only read it on the board: {done.not_told}." if done.not_told else ".")
    if release_all:
        parts.append(f" Claims given back: {done.released}; still standing: {done.kept}.")
    elif done.kept:
        parts.append(f" Claims that still stand on the platform: {done.kept}.")
    return "".join(parts)


def _to_minutes(text: str) -> int | None:
    """Minutes as typed; None for nothing."""
    typed = text.strip()
    if not typed:
        return None
    if not typed.isascii() or not typed.isdecimal() or int(typed) > MAX_CUTOFF:
        raise Refusal(f"The cut-off is a number of minutes from 0 to {MAX_CUTOFF}, or empty.")
    return int(typed)
