"""Kill the real process in the middle of rushes, start it again, and compare what is left."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from tests.proofs.crash import Killed, open_crashes


async def run(kills: int, seed: int) -> list[Killed]:
    """So many rounds in one town, each printed. Raises AssertionError when something differs."""
    killed = []
    async with open_crashes() as crashes:
        for number in range(kills):
            killed.append(kill := await crashes.round(number, seed))
            phases = ", ".join(f"{count} {state}" for state, count in sorted(kill.phases.items()))
            sys.stdout.write(
                f"seed {seed} kill {number}: aimed at {kill.aimed_at}; journal: {phases};"
                f" {kill.pressed} presses, {kill.never_answered} without an acknowledgement\n"
            )
            sys.stdout.flush()
    return killed


def main(
    kills: Annotated[int, typer.Option(help="How many")] = 200,
    seed: Annotated[int, typer.Option(help="Chooses who presses what, and the moments")] = 1,
) -> None:
    """Prints the phase of every kill; ends with an error at the first difference."""
    killed = asyncio.run(run(kills, seed))
    between = sum(kill.between for kill in killed)
    sys.stdout.write(
        f"{len(killed)} kills, {between} of them between `sent` and settlement;"
        " platform = journal = boards = words after each\n"
    )


if __name__ == "__main__":
    typer.run(main)
