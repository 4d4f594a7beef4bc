"""`muster run` with a fast clock that obeys orders on its standard input; nothing else differs.

Orders are lines: `jump SECONDS` makes the clock wrong by so much; `census FILE` writes how many
objects of each type there are.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
import threading
from collections import Counter
from pathlib import Path

sys.modules.setdefault("pytest", None)  # type: ignore[arg-type]  # the clock would load it
from benchmarks.soak.clock import FastClock  # noqa: E402

SPEED, UTC, MONOTONIC = "SOAK_SPEED", "SOAK_UTC", "SOAK_MONOTONIC"


def environment(clock: FastClock) -> dict[str, str]:
    """What tells the bot's process the time of this clock."""
    utc, monotonic = clock.began
    return {SPEED: str(clock.speed), UTC: repr(utc), MONOTONIC: repr(monotonic)}


def _obey(clock: FastClock) -> None:
    for line in sys.stdin:
        order, _, argument = line.strip().partition(" ")
        if order == "jump":
            clock.jump(float(argument))
        elif order == "census":
            _take_census(Path(argument))
    os.kill(os.getpid(), signal.SIGTERM)  # whoever gives the orders is gone


def _take_census(file: Path) -> None:
    gc.collect()
    objects = gc.get_objects()
    types = Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in objects)
    for one in objects:
        if isinstance(one, asyncio.Task) and not one.done():
            types[f"task {getattr(one.get_coro(), '__qualname__', '')}"] += 1
    unfinished = file.with_suffix(".part")
    unfinished.write_text(json.dumps(types), encoding="utf-8")
    unfinished.replace(file)


def main() -> None:
    """Wear the clock, and be `muster run`."""
    began = float(os.environ[UTC]), float(os.environ[MONOTONIC])
    with FastClock(float(os.environ[SPEED]), began) as clock:
        threading.Thread(target=_obey, args=(clock,), name="orders", daemon=True).start()
        from bot import cli  # only now: whatever asks for the time on import gets this one

        cli.main(["run"])


if __name__ == "__main__":
    main()
