"""Texts as platforms and members could send them, and things made of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from bot.services.ports import Board, BoardLine

NASTY = (
    "@everyone",
    "@here <@&1> <@2> <#3>",
    "**bold** __under__ ~~gone~~ ||hid|| `code`",
    "```\nblock\n```",
    "[click](https://example.test)",
    "](https://example.test) [",
    "# heading",
    "> quote",
    "a\nb\r\nc\td\0e\u2028f",
    "مرحبا بالعالم",
    "\u202eright to left",
    "👩‍👩‍👧‍👦🏳️‍🌈🇺🇳",
    "é́́́́́",
    "\u200b",
    "   ",
    "",
    "\\",
)
LONG = tuple(
    text * (6000 // len(text)) for text in ("x", "*", "@everyone ", "🧨", "é́", "_a_ ", "ع")
)

texts = st.one_of(st.sampled_from(NASTY + LONG), st.text(max_size=80))
times = st.integers(0, 10**10).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
labels = st.one_of(st.builds("<@{}>".format, st.integers(1, 2**63 - 1)), texts)

_line = st.builds(
    BoardLine,
    opening_id=st.just(0),
    role_name=texts,
    group_name=texts,
    server_name=texts,
    taken=st.integers(0, 2000),
    capacity=st.none() | st.integers(0, 2000),
    min_rank=st.integers(0, 255),
    holders=st.lists(labels, max_size=12).map(tuple),
    usable=st.booleans(),
    waiting=st.integers(0, 2000),
)


def boards(states: list[str]) -> st.SearchStrategy[Board]:
    """Boards in one of these states, with up to 200 openings of any description."""
    return st.builds(
        Board,
        title=texts,
        description=texts,
        note=texts,
        state=st.sampled_from(states),
        platform=texts,
        workspace_name=texts,
        starts_at=times,
        ends_at=times,
        host_id=st.integers(1, 2**63 - 1),
        game_name=st.none() | texts,
        place_id=st.none() | st.integers(1, 2**63 - 1),
        lines=_lines(),
        warning=texts,
        closed_by=st.none() | st.integers(1, 2**63 - 1),
        closed_at=st.none() | times,
        cut_off=st.none() | times,
        can_release=st.booleans(),
        co_host_ids=st.lists(st.integers(1, 2**63 - 1), max_size=30).map(tuple),
        cancel_reason=texts,
        was_title=texts,
        was_starts_at=st.none() | times,
        announcement_id=st.integers(1, 2**63 - 1),
    )


def _lines() -> st.SearchStrategy[tuple[BoardLine, ...]]:
    """Few different lines or many repeated ones, each with an id of its own."""
    some = st.lists(_line, max_size=6)
    return st.tuples(some, st.integers(1, 200)).map(_repeated)


def _repeated(drawn: tuple[list[BoardLine], int]) -> tuple[BoardLine, ...]:
    lines, times_over = drawn
    many = (lines * times_over)[:200]
    return tuple(replace(line, opening_id=number) for number, line in enumerate(many, start=1))
