"""What a host sees of a posted session: a panel with everything that can be done about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.board_controls import LAST_ROW
from bot.buttons import Action, Button
from bot.menus import MAX_OPTIONS, Choice, Menu
from bot.models import Announcement, AnnouncementState, Capabilities, Opening
from bot.replies import Reply, masked_link
from bot.services.hosted import one_per_role
from bot.services.ports import BoardLine
from bot.text import cut, isolated, safe, shorten, when
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


def panel(announcement: Announcement, can: Capabilities, now: datetime, said: str = "") -> Reply:
    """The panel, below what was just done. `can`: what the session's platform can do."""
    state = _STATES.get(announcement.state, announcement.state.value)
    cut_off = announcement.cut_off
    if announcement.state is AnnouncementState.OPEN and cut_off is not None and cut_off <= now:
        state = "⛔ claims have closed; you can still add people"
    lines = [
        said,
        f"**{board_link(announcement)}** · {when(announcement.starts_at)}",
        f"{state}. Only you see this.",
    ]
    return Reply("\n".join(line for line in lines if line), _components(announcement, can))


def _components(announcement: Announcement, can: Capabilities) -> tuple[Component, ...]:
    number, state = announcement.announcement_id, announcement.state
    if state is AnnouncementState.LOST:
        return (Button(Action.REPOST, number, "Post again", "primary"),)
    if state is AnnouncementState.CANCELLED:
        back = Button(Action.GIVE_BACK, number, "Give all claims back")
        reopen = Button(Action.REOPEN, number, "Reopen after all")
        return (reopen, back) if can.can_release else (reopen,)
    if state not in (AnnouncementState.OPEN, AnnouncementState.CLOSED):
        return ()
    is_open = state is AnnouncementState.OPEN
    buttons: list[Component] = [
        Menu(
            Action.ADD_MEMBER,
            number,
            "Add or change a person",
            members=True,
            row=0,
        ),
        Button(Action.EDIT, number, "Edit note and cut-off", row=1),
        Button(Action.CLOSE, number, "Close claims", row=1)
        if is_open
        else Button(Action.REOPEN, number, "Reopen", "primary", row=1),
        Button(Action.SHOW_ROLES, number, "Choose roles shown", row=1),
        Button(Action.ROSTER, number, "Roster", row=2),
        Button(Action.REFRESH, number, "Refresh", row=2),
        Button(Action.REPOST, number, "Post again", row=2),
    ]
    if can.has_servers:
        buttons.append(Button(Action.ASK_SERVER, number, "Add a server", row=2))
    if is_open and announcement.pinged_again_at is None:
        buttons.append(Button(Action.ASK_PING, number, "Ping once more", row=3))
    buttons.append(Button(Action.CANCEL_SESSION, number, "Cancel the session", "red", row=3))
    return tuple(buttons)


def back_to_panel(announcement: Announcement) -> Button:
    """The way out of a question."""
    return Button(Action.PANEL, announcement.announcement_id, "Back", row=LAST_ROW)


def person_menus(
    announcement: Announcement,
    can: Capabilities,
    openings: Sequence[Opening],
    held: Sequence[BoardLine],
    member: int,
) -> Reply:
    """What a host can do with a chosen member (Discord id) who holds these roles.

    Each choice carries the opening and the member.
    """
    number = announcement.announcement_id
    roles = _choices(((one.opening_id, one.role_name, one.server_name) for one in openings), member)
    theirs = _choices(((one.opening_id, one.role_name, one.server_name) for one in held), member)
    menus = [Menu(Action.ADD_MEMBER, number, "Give a role", roles)]
    if held and can.one_claim_per_server:
        menus.append(Menu(Action.MOVE_MEMBER, number, "Move to another role", roles))
    if held and can.can_release:
        menus.append(Menu(Action.REMOVE_MEMBER, number, "Take a role away", theirs))
    if member not in announcement.host_ids:
        hosting = Choice(f"1:{member}", "Make a co-host of this session")
        menus.append(Menu(Action.CO_HOST, number, "Co-host", (hosting,)))
    elif member != announcement.host_id:
        hosting = Choice(f"0:{member}", "Not a co-host any more")
        menus.append(Menu(Action.CO_HOST, number, "Co-host", (hosting,)))
    named = ", ".join(f"**{isolated(safe(one.role_name, 60))}**" for one in held[:MAX_OPTIONS])
    text = f"<@{member}> in {board_link(announcement)} holds {shorten(named, 900) or 'no role'}."
    if len(openings) > MAX_OPTIONS:
        text += " For roles that are not in the menu use `/session add` or `/session move`."
    return Reply(text, (*menus, back_to_panel(announcement)))


def _choices(roles: Iterable[tuple[int, str, str]], member: int) -> tuple[Choice, ...]:
    """(opening id, role name, server name) as choices, each with its server if there are several"""
    listed = list(roles)[:MAX_OPTIONS]
    several = len({server for _, _, server in listed}) > 1
    return tuple(
        Choice(
            f"{opening_id}:{member}", cut(role, 60) + (f" · {cut(server, 30)}" if several else "")
        )
        for opening_id, role, server in listed
    )


def shown_menus(announcement: Announcement, openings: list[Opening], said: str = "") -> Reply:
    """Which roles are on the board, the present ones ticked; one line per role, not per server."""
    listed = one_per_role(openings)
    parts = [listed[at : at + MAX_OPTIONS] for at in range(0, len(listed), MAX_OPTIONS)]
    menus = [
        Menu(
            Action.SHOW_ROLES,
            part[0].opening_id,
            f"Roles on the board: {cut(part[0].role_name, 50)} to {cut(part[-1].role_name, 50)}",
            tuple(Choice(str(o.opening_id), o.role_name, chosen=not o.hidden) for o in part),
            least=0,
            most=len(part),
        )
        for part in parts[:LAST_ROW]
    ]
    text = "Choose the roles that are shown. Nobody loses a claim."
    if len(parts) > LAST_ROW:
        text += f" The roles after the first {LAST_ROW * MAX_OPTIONS} stay as they are."
    return Reply(f"{said} {text}".strip(), (*menus, back_to_panel(announcement)))
