"""How a board reads in Discord: one embed. What is pressed below it is in `bot.board_controls`."""

from __future__ import annotations

from datetime import datetime

import discord

from bot.models import NOBODY
from bot.services.ports import Board, BoardLine
from bot.text import isolated, safe, shorten, size, when

MAX_EMBED = 5500  # of Discord's 6,000 characters for all texts of an embed, with a reserve
MAX_FIELD = 1024
MAX_FIELDS = 20

_STATES = {
    "open": ("✔ open for claims", discord.Colour.green()),
    "starts soon": ("◆ starts soon, open for claims", discord.Colour.green()),
    "live now": ("● live now", discord.Colour.gold()),
    "cut off": ("⛔ claims have closed", discord.Colour.dark_grey()),
    "closed": ("⛔ closed", discord.Colour.dark_grey()),
    "not claimable": ("⛔ claiming is switched off", discord.Colour.dark_grey()),
    "waiting": ("◌ not open for claims yet", discord.Colour.dark_grey()),
    "ended": ("■ ended", discord.Colour.dark_grey()),
    "cancelled": ("✖ cancelled", discord.Colour.dark_red()),
    "gone": ("✖ no longer exists", discord.Colour.dark_red()),
}


def to_embed(board: Board) -> discord.Embed:
    """The embed of a board, within Discord's limits whatever the texts are."""
    words, colour = _STATES[board.state]
    title = safe(board.title, 200) or "Session"
    if board.state == "cancelled":  # said in words as well: a colour or a line alone may be missed
        title = f"Cancelled: {title}"
    embed = discord.Embed(title=title, colour=colour)
    embed.description = _description(board)
    if board.state in ("closed", "cancelled") and board.closed_by and board.closed_at:
        words += f" by <@{board.closed_by}> <t:{int(board.closed_at.timestamp())}:R>"
    if board.cut_off is not None:
        words += _until(board.state, board.cut_off)
    if board.state in ("open", "starts soon", "live now") and board.full:
        words += " · every role is full"
    # Not inline: in a third of the width the full date breaks into four lines.
    embed.add_field(name="State", value=words, inline=False)
    embed.add_field(name="When", value=_when(board), inline=False)
    embed.add_field(name="Host", value=_hosts(board))
    if game := _game(board):
        embed.add_field(name="Game", value=game)
    release = "" if board.can_release else " · release in the panel only"
    embed.set_footer(text=shorten(f"{board.workspace_name} · {board.platform}", 160) + release)
    for name, value in _rosters(board.lines):
        if len(embed.fields) >= MAX_FIELDS or _size(embed) + size(name) + size(value) > MAX_EMBED:
            embed.add_field(name="…", value="Press **Roster** for all roles.", inline=False)
            break
        embed.add_field(name=name, value=value, inline=False)
    return embed


def places(line: BoardLine) -> str:
    """The count of an opening in words and a sign of its own shape; open only if it is."""
    if line.capacity is None:
        return f"✔ {line.taken} claimed, no limit" if line.usable else f"{line.taken} claimed"
    if line.full:
        return f"■ full {line.taken}/{line.capacity}"
    if line.kept:
        return f"◆ kept {line.taken}/{line.capacity}"
    return f"{'✔ open ' if line.usable else ''}{line.taken}/{line.capacity}"


def _description(board: Board) -> str:
    parts = (
        f"✖ {safe(board.cancel_reason, 300)}" if board.cancel_reason else "",
        f"Was called “{safe(board.was_title, 200)}”." if board.was_title else "",
        safe(board.description, 600),
        f"📝 {safe(board.note, 500)}" if board.note else "",
        f"⚠ {shorten(board.warning, 300)}" if board.warning else "",
    )
    return "\n\n".join(part for part in parts if part)


def _when(board: Board) -> str:
    moved = f"\nmoved, was {when(board.was_starts_at)}" if board.was_starts_at else ""
    end = f"ends <t:{int(board.ends_at.timestamp())}:t>"
    return f"{when(board.starts_at)}, {end}{moved}"


def _hosts(board: Board) -> str:
    """Host first; at most ten co-hosts, so that the field keeps to its limit."""
    host = f"<@{board.host_id}>"
    if board.host_id == NOBODY:
        host = "posted automatically" if board.automatic else "no longer named"
    others = ", ".join(f"<@{discord_id}>" for discord_id in board.co_host_ids[:10])
    return f"{host}\nwith {others}" if others else host


def _until(state: str, cut_off: datetime) -> str:
    stamp = int(cut_off.timestamp())
    if state == "cut off":
        return f" <t:{stamp}:R>; a host can still add people"
    until = f" until <t:{stamp}:t> (<t:{stamp}:R>)"
    if state in ("open", "starts soon"):
        return until
    return f", claims{until}" if state in ("live now", "waiting") else ""


def _rosters(lines: tuple[BoardLine, ...]) -> list[tuple[str, str]]:
    """(field name, field value) per server and role group, one line per role."""
    groups: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        groups.setdefault((line.server_name, line.group_name), []).append(_roster(line))
    fields = []
    for (server, group), rows in groups.items():
        name = " · ".join(safe(part, 100) for part in (server, group) if part) or "Roles"
        value = ""
        for row in rows:
            if size(value) + size(row) > MAX_FIELD - 20:
                value += "… and more"
                break
            value += row + "\n"
        fields.append((name, value))
    return fields


def _roster(line: BoardLine) -> str:
    rank = f" · rank {line.min_rank}+" if line.min_rank else ""
    shown = [h if h.startswith("<@") else isolated(safe(h, 40)) for h in line.holders[:8]]
    more = f" and {len(line.holders) - 8} more" if len(line.holders) > 8 else ""
    holders = f"\n{', '.join(shown)}{more}" if shown else ""
    waiting = f" · +{line.waiting} waiting" if line.waiting else ""
    name = isolated(safe(line.role_name, 60))
    return f"**{name}** {places(line)}{waiting}{rank}{holders}"


def _game(board: Board) -> str:
    """The name beside the link, never inside: a "](" in it would lead elsewhere."""
    link = f"[Open in Roblox](https://www.roblox.com/games/{board.place_id})"
    parts = (safe(board.game_name or ""), link if board.place_id else "")
    return " · ".join(part for part in parts if part)


def _size(embed: discord.Embed) -> int:
    texts = [embed.title, embed.description, embed.footer.text]
    texts += [text for field in embed.fields for text in (field.name, field.value)]
    return sum(size(text or "") for text in texts)
