"""How a day that is posted at once reads, before and after."""

from __future__ import annotations

from collections.abc import Sequence

from bot.buttons import Action, Button
from bot.replies import MAX_TEXT, Reply
from bot.services.days import Posted
from bot.services.hosting import Preview
from bot.text import counted, safe, shorten
from cogs._host_panel import board_link


def day_reply(workspace_id: int, previews: Sequence[Preview], failed: Sequence[Posted]) -> Reply:
    """The sessions of the day, each with what the host should know, and one button for all."""
    ready = [preview for preview in previews if preview.postable]
    channel = previews[0].announcement.channel_id
    lines = [f"Post {counted(len(ready), 'session')} of today in <#{channel}>?"]
    for preview in previews:
        shown = preview.announcement
        sign = "✔" if preview.postable else "⚠ not yet:"
        lines.append(f"{sign} {safe(shown.title, 80)} <t:{int(shown.starts_at.timestamp())}:t>")
        if not preview.postable:
            lines.append("-# no server takes claims yet: preview it alone to add one")
    lines += [_problem(one) for one in failed]
    warnings = dict.fromkeys(one for preview in previews for one in preview.warnings)
    lines += [f"⚠ {warning}" for warning in warnings]
    buttons = [Button(Action.CANCEL, workspace_id, "Leave it")]
    if ready:
        buttons.insert(0, Button(Action.POST_TODAY, workspace_id, f"Post {len(ready)}", "green"))
    return Reply(shorten("\n".join(lines), MAX_TEXT), tuple(buttons))


def posted_day_reply(done: Sequence[Posted]) -> Reply:
    """Each session with its board, or with why there is none."""
    lines = []
    for one in done:
        if one.announcement is not None:
            lines.append(f"✔ {board_link(one.announcement)}")
        else:
            lines.append(_problem(one))
    return Reply(shorten("\n".join(lines), MAX_TEXT))


def _problem(one: Posted) -> str:
    return f"⛔ {safe(one.title, 80)}: {shorten(one.problem, 200)}"
