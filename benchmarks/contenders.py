"""The bots that are compared, each as a process of its own on one core, and what they cost."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from benchmarks.field import Field

ROOT = Path(__file__).resolve().parents[1]
READY_WITHIN = 120.0  # seconds
SETTLE = 3.0  # seconds after READY in which a start is still going on
TICKS = os.sysconf("SC_CLK_TCK")


class Kind(StrEnum):
    """Who is measured."""

    MUSTER = "muster"
    BARE = "bare"  # discord.py and nothing else: acknowledges, then edits
    MINIMAL = "minimal"  # the same with one look-up in a file and one call of a platform


@dataclass(frozen=True, slots=True)
class Contender:
    """A bot that is online. Reads Linux's /proc."""

    kind: Kind
    pid: int
    ready_after: float  # seconds from its start to its connection

    def cpu(self) -> float:
        """Seconds of CPU so far, of all its threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss(self) -> float:
        """Resident memory in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(one for one in status.splitlines() if one.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def sockets(self) -> int:
        """Open files and sockets."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))


@asynccontextmanager
async def running(kind: Kind, field: Field) -> AsyncIterator[Contender]:
    """Start one bot on the second core, wait until it is online, and stop it at the end."""
    began = time.monotonic()
    log_file = field.folder / f"{kind}.log"
    with log_file.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *_command(kind), cwd=field.folder, stdout=log, stderr=log,
            env=environment() | field.settings | _more(kind, field),
        )  # fmt: skip
    try:
        pin(process.pid, last=True)
        while not field.discord.core.gateway.is_connected(None):
            if process.returncode is not None or time.monotonic() - began > READY_WITHIN:
                raise TimeoutError(f"{kind} did not come online:\n{log_file.read_text()[-2000:]}")
            await asyncio.sleep(0.01)
        yield Contender(kind, process.pid, time.monotonic() - began)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
        field.discord.core.gateway.disconnect()


def pin(pid: int, *, last: bool) -> None:
    """Keep a process to one core: the last one, or with `last` false to all the others."""
    cores = sorted(os.sched_getaffinity(0) | _ALL)
    if len(cores) > 1:
        os.sched_setaffinity(pid, {cores[-1]} if last else set(cores[:-1]))


_ALL = os.sched_getaffinity(0)


def _command(kind: Kind) -> list[str]:
    module = ["bot", "run"] if kind is Kind.MUSTER else ["benchmarks.bare_bot"]
    return [sys.executable, "-m", *module]


def environment() -> dict[str, str]:
    """This process's, without settings of a bot."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("MUSTER_", "BARE_"))}
    return inherited | {"PYTHONPATH": str(ROOT)}


def _more(kind: Kind, field: Field) -> dict[str, str]:
    if kind is not Kind.MINIMAL:
        return {}
    database = field.database_url.removeprefix("sqlite:///")
    return {"BARE_DATABASE": database, "BARE_UPSTREAM": field.platforms[0].base_url}


def machine() -> str:
    """What this was measured on, in a line."""
    version = ".".join(map(str, sys.version_info[:3]))
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {version}"
