"""Play random stories against the model of `tests/proofs/model.py` for as long as wanted."""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from tests.proofs.model import play

STORY = 500  # steps; then everything begins anew, so that the journal stays small


def main(
    steps: Annotated[int, typer.Option(help="How many steps in all")] = 50_000,
    seed: Annotated[int, typer.Option(help="The first story's; each later one has the next")] = 1,
) -> None:
    """Exits with the seed and the last steps of the first story that breaks an invariant."""
    logging.disable(logging.ERROR)  # every fault would be narrated
    began, done, story = time.monotonic(), 0, seed
    while done < steps:
        with tempfile.TemporaryDirectory(prefix="muster-model-") as folder:
            done += asyncio.run(play(Path(folder), min(STORY, steps - done), story))
        passed = time.monotonic() - began
        sys.stdout.write(f"{done} steps, seed {story}, {passed:.0f} s\n")
        sys.stdout.flush()
        story += 1
    sys.stdout.write(f"platform = journal = boards = words after all of {done} steps\n")


if __name__ == "__main__":
    typer.run(main)
