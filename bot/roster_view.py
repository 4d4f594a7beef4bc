"""Who holds what, all of it: a board's roster in pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from types import MappingProxyType

import discord

from bot.board_controls import to_turners
from bot.board_view import places
from bot.buttons import Action
from bot.replies import Reply
from bot.services.ports import Board, BoardLine
from bot.text import cut, isolated, safe, size

PAGE = 1800  # of an embed's 4,096 characters: more is not read on a phone


Waits = Mapping[int, Sequence[str]]  # opening -> a line about each who waits; safe to show
LEFT = " ⚠ has left this server"


def roster_reply(
    board: Board, page: int, waits: Waits = MappingProxyType({}), gone: Set[int] = frozenset()
) -> Reply:
    """One page of the roster, from 0; a page that is not there shows the last one.

    `gone` has the Discord ids of holders who had left the guild.
    """
    names = {f"<@{discord_id}>" for discord_id in gone}
    lines = tuple(
        replace(line, holders=tuple(h + LEFT if h in names else h for h in line.holders))
        for line in board.lines
    )
    pages = _to_pages(lines, waits)
    page = min(page, len(pages) - 1)
    embed = discord.Embed(title=cut(f"Roster of {safe(board.title, 150)}", 256))
    embed.description = pages[page]
    if len(pages) > 1:
        embed.set_footer(text=f"Page {page + 1} of {len(pages)}")
    turners = to_turners(Action.ROSTER, board.announcement_id, page, len(pages))
    return Reply("", tuple(turners), embed)


def _to_pages(lines: tuple[BoardLine, ...], waits: Waits) -> list[str]:
    pages, heading, shown = [""], "", ""
    for line in lines:
        heading = " · ".join(
            safe(part, 100) for part in (line.server_name, line.group_name) if part
        )
        for part in _to_parts(line, waits.get(line.opening_id, ())):
            above = f"__{heading}__\n" if heading and heading != shown else ""
            if size(pages[-1]) + size(above) + size(part) > PAGE and pages[-1]:
                pages.append("")
                above = f"__{heading}__\n" if heading else ""
            pages[-1] += above + part
            shown = heading
    return pages if pages[0] else ["Nobody can be on it: the session has no roles."]


def _to_parts(line: BoardLine, waits: Sequence[str]) -> list[str]:
    """A role with its holders and who waits; those of a very large role in several parts."""
    waiting = f" · +{line.waiting} waiting" if line.waiting else ""
    name = isolated(safe(line.role_name, 80))
    parts = [f"**{name}** {places(line)}{waiting}\n"]
    holders = line.holders or ("nobody yet",)
    named = [h if h.startswith("<@") else isolated(safe(h, 60)) for h in holders]
    for shown in (*named, *waits):
        if size(parts[-1]) + size(shown) > PAGE // 2:
            parts.append("")
        parts[-1] += f"· {shown}\n"
    return parts
