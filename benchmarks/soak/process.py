"""The bot's process: started, told to jump, counted from outside."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.contenders import READY_WITHIN, ROOT, TICKS, environment
from benchmarks.field import Field
from benchmarks.soak.bot import environment as clock_environment
from benchmarks.soak.clock import FastClock

OPEN = ("pending", "sent", "unknown")  # states of the journal that are no endings
Metrics = dict[tuple[str, ...], float]  # by name and label values


class SoakedBot:
    """The running bot. Reads Linux's /proc."""

    def __init__(self, process: asyncio.subprocess.Process, field: Field, port: int) -> None:
        self.process = process
        self.pid = process.pid
        self._folder = field.folder
        self._database = field.folder / "muster.db"
        self._url = f"http://127.0.0.1:{port}/metrics"

    def order(self, line: str) -> None:
        """See `benchmarks.soak.bot`."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())

    async def census(self, name: str) -> Counter[str]:
        """How many objects of each type there are."""
        file = self._folder / f"{name}.json"
        self.order(f"census {file}")
        while not file.exists():  # noqa: ASYNC110  # a look is enough
            await asyncio.sleep(0.1)
        return Counter(json.loads(file.read_text(encoding="utf-8")))

    def status(self) -> dict[str, float]:
        """Memory in MB, threads, descriptors by kind, seconds of CPU; seconds waited for one."""
        proc = Path(f"/proc/{self.pid}")
        lines = dict(
            line.split(":", 1) for line in (proc / "status").read_text().splitlines() if ":" in line
        )
        used = (proc / "stat").read_text().rpartition(")")[2].split()
        kinds = Counter(_kind_of(one) for one in (proc / "fd").iterdir())
        return {
            "rss": int(lines["VmRSS"].split()[0]) / 1024,
            "threads": int(lines["Threads"]),
            "sockets": kinds["socket"],
            "files": kinds["file"],
            "cpu": (int(used[11]) + int(used[12])) / TICKS,
            "cpu_waited": int((proc / "schedstat").read_text().split()[1]) / 1e9,
        }

    def stored(self) -> dict[str, float]:
        """Sizes of the database in MB, and the journal's rows that have no ending, by state."""
        sizes = {
            name: file.stat().st_size / 1024**2 if file.exists() else 0.0
            for name, file in (
                ("database", self._database),
                ("wal", self._database.with_name("muster.db-wal")),
            )
        }
        rows = dict(
            self.rows(
                "SELECT state, count(*) FROM claim_attempts"
                " WHERE state IN ('pending', 'sent', 'unknown') GROUP BY state"
            )
        )
        return sizes | {state: rows.get(state, 0) for state in OPEN}

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What the database has; only to be read."""
        address = f"file:{self._database}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=30)) as connection:
            return connection.execute(query).fetchall()

    def errors(self) -> Counter[str]:
        """What it logged as an error, each with the last line of its traceback."""
        found = Counter[str]()
        for line in (self._folder / "bot.log").read_text(errors="replace").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                found[line] += 1
                continue
            if entry.get("level") in ("error", "critical"):
                last = str(entry.get("exception", "")).strip().rpartition("\n")[2]
                words = f"{entry.get('logger')}: {entry.get('event')} {last}"
                found[re.sub(r"\d[\d.]*", "…", words)] += 1
        return found

    async def metrics(self) -> Metrics:
        """What the bot says of itself."""
        timeout = aiohttp.ClientTimeout(total=10)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(self._url) as response,
        ):
            text = await response.text()
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


@asynccontextmanager
async def soaked(field: Field, clock: FastClock) -> AsyncIterator[SoakedBot]:
    """Start the bot, wait until it is online, and stop it at the end."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log_file, began = field.folder / "bot.log", time.monotonic()
    with log_file.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.soak.bot", cwd=field.folder,
            stdin=asyncio.subprocess.PIPE, stdout=log, stderr=log,
            env=environment() | field.settings | clock_environment(clock)
            | {"MUSTER_METRICS_PORT": str(port), "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    try:
        while not field.discord.core.gateway.is_connected(None):
            if process.returncode is not None or time.monotonic() - began > READY_WITHIN:
                raise TimeoutError(f"it did not come online:\n{log_file.read_text()[-2000:]}")
            await asyncio.sleep(0.05)
        yield SoakedBot(process, field, port)
    finally:
        if process.returncode is None:
            process.terminate()
        if status := await process.wait():
            sys.stderr.write(f"it ended with status {status}:\n{log_file.read_text()[-2000:]}")


def _kind_of(descriptor: Path) -> str:
    try:
        target = str(descriptor.readlink())
    except OSError:  # it was closed meanwhile
        return "gone"
    kind = target.partition(":")[0]
    return kind if kind in ("socket", "pipe", "anon_inode") else "file"
