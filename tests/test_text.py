"""Untrusted text is made harmless and short enough, however its length is counted."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import counted, cut, safe, shorten, size, when
from tests.hostile import texts

limits = st.integers(2, 200)


@given(texts, limits)
def test_cut_gives_one_line_within_the_limit(text: str, limit: int) -> None:
    shown = cut(text, limit)
    assert size(shown) <= limit
    assert len(shown) <= limit
    assert "\n" not in shown
    assert shown == shown.strip()
    flat = " ".join(text.split())
    if size(flat) <= limit:
        assert shown == flat
    else:
        assert shown.endswith("…")
        assert flat.startswith(shown[:-1])


@given(texts, limits)
def test_safe_stays_within_the_limit_after_escaping(text: str, limit: int) -> None:
    shown = safe(text, limit)
    assert size(shown) <= limit
    assert "\n" not in shown
    assert len(shown) == 0 or not _ends_in_half_an_escape(shown)


def _ends_in_half_an_escape(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@everyone", "@\u200beveryone"),
        ("@here", "@\u200bhere"),
        ("<@900000000000000001>", "<@\u200b900000000000000001>"),
        ("<@!900000000000000001>", "<@\u200b!900000000000000001>"),
        ("<@&900000000000000001>", "<@\u200b&900000000000000001>"),
        ("a **b** c", "a \\*\\*b\\*\\* c"),
        ("a __b__", "a \\_\\_b\\_\\_"),
        ("`x`", "\\`x\\`"),
        ("||x||", "\\|\\|x\\|\\|"),
        ("~~x~~", "\\~\\~x\\~\\~"),
        ("\\", "\\\\"),
    ],
)
def test_safe_takes_the_effect_out(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_safe_keeps_plain_words_as_they_are() -> None:
    assert safe("12:00 Training, Hall 2 (north)") == "12:00 Training, Hall 2 (north)"


def test_a_masked_link_is_shown_as_it_was_typed() -> None:
    assert safe("[free](https://example.test)").startswith("\\[")


def test_cut_joins_lines_and_spaces() -> None:
    assert cut("  a \n\n b\t c ", 20) == "a b c"


def test_shorten_keeps_lines() -> None:
    assert shorten("a\nb\nc", 5) == "a\nb\nc"
    assert shorten("a\nb\ncd", 5) == "a\nb\n…"


@pytest.mark.parametrize(
    ("text", "units"), [("", 0), ("abc", 3), ("é", 1), ("🧨", 2), ("\ud800", 1)]
)
def test_size_counts_utf_16(text: str, units: int) -> None:
    assert size(text) == units


def test_an_emoji_is_never_halved() -> None:
    assert cut("🧨🧨🧨", 4) == "🧨…"
    assert cut("🧨🧨🧨", 5) == "🧨🧨…"


def test_when_is_full_and_relative() -> None:
    assert when(datetime(2026, 3, 1, 12, tzinfo=UTC)) == "<t:1772366400:F> (<t:1772366400:R>)"


def test_one_is_no_plural() -> None:
    assert [counted(number, "role") for number in (0, 1, 2, 1000)] == [
        "0 roles", "1 role", "2 roles", "1,000 roles",
    ]  # fmt: skip
