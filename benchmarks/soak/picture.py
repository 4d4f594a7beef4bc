"""The curves as small multiples, in plain SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from benchmarks.soak.curves import NAMES, Curves

COLUMNS, WIDTH, HEIGHT = 3, 360, 150  # of one small picture, in pixels
TOP, SIDE, BELOW = 34, 12, 12  # free around its curve
LINE = "#3b7a57"


def draw(curves: Curves, trouble_until: float) -> str:
    """An SVG document; the shaded part is the quiet after `trouble_until` (seconds)."""
    pictures = [
        _small(number, words, curves.at, curves.values[name], trouble_until)
        for number, (name, words) in enumerate(NAMES.items())
    ]
    width, height = COLUMNS * WIDTH, -(-len(NAMES) // COLUMNS) * HEIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
        f"{''.join(pictures)}</svg>\n"
    )


def _small(
    number: int, words: str, at: Sequence[float], values: Sequence[float], quiet: float
) -> str:
    left, top = number % COLUMNS * WIDTH, number // COLUMNS * HEIGHT
    wide, high = WIDTH - 2 * SIDE, HEIGHT - TOP - BELOW
    last, most = at[-1] or 1.0, max(values) or 1.0
    points = " ".join(
        f"{SIDE + wide * a / last:.1f},{TOP + high * (1 - v / most):.1f}"
        for a, v in zip(at, values, strict=True)
    )
    shade = SIDE + wide * min(quiet / last, 1.0)
    told = f"{escape(words)}: {values[0]:.4g} … {values[-1]:.4g}, highest {most:.4g}"
    return (
        f'<g transform="translate({left},{top})"><text x="{SIDE}" y="22">{told}</text>'
        f'<rect x="{shade:.1f}" y="{TOP}" width="{SIDE + wide - shade:.1f}" height="{high}"'
        f' fill="#eee"/><line x1="{SIDE}" y1="{TOP + high}" x2="{SIDE + wide}" y2="{TOP + high}"'
        f' stroke="#888"/><polyline points="{points}" fill="none" stroke="{LINE}"/></g>'
    )
