"""When workspaces were polled last: kept in memory, written together, measured as they come."""

from __future__ import annotations

from bot.errors import Unavailable, UpstreamFacts
from bot.services.poll_notes import PollNotes
from bot.services.polling import Poller
from bot.store.overview import OverviewStore
from bot.store.polls import PollStore
from tests.services.bench import Bench


class Seen:
    """Notes what an observer is told."""

    def __init__(self) -> None:
        self.polls: list[str] = []

    def outcome(self, *_: object) -> None:
        """Not about polls."""

    def polled(self, result: str, seconds: float) -> None:
        """A poll ended."""
        assert seconds >= 0
        self.polls.append(result)


async def test_the_last_poll_and_its_result_are_written_down(bench: Bench) -> None:
    notes, seen = PollNotes(PollStore(bench.database), bench.clock), Seen()
    poller = Poller(
        bench.announcements, bench.live, bench.boards, bench.catalog, bench.background,
        bench.clock, lambda: bench.ticks, lambda: 0.5, notes, seen,
    )  # fmt: skip
    await bench.post(await bench.add_workspace())
    await poller.poll_all()
    await bench.background.settle()
    assert seen.polls == ["ok"]
    assert await written(bench) == (None, ""), "nothing is written poll by poll"
    await poller.flush_notes()
    first = bench.clock()
    assert await written(bench) == (first, "ok")
    bench.clock.advance(60)
    bench.platform.read_error = Unavailable("silent", UpstreamFacts("ReAdmin"))
    await poller.poll_all()
    await bench.background.settle()
    await poller.flush_notes()
    assert seen.polls == ["ok", "Unavailable"]
    assert await written(bench) == (bench.clock(), "Unavailable")


async def written(bench: Bench) -> tuple[object, str]:
    """What `muster status` would show of the one workspace."""
    (line,) = (await OverviewStore(bench.database).look(9)).lines
    return line.polled_at, line.result
