"""What many guilds need: the arithmetic of docs/sizing.md, from the figures that stand there.

Change a figure in that page, run this, and put its table in place of the one there.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from math import ceil, exp
from pathlib import Path

from bot.services.automation import REMIND, THREADS
from bot.services.identifying import APART
from bot.services.polling import NEAR, NEARLY, TICK, USUAL
from bot.services.privacy import LEFT
from bot.store.engines import _POSTGRES_CONNECTIONS

PAGE = Path(__file__).parents[1] / "docs" / "sizing.md"
SIZES = (1, 10_000, 1_000_000)  # guilds
WEEK, YEAR = 7 * 86_400, 365 / 7  # seconds; weeks
LARGE = 150_000  # guilds from which Discord lets more shards start at once
# Rounds that list every live board, in a second; each process sorts its own out of all.
LOOKS = 1 / TICK + 1 / THREADS + 1 / REMIND + 1 / LEFT
FULL = 0.7  # of a core that one process may use while all press at once


def figures(page: str) -> dict[str, float]:
    """The figures of the page's tables, by their names."""
    rows = re.findall(r"^\| `(\w+)` \| ([\d.,]+)", page, re.MULTILINE)
    return {name: float(number.replace(",", "")) for name, number in rows}


class Need:
    """What so many guilds need in the busiest hour of a week."""

    def __init__(self, guilds: int, f: dict[str, float]) -> None:
        self.guilds = guilds
        self.active = guilds * f["active"] / 100
        self.sessions = self.active * f["sessions"]  # a week
        hour = self.sessions * f["busiest"] / 100 / 3600  # sessions whose work falls in a second
        self.presses = hour * (f["claims"] + f["refused"])
        self.edits = hour * (f["claims"] * f["edits"] + f["messages"])
        self.boards = self.sessions * (f["ahead"] + f["lasts"]) * 3600 / WEEK
        near = self.sessions * (f["lasts"] * 3600 + NEARLY.total_seconds()) / WEEK
        polled = self._with_any(self.boards)
        hurried = self._with_any(near)
        self.polls = hurried / NEAR + (polled - hurried) / USUAL
        self.platform_calls = (
            self.polls * f["poll_calls"] + hour * f["claims"] * f["claim_calls"] + self.edits
        )
        self.writes = self.presses * f["claim_writes"] + self.edits * f["edit_writes"]
        self.events = guilds * f["events"] / 86_400 + self.presses
        self.shards = ceil(2 * guilds / 2500)
        at_press = self.presses * f["claim_cpu"] + self.edits * f["edit_cpu"]
        at_rest = (
            self.polls * f["poll_cpu"]
            + self.boards * f["board_cpu"] / 60
            + guilds * f["events"] / 86_400 * f["event_cpu"]
        )
        self.cores = (at_press + at_rest) / 1000
        self.most_cores = (at_press * f["burst"] + at_rest) / 1000
        self.processes = ceil(max(self.shards / 8, self.most_cores / FULL))
        self.memory = (
            self.processes * f["base_memory"]
            + (guilds * f["guild_memory"] + self.boards * f["board_memory"]) / 1024
        )  # MB
        self.log = self.sessions / 7 * (f["claims"] + f["refused"]) * f["claim_log"] / 1e9
        self.links = guilds * f["staff"] * f["link_bytes"] / 1e9
        a_session = f["claims"] * f["claim_bytes"] + f["refused"] * f["refusal_bytes"]
        self.storage = self.sessions * YEAR * (a_session + f["session_bytes"]) / 1e9
        self.start = self.shards * APART / (16 if guilds > LARGE else 1)
        self.burst = f["burst"]
        alone = guilds == 1  # with an SQLite file
        self.connections = 0 if alone else self.processes * _POSTGRES_CONNECTIONS
        self.looked_at = self.processes * self.boards * LOOKS

    def _with_any(self, boards: float) -> float:
        """How many workspaces have one of so many boards, which are spread by chance."""
        return self.active * (1 - exp(-boards / self.active))


def table(f: dict[str, float]) -> Iterator[str]:
    """The lines of the page's table of needs."""
    needs = [Need(guilds, f) for guilds in SIZES]
    heads = ["1 guild", *(f"{guilds:,} guilds" for guilds in SIZES[1:])]
    yield f"| | {' | '.join(heads)} |"
    yield "| --- |" + " ---: |" * len(SIZES)
    rows: list[tuple[str, Callable[[Need], str]]] = [
        ("sessions a week", lambda n: number(n.sessions)),
        ("live boards at a time", lambda n: number(n.boards)),
        ("presses a second", lambda n: peak(n.presses, n.burst)),
        ("requests that count against Discord's 50 a second", lambda n: peak(n.edits, n.burst)),
        ("polls of workspaces a second", lambda n: number(n.polls)),
        ("calls to platforms a second", lambda n: number(n.platform_calls)),
        ("events from Discord a second", lambda n: number(n.events)),
        ("commits a second", lambda n: peak(n.writes, n.burst)),
        ("rows of live boards that rounds look at, a second", lambda n: number(n.looked_at)),
        ("CPU cores", lambda n: f"{number(n.cores)} ({number(n.most_cores)})"),
        ("shards, for twice the guilds", lambda n: number(n.shards)),
        ("processes", lambda n: number(n.processes)),
        ("memory of all processes", lambda n: size(n.memory / 1000)),
        ("connections to PostgreSQL, at most", lambda n: number(n.connections)),
        ("until all shards are connected", lambda n: f"{ceil(n.start)} s"),
        ("log a day", lambda n: size(n.log)),
        ("links", lambda n: size(n.links)),
        ("history of a year", lambda n: size(n.storage)),
    ]
    for what, words in rows:
        yield f"| {what} | {' | '.join(words(need) for need in needs)} |"


def number(value: float) -> str:
    """The two digits that count."""
    rounded = float(f"{value:.2g}")
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:g}"


def peak(value: float, burst: float) -> str:
    """In the hour, and in the minutes in which everybody presses."""
    return f"{number(value)} ({number(value * burst)})"


def size(gigabytes: float) -> str:
    """In the unit that suits."""
    for unit, factor in (("TB", 1e-3), ("GB", 1), ("MB", 1e3)):
        if gigabytes * factor >= 1:
            return f"{number(gigabytes * factor)} {unit}"
    return "below 1 MB"


def main() -> None:
    """Prints the table."""
    sys.stdout.write("\n".join(table(figures(PAGE.read_text("utf-8")))) + "\n")


if __name__ == "__main__":
    main()
