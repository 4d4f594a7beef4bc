"""When an interaction is acknowledged, and what happens when Discord does not take the answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import aiohttp
import pytest
from discord import InteractionType

from bot import answering, background
from bot.answering import ARRIVED, DIRECT, KEPT, LIFE, answer, note_arrival
from bot.background import Background
from bot.buttons import Interaction
from bot.first_answers import FirstAnswers
from bot.metrics import Metrics
from bot.replies import AT_WORK, Reply
from bot.rush import Rush
from bot.sandbox.discord.people import MEANWHILE

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class Wire:
    """An interaction as far as `answer()` knows it; notes what was called, in order."""

    calls: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    told: list[tuple[str, ...]] = field(default_factory=list)
    errors: dict[str, list[Exception]] = field(default_factory=dict)
    background: Background = field(default_factory=Background)
    extras: dict[str, Any] = field(default_factory=dict)
    created_at: datetime = NOW
    message: None = None
    id: int = 1
    guild_id: int = 2
    type: InteractionType = InteractionType.component
    metrics: Metrics = field(default_factory=Metrics)
    rush: Rush = field(default_factory=Rush)
    first_answers: FirstAnswers = field(default_factory=lambda: FirstAnswers(Metrics()))

    @property
    def client(self) -> Wire:
        """Also the bot."""
        return self

    response = client

    async def defer(self, **_: Any) -> None:
        """Discord's first answer, of a kind."""
        self._call("defer")

    async def send_message(self, text: str, **_: Any) -> None:
        """A direct answer."""
        self.sent.append(text)
        self._call("send")

    async def edit_original_response(self, *, content: str, **_: Any) -> None:
        """The answer after a deferral."""
        self._call("edit")
        self.sent.append(content)

    async def after_answer(self, _: Any, reply: Reply) -> None:
        """What reached its member."""
        self.told.append(reply.tells)

    async def was_answered(self, *_: Any) -> None:
        """Nobody has more to say."""

    async def work(self) -> Reply:
        """Is quick."""
        self.calls.append("work")
        return Reply("done", tells=("operation",))

    async def answered(self) -> None:
        """Answer with `work`."""
        await answer(cast(Interaction, self), self.work())

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if errors := self.errors.get(name):
            raise errors.pop(0)


async def test_what_is_quick_is_answered_directly() -> None:
    wire = Wire()
    await wire.answered()
    assert wire.calls == ["work", "send"]
    assert wire.told == [("operation",)]


async def test_in_a_rush_it_is_acknowledged_before_anything_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(background, "CROWD", 0)
    wire = Wire()
    await wire.answered()
    assert wire.calls == ["send", "work", "edit"]
    assert wire.sent == [AT_WORK, "done"]


async def test_what_arrived_long_ago_is_acknowledged_before_anything_is_done() -> None:
    """In words: what has not begun is forgotten when the process is killed now."""
    wire = Wire()
    wire.extras[ARRIVED] = asyncio.get_running_loop().time() - DIRECT
    await wire.answered()
    assert wire.calls == ["send", "work", "edit"]
    assert wire.sent == [AT_WORK, "done"]


async def test_slow_work_is_acknowledged_meanwhile() -> None:
    wire = Wire()
    wire.extras[ARRIVED] = asyncio.get_running_loop().time() - DIRECT + 0.01
    deferred = asyncio.Event()
    defer = wire.defer

    async def deferring(**options: Any) -> None:
        await defer(**options)
        deferred.set()

    wire.defer = deferring  # type: ignore[method-assign]  # a test's own

    async def slow() -> Reply:
        await deferred.wait()
        return await wire.work()

    await answer(cast(Interaction, wire), slow())
    assert wire.calls == ["defer", "work", "edit"]


@pytest.mark.parametrize(
    ("age", "counts"), [(0.0, 0.0), (2.0, 2.0), (LIFE, 0.0), (600.0, 0.0), (-5.0, 0.0)]
)
async def test_the_wait_before_us_counts_when_it_is_believable(age: float, counts: float) -> None:
    wire = Wire()
    before = asyncio.get_running_loop().time()
    note_arrival(cast(Interaction, wire), NOW + timedelta(seconds=age))
    after = asyncio.get_running_loop().time()
    assert before <= wire.extras[ARRIVED] + counts <= after + 1e-6


