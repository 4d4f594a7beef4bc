"""A table of rows as a picture: a bar for each ratio on a logarithmic scale, as plain SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from benchmarks.measures import Row

WIDTH, LINE, LABEL, UNIT = 1100, 30, 560, 110  # pixels; UNIT: one factor of two
OURS, MISSED = "#3b7a57", "#b5483a"


def draw(rows: Sequence[Row]) -> str:
    """An SVG document with one line for each row; a dashed line marks the other bot."""
    middle = LABEL + 2 * UNIT
    lines = [_line(row, 20 + LINE * number, middle) for number, row in enumerate(rows)]
    height = LINE * len(rows) + 30
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
        f' font-family="sans-serif" font-size="13">'
        f'<rect width="100%" height="100%" fill="white"/>'
        f'<line x1="{middle}" y1="0" x2="{middle}" y2="{height}" stroke="#888"'
        f' stroke-dasharray="4 3"/>{"".join(lines)}</svg>\n'
    )


def _line(row: Row, top: int, middle: int) -> str:
    colour = OURS if row.met else MISSED
    sign = "✔" if row.met else "✘"
    text = f'<text x="8" y="{top}">{sign} {escape(row.what)}</text>'
    if row.ratio is None:
        return f'{text}<text x="{LABEL}" y="{top}" fill="{colour}">{escape(row.ours)}</text>'
    reach = max(-2 * UNIT, min(2 * UNIT, round(math.log2(max(row.ratio, 1e-3)) * UNIT)))
    left, width = min(middle, middle + reach), max(abs(reach), 2)
    words = f"{row.ours} : {row.other} ({row.ratio:.2f})"
    return (
        f'{text}<rect x="{left}" y="{top - 13}" width="{width}" height="16" fill="{colour}"'
        f' opacity="0.35"/><text x="{LABEL}" y="{top}" fill="{colour}">{escape(words)}</text>'
    )
