"""A member's places in waitlists, and what they could not be told of them before."""

from __future__ import annotations

from dataclasses import replace

from bot.buttons import Action, Button
from bot.models import WaitState
from bot.replies import MAX_TEXT, Reply
from bot.services.ports import Actor, TextButton
from bot.services.waitlist import Waiting, WaitlistService
from bot.services.waitlist_words import offer_buttons, place_words
from bot.text import shorten, when

MAX_NEWS = 3  # the rest waits for the next answer
MAX_BUTTONS = 25  # Discord's limit


async def with_news(waitlist: WaitlistService, actor: Actor, reply: Reply) -> Reply:
    """The reply, below the offers and endings of waiting that did not reach the member."""
    for news in (await waitlist.list_news(actor.guild_id, actor.discord_id))[:MAX_NEWS]:
        shown = _to_buttons(news.buttons)
        buttons = tuple(one for one in shown if one not in reply.buttons)  # listed anyway
        if len(reply.buttons) + len(buttons) > MAX_BUTTONS:
            break
        reply = replace(
            reply,
            text=shorten(f"{news.text}\n\n{reply.text}", MAX_TEXT),
            buttons=reply.buttons + buttons,
            news=(*reply.news, news.waiter),
        )
    return reply


def waiting_line(waiting: Waiting) -> str:
    """A place in a waitlist as a line of a list."""
    where = place_words(waiting.opening, waiting.announcement)
    until = waiting.waiter.until
    if waiting.waiter.state is WaitState.OFFERED and until is not None:
        return f"🔔 {where} · a place is kept for you until <t:{int(until.timestamp())}:t>"
    start = when(waiting.announcement.starts_at)
    return f"⏳ {where} · no. {waiting.number} on the waitlist · {start}"


def to_waits(line: list[Waiting]) -> dict[int, list[str]]:
    """Everybody who waits, by opening, as a host sees them in the roster."""
    waits: dict[int, list[str]] = {}
    for waiting in line:
        waits.setdefault(waiting.opening.opening_id, []).append(_roster_line(waiting))
    return waits


def _roster_line(waiting: Waiting) -> str:
    waiter = waiting.waiter
    asked = ""
    if waiter.state is WaitState.OFFERED and waiter.until is not None:
        stamp = int(waiter.until.timestamp())
        asked = f", asked until <t:{stamp}:t> (<t:{stamp}:R>)"
    return f"waits as no. {waiting.number}: <@{waiter.discord_id}>{asked}"


def waiting_buttons(waiting: Waiting) -> tuple[Button, ...]:
    """What can be done about it."""
    waiter = waiting.waiter
    if waiter.state is WaitState.OFFERED:
        return _to_buttons(offer_buttons(waiter))
    label = f"Leave waitlist of {waiting.opening.role_name}"
    return (Button(Action.LEAVE_WAITLIST, waiter.waitlist_id, label),)


def _to_buttons(shown: tuple[TextButton, ...]) -> tuple[Button, ...]:
    return tuple(Button(Action(one.action), one.number, one.label, one.style) for one in shown)
