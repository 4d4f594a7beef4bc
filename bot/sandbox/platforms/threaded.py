"""A platform in a thread of its own, for callers whose event loop keeps another time, or none."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from bot.sandbox.platforms.faults import Match
from bot.sandbox.platforms.platform import Platform
from bot.sandbox.platforms.wire import SeenRequest

P = TypeVar("P", bound=Platform)
T = TypeVar("T")


class ThreadedPlatform(Generic[P]):
    """Runs one platform in its own thread and loop; every method may be called from any thread.

    A context manager. Touch the platform's world only through `call` while it runs.
    """

    def __init__(self, platform: P, port: int = 0) -> None:
        self.platform = platform
        self._port = port
        self._started: Future[asyncio.AbstractEventLoop] = Future()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=type(platform).__name__, daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start thread and server; raises what the start raised (OSError for a taken port)."""
        self._thread.start()
        self._started.result()

    def stop(self) -> None:
        """Stop the server and wait for the thread to end."""
        self._started.result().call_soon_threadsafe(self._stop.set)
        self._thread.join()

    @property
    def base_url(self) -> str:
        """Where the platform listens."""
        return self.platform.base_url

    def call(self, work: Callable[[], T]) -> T:
        """Run a function in the platform's loop and give back what it returned or raised."""
        result: Future[T] = Future()

        def run() -> None:
            try:
                result.set_result(work())
            except BaseException as error:
                result.set_exception(error)

        self._started.result().call_soon_threadsafe(run)
        return result.result()

    def fault(
        self,
        name: str,
        match: Match = "any",
        times: int | None = None,
        seconds: float | None = None,
    ) -> None:
        """Arm a fault; raises UnknownFaultError like `Faults.add`."""
        self.call(lambda: self.platform.faults.add(name, match, times, seconds))

    def clear_faults(self) -> None:
        """End every fault and let go of the calls that hang."""
        self.call(self.platform.faults.clear)

    def requests(self) -> list[SeenRequest]:
        """The requests seen so far, oldest first."""
        return self.call(lambda: list(self.platform.requests))

    def state(self) -> dict[str, Any]:
        """What the platform really holds."""
        return self.call(self.platform.state)

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        try:
            await self.platform.start(self._port)
        except Exception as error:
            self._started.set_exception(error)
            return
        self._started.set_result(asyncio.get_running_loop())
        try:
            await self._stop.wait()
        finally:
            await self.platform.stop()
