"""How a day reads: one embed per page, within Discord's limits whatever the texts are."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.buttons import Action, Button
from bot.models import Session, SessionState
from bot.replies import Reply
from bot.services.today import Cover, Plan, Today
from bot.text import safe, shorten, size, when

MAX_PAGE = 3500  # characters of plans on one page; Discord takes 4,096 in a description
MAX_PLAN = 1700
MAX_NOBODY = 600
MAX_HOLDERS = 10
_STATES = {
    SessionState.NOT_OPEN: "◌ not open yet",
    SessionState.SCHEDULED: "◷ coming",
    SessionState.LIVE: "● live now",
    SessionState.ENDED: "■ ended",
    SessionState.CANCELLED: "✖ cancelled",
}


def today_reply(today: Today, page: int) -> Reply:
    """The day, at this page or the last there is."""
    pages = _pages([_plan(today.guild_id, plan) for plan in today.plans])
    page = min(page, len(pages) - 1)
    embed = discord.Embed(
        title=f"{today.day:%A} {today.day.day} {today.day:%B %Y}",
        description=pages[page] or "No session is planned.",
        colour=discord.Colour.blurple(),
    )
    if today.unreachable:
        names = ", ".join(safe(name, 40) for name in today.unreachable[:10])
        embed.add_field(name="⚠ Not shown", value=f"Could not be read just now: {names}")
    count = f"Page {page + 1} of {len(pages)} · " if len(pages) > 1 else ""
    embed.set_footer(text=f"{count}Day in {today.zone.key.replace('_', ' ')} time")
    return Reply("", _buttons(today, page, len(pages)), embed)


def _buttons(today: Today, page: int, pages: int) -> tuple[Button, ...]:
    number = today.day.toordinal()
    back = Button(Action.TODAY, number, "◀ Earlier", page=page - 1)
    on = Button(Action.TODAY, number, "Later ▶", page=page + 1)
    return ((back,) if page > 0 else ()) + ((on,) if page + 1 < pages else ())


def _pages(plans: list[str]) -> list[str]:
    pages = [""]
    for plan in plans:
        if pages[-1] and size(pages[-1]) + size(plan) + 2 > MAX_PAGE:
            pages.append("")
        pages[-1] += ("\n\n" if pages[-1] else "") + plan
    return pages


def _plan(guild_id: int, plan: Plan) -> str:
    session = plan.session
    where = f" · {safe(plan.workspace.name, 40)}" if plan.several else ""
    link = f"https://discord.com/channels/{guild_id}/{plan.channel_id}/{plan.message_id}"
    posted = f"[posted]({link})" if plan.message_id else "not posted"
    text = (
        f"**{safe(session.name, 100)}**{where}\n"
        f"{_STATES[session.state]} · {when(session.starts_at)} · {posted}"
    )
    covers = plan.covers if session.state is not SessionState.CANCELLED else ()
    held = [cover for cover in covers if cover.holders]
    for shown, cover in enumerate(held):
        line = f"\n{_cover(cover)}"
        if size(text) + size(line) > MAX_PLAN:
            return f"{text}\n… and {len(covers) - shown} more roles"
        text += line
    text += _nobody([cover for cover in covers if not cover.holders])
    return text if plan.covers or not _may_be_claimed(session) else f"{text}\nNo role to claim."


def _may_be_claimed(session: Session) -> bool:
    return session.state in (SessionState.SCHEDULED, SessionState.LIVE)


def _nobody(covers: Sequence[Cover]) -> str:
    """The roles that nobody has, in one line: they are many in the morning."""
    if not covers:
        return ""
    line = "\n◌ Nobody yet: "
    for shown, cover in enumerate(covers):
        part = (", " if shown else "") + _name(cover)
        if size(line) + size(part) > MAX_NOBODY:
            return f"{line} and {len(covers) - shown} more roles"
        line += part
    return line


def _name(cover: Cover) -> str:
    limit = "" if cover.capacity is None else f"/{cover.capacity}"
    server = f" · {safe(cover.server_name, 30)}" if cover.server_name else ""
    return f"{safe(cover.role_name, 60)}{server} {len(cover.holders)}{limit}"


def _cover(cover: Cover) -> str:
    taken = len(cover.holders)
    sign = "■" if cover.capacity is not None and taken >= cover.capacity else "✔"
    names = [h if h.startswith("<@") else safe(h, 40) for h in cover.holders[:MAX_HOLDERS]]
    more = f" and {taken - MAX_HOLDERS} more" if taken > MAX_HOLDERS else ""
    return shorten(f"{sign} {_name(cover)}: {', '.join(names)}{more}", 700)
