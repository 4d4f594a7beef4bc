"""Whatever a board says, Discord takes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import discord
import pytest
from hypothesis import HealthCheck, given, settings

from bot.board_controls import to_controls
from bot.board_view import _STATES, places, to_embed
from bot.buttons import Action, Button
from bot.services.ports import Board, BoardLine
from bot.text import size
from tests.hostile import boards

STATES = list(_STATES)
LINE = BoardLine(7, "Trainer", "Staff", "", 1, 2, 0, ("<@5>",), usable=True)
BOARD = Board(
    title="12:00 Training", description="Bring a hat.", note="Be early.", state="open",
    platform="ReAdmin", workspace_name="Harbour",
    starts_at=datetime(2026, 3, 1, 12, tzinfo=UTC), ends_at=datetime(2026, 3, 1, 13, tzinfo=UTC),
    host_id=9, game_name="Harbour Town", place_id=123, lines=(LINE,),
)  # fmt: skip


def _buttons(board: Board, *, preview: bool = False) -> list[Button]:
    """The controls of a board that has few openings."""
    controls = to_controls(board, preview=preview)
    buttons = [control for control in controls if isinstance(control, Button)]
    assert len(buttons) == len(controls)
    return buttons


def assert_discord_takes(embed: discord.Embed) -> None:
    """Discord's limits, both by characters and by UTF-16 units (size() is never the smaller)."""
    assert 1 <= len((embed.title or "").strip()) <= size(embed.title or "") <= 256
    assert size(embed.description or "") <= 4096
    assert len(embed.fields) <= 25
    for field in embed.fields:
        assert len((field.name or "").strip()) >= 1
        assert len((field.value or "").strip()) >= 1
        assert size(field.name or "") <= 256
        assert size(field.value or "") <= 1024
    assert size(embed.footer.text or "") <= 2048
    texts = [embed.title, embed.description, embed.footer.text]
    texts += [text for field in embed.fields for text in (field.name, field.value)]
    assert len(embed) <= sum(size(text or "") for text in texts) <= 6000


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(boards(STATES))
def test_any_board_fits_into_discords_limits(board: Board) -> None:
    assert_discord_takes(to_embed(board))


async def test_sixty_lines_are_cut_with_a_word_about_it() -> None:
    lines = tuple(
        replace(LINE, opening_id=n, role_name=f"Role {n} " + "x" * 80, group_name=f"Group {n}")
        for n in range(60)
    )
    embed = to_embed(replace(BOARD, lines=lines))
    assert_discord_takes(embed)
    assert embed.fields[-1].value == "Press **Roster** for all roles."


def test_a_long_roster_says_that_there_is_more() -> None:
    lines = tuple(replace(LINE, opening_id=n, role_name=f"Role {n} " + "x" * 50) for n in range(40))
    (roster,) = [f for f in to_embed(replace(BOARD, lines=lines)).fields if f.name == "Staff"]
    assert (roster.value or "").endswith("… and more")


def test_what_a_plain_board_says() -> None:
    embed = to_embed(BOARD)
    fields = {field.name: field.value for field in embed.fields}
    assert embed.title == "12:00 Training"
    assert embed.description == "Bring a hat.\n\n📝 Be early."
    assert fields["State"] == "✔ open for claims"
    assert fields["Host"] == "<@9>"
    assert fields["When"] == "<t:1772366400:F> (<t:1772366400:R>), ends <t:1772370000:t>"
    assert fields["Game"] == ("Harbour Town · [Open in Roblox](https://www.roblox.com/games/123)")
    assert fields["Staff"] == "**Trainer** ✔ open 1/2\n<@5>\n"
    assert embed.footer.text == "Harbour · ReAdmin"


def test_a_board_that_is_full_says_so_while_it_is_open() -> None:
    def state(board: Board) -> str | None:
        return {field.name: field.value for field in to_embed(board).fields}["State"]

    full = replace(BOARD, lines=(replace(LINE, taken=2),))
    assert state(full) == "✔ open for claims · every role is full"
    assert state(replace(full, state="closed")) == "⛔ closed"
    assert state(replace(full, lines=(*full.lines, LINE))) == "✔ open for claims"
    assert state(replace(full, lines=())) == "✔ open for claims"


