"""The real process, killed at chosen moments of a rush, started again, and held to its words."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path

from bot.replies import AT_WORK
from bot.sandbox.acts import Cast
from bot.sandbox.discord.people import Answer, Json, Person, Sandbox, roles_of
from bot.sandbox.town import Town
from tests.proofs.stands import Stand, begin, empty, holders_on, never_twice, open_stands, seat

ENDED = ("confirmed", "refused")
SLOWLY = 0.4  # seconds between a write and the platform's answer to it
LOOK = 0.003  # seconds between two looks at whether the moment has come
WITHIN = 150.0  # seconds; absence takes the reconciler a minute and a half to believe
MOMENTS = ("pending", "sent", "thinking", "sent", "settled")  # what each kill waits for, in turn
DEFERRED = 2.5  # seconds: so slow that everybody has been told to wait
GAP = 0.1  # seconds between a ReAdmin release's read and its overwrite
DONE = ("✔ You are", "✔ Released")


@dataclass(frozen=True)
class Pressed:
    """What somebody did in the rush."""

    stand: Stand
    roblox_id: str
    answer: Answer

    @property
    def who(self) -> tuple[str, str]:
        """In which session, and as whom on Roblox; each presses once there."""
        return (self.stand.session_id, self.roblox_id)


@dataclass(frozen=True)
class Killed:
    """One kill: its moment, and what the journal said right after."""

    number: int
    aimed_at: str
    phases: Counter[str]
    pressed: int
    never_answered: int  # Discord itself told these that the bot did not respond

    @property
    def between(self) -> bool:
        """Whether a write was between `sent` and its settlement."""
        return self.phases["sent"] + self.phases["unknown"] > 0


class Crashes:
    """A town in which everybody presses at once, again and again."""

    def __init__(self, town: Town, sandbox: Sandbox, stands: list[Stand]) -> None:
        self.town, self._sandbox, self._stands = town, sandbox, stands
        self._path = Path(town.folder.name) / "muster.db"

    async def round(self, number: int, seed: int) -> Killed:
        """A rush, a kill, a start; AssertionError when words, board and platform differ."""
        dice = random.Random(seed * 100_003 + number)
        aimed_at = MOMENTS[number % len(MOMENTS)]
        slowly = DEFERRED if aimed_at == "thinking" else SLOWLY
        seated: set[tuple[str, str]] = set()
        for stand in self._stands:
            empty(stand)
            seated |= seat(stand, dice)
            stand.platform.requests.clear()
            stand.platform.faults.add("slow", "claim", None, slowly)
            stand.platform.faults.add("slow", "release", None, slowly)
        before = self._rows()
        presses = await self._press_all(dice, seated)
        await self._moment(aimed_at, dice.randint(1, 6), len(before), presses)
        await self.town.bot.kill()
        phases = Counter(row["state"] for row in self._rows()[len(before) :])
        for stand in self._stands:
            stand.platform.faults.clear()
        await self.town.start_bot()
        await self._settled()
        rows = self._rows()[len(before) :]
        unanswered = await self._check(presses, rows, seated)
        await self._told_later(unanswered, rows)
        return Killed(number, aimed_at, phases, len(presses), len(unanswered))

    async def _press_all(self, dice: random.Random, seated: set[tuple[str, str]]) -> list[Pressed]:
        """Everybody presses one role on every board, or gives back what they hold there."""
        people = [(stand, roblox_id) for stand in self._stands for roblox_id in stand.people]
        dice.shuffle(people)
        held = {(s.session_id, *one) for s in self._stands for one in holders_on(s)}
        presses = []
        for stand, roblox_id in people:
            person, role = stand.people[roblox_id], dice.choice(stand.roles)
            if (stand.session_id, roblox_id) in seated:
                (role,) = [
                    role for role in stand.roles if (stand.session_id, roblox_id, role) in held
                ]
                answer = await replace(person, patience=0.0).command(
                    "release", claim=stand.openings[role]
                )
            else:
                answer = await begin(person, stand.board, role)
            presses.append(Pressed(stand, roblox_id, answer))
        return presses

    async def _moment(self, aimed_at: str, count: int, before: int, presses: list[Pressed]) -> None:
        """Until the rush has come so far."""

        def sent() -> bool:
            calls = [seen for stand in self._stands for seen in stand.platform.requests]
            return any(seen.kind in ("claim", "release") and not seen.status for seen in calls)

        def rows(*states: str) -> bool:
            return sum(row["state"] in states for row in self._rows()[before:]) >= count

        def thinking() -> bool:
            book = self.town.discord.core.interactions.by_id
            states = [book[int(one.answer.interaction_id)].state for one in presses]
            return states.count("thinking") >= count

        reached: dict[str, Callable[[], bool]] = {
            "pending": lambda: rows("pending", "sent", *ENDED), "sent": sent,
            "settled": lambda: rows(*ENDED), "thinking": thinking,
        }  # fmt: skip
        await _until(reached[aimed_at], f"nothing was {aimed_at}")

    async def _settled(self) -> None:
        """Until no row is open; time is let pass where only time proves that nothing arrives."""

        def settled() -> bool:
            # What was sent ended with the process that sent it, or arrived: it cannot come later.
            self._write(
                "UPDATE claim_attempts SET absent_since = datetime(absent_since, '-100 seconds')"
                " WHERE absent_since > datetime('now', '-60 seconds')"
            )
            return all(row["state"] in ENDED for row in self._rows())

        await _until(settled, "rows without an ending", LOOK * 30)

    async def _check(
        self, presses: list[Pressed], rows: list[sqlite3.Row], seated: set[tuple[str, str]]
    ) -> list[Pressed]:
        """Words = journal = platform = board; returns the presses that Muster never answered."""
        done = {(row["session_id"], str(row["roblox_id"])): row["kind"] for row in rows
                if row["state"] == "confirmed"}  # fmt: skip
        claimed = {who for who, kind in done.items() if kind == "claim"}
        wanted = claimed | (seated - (done.keys() - claimed))
        for stand in self._stands:
            held = {(stand.session_id, roblox_id) for roblox_id, _ in holders_on(stand)}
            told = {who for who in wanted if who[0] == stand.session_id}
            assert held == told, f"{stand.name}: held {held}, journal {told}"
            never_twice(stand)
            await self._board(stand)
        journalled, unanswered = {row["interaction_id"] for row in rows}, []
        for one in presses:
            ended = await self._ended(one.answer, int(one.answer.interaction_id) in journalled)
            # Discord said so itself, or the last words were to try again: true as far as they go.
            if ended.state == "failed" or ended.text == AT_WORK:
                unanswered.append(one)
                continue
            # What earlier rounds owe the person stands before it.
            said = ended.text.split("\n\n")[-1].startswith(DONE)
            assert said is (one.who in done), f"{one.who} {done.get(one.who)}: {ended.text}"
        return unanswered

    async def _told_later(self, unanswered: list[Pressed], rows: list[sqlite3.Row]) -> None:
        """Whoever got no answer to what was carried out hears its ending at the next visit."""
        self._write("UPDATE claim_attempts SET settled_at = datetime(settled_at, '-60 seconds')"
                    " WHERE told = 0")  # fmt: skip
        by_interaction = {row["interaction_id"]: row for row in rows}
        visits: dict[Person, str] = {}
        for one in unanswered:
            row = by_interaction.get(int(one.answer.interaction_id))
            if row is None:  # never accepted: that nothing came of it has been seen
                continue
            person = one.stand.people[one.roblox_id]
            if person not in visits:
                visits[person] = (await person.command("claims")).text
            said = [part.removeprefix("Earlier: ") for part in visits[person].split("\n\n")
                    if row["operation_id"][:8] in part]  # fmt: skip
            assert [part.startswith(DONE) for part in said] == [row["state"] == "confirmed"], (
                f"{dict(row)} was told as {visits[person]}"
            )

    async def _ended(self, answer: Answer, journalled: bool) -> Answer:
        """The interaction once it is over for the one who pressed."""
        open_ends = ("has not confirmed", AT_WORK) if journalled else ("has not confirmed",)
        async with asyncio.timeout(WITHIN):
            latest = await answer.refresh()
            while latest.state in ("waiting", "thinking") or any(
                words in latest.text for words in open_ends
            ):
                latest = await latest.next(5.0)
        return latest

    async def _board(self, stand: Stand) -> None:
        counts = Counter(role for _, role in holders_on(stand))

        def shows(message: Json) -> bool:
            labels = [button["label"] for button in roles_of(message)]
            return message["id"] == stand.board["id"] and all(
                label.startswith(f"{role} {counts[role]}/")
                for role, label in zip(stand.roles, labels, strict=True)
            )

        anybody = next(iter(stand.people.values()))
        await anybody.wait_for(anybody.channel_id, shows, timeout=WITHIN)

    def _rows(self) -> list[sqlite3.Row]:
        with closing(sqlite3.connect(self._path, timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute("SELECT * FROM claim_attempts ORDER BY rowid").fetchall()

    def _write(self, statement: str) -> None:
        with closing(sqlite3.connect(self._path, timeout=30)) as connection, connection:
            connection.execute(statement)


async def _until(happened: Callable[[], bool], otherwise: str, pause: float = LOOK) -> None:
    deadline = asyncio.get_running_loop().time() + WITHIN
    while not happened():
        assert asyncio.get_running_loop().time() < deadline, otherwise
        await asyncio.sleep(pause)


@asynccontextmanager
async def open_crashes() -> AsyncIterator[Crashes]:
    """A town with everything connected, everybody linked and one board on each platform."""
    town = Town()
    town.northgate.release_gap = GAP
    try:
        await town.start()
        async with Sandbox(town.discord.url) as sandbox:
            cast = Cast(town, sandbox)
            await cast.connect_all()
            await cast.link_all()
            yield Crashes(town, sandbox, await open_stands(cast))
    finally:
        await town.stop()
