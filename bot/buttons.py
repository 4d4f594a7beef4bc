"""Every button of Muster: its id says which action and which row, never more.

So a press is understood from the id alone, whichever process drew the button. discord.py's dynamic
items would do the same, after building every button of the pressed message anew for each press:
with forty people pressing at once that is what acknowledgements would wait for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import discord
from discord import ui

from bot.errors import Refusal
from bot.text import cut

Interaction = discord.Interaction[Any]


class Action(StrEnum):
    """What a button does. The values stand in posted messages: never change their meaning."""

    CLAIM = "claim"  # opening
    RELEASE = "release"  # opening: asks first
    RELEASE_NOW = "releasenow"  # opening
    RELEASE_WHY = "releasewhy"  # opening: opens a form for the reason
    MOVE = "move"  # opening
    CLAIM_ANYWAY = "claimanyway"  # opening: yes, although it overlaps
    KEEP = "keep"  # opening: "no" to a question
    PICK = "pick"  # the first opening of a menu; which one is claimed is chosen in it
    PAGE = "page"  # announcement: more of its openings, when they are too many for one message
    ROSTER = "roster"  # announcement: who holds what, page by page
    TODAY = "today"  # a day's ordinal number: another page of who covers what
    POST = "post"  # announcement
    POST_TODAY = "posttoday"  # workspace: all that the host previewed together
    EDIT = "edit"  # announcement: opens a form
    CLOSE = "close"  # announcement
    REOPEN = "reopen"  # announcement
    CANCEL_SESSION = "cancelsession"  # announcement: opens a form
    REPOST = "repost"  # announcement
    REFRESH = "refresh"  # announcement
    ASK_PING = "askping"  # announcement: asks first
    PING_AGAIN = "pingagain"  # announcement
    ADD_MEMBER = "addmember"  # announcement, then opening: whom to give which role
    MOVE_MEMBER = "movemember"  # announcement: another role for a member, on the same server
    REMOVE_MEMBER = "removemember"  # announcement: which role to take from a member
    CO_HOST = "cohost"  # announcement: whether a member may run it
    GIVE_BACK = "giveback"  # announcement: asks first
    GIVE_BACK_NOW = "givebacknow"  # announcement: all claims of a cancelled session
    PANEL = "panel"  # announcement: its host's panel
    SHOW_ROLES = "showroles"  # button: announcement; menu: its first opening; roles on the board
    ASK_SERVER = "askserver"  # announcement: asks first
    MORE_SERVERS = "moreservers"  # announcement
    ADD_SERVER = "addserver"  # announcement
    DISCARD = "discard"  # announcement: a preview that is not wanted
    REMOVE_WORKSPACE = "removews"  # workspace
    JOIN_WAITLIST = "joinwaitlist"  # opening
    LEAVE_WAITLIST = "leavewaitlist"  # somebody's place in a waitlist
    ACCEPT_OFFER = "acceptoffer"  # likewise
    DECLINE_OFFER = "declineoffer"  # likewise
    LINK_MEMBER = "linkmember"  # link wish: yes, as the card shows
    DROP_LINK = "droplink"  # link wish: no
    DISOWN = "disown"  # link notice: not my account
    LINKS_PAGE = "linkspage"  # 1: the guild has one list of links; the page says the rest
    APPLY_IMPORT = "applyimport"  # import
    DROP_IMPORT = "dropimport"  # import
    ASK_UNDO_IMPORT = "askundoimport"  # import: asks first
    UNDO_IMPORT = "undoimport"  # import
    IMPORT_REPORT = "importreport"  # import: what each line came to, as a file
    VERIFY = "verify"  # opening: opens a form for the name
    CHECK_CODE = "checkcode"  # profile code
    NEW_CODE = "newcode"  # profile code
    LINK = "link"  # opening: asks the services that the guild uses
    CONFIRM_LINK = "confirmlink"  # question about a link: yes, that is me
    DENY_LINK = "denylink"  # question about a link: no
    ASK_ADMIN = "askadmin"  # opening
    ACCEPT_LINK = "acceptlink"  # question about a link: an admin says yes
    KEEP_LINK = "keeplink"  # question about a link: an admin says no
    SERVICE_KEY = "servicekey"  # number of a service: opens a form
    SERVICE_OFF = "serviceoff"  # number of a service
    ERASE_ME = "eraseme"  # always 1: whoever presses means themselves; opens a form
    SWAP = "swap"  # opening: with whom? Also the menu that asks it
    SWAP_YES = "swapyes"  # swap: the partner accepts
    SWAP_NO = "swapno"  # swap: the partner declines
    SWAP_BACK = "swapback"  # swap: the proposer takes the question back
    UNKNOWN = "unknown"  # of another version of Muster: answered, and nothing else
    CANCEL = "cancel"  # "no" to a question about nothing in particular


_VERSION = 1  # of the id's shape
_ID = re.compile(r"(?P<action>[a-z]+):1:(?P<number>\d{1,19})(?::(?P<page>\d{1,4}))?")
_STYLES = {
    "primary": discord.ButtonStyle.primary,
    "grey": discord.ButtonStyle.secondary,
    "green": discord.ButtonStyle.success,
    "red": discord.ButtonStyle.danger,
}


@dataclass(frozen=True, slots=True)
class Button:
    """A button to show: what it does, to which row, under which label."""

    action: Action
    number: int
    label: str
    style: str = "grey"
    disabled: bool = False
    row: int | None = None
    page: int = 0  # of a list that is shown in pages, from 0

    @property
    def custom_id(self) -> str:
        """`<action>:<version>:<number>[:<page>]`, far below Discord's 100 characters."""
        tail = f":{self.page}" if self.page else ""
        return f"{self.action}:{_VERSION}:{self.number}{tail}"

    @classmethod
    def parse(cls, custom_id: str) -> Self | None:
        """The button that was pressed, without its label; None for an id of another shape.

        UNKNOWN for an action that this version does not know.
        """
        match = _ID.fullmatch(custom_id)
        if match is None:
            return None
        try:
            action = Action(match["action"])
        except ValueError:
            return cls(Action.UNKNOWN, 0, "")
        return cls(action, int(match["number"]), "", page=int(match["page"] or 0))

    def to_item(self) -> ui.Button[Any]:
        """What discord.py draws."""
        return ui.Button(
            label=cut(self.label, 80) or "\u200b",  # Discord's limit for labels
            custom_id=self.custom_id,
            style=_STYLES[self.style],
            disabled=self.disabled,
            row=self.row,
        )


def unknown_button() -> Refusal:
    """What somebody reads who pressed a button that no version of Muster explains any more."""
    return Refusal("This button is too old to work. Use `/claim` or `/open` instead.")
