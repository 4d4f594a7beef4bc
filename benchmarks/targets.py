"""The table of targets: Muster beside a bare bot in the same run, one core each."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.contenders import machine, pin
from benchmarks.grown import grown
from benchmarks.measures import MEASURES as OF_ALL
from benchmarks.measures import Measure, Row
from benchmarks.picture import draw

MEASURES: dict[str, Measure] = OF_ALL | {"grown": grown}
HEAD = "| what | Muster | bare bot | ratio | target | met |\n|---|---|---|---|---|---|"


def line(row: Row) -> str:
    """A row of the table."""
    ratio = f"{row.ratio:.2f}" if row.ratio is not None else "–"
    met = "yes" if row.met else "**no**"
    return f"| {row.what} | {row.ours} | {row.other} | {ratio} | {row.target} | {met} |"


async def run(names: list[str]) -> list[Row]:
    """Measure these, one after the other, and print each as soon as it is there."""
    rows: list[Row] = []
    sys.stdout.write(f"{machine()}\n\n{HEAD}\n")
    for name in names:
        for row in await MEASURES[name]():
            rows.append(row)
            sys.stdout.write(line(row) + "\n")
            sys.stdout.flush()
    return rows


def main(
    only: Annotated[
        list[str] | None, typer.Argument(help=f"Of these: {', '.join(MEASURES)}")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Draw the rows into this SVG")] = None,
) -> None:
    """Prints a table; nothing is asserted, as it depends on the machine."""
    unknown = set(only or ()) - MEASURES.keys()
    if unknown:
        raise typer.BadParameter(f"unknown: {', '.join(sorted(unknown))}")
    logging.disable(logging.ERROR)
    pin(os.getpid(), last=False)
    rows = asyncio.run(run(only or list(MEASURES)))
    if picture is not None:
        picture.write_text(draw(rows), encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
