"""What a host presses and chooses in the panel of a posted session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from discord.ext import commands

from bot.answering import answer
from bot.buttons import Action, Button, Interaction
from bot.client import MusterBot
from bot.errors import Refusal
from bot.menus import Menu
from bot.models import Announcement, Door, Workspace
from bot.replies import Reply, outcome_reply
from bot.services.cancelling import Cancelled, Cancelling
from bot.services.claims import Press
from bot.services.openings import OpeningsService
from bot.services.ports import Actor
from bot.services.reposting import Reposter
from bot.services.roster import RosterService
from bot.services.running import RunningService
from cogs._common import to_actor, to_number, to_press
from cogs._forms import CancelForm, EditForm
from cogs._host_panel import back_to_panel, board_link, panel, person_menus, shown_menus

MAX_CUTOFF = 1440  # minutes: a day
_AT_ONCE = (
    Action.PANEL, Action.CLOSE, Action.REOPEN, Action.REFRESH, Action.REPOST, Action.SHOW_ROLES,
    Action.ASK_PING, Action.PING_AGAIN, Action.ASK_SERVER, Action.MORE_SERVERS, Action.GIVE_BACK,
    Action.GIVE_BACK_NOW,
)  # fmt: skip


class SessionPanel(commands.Cog):
    """Part of the cog of `/session`."""

    clock: Callable[[], datetime]
    running: RunningService
    reposter: Reposter
    cancelling: Cancelling
    roster: RosterService
    openings: OpeningsService

    def listen(self, bot: MusterBot) -> None:
        """Answer the panel's buttons and menus."""
        self.clock = bot.clock
        for action in _AT_ONCE:
            bot.on_press(action, self.on_panel)
        bot.on_press(Action.EDIT, self.on_edit)
        bot.on_press(Action.CANCEL_SESSION, self.on_cancel_session)
        for action in (Action.ADD_MEMBER, Action.MOVE_MEMBER, Action.REMOVE_MEMBER, Action.CO_HOST):
            bot.on_pick(action, self.on_member)
        bot.on_pick(Action.SHOW_ROLES, self.on_show_roles)

    async def on_panel(self, interaction: Interaction, button: Button) -> None:
        """A button that acts at once and shows the panel again."""
        work = self.act(interaction, button.action, str(button.number))
        await answer(interaction, work, replacing=True)

    async def on_edit(self, interaction: Interaction, button: Button) -> None:
        """A form has to be the first answer, so no platform is asked before it."""
        choice = str(button.number)

        async def use(sent: Interaction, note: str, cutoff: str) -> Reply:
            minutes = _to_minutes(cutoff)
            return await self.edited(
                to_actor(sent), choice, note=note, cutoff=minutes, no_cutoff=minutes is None
            )

        posted, _ = await self.running.get_hosted(to_actor(interaction), choice)
        form = EditForm(use)
        form.note.default = posted.note
        form.cutoff.default = "" if posted.cutoff_minutes is None else str(posted.cutoff_minutes)
        await interaction.response.send_modal(form)

    async def on_cancel_session(self, interaction: Interaction, button: Button) -> None:
        """Asks why in a form, and does it."""

        async def use(sent: Interaction, reason: str) -> Reply:
            return await self.cancelled(sent, str(button.number), reason, False)

        await self.running.get_hosted(to_actor(interaction), str(button.number))
        await interaction.response.send_modal(CancelForm(use))

    async def on_member(
        self, interaction: Interaction, menu: Menu, values: tuple[str, ...]
    ) -> None:
        """First whom, then what about them; the second choice carries both."""
        await answer(interaction, self._member(interaction, menu, "".join(values[:1])))

    async def on_show_roles(
        self, interaction: Interaction, menu: Menu, values: tuple[str, ...]
    ) -> None:
        """Of the roles in this menu, these."""

        async def work() -> Reply:
            actor, chosen = to_actor(interaction), {to_number(value) for value in values}
            shown = await self.running.show_roles(actor, menu.number, chosen)
            openings = await self.running.list_all_openings(shown)
            return shown_menus(shown, openings, "✔ The board shows these roles now.")

        await answer(interaction, work(), replacing=True)

    async def panel(self, actor: Actor, choice: str, said: str = "") -> Reply:
        """The panel as it is now; Refusal for who may not run the session."""
        posted, workspace = await self.running.get_hosted(actor, choice)
        return panel(posted, self.running.abilities(workspace), self.clock(), said)

    async def edited(self, actor: Actor, choice: str, **edits: Any) -> Reply:
        """The panel after these edits, also for a co-host who has just stepped down."""
        _, workspace = await self.running.get_hosted(actor, choice)
        changed = await self.running.edit(actor, choice, **edits)
        return panel(changed, self.running.abilities(workspace), self.clock(), "✔ Changed.")

    async def cancelled(
        self, interaction: Interaction, choice: str, reason: str, release_all: bool
    ) -> Reply:
        """The panel after cancelling, with what became of everybody."""
        press = _as_host(interaction, reason=reason.strip())
        done = await self.cancelling.cancel(press, choice, release_all=release_all)
        return await self.panel(press.actor, choice, _cancelled(done, release_all))

    async def act(self, interaction: Interaction, action: Action, choice: str) -> Reply:
        """Do what a button or a command of that name does, or ask first."""
        actor, number = to_actor(interaction), to_number(choice)
        said = ""
        match action:
            case Action.SHOW_ROLES | Action.ASK_PING | Action.ASK_SERVER | Action.GIVE_BACK:
                return await self._ask(action, *await self.running.get_hosted(actor, choice))
            case Action.CLOSE:
                await self.running.close(actor, choice)
                said = "✔ The announcement is closed. Who holds a role keeps it."
            case Action.REOPEN:
                await self.running.reopen(actor, choice)
                said = "✔ Open again."
            case Action.REFRESH:
                await self.running.refresh(actor, choice)
                said = "✔ The board shows what the platform says now."
            case Action.REPOST:
                await self.reposter.repost(actor, choice)
                said = "✔ Posted again."
            case Action.PING_AGAIN:
                await self.running.ping_again(actor, number)
                said = "✔ Pinged."
            case Action.MORE_SERVERS:
                await self.running.add_server(actor, number)
                said = "✔ A server was added."
            case Action.GIVE_BACK_NOW:
                done = await self.cancelling.give_back(_as_host(interaction), choice)
                said = f"✔ Claims given back: {done.released}; still standing: {done.kept}."
        return await self.panel(actor, choice, said)

    async def _ask(self, action: Action, posted: Announcement, workspace: Workspace) -> Reply:
        """The question before an act; nothing has happened yet."""
        number, link = posted.announcement_id, board_link(posted)
        label = workspace.kind.label
        if action is Action.SHOW_ROLES:
            return shown_menus(posted, await self.running.list_all_openings(posted))
        if action is Action.ASK_PING:
            if workspace.ping_role_id is None:
                raise Refusal("No ping role is set. An admin sets it with `/workspace settings`.")
            text = f"Ping <@&{workspace.ping_role_id}> about {link}? This can be done once."
            yes = Button(Action.PING_AGAIN, number, "Ping", "primary")
        elif action is Action.ASK_SERVER:
            self.running.require_servers(workspace)
            text = (
                f"Add one more server to {link}? It cannot be taken away from here, and the claim"
                f" button of the {label} panel does not work on it."
            )
            yes = Button(Action.MORE_SERVERS, number, "Add a server", "primary")
        else:
            text = (
                f"Give back all claims of {link} on {label}? Whoever holds a role there loses it,"
                " also if the session is reopened. People who are not linked here keep theirs."
            )
            yes = Button(Action.GIVE_BACK_NOW, number, "Give all back", "red")
        return Reply(text, (yes, back_to_panel(posted)))

    async def _member(self, interaction: Interaction, menu: Menu, value: str) -> Reply:
        actor, choice = to_actor(interaction), str(menu.number)
        what, _, member = value.partition(":")
        if not member:
            return await self._about(actor, choice, to_number(value))
        if menu.action is Action.CO_HOST:
            who = to_number(member)
            chosen = {"co_host": who} if what == "1" else {"no_co_host": who}
            return await self.edited(actor, choice, **chosen)
        press = replace(_as_host(interaction), subject_id=to_number(member))
        if menu.action is Action.MOVE_MEMBER:
            return outcome_reply(await self.roster.move(press, choice, what))
        if menu.action is Action.REMOVE_MEMBER:
            return outcome_reply(await self.roster.remove(press, choice, what))
        return outcome_reply(await self.roster.add(press, choice, what))

    async def _about(self, actor: Actor, choice: str, member: int) -> Reply:
        posted, workspace = await self.running.get_hosted(actor, choice)
        board = await self.openings.get_board(actor, posted.announcement_id, fresh=True)
        held = [line for line in board.lines if f"<@{member}>" in line.holders]
        openings = await self.running.list_all_openings(posted)
        return person_menus(posted, self.running.abilities(workspace), openings, held, member)


