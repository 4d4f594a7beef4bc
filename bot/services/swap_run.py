"""One turn at a swap, inside the lanes: read, write the next step, read again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from bot.errors import (
    KeyRefused,
    LockLost,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Unavailable,
    UpstreamNotFound,
)
from bot.models import Session, Stands, SwapState
from bot.services.aftermath import Aftermath
from bot.services.cases import Case
from bot.services.doubts import CERTAIN_AFTER
from bot.services.lanes import Reading
from bot.services.outcomes import Code
from bot.services.rules import Verdict
from bot.services.swap_cases import SwapCase
from bot.services.swap_checks import reserved
from bot.services.swap_outcomes import SwapPart
from bot.services.swap_reasons import Reason, by_platform, by_rule
from bot.services.swap_steps import (
    Step,
    holds,
    next_step,
    obstacle,
    overfull,
    shows,
    stands,
    to_step,
)
from bot.services.swap_words import role_words
from bot.services.visits import Visit
from bot.store.swaps import SwapStore

log = logging.getLogger(__name__)

MOST_FORWARD, MOST = 8, 20  # writes; four are enough unless somebody undoes them in the panel
_NOT_SENT = (Unavailable, RateLimited, KeyRefused)  # nothing happened, and may happen later


class Halted(Exception):
    """It cannot go on now; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.words)
        self.reason = reason


