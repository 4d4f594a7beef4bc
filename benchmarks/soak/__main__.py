"""`python -m benchmarks.soak`: play, and print what grew, what became of all, and what is true."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.contenders import machine
from benchmarks.soak.clock import FastClock
from benchmarks.soak.curves import NAMES, slope
from benchmarks.soak.picture import draw
from benchmarks.soak.play import Findings, Script, play

HEAD = (
    "| curve | after warm-up | highest | at the end | growth per hour of the bot |\n"
    "|---|---|---|---|---|"
)
SHOWN = 12  # types of objects, and differences of one kind


def table(findings: Findings, speed: float) -> str:
    """What the curves did. Growth is that of the second half of the troubled time."""
    curves, lines = findings.curves, [HEAD]
    last = sum(at <= findings.trouble_until for at in curves.at)
    for name, words in NAMES.items():
        values = curves.values[name]
        half = slice(last // 2, last)
        growth = slope(curves.at[half], values[half]) * 3600 / speed
        lines.append(
            f"| {words} | {values[findings.warm]:.4g} | {max(values):.4g} | {values[-1]:.4g}"
            f" | {growth:+.3g} |"
        )
    return "\n".join(lines)


def story(findings: Findings) -> list[str]:
    """What happened, and what became of it."""
    done, quiet = findings.tally, findings.quiet_after
    return [
        f"troubles: {_list(findings.troubles)}; identifies: {findings.identifies};"
        f" longest without a gateway: {findings.longest_away:.0f} s",
        f"sessions opened: {findings.sessions}",
        f"acts: {findings.acts}, with an outcome: {sum(done.kinds.values())}: {_list(done.kinds)}",
        f"outcomes of claims and releases: {_list(findings.outcomes)}",
        f"ended in the journal, told with the next answer: {done.told_later}",
        f"not passed on in time, by reason: {_list(done.in_trouble)}",
        f"suggestions while typing that came too late: {done.no_list}",
        f"WITHOUT AN OUTCOME: {len(done.lost)}",
        *(f"  {act.what}: {act.interaction}" for act in done.lost[:SHOWN]),
        f"all settled after {quiet:.0f} s" if quiet is not None else "NEVER ALL SETTLED",
        f"breaches of Discord's rules: {_list(findings.violations)}",
        f"errors in the log: {findings.errors.total()}",
        *(f"  {count} x {what[:300]}" for what, count in findings.errors.most_common(SHOWN)),
        *(f"{what}: {len(found)} differ" for what, found in findings.untrue.items()),
        *(f"  {one}" for found in findings.untrue.values() for one in found[:SHOWN]),
        "more objects than after the warm-up: "
        + _list(Counter({k: n for k, n in findings.grown.most_common(SHOWN) if n > 0})),
    ]


def _list(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.most_common()) or "none"


def main(
    minutes: Annotated[float, typer.Option(help="How long there is trouble")] = 20.0,
    seed: Annotated[int, typer.Option(help="Chooses who does what, and what goes wrong")] = 1,
    speed: Annotated[float, typer.Option(help="How many times as fast the wall clock runs")] = 6.0,
    guilds: Annotated[int, typer.Option(help="Each with a workspace and a platform")] = 50,
    rate: Annotated[float, typer.Option(help="Presses and commands per second")] = 4.0,
    picture: Annotated[Path | None, typer.Option(help="Draw the curves into this SVG")] = None,
) -> None:
    """Prints a table and what was found; exits with 1 when something is lost or untrue."""
    logging.disable(logging.ERROR)
    script = Script(60 * minutes, speed, seed, guilds, per_second=rate)
    with FastClock(speed) as clock:
        findings = asyncio.run(play(script, clock))
    sys.stdout.write(f"{machine()}; seed {seed}, {minutes:g} min at {speed:g} x\n\n")
    sys.stdout.write("\n".join([table(findings, speed), "", *story(findings)]) + "\n")
    if picture is not None:
        picture.write_text(draw(findings.curves, findings.trouble_until), encoding="utf-8")
    if findings.tally.lost or findings.quiet_after is None or any(findings.untrue.values()):
        sys.exit(1)


if __name__ == "__main__":
    typer.run(main)
