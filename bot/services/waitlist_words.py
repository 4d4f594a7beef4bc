"""What those who wait for a role are told. Reasons are whole sentences: what, why, what next."""

from __future__ import annotations

from bot.models import Announcement, Opening, WaitEnd, Waiter
from bot.services.ports import TextButton
from bot.services.waiting_line import LAST_MINUTES
from bot.text import safe, when

MOST_SILENCES = 2  # offers without an answer; then they are taken off the list
OPEN = "See what is open: `/open`"

_WHY = {
    WaitEnd.SILENT: "you did not answer two offers. You can join again",
    WaitEnd.NOT_LINKED: (
        "your Discord account is not linked to the Roblox account that you joined with any more."
        " Ask an admin to link you: `/links add`"
    ),
    WaitEnd.RANK: "your group rank does not reach what the role needs. Ask the host if it should",
    WaitEnd.DISCORD_ROLE: (
        "your Discord roles do not allow it any more. Ask a host or an admin if that is a mistake"
    ),
    WaitEnd.CLAIM_ONCE: "you hold it on another server of this session already",
    WaitEnd.CLASH: "you hold a role in another session at the same time. To change that: `/claims`",
    WaitEnd.CLOSED: "claims were closed. Ask the host if that surprises you",
    WaitEnd.CANCELLED: "the session was cancelled",
    WaitEnd.OVER: "the session is over",
    WaitEnd.GONE: "the role or its session no longer exists. " + OPEN,
    WaitEnd.DISCONNECTED: "an admin has disconnected the workspace from Discord",
}


def place_words(opening: Opening, announcement: Announcement) -> str:
    """The role and its session, safe to show."""
    server = f", {safe(opening.server_name)}" if opening.server_name else ""
    return f"**{safe(opening.role_name)}** in “{safe(announcement.title)}”{server}"


def offer_words(waiter: Waiter, opening: Opening, announcement: Announcement) -> str:
    """The question to who is asked, with what happens without an answer."""
    assert waiter.until is not None  # it is an offer
    stamp = int(waiter.until.timestamp())
    silence = "you go to the end of the line"
    if waiter.silences + 1 >= MOST_SILENCES:
        silence = "you are taken off the waitlist, as it is the second time"
    return (
        f"🔔 A place is free for you: {place_words(opening, announcement)}."
        f"\nStarts {when(announcement.starts_at)}"
        f"\nIt is kept for you until <t:{stamp}:t> (<t:{stamp}:R>). Without an answer {silence}."
    )


def offer_buttons(waiter: Waiter) -> tuple[TextButton, ...]:
    """Yes and no to an offer."""
    number = waiter.waitlist_id
    return (
        TextButton("acceptoffer", number, "Accept", "green"),
        TextButton("declineoffer", number, "Pass"),
    )


def ended_words(waiter: Waiter, opening: Opening | None, announcement: Announcement | None) -> str:
    """Why somebody waits no longer."""
    assert waiter.reason is not None  # it has ended
    what = "a role"
    if opening is not None and announcement is not None:
        what = place_words(opening, announcement)
    if waiter.reason is WaitEnd.LAST_MINUTES and announcement is not None:
        minutes = int(LAST_MINUTES.total_seconds() // 60)
        return (
            f"⏱ The waitlist of {what} has ended, {minutes} minutes before claims close or the"
            f" start. No more offers are made: if a place gets free now, the first press wins."
            f"\n{announcement.url}"
        )
    why = _WHY.get(waiter.reason, "it is about to start")
    return f"You are no longer on the waitlist of {what}: {why}."