@pytest.mark.parametrize("error", [aiohttp.ClientError(), OSError(), RuntimeError("closed")])
async def test_who_cannot_be_reached_has_not_been_told(error: Exception) -> None:
    wire = Wire(errors={"send": [error]})
    await wire.answered()
    assert wire.calls == ["work", "send"]  # a first answer is never repeated
    assert wire.told == []


async def test_an_edit_is_tried_once_more() -> None:
    wire = Wire(errors={"edit": [OSError()]})
    wire.extras[ARRIVED] = 0.0 - DIRECT
    await wire.answered()
    assert wire.calls == ["send", "work", "edit", "edit"]
    assert wire.told == [("operation",)]


async def test_but_no_more_than_once() -> None:
    wire = Wire(errors={"edit": [OSError(), OSError(), OSError()]})
    wire.extras[ARRIVED] = 0.0 - DIRECT
    await wire.answered()
    assert wire.calls == ["send", "work", "edit", "edit"]
    assert wire.told == []


async def test_a_stop_waits_for_the_answer_that_is_being_given() -> None:
    wire = Wire()
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> Reply:
        begun.set()
        await go_on.wait()
        return await wire.work()

    asking = asyncio.create_task(answer(cast(Interaction, wire), slow()))
    await begun.wait()
    asking.cancel()
    stopping = asyncio.create_task(wire.background.stop(grace=60))
    go_on.set()
    await stopping
    assert wire.calls == ["work", "send"]


async def _held(wire: Wire, go: asyncio.Event) -> None:
    async def work() -> Reply:
        await go.wait()
        return Reply("done")

    await answer(cast(Interaction, wire), work())


async def _until(wire: Wire, call: str) -> None:
    async with asyncio.timeout(10):
        while call not in wire.calls:  # noqa: ASYNC110  # it is written by a plain call
            await asyncio.sleep(0.005)


async def test_nothing_is_promised_before_the_wish_is_journalled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A process killed in between would leave the member with "thinking" and nobody to end it."""
    monkeypatch.setattr(answering, "DIRECT", 0.01)
    monkeypatch.setattr(answering, "LATEST", 60.0)
    go, kept = asyncio.Event(), asyncio.Event()
    wire = Wire(extras={KEPT: kept})
    answering_it = asyncio.create_task(_held(wire, go))
    await asyncio.sleep(0.05)  # longer than DIRECT; a slower machine proves no less
    assert wire.calls == []
    kept.set()
    await _until(wire, "defer")
    go.set()
    await answering_it
    assert wire.calls == ["defer", "edit"]


async def test_it_is_acknowledged_in_time_even_if_the_journal_is_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In words that stay true when the process is killed now; "thinking" would not."""
    monkeypatch.setattr(answering, "DIRECT", 0.01)
    monkeypatch.setattr(answering, "LATEST", 0.02)
    go = asyncio.Event()
    wire = Wire(extras={KEPT: asyncio.Event()})
    answering_it = asyncio.create_task(_held(wire, go))
    await _until(wire, "send")
    go.set()
    await answering_it
    assert wire.calls == ["send", "edit"]
    assert wire.sent == [AT_WORK, "done"]


def test_the_sandbox_waits_for_what_comes_after_these_words() -> None:
    assert AT_WORK.startswith(MEANWHILE)


async def test_a_stopping_process_takes_nothing_new() -> None:
    wire = Wire()
    await wire.background.stop()
    await wire.answered()
    assert wire.calls == ["send"], "the work was not even begun"
    assert wire.sent == ["⏳ Muster is restarting. Try again in a moment."]


@pytest.mark.parametrize(
    ("journalled", "words"),
    [(True, "says here how this ended"), (False, "Look whether it happened")],
)
async def test_what_a_stop_cuts_off_is_not_left_thinking(journalled: bool, words: str) -> None:
    kept = asyncio.Event()
    if journalled:
        kept.set()
    wire = Wire(extras={KEPT: kept, ARRIVED: 0.0 - DIRECT})
    asking = asyncio.create_task(_held(wire, asyncio.Event()))
    await _until(wire, "send")
    await wire.background.stop(grace=0)
    assert wire.calls == ["send", "edit"]
    assert words in wire.sent[-1]
    assert wire.told == []
    with pytest.raises(asyncio.CancelledError):
        await asking
