"""What a host sees of a posted session: a panel with everything that can be done about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from discord import ui

from bot.answering import answer
from bot.buttons import Action, Button, Interaction
from bot.client import answer_error
from bot.menus import MAX_OPTIONS, Choice, Menu
from bot.models import Announcement, AnnouncementState, Opening
from bot.replies import Reply, masked_link
from bot.text import cut, when
from bot.views import Component

_STATES = {
    AnnouncementState.OPEN: "✔ open for claims",
    AnnouncementState.CLOSED: "⛔ closed",
    AnnouncementState.CANCELLED: "✖ cancelled",
    AnnouncementState.LOST: "⚠ its message was deleted",
}


def board_link(announcement: Announcement) -> str:
    """The announcement's title as a link to its board."""
    return masked_link(announcement.title, announcement.url)


def panel(announcement: Announcement, said: str = "") -> Reply:
    """The panel, below what was just done."""
    state = _STATES.get(announcement.state, announcement.state.value)
    lines = [
        said,
        f"**{board_link(announcement)}** · {when(announcement.starts_at)}",
        f"{state}. Only you see this.",
    ]
    return Reply("\n".join(line for line in lines if line), _components(announcement))


def _components(announcement: Announcement) -> tuple[Component, ...]:
    number, state = announcement.announcement_id, announcement.state
    if state is AnnouncementState.LOST:
        return (Button(Action.REPOST, number, "Post again", "primary"),)
    if state is AnnouncementState.CANCELLED:
        return (Button(Action.REOPEN, number, "Reopen after all"),)
    if state not in (AnnouncementState.OPEN, AnnouncementState.CLOSED):
        return ()
    is_open = state is AnnouncementState.OPEN
    buttons: list[Component] = [
        Menu(Action.ADD_MEMBER, number, "Add a person: choose whom", members=True, row=0),
        Button(Action.EDIT, number, "Edit note and cut-off", row=1),
        Button(Action.CLOSE, number, "Close claims", row=1)
        if is_open
        else Button(Action.REOPEN, number, "Reopen", "primary", row=1),
        Button(Action.SHOW_ROLES, number, "Choose roles shown", row=1),
        Button(Action.ROSTER, number, "Roster", row=2),
        Button(Action.REFRESH, number, "Refresh", row=2),
        Button(Action.REPOST, number, "Post again", row=2),
    ]
    if is_open and announcement.pinged_again_at is None:
        buttons.append(Button(Action.ASK_PING, number, "Ping once more", row=3))
    buttons.append(Button(Action.CANCEL_SESSION, number, "Cancel the session", "red", row=3))
    return tuple(buttons)


def role_menu(announcement: Announcement, openings: list[Opening], member: int) -> Reply:
    """Which role a chosen member (Discord id) is given. The choice carries both."""
    several = len({opening.place.server_id for opening in openings}) > 1
    choices = tuple(
        Choice(
            f"{opening.opening_id}:{member}",
            cut(opening.role_name, 60) + (f" · {cut(opening.server_name, 30)}" if several else ""),
        )
        for opening in openings[:MAX_OPTIONS]
    )
    text = f"Which role does <@{member}> get in {board_link(announcement)}?"
    if len(openings) > MAX_OPTIONS:
        text += " For roles that are not in the menu use `/session add`."
    menu = Menu(Action.ADD_MEMBER, announcement.announcement_id, "Choose the role", choices)
    return Reply(text, (menu,))


def shown_menu(announcement: Announcement, openings: list[Opening]) -> Reply:
    """Which roles are on the board, the present ones ticked; one line per role, not per server."""
    roles = {(one.place.group_id, one.place.role_id): one for one in reversed(openings)}
    listed = sorted(roles.values(), key=lambda one: one.position)
    choices = tuple(
        Choice(str(one.opening_id), one.role_name, chosen=not one.hidden)
        for one in listed[:MAX_OPTIONS]
    )
    if len(listed) > MAX_OPTIONS:
        return Reply(
            f"There are {len(listed)} roles, more than a menu holds, so all of them are shown."
        )
    menu = Menu(
        Action.SHOW_ROLES, announcement.announcement_id, "Roles on the board", choices,
        most=len(choices),
    )  # fmt: skip
    return Reply("Choose the roles that are shown on the board. Nobody loses a claim.", (menu,))


class EditForm(ui.Modal, title="Edit the announcement"):
    """Note and cut-off as text. A restart closes open forms; the host opens it again."""

    note: ui.TextInput[Any] = ui.TextInput(
        label="Note for everybody", required=False, max_length=500
    )
    cutoff: ui.TextInput[Any] = ui.TextInput(
        label="Cut-off in minutes before the start", required=False, max_length=5,
        placeholder="Empty: claims stay open",
    )  # fmt: skip

    def __init__(self, use: Callable[[str, str], Awaitable[Reply]]) -> None:
        super().__init__(timeout=900)
        self._use = use

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Discord delivered what was typed."""
        await answer(interaction, self._answer())

    async def on_error(self, interaction: Interaction, error: Exception, /, *_: Any) -> None:
        """One funnel for all errors."""
        await answer_error(interaction, error)

    async def _answer(self) -> Reply:
        return await self._use(self.note.value, self.cutoff.value)


class CancelForm(ui.Modal, title="Cancel the session"):
    """Asks for the reason."""

    reason: ui.TextInput[Any] = ui.TextInput(
        label="Why? Everybody can read this", required=False, max_length=300
    )

    def __init__(self, use: Callable[[str], Awaitable[Reply]]) -> None:
        super().__init__(timeout=900)
        self._use = use

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Discord delivered what was typed."""
        await answer(interaction, self._answer())

    async def on_error(self, interaction: Interaction, error: Exception, /, *_: Any) -> None:
        """One funnel for all errors."""
        await answer_error(interaction, error)

    async def _answer(self) -> Reply:
        return await self._use(self.reason.value)
