"""What is pressed below a board: a button per opening, menus when they are many, then pages."""

from __future__ import annotations

from collections.abc import Sequence

from bot.buttons import Action, Button
from bot.menus import MAX_OPTIONS, Choice, Menu
from bot.services.ports import Board, BoardLine
from bot.text import cut, isolated, size
from bot.views import Component

MAX_BUTTONS = 20  # four of Discord's five rows; the last one is for what concerns the whole session
MAX_MENUS = 4  # likewise: a menu takes a row
LAST_ROW = 4
ROW = 5  # buttons beside each other
_CLAIMABLE = ("open", "starts soon", "live now", "cut off", "closed", "not claimable", "waiting")
_MAX_LABEL = 80


def to_controls(board: Board, *, preview: bool = False) -> list[Component]:
    """The rows under a board. A preview shows the same, switched off, and leaves the last row."""
    controls: list[Component] = []
    if board.state in _CLAIMABLE:
        controls += _to_claim(board, preview)
    if not preview and board.announcement_id and (board.lines or board.state == "cancelled"):
        controls.append(Button(Action.ROSTER, board.announcement_id, "Roster", row=LAST_ROW))
    return controls


def to_picker(board: Board, page: int) -> list[Component]:
    """One page of the menus of a board that has too many openings; `page` counts from 0."""
    menus = _to_menus(board.lines, switched_off=False)
    pages = max(1, -(-len(menus) // MAX_MENUS))
    page = min(page, pages - 1)
    shown: list[Component] = list(menus[page * MAX_MENUS : (page + 1) * MAX_MENUS])
    return shown + to_turners(Action.PAGE, board.announcement_id, page, pages)


def to_turners(action: Action, number: int, page: int, pages: int) -> list[Component]:
    """Buttons to the page before and the page after, as far as there are such."""
    turners: list[Component] = []
    if page > 0:
        turners.append(Button(action, number, "Back", row=LAST_ROW, page=page - 1))
    if page + 1 < pages:
        turners.append(Button(action, number, "Next", row=LAST_ROW, page=page + 1))
    return turners


def needs_menus(board: Board) -> bool:
    """Whether the openings are too many for a button each."""
    return len(board.lines) > MAX_BUTTONS


def _to_claim(board: Board, preview: bool) -> list[Component]:
    if not needs_menus(board):
        rows = _to_rows(board.lines)
        return [_to_button(line, preview, row) for line, row in zip(board.lines, rows, strict=True)]
    usable = any(line.usable for line in board.lines) and not preview
    menus = _to_menus(board.lines, switched_off=not usable)
    if len(menus) <= MAX_MENUS:
        return list(menus)
    label = f"Choose one of {len(board.lines)} roles"
    # The number must not be 0, which means nobody's; a preview's button cannot be pressed anyway.
    return [Button(Action.PAGE, board.announcement_id or 1, label, "primary", disabled=not usable)]


def _to_rows(lines: Sequence[BoardLine]) -> list[int | None]:
    """The row of each button: every server begins one of its own, if the rows suffice."""
    rows: list[int | None] = []
    row, room, server = -1, 0, ""
    for line in lines:
        if not room or line.server_name != server:
            row, room, server = row + 1, ROW, line.server_name
        rows.append(row)
        room -= 1
    return rows if row < LAST_ROW else [None] * len(lines)  # None: one after the other


def _to_button(line: BoardLine, preview: bool, row: int | None) -> Button:
    style = "grey" if line.full or line.kept else "primary"
    off = preview or not line.usable
    return Button(Action.CLAIM, line.opening_id, to_label(line), style, disabled=off, row=row)


def _to_menus(lines: Sequence[BoardLine], *, switched_off: bool) -> list[Menu]:
    """A menu per server and role group, more where one has too many roles for a menu."""
    groups: dict[tuple[str, str], list[BoardLine]] = {}
    for line in lines:
        groups.setdefault((line.server_name, line.group_name), []).append(line)
    return [
        _to_menu(title, found[start : start + MAX_OPTIONS], switched_off)
        for title, found in groups.items()
        for start in range(0, len(found), MAX_OPTIONS)
    ]


def _to_menu(title: tuple[str, str], lines: list[BoardLine], switched_off: bool) -> Menu:
    named = " · ".join(cut(part, 60) for part in title if part.strip())
    free = sum(not line.full for line in lines)
    choices = tuple(
        Choice(str(line.opening_id), to_label(line, server=False), _hint(line)) for line in lines
    )
    placeholder = f"{named or 'Choose a role'} ({free} of {len(lines)} open)"
    return Menu(Action.PICK, lines[0].opening_id, placeholder, choices, disabled=switched_off)


def _hint(line: BoardLine) -> str:
    parts = (
        f"rank {line.min_rank}+" if line.min_rank else "",
        f"{line.waiting} waiting" if line.waiting else "",
    )
    return " · ".join(part for part in parts if part)


def to_label(line: BoardLine, *, server: bool = True) -> str:
    """ "Trainer 2/2 · full · Server 1": the count stays whole, the name is cut if it must be."""
    limit = "∞" if line.capacity is None else str(line.capacity)
    state = " · full" if line.full else " · kept" if line.kept else ""
    count = f" {line.taken}/{limit}{state}"
    count += f" · +{line.waiting}" if line.waiting else ""
    where = f" · {isolated(cut(line.server_name, 20))}" if server and line.server_name else ""
    room = _MAX_LABEL - 2 - size(count + where)  # 2: what isolating may add
    return isolated(cut(line.role_name, room)) + count + where