def _as_host(interaction: Interaction, **more: Any) -> Press:
    return replace(to_press(interaction, 0, Door.HOST), **more)


def _cancelled(done: Cancelled, release_all: bool) -> str:
    if done.unread:
        return (
            "✔ Cancelled. The platform did not answer, so who holds a role is told later: Muster"
            " keeps asking. Until then only the board says it, and the claims still stand there."
        )
    parts = ["✔ Cancelled."]
    if done.told or done.not_told:
        parts.append(f"People with a role who were told: {done.told}")
        only = f"; who can only read it on the board: {done.not_told}"
        parts[-1] += f"{only}." if done.not_told else "."
    elif not done.released and not done.kept:
        parts.append("Nobody held a role.")
    if release_all and (done.released or done.kept):
        parts.append(f"Claims given back: {done.released}; still standing: {done.kept}.")
    elif done.kept:
        parts.append(f"Claims that still stand on the platform: {done.kept}.")
    return " ".join(parts)


def _to_minutes(text: str) -> int | None:
    """Minutes as typed; None for nothing."""
    typed = text.strip()
    if not typed:
        return None
    if not typed.isascii() or not typed.isdecimal() or int(typed) > MAX_CUTOFF:
        raise Refusal(f"The cut-off is a number of minutes from 0 to {MAX_CUTOFF}, or empty.")
    return int(typed)
