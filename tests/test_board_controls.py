"""Whatever a board offers can be pressed, and Discord takes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.board_controls import to_controls, to_picker
from bot.board_view import _STATES
from bot.buttons import Action, Button
from bot.menus import Menu
from bot.roster_view import roster_reply
from bot.sandbox.discord.errors import Problems
from bot.sandbox.discord.limits_components import check_components
from bot.services.ports import Board
from bot.text import size
from bot.views import Component, to_view
from tests.hostile import boards
from tests.test_board_view import BOARD, LINE, assert_discord_takes


def _rows(controls: list[Component] | tuple[Component, ...]) -> list[dict[str, Any]]:
    return (to_view(controls) or discord.ui.View(timeout=None)).to_components()


def assert_takes_components(controls: list[Component] | tuple[Component, ...]) -> None:
    """As the sandbox's Discord judges them, and in UTF-16 units besides."""
    rows = _rows(controls)
    problems = Problems()
    check_components(problems, rows)
    problems.raise_if_any()
    for part in [part for row in rows for part in row["components"]]:
        assert size(part.get("label", "")) <= 80
        for option in part.get("options", ()):
            assert 1 <= len(option["label"].strip()) <= size(option["label"]) <= 100


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(boards(list(_STATES)), st.booleans())
def test_any_boards_controls_are_taken(board: Board, preview: bool) -> None:
    controls = to_controls(board, preview=preview)
    assert_takes_components(controls)
    if preview:
        assert len(_rows(controls)) <= 4  # the last row is for what a host can do with it


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(boards(list(_STATES)), st.integers(0, 9999))
def test_any_boards_pages_are_taken(board: Board, page: int) -> None:
    assert_takes_components(to_picker(board, page))
    reply = roster_reply(board, page)
    assert_takes_components(reply.buttons)
    assert reply.embed is not None
    assert_discord_takes(reply.embed)


def _many(count: int, groups: int = 1, servers: int = 1) -> Board:
    lines = tuple(
        replace(
            LINE, opening_id=n + 1, role_name=f"Role {n}", group_name=f"Group {n % groups}",
            server_name=f"Server {n % servers}" if servers > 1 else "",
        )
        for n in range(count)
    )  # fmt: skip
    return replace(BOARD, lines=lines, announcement_id=3)


def _offered(controls: list[Component]) -> list[int]:
    found = []
    for control in controls:
        if isinstance(control, Menu):
            found += [int(choice.value) for choice in control.choices]
        elif control.action is Action.CLAIM:
            found.append(control.number)
    return found


@pytest.mark.parametrize("count", [0, 1, 20])
def test_few_openings_have_a_button_each(count: int) -> None:
    controls = to_controls(_many(count))
    assert [c for c in controls if isinstance(c, Menu)] == []
    assert _offered(controls) == list(range(1, count + 1))


@pytest.mark.parametrize(
    ("sizes", "rows"),
    [
        ((3, 2), [0, 0, 0, 1, 1]),
        ((6, 6), [0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 3]),
        ((6, 6, 1), [None] * 13),  # a row each would be five
    ],
)
def test_servers_do_not_share_a_row(sizes: tuple[int, ...], rows: list[int | None]) -> None:
    names = [f"Server {number}" for number, size in enumerate(sizes) for _ in range(size)]
    lines = tuple(replace(LINE, opening_id=n + 1, server_name=s) for n, s in enumerate(names))
    controls = to_controls(replace(BOARD, lines=lines, announcement_id=3))
    assert [control.row for control in controls[:-1]] == rows
    assert_takes_components(controls)


@pytest.mark.parametrize(("count", "groups"), [(21, 1), (30, 1), (60, 3), (100, 4)])
def test_more_have_menus(count: int, groups: int) -> None:
    controls = to_controls(_many(count, groups))
    menus = [c for c in controls if isinstance(c, Menu)]
    assert 1 <= len(menus) <= 4
    assert sorted(_offered(controls)) == list(range(1, count + 1))


def test_a_menu_says_what_it_is_about() -> None:
    menus = [c for c in to_controls(_many(40, 2)) if isinstance(c, Menu)]
    assert [menu.placeholder for menu in menus] == [
        "Group 0 (20 of 20 open)",
        "Group 1 (20 of 20 open)",
    ]
    assert menus[0].choices[0].label == "Role 0 1/2"


def test_several_servers_each_have_their_menu() -> None:
    menus = [c for c in to_controls(_many(30, 1, 2)) if isinstance(c, Menu)]
    assert [menu.placeholder for menu in menus] == [
        "Server 0 · Group 0 (15 of 15 open)",
        "Server 1 · Group 0 (15 of 15 open)",
    ]


@pytest.mark.parametrize(("count", "servers"), [(200, 10), (101, 1), (60, 5)])
def test_too_many_for_menus_are_reached_in_pages(count: int, servers: int) -> None:
    board = _many(count, 1, servers)
    (opens, roster) = to_controls(board)
    assert isinstance(opens, Button)
    assert (opens.action, opens.label) == (Action.PAGE, f"Choose one of {count} roles")
    assert isinstance(roster, Button)
    assert roster.action is Action.ROSTER
    offered, page = set[int](), 0
    while True:
        controls = to_picker(board, page)
        offered |= set(_offered(controls))
        turns = [c for c in controls if isinstance(c, Button) and c.label == "Next"]
        if not turns:
            break
        page = turns[0].page
    assert offered == set(range(1, count + 1))


@pytest.mark.parametrize(("state", "claims"), [("open", 1), ("ended", 0), ("cancelled", 0)])
def test_what_is_over_keeps_its_roster_only(state: str, claims: int) -> None:
    controls = to_controls(replace(BOARD, state=state, announcement_id=3))
    assert len(_offered(controls)) == claims
    assert [c.action for c in controls if isinstance(c, Button)][-1] is Action.ROSTER


def test_closed_menus_cannot_be_used() -> None:
    board = _many(30)
    closed = replace(board, lines=tuple(replace(line, usable=False) for line in board.lines))
    assert all(c.disabled for c in to_controls(closed) if isinstance(c, Menu))


def test_a_roster_names_everybody_over_its_pages() -> None:
    holders = tuple(f"<@{n}>" for n in range(1000, 1300))
    board = replace(BOARD, lines=(replace(LINE, holders=holders),), announcement_id=3)
    shown, page, pages = "", 0, 99
    while page < pages:
        reply = roster_reply(board, page)
        assert reply.embed is not None
        assert reply.embed.footer.text is not None
        pages = int(reply.embed.footer.text.rpartition(" ")[2])
        shown += reply.embed.description or ""
        page += 1
    assert all(holder in shown for holder in holders)
    assert pages > 1


def test_an_empty_role_is_said_to_be_empty() -> None:
    board = replace(BOARD, lines=(replace(LINE, taken=0, holders=()),), announcement_id=3)
    reply = roster_reply(board, 0)
    assert reply.embed is not None
    assert reply.embed.description == "__Staff__\n**Trainer** ✔ open 0/2\n· nobody yet\n"