@pytest.mark.parametrize("name", ["](https://example.test)", "x](https://example.test) [y"])
def test_a_games_name_cannot_bend_its_link(name: str) -> None:
    (game,) = [f for f in to_embed(replace(BOARD, game_name=name)).fields if f.name == "Game"]
    value = game.value or ""
    assert value.endswith(" · [Open in Roblox](https://www.roblox.com/games/123)")
    assert value.index("[Open") > value.index("example.test")


@pytest.mark.parametrize(
    ("game_name", "place_id", "shown"),
    [
        (None, None, None),
        ("  ", None, None),
        ("Harbour", None, "Harbour"),
        (None, 5, "[Open in Roblox](https://www.roblox.com/games/5)"),
    ],
)
def test_a_game_may_be_half_known(
    game_name: str | None, place_id: int | None, shown: str | None
) -> None:
    embed = to_embed(replace(BOARD, game_name=game_name, place_id=place_id))
    assert {field.name: field.value for field in embed.fields}.get("Game") == shown


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_words_and_a_sign(state: str) -> None:
    words = {field.name: field.value for field in to_embed(replace(BOARD, state=state)).fields}
    sign, _, text = (words["State"] or "").partition(" ")
    assert len(sign) == 1
    assert text


def test_states_differ_without_their_colour() -> None:
    assert len({words for words, _ in _STATES.values()}) == len(_STATES)


@pytest.mark.parametrize(
    ("taken", "capacity", "words", "label", "style"),
    [
        (0, 2, "✔ open 0/2", "Trainer 0/2", "primary"),
        (2, 2, "■ full 2/2", "Trainer 2/2 · full", "grey"),
        (3, 2, "■ full 3/2", "Trainer 3/2 · full", "grey"),
        (3, None, "✔ 3 claimed, no limit", "Trainer 3/∞", "primary"),
        (0, 0, "■ full 0/0", "Trainer 0/0 · full", "grey"),
    ],
)
def test_counts(taken: int, capacity: int | None, words: str, label: str, style: str) -> None:
    line = replace(LINE, taken=taken, capacity=capacity)
    (button,) = _buttons(replace(BOARD, lines=(line,)))
    assert places(line) == words
    assert (button.label, button.style) == (label, style)
    assert not button.disabled  # a full role stays pressable: the answer says who holds it


@pytest.mark.parametrize(
    ("taken", "capacity", "words"),
    [(1, 2, "1/2"), (2, 2, "■ full 2/2"), (3, None, "3 claimed")],
)
def test_what_takes_no_claims_is_not_called_open(
    taken: int, capacity: int | None, words: str
) -> None:
    line = replace(LINE, taken=taken, capacity=capacity, usable=False)
    assert places(line) == words
    (roster,) = [
        f for f in to_embed(replace(BOARD, state="ended", lines=(line,))).fields
        if f.name == "Staff"
    ]  # fmt: skip
    assert (roster.value or "").startswith(f"**Trainer** {words}\n")


@pytest.mark.parametrize(("server", "tail"), [("Main", " · Main"), ("🧨" * 9, " · " + "🧨" * 9)])
def test_a_long_role_name_never_costs_the_count(server: str, tail: str) -> None:
    line = replace(LINE, role_name="🧨" * 90, server_name=server)
    (button,) = _buttons(replace(BOARD, lines=(line,)))
    assert button.label.endswith(f"… 1/2{tail}")
    assert size(button.label) <= 80


def test_servers_are_told_apart() -> None:
    lines = (replace(LINE, server_name="Main"), replace(LINE, opening_id=8, server_name="Second"))
    board = replace(BOARD, lines=lines)
    assert [button.label for button in _buttons(board)] == [
        "Trainer 1/2 · Main",
        "Trainer 1/2 · Second",
    ]
    names = [field.name for field in to_embed(board).fields]
    assert names[-2:] == ["Main · Staff", "Second · Staff"]


