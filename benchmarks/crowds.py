"""Crowds that press: all in one instant, or so many per second; and what became of each press."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

from benchmarks.field import Board, Field
from bot.sandbox.discord.interactions import Interaction
from bot.sandbox.discord.models import User
from bot.sandbox.discord.people import MEANWHILE
from bot.sandbox.discord.people_actions import People

PROMPT = 3.0  # seconds in which Discord wants an acknowledgement
PATIENCE = 120.0  # seconds until a press counts as left without an outcome
ANY = "bare:1"  # the custom id on the boards of a bot that draws none


@dataclass(frozen=True, slots=True)
class Crowd:
    """What became of a number of presses. Times are seconds from the press."""

    acknowledged: tuple[float, ...]  # of those that were, sorted
    final: tuple[float, ...]  # of those that got an answer, sorted
    pressed: int
    words: Counter[str]  # how the answers begin

    @property
    def prompt(self) -> float:
        """The share that was acknowledged in time."""
        return sum(one <= PROMPT for one in self.acknowledged) / self.pressed

    @property
    def answered(self) -> float:
        """The share that got an answer at all."""
        return len(self.final) / self.pressed


class Pressing:
    """Presses buttons in the stand-in's own process: nothing of it is on the bot's account."""

    def __init__(self, field: Field) -> None:
        self._field = field
        self._people = People(field.discord.core)
        self._ends: dict[int, float] = {}  # by interaction: monotonic seconds
        field.discord.core.interactions.listeners.append(self._note_end)

    def draw_buttons(self) -> None:
        """Give every board one button, for bots that draw none."""
        for board in self._field.boards:
            button = {"type": 2, "style": 1, "label": "Claim", "custom_id": ANY, "id": 2}
            board.message.components = [{"type": 1, "id": 1, "components": [button]}]

    def press(self, member: User, board: Board, number: int) -> Interaction:
        """One press; `number` chooses the button."""
        buttons = board.buttons or [ANY]
        return self._people.press(
            {"as": str(member.id), "message_id": str(board.message.id),
             "custom_id": buttons[number % len(buttons)]}
        )  # fmt: skip

    async def at_once(self, count: int) -> Crowd:
        """So many different members press in one instant, spread over all boards and roles."""
        field = self._field
        boards = field.boards
        seen = [
            self.press(member, boards[n % len(boards)], n // len(boards))
            for n, member in enumerate(field.members[:count])
        ]
        return await self._outcomes(seen)

    async def in_turn(self) -> Crowd:
        """Every member presses once, each after the last one was answered."""
        seen: list[Interaction] = []
        for n, member in enumerate(self._field.members):
            seen.append(self.press(member, self._field.boards[n % len(self._field.boards)], n))
            await self._settled(seen[-1], time.monotonic() + PATIENCE)
        return await self._outcomes(seen)

    async def time(self, member: User, board: Board, number: int) -> float:
        """Seconds from one press to its answer; infinite when there is none."""
        one = self.press(member, board, number)
        await self._settled(one, time.monotonic() + PATIENCE)
        return self._ends.get(one.id, inf) - one.started

    async def held(self, per_second: float, seconds: float, offset: int) -> Crowd:
        """So many presses a second, by members in turn; `offset` is where their turn begins.

        Member and board are never the same pair twice while there are pairs left.
        """
        field, seen = self._field, list[Interaction]()
        began = time.monotonic()
        for n in range(offset, offset + int(per_second * seconds)):
            await asyncio.sleep(max(0.0, began + (n - offset) / per_second - time.monotonic()))
            member = field.members[n % len(field.members)]
            round_ = n // len(field.members)
            board = field.boards[(n + round_) % len(field.boards)]
            seen.append(self.press(member, board, n))
        return await self._outcomes(seen)

    async def _outcomes(self, seen: Sequence[Interaction]) -> Crowd:
        deadline = time.monotonic() + PATIENCE
        for one in seen:
            await self._settled(one, deadline)
        return Crowd(
            tuple(sorted(o.acknowledged - o.started for o in seen if o.acknowledged)),
            tuple(sorted(self._ends[o.id] - o.started for o in seen if o.id in self._ends)),
            len(seen),
            Counter(self._words(one) for one in seen),
        )

    async def _settled(self, one: Interaction, deadline: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline - time.monotonic()):
                while not self._ended(one):
                    await one.changed.wait()

    def _note_end(self, one: Interaction) -> None:
        if one.state == "done" and self._ended(one):
            self._ends.setdefault(one.id, time.monotonic())

    def _ended(self, one: Interaction) -> bool:
        """Whether there is an outcome: not words for the meantime."""
        if one.settled and one.state == "done":
            return not self._text(one).startswith(MEANWHILE)
        return one.settled

    def _text(self, one: Interaction) -> str:
        message = self._field.world.channels[one.channel_id].messages.get(one.latest_id or 0)
        return message.content if message is not None else ""

    def _words(self, one: Interaction) -> str:
        text = self._text(one) if one.state == "done" else one.state
        return " ".join(text.split()[:2])


def percentile(values: Iterable[float], share: float = 0.99) -> float:
    """The value below which this share lies; infinite for none."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else float("inf")
