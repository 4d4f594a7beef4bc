"""The real bot beside the sandbox: `muster run` as a separate, unmodified process."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parents[2]  # where the packages `bot` and `cogs` are
STOP_WITHIN = 15.0  # seconds for a clean stop, which has a deadline of its own, before a kill


class BotProcess:
    """Starts, stops and kills `muster run`. Its output goes to `<folder>/bot.log`."""

    def __init__(self, folder: Path) -> None:
        self.log_file = folder / "bot.log"
        self._folder = folder
        # A key of its own for each sandbox: nothing in it outlives the folder.
        keys = {"MUSTER_SECRET_KEYS": Fernet.generate_key().decode()}
        inherited = {name: value for name, value in os.environ.items() if not _is_ours(name)}
        self._environment = inherited | keys | {"PYTHONPATH": str(ROOT)}
        self._process: asyncio.subprocess.Process | None = None

    @property
    def running(self) -> bool:
        """Whether the process is there, connected or not."""
        return self._process is not None and self._process.returncode is None

    async def start(self, settings: dict[str, str]) -> None:
        """Start the process with these settings (`MUSTER_...`) unless it runs."""
        if self.running:
            return
        with self.log_file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run",
                cwd=self._folder, env=self._environment | settings, stdout=log, stderr=log,
                # Ctrl-C in the terminal is for the demo, which then stops the bot itself.
                start_new_session=True,
            )  # fmt: skip

    async def kill(self) -> None:
        """End it at once, as a crash or a power cut would."""
        if self._process is not None and self.running:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        """Ask it to stop, and wait; kill it when it does not."""
        if self._process is None or not self.running:
            return
        self.ask_to_stop()
        try:
            await self.wait(STOP_WITHIN)
        except TimeoutError:
            await self.kill()

    def ask_to_stop(self) -> None:
        """SIGTERM, as a service manager sends it."""
        if self._process is not None:
            self._process.terminate()

    async def wait(self, seconds: float) -> int | None:
        """Its exit status, once it has ended; None when it was never started.

        Raises TimeoutError when it still runs after so many seconds.
        """
        if self._process is None:
            return None
        return await asyncio.wait_for(self._process.wait(), seconds)

    def tail(self, lines: int = 20) -> str:
        """The end of what it logged, for a failure's report."""
        if not self.log_file.exists():
            return ""
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-lines:])


def _is_ours(name: str) -> bool:
    """Settings of a bot that this shell may be set up for stay out of the sandbox."""
    return name.startswith("MUSTER_")