def test_a_closed_board_says_who_closed_it() -> None:
    closed = replace(BOARD, state="closed", closed_by=9, closed_at=BOARD.starts_at)
    words = {field.name: field.value for field in to_embed(closed).fields}["State"]
    assert words == "⛔ closed by <@9> <t:1772366400:R>"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("open", "✔ open for claims until <t:1772364600:t> (<t:1772364600:R>)"),
        ("live now", "● live now, claims until <t:1772364600:t> (<t:1772364600:R>)"),
        ("cut off", "⛔ claims have closed <t:1772364600:R>; a host can still add people"),
        ("ended", "■ ended"),
    ],
)
def test_a_cut_off_is_shown_while_it_matters(state: str, said: str) -> None:
    cut_off = BOARD.starts_at - timedelta(minutes=30)
    board = replace(BOARD, state=state, cut_off=cut_off)
    assert {field.name: field.value for field in to_embed(board).fields}["State"] == said


def test_a_board_says_where_nothing_can_be_released() -> None:
    assert to_embed(replace(BOARD, can_release=False)).footer.text == (
        "Harbour · ReAdmin · release in the panel only"
    )


def test_what_cannot_be_used_is_greyed() -> None:
    closed = replace(BOARD, lines=(replace(LINE, usable=False),))
    assert [button.disabled for button in _buttons(closed)] == [True]
    assert [button.disabled for button in _buttons(BOARD, preview=True)] == [True]
    assert [button.action for button in _buttons(BOARD)] == [Action.CLAIM]


def test_long_lists_of_holders_are_counted() -> None:
    line = replace(LINE, holders=tuple(f"<@{n}>" for n in range(1, 12)))
    (roster,) = [f for f in to_embed(replace(BOARD, lines=(line,))).fields if f.name == "Staff"]
    assert "<@8> and 3 more" in (roster.value or "")
    assert "<@9>" not in (roster.value or "")


def test_an_automatic_post_and_co_hosts_are_said() -> None:
    board = replace(BOARD, host_id=0, co_host_ids=(4, 5))
    fields = {field.name: field.value for field in to_embed(board).fields}
    assert fields["Host"] == "posted automatically\nwith <@4>, <@5>"


def test_a_cancelled_board_says_so_in_words_with_the_reason() -> None:
    board = replace(
        BOARD, state="cancelled", cancel_reason="No @everyone today", closed_by=9,
        closed_at=BOARD.starts_at,
    )  # fmt: skip
    embed = to_embed(board)
    assert (embed.title or "").startswith("Cancelled: ")
    assert (embed.description or "").startswith("✖ No @\u200beveryone today")
    words = {field.name: field.value for field in embed.fields}["State"]
    assert words == "✖ cancelled by <@9> <t:1772366400:R>"


def test_what_changed_since_it_was_posted_is_said() -> None:
    board = replace(BOARD, was_title="11:00 Training", was_starts_at=BOARD.ends_at)
    embed = to_embed(board)
    assert "Was called “11:00 Training”." in (embed.description or "")
    starts = {field.name: field.value for field in embed.fields}["When"] or ""
    assert starts.endswith("\nmoved, was <t:1772370000:F> (<t:1772370000:R>)")


def test_who_waits_is_counted() -> None:
    line = replace(LINE, taken=2, waiting=3)
    (roster,) = [f for f in to_embed(replace(BOARD, lines=(line,))).fields if f.name == "Staff"]
    assert (roster.value or "").startswith("**Trainer** ■ full 2/2 · +3 waiting")


def test_a_name_written_right_to_left_leaves_the_count_alone() -> None:
    line = replace(LINE, role_name="مدرب")
    board = replace(BOARD, lines=(line,))
    assert _buttons(board)[0].label == "\u2068مدرب\u2069 1/2"
    (roster,) = [f for f in to_embed(board).fields if f.name == "Staff"]
    assert (roster.value or "").startswith("**\u2068مدرب\u2069** ✔ open 1/2")