class SwapRun:
    """Carries one swap on from wherever it stands. Each write is in the database before it goes."""

    def __init__(
        self, case: SwapCase, visits: Mapping[str, Visit], store: SwapStore,
        aftermath: Aftermath, clock: Callable[[], datetime], steady: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self.case = case
        self.readings: dict[str, Reading | None] = {}
        self._visits = visits
        self._store = store
        self._aftermath = aftermath
        self._clock = clock
        self._steady = steady  # see `doubts.steady`
        self._fresh = False
        swap = case.swap
        # The write whose fate is unknown: it was begun, and we died or got no clear answer.
        self._doubt = to_step(swap.step, case.exchanges) if swap.wrote_at else None
        self._lost: dict[int, str] = {}  # sides that cannot have their old roles back, and why
        self._given_back: set[int] = set()

    @property
    def sessions(self) -> dict[str, Session | None]:
        """What was read last."""
        return {key: one.session if one else None for key, one in self.readings.items()}

    @property
    def stands(self) -> tuple[Stands, Stands]:
        """What both hold by that."""
        one, two = self.case.exchanges
        return stands(one, self.sessions), stands(two, self.sessions)

    @property
    def untouched(self) -> bool:
        """Whether both certainly have what they had before."""
        return self._doubt is None and self.stands == (Stands.OLD, Stands.OLD)

    @property
    def doubtful(self) -> bool:
        """Whether a write was begun of which nobody knows whether it was stored."""
        return self._doubt is not None

    @property
    def why(self) -> str:
        """All that stood in the way."""
        return " ".join(dict.fromkeys((self.case.swap.why, *self._lost.values()))).strip()

    async def read(self) -> None:
        """Both sessions as they stand. Raises ProviderErrors, and Refusal without a workspace."""
        found: dict[str, Reading | None] = {}
        self.readings = {}  # should this fail: what was read before a write tells nothing after it
        for session_id, visit in self._visits.items():
            try:
                found[session_id] = await visit.read()
            except UpstreamNotFound as error:
                if error.what != "session":
                    raise
                found[session_id] = None
        self.readings = found
        self._fresh = True

    async def go_on(self) -> SwapState | None:
        """The ending, or None when only time can tell. Raises Halted, and what `read` does."""
        while True:
            if not self._fresh:
                await self.read()
            self._fresh = False
            if self._is_doubtful():
                return None
            step = await self._choose()
            if step is None:
                return self._ending()
            if step.claiming and (reason := self._hindrance(step)):
                await self._give_up(step.side, reason)
                self._fresh = True  # nothing was written since
            elif not await self._record(step):
                return None  # another process has it
            else:
                await self._write(step)

    def _is_doubtful(self) -> bool:
        """Whether a write may yet be stored. Absent is believed only after a minute and a half."""
        doubt, since = self._doubt, self.case.swap.wrote_at
        if doubt is None or since is None or shows(doubt, self.sessions):
            self._doubt = None
            return False
        if self._steady() - since < CERTAIN_AFTER:
            return True
        self._doubt = None
        return False

    async def _choose(self) -> Step | None:
        """The next write, after turning back if the swap cannot be finished."""
        crowded = self._crowded()
        if crowded is not None and self._back:
            self._lost[crowded] = self._taken(crowded).words
            return to_step(f"{crowded} release old", self.case.exchanges)
        if crowded is not None:
            await self._give_up(crowded, self._taken(crowded))
        if self.case.swap.writes >= MOST_FORWARD and not self._back:
            words = f"What was written to {self.case.workspace.kind.label} does not stay there."
            await self._give_up(0, Reason(Code.DID_NOT_ARRIVE, words))
        if self.case.swap.writes >= MOST:
            return None
        return next_step(
            self.case.exchanges, self.sessions, back=self._back, lost=self._lost.keys()
        )

    @property
    def _back(self) -> bool:
        return self.case.swap.state is SwapState.UNDOING

    def _crowded(self) -> int | None:
        """A side whose claim made its place overfull: it was the later one, and gives way."""
        for number, side in enumerate(self.case.exchanges):
            place = side.old if self._back else side.new
            ours = number in self._given_back if self._back else True
            there = ours and holds(self.sessions, place, side.roblox_id)
            if there and overfull(self.sessions.get(place.session_id), place):
                return number
        return None

    def _taken(self, number: int) -> Reason:
        words = f"{self._words(number)} was claimed by somebody else at the same moment."
        return Reason(Code.FULL, words)

    def _hindrance(self, step: Step) -> Reason | None:
        """Why this claim must not be sent any more, or None."""
        reading, now = self.readings.get(step.place.session_id), self._clock()
        verdict: Verdict | None = Verdict(Code.GONE, what="session")
        if reading is not None:
            others = reserved(self.case, reading, step.place, now, back=self._back)
            verdict = obstacle(
                step, reading.session, others, reading.capabilities, now, back=self._back
            )
        if verdict is None:
            return None
        about = self.case.parts[step.side].side.discord_id
        return by_rule(verdict, about, self._words(step.side, old=step.old), back=step.old)

    async def _give_up(self, number: int, reason: Reason) -> None:
        """Turn back; on the way back, leave this side as it stands."""
        swap = self.case.swap
        log.warning("swap %s, side %s: %s", swap.reference, number, reason.words)
        if self._back:
            self._lost[number] = reason.words
            return
        turned = replace(swap, state=SwapState.UNDOING, reason=reason.code.value, why=reason.words)
        if not await self._store.turn_back(turned):
            raise Halted(reason)
        self.case = self.case.with_swap(turned)

    async def _record(self, step: Step) -> bool:
        swap, now = self.case.swap, self._steady()
        if not await self._store.record(swap, step.name, now):
            return False
        self.case = self.case.with_swap(
            replace(swap, step=step.name, wrote_at=now, writes=swap.writes + 1, unread_since=None)
        )
        return True

    async def _write(self, step: Step) -> None:
        visit, reading = self._visits[step.place.session_id], self.readings[step.place.session_id]
        assert reading is not None  # nothing is held, or may be claimed, in a session that is gone
        self._doubt = step
        try:
            if step.claiming:
                await visit.claim(reading.session, step.place, step.roblox_id)
            else:
                await visit.release(step.place, step.roblox_id)
        except OutcomeUnknown as error:
            log.warning("swap %s: %s unknown: %s", self.case.swap.reference, step.name, error)
            return
        except LockLost as error:
            self._doubt = None
            raise Halted(Reason(Code.INTERRUPTED, "Another process was writing.")) from error
        except ProviderError as error:
            self._doubt = None
            reason = self._said(step, error)
            if isinstance(error, _NOT_SENT):
                raise Halted(reason) from error
            await self._give_up(step.side, reason)
            return
        self._doubt = None
        if step.claiming and step.old:
            self._given_back.add(step.side)
        if not step.claiming and reading.capabilities.loses_writes:
            await self._mend(step, visit, reading)

    def _said(self, step: Step, error: ProviderError) -> Reason:
        part = self.case.parts[step.side] if step.old else self.case.takes(step.side)
        return by_platform(error, self.case.parts[step.side].side.discord_id, part.opening)

    async def _mend(self, step: Step, visit: Visit, before: Reading) -> None:
        """Put back what the release took from others, where the platform is known for it."""
        part = self.case.parts[step.side] if step.old else self.case.takes(step.side)
        row = self.case.release(step.side, self._clock())
        row = replace(row, place=step.place, sent_at=self.case.swap.wrote_at)
        about = Case(row, part.announcement, part.opening, self.case.workspace)
        try:
            await self._aftermath.after_release(about, visit, before)
        except (ProviderError, LockLost) as error:  # the next reading finds out how things stand
            log.warning("swap %s: not looked after: %s", self.case.swap.reference, error)

    def _ending(self) -> SwapState:
        if self.stands == (Stands.NEW, Stands.NEW):
            return SwapState.DONE
        return SwapState.UNDONE if self.stands == (Stands.OLD, Stands.OLD) else SwapState.PARTLY

    def _words(self, number: int, *, old: bool | None = None) -> str:
        """The role that this side is to have now, or the old or new one."""
        outcome = self.case.outcome()
        parts: tuple[SwapPart, SwapPart] = (outcome.proposer, outcome.partner)
        return role_words(parts[number if (self._back if old is None else old) else 1 - number])
