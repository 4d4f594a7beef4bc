"""Members, hosts, panels, faults, crashes and clocks at random, and what must hold afterwards.

The model is small: a set of places that are held. Journal rows that are confirmed and changes made
in a platform's panel are applied to it in order; after settling it must be what the platforms hold,
what the boards show and what everybody was told last.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from operator import itemgetter
from pathlib import Path

from bot.models import AttemptKind, AttemptState, Door
from bot.sandbox.platforms.faults import Fault, Match
from bot.services.claims import Press
from bot.services.outcomes import DONE, Code, Outcome
from bot.services.ports import Board
from tests.proofs import model_waitlist
from tests.proofs.model_swap import SWAP_ACTIONS, Swapping
from tests.proofs.model_waitlist import Lie, Waits
from tests.proofs.office import (
    ANNEX,
    KEY,
    MAIN,
    CountingReAdmin,
    CountingSeries,
    Held,
    Office,
    Post,
    at_rest,
    connect,
    end_process,
    open_office,
    post,
    until,
)
from tests.services.bench import GUILD, STRANGERS, Bench, actor, roblox_of

ROLES = {"lead": 1, "crew": 2, "guest": 0}
SLOTS = {"trainer": 1, "barista": 2}
MEMBERS = range(10, 16)
OUTSIDERS = (9001, 9002, 9003)  # claim in the panels only; no guild knows them
TAKEN = (("claim", "cut-before"), ("claim", "cut-after"), ("claim", "store-late"),
         ("claim", "store-late"), ("release", "cut-after"),
         ("claim", "error-500"), ("claim", "error-500-after"), ("claim", "hang"),
         ("release", "cut-before"), ("release", "cut-after"), ("release", "error-500"),
         ("release", "store-late"), ("release", "overwrite-late"), ("release", "overwrite-late"),
         ("release", "hang"), ("read", "cut-before"),
         ("read", "error-500"), ("read", "hang"), ("any", "rate-limit"),
         ("any", "slow"), ("claim", "wrong-shape"))  # fmt: skip
# what happens: how often
ACTIONS = {"claim": 10, "move": 4, "release": 5, "twice": 2, "again": 1, "both": 2, "rush": 3,
           "host": 3, "panel_claim": 3, "panel_release": 2, "panel_server": 1, "panel_switch": 1,
           "fault": 5, "clear": 2, "crash": 2, "jump": 2, "reconcile": 3, "wait": 6,
           "settle": 2}  # fmt: skip
ACTIONS |= model_waitlist.ACTIONS | SWAP_ACTIONS
OPEN = (Code.UNKNOWN, Code.STILL_RUNNING)  # "I tell you later"
QUESTIONS = (Code.MOVE, Code.CLASH)  # a question that a crash swallowed is asked by the next press
JUMPS = (5, 31, 95, 900)  # seconds
BEGINS = timedelta(hours=2)  # long enough to wait, short enough to come to the last minutes
LATE = 0.04  # seconds: a fault's, long enough for others to come in between


@dataclass(eq=False)
class Asked:
    """One press, and the direct answer to it."""

    press: Press
    held: Held  # the place in question
    began: int  # how much had happened to this person before
    outcome: Outcome | None = None  # None: the process died before it answered


class Story(Swapping):
    """One office with everybody in it. `act` does one thing; `settle` brings all to rest."""

    def __init__(self, office: Office) -> None:
        super().__init__()
        self.office = office
        self.steps = 0
        self.bench: Bench
        self.posts: list[Post] = []
        self.base_urls: dict[int, str] = {}  # by workspace
        self.asked: list[Asked] = []
        self.live: dict[asyncio.Task[None], Asked] = {}
        self.hanging: list[Fault] = []
        self.truth: set[Held] = set()  # at the last rest
        self.changes: list[tuple[float, bool, Held]] = []  # by panels since: row number, held, what
        self.murky: set[tuple[str, int]] = set()  # (base URL, who): a panel and we at once
        self.crowded: set[tuple[str, str, str]] = set()  # places that a panel gave to somebody
        self.happened: dict[tuple[str, int], int] = {}
        self.lies: list[str] = []
        self.checked = 0  # rows of the journal
        self.interactions = itertools.count(5_000)
        self.members, self.places = MEMBERS, ROLES | SLOTS
        self.waits = Waits(self)

    async def begin(self) -> None:
        """Connect, link, post."""
        office = self.office
        self.bench = await office.open_process()
        workspaces = await connect(self.bench, office)
        for guild_id in (GUILD, STRANGERS):
            await self.bench.link(*MEMBERS, guild_id=guild_id)
        members = office.series.world.workspaces[KEY]
        for roblox_id in (*map(roblox_of, MEMBERS), *OUTSIDERS):
            members.add_member(roblox_id, 100)
            office.roblox.add(roblox_id, f"roblox_{roblox_id}")
        for workspace in workspaces:
            await self.bench.workspace_store.update(
                workspace.guild_id, workspace.workspace_id, host_swaps=True
            )
            self.base_urls[workspace.workspace_id] = workspace.base_url
            session = (
                office.readmin_session if workspace.name != "Series" else office.series_session
            )
            self.posts.append(await post(self.bench, workspace, session))
        await self.waits.begin()

    async def act(self, name: str, one: int, two: int, three: int) -> None:
        """Do one thing; the numbers choose who, what and where."""
        self.steps += 1
        acts = getattr(self.waits, name) if name in model_waitlist.ACTIONS else None
        await (acts or getattr(self, f"_{name}"))(one, two, three)
        for _ in range(three):  # let some of it happen before the next
            await asyncio.sleep(0)
        self._forget_finished()
        self.forget_swaps()

    # Members.

    async def _claim(self, one: int, two: int, _: int) -> None:
        self._press(one, two)

    async def _move(self, one: int, two: int, _: int) -> None:
        self._press(one, two, move=True)

    async def _release(self, one: int, two: int, _: int) -> None:
        self._press(one, two, release=True)

    async def _twice(self, one: int, two: int, _: int) -> None:
        self._press(one, two)
        self._press(one, two)

    async def _again(self, one: int, two: int, _: int) -> None:
        """Discord delivers the same interaction a second time."""
        number = self._press(one, two).press.interaction_id
        self._press(one, two, number=number)

    async def _both(self, one: int, two: int, three: int) -> None:
        """Two different wishes of one member at once."""
        self._press(one, two)
        self._press(one, three, release=three % 2 == 0)

    async def _rush(self, _: int, two: int, __: int) -> None:
        for number in range(len(MEMBERS)):
            self._press(number, two)

    async def _host(self, one: int, two: int, three: int) -> None:
        self._press(one, two, release=three % 2 == 0, by_host=True)

    def _press(
        self, one: int, two: int, *, release: bool = False, move: bool = False,
        by_host: bool = False, number: int | None = None,
    ) -> Asked:  # fmt: skip
        member = MEMBERS[one % len(MEMBERS)]
        choices = [(p, place) for p in self.posts for place in p.openings]
        found, place = choices[two % len(choices)]
        guild_id = found.workspace.guild_id
        number = next(self.interactions) if number is None else number
        who = actor(2 if by_host else member, guild_id)
        press = Press(who, found.openings[place].opening_id, Door.HOST if by_host else Door.BUTTON,
                      number, f"token-{number}", move, clash_confirmed=move or two % 4 > 0,
                      subject_id=member if by_host else None)  # fmt: skip
        held = (found.workspace.base_url, *place, roblox_of(member))
        asked = self.expect(press, held)
        self.live[asyncio.create_task(self._answer(asked, release))] = asked
        return asked

    def press_release(self, roblox_id: int, opening_id: int) -> None:
        """The holder, if it is one of the members, gives an opening back."""
        choices = [(p, place) for p in self.posts for place in p.openings]
        numbers = [found.openings[place].opening_id for found, place in choices]
        if (member := roblox_id - roblox_of(0)) in MEMBERS:
            self._press(MEMBERS.index(member), numbers.index(opening_id), release=True)

    def expect(self, press: Press, held: Held) -> Asked:
        """A press that will have an outcome, and perhaps a row."""
        asked = Asked(press, held, self._note((held[0], held[3])))
        self.asked.append(asked)
        return asked

    def unasked(self, press: Press) -> Asked:
        """Something under way that claims nothing."""
        return Asked(press, ("", "", "", 0), 0)

    async def _answer(self, asked: Asked, release: bool) -> None:
        claims = self.bench.claims
        work = claims.release(asked.press) if release else claims.claim(asked.press)
        asked.outcome = await work
        await claims.mark_told([asked.outcome.operation_id])  # as cogs do after the answer
        who = (asked.held[0], asked.held[3])
        others = [a for a in self.live.values() if a is not asked and a.held[0::3] == who]
        if asked.outcome.code in DONE and self.happened[who] == asked.began and not others:
            holds = asked.held in self.office.held()
            if holds is not (asked.outcome.code is Code.CLAIMED):
                self.lies.append(f"told {asked.outcome.code} at once: {asked.held}")

    # Panels.

    async def _panel_claim(self, one: int, two: int, three: int) -> None:
        if self.office.readmin.releasing:
            return  # ReAdmin would lose it, and nobody could know
        who = self._somebody(one, three)
        upstream, server_id, role_id = self._place(two)
        places = (ROLES | SLOTS)[role_id]
        holders = self.office.holders(upstream, server_id, role_id)
        if who in holders or (places and len(holders) >= places):
            return  # the panels do not overbook
        if upstream == self.office.series.base_url:
            role = self._slots(role_id)
            free = next(slot for slot in role if not slot.isdecimal())
            world = self.office.series.world
            world.panel_claim(self.office.series_session, role_id, free, who)
        else:
            self.office.readmin.world.panel_claim(
                self.office.readmin_session, server_id, who, role_id
            )
        self.crowded.add((upstream, server_id, role_id))
        self._changed(True, (upstream, server_id, role_id, who))
        self.waits.panel_took(upstream, server_id, role_id)

    async def _panel_release(self, one: int, two: int, _: int) -> None:
        held = sorted(self.office.held())
        if not held or self.office.readmin.releasing:
            return
        upstream, server_id, role_id, who = held[(one * 7 + two) % len(held)]
        if upstream == self.office.series.base_url:
            world = self.office.series.world
            world.panel_release(self.office.series_session, role_id, who)
        else:
            readmin = self.office.readmin.world
            readmin.panel_release(self.office.readmin_session, server_id, who)
        self._changed(False, (upstream, server_id, role_id, who))

    async def _panel_server(self, _: int, __: int, ___: int) -> None:
        """A server as the panel makes it: claims in a list, which are not ours to change."""
        session = self.office.readmin.world.get_session(self.office.readmin_session)
        name = f"panel-{len(session['servers'])}"
        session["servers"][name] = {"linkedToServer": False, "claims": [], "attendees": {}}
        self.office.readmin.world.panel_claim(
            self.office.readmin_session, name, OUTSIDERS[0], "guest"
        )

    async def _panel_switch(self, _: int, __: int, ___: int) -> None:
        session = self.office.series.world.get_session(self.office.series_session)
        session.claimable = not session.claimable

    def _somebody(self, one: int, three: int) -> int:
        return OUTSIDERS[one % 3] if three % 2 else roblox_of(MEMBERS[one % len(MEMBERS)])

    def _place(self, two: int) -> tuple[str, str, str]:
        choices = [(p.workspace.base_url, *place) for p in self.posts for place in p.openings]
        return choices[two % len(choices)]

    def _slots(self, role_id: str) -> list[str]:
        session = self.office.series.world.get_session(self.office.series_session)
        assert session.custom_roles is not None
        return session.custom_roles[role_id].slots

    def _changed(self, held: bool, what: Held) -> None:
        who = (what[0], what[3])
        self._note(who)
        rows = self.office.journal()
        mine = [r for r in rows if (self.base_urls[r["workspace_id"]], r["roblox_id"]) == who]
        open_rows = [row for row in mine if not AttemptState(row["state"]).settled]
        # What goes while we release on that server is taken for lost, and put back.
        releasing = {AttemptKind.RELEASE.value, AttemptState.SENT.value}
        here = [r for r in rows if (self.base_urls[r["workspace_id"]], r["server_id"]) == what[:2]]
        undone = not held and any(releasing == {row["kind"], row["state"]} for row in here)
        pressing = any(asked.held[0::3] == who for asked in self.live.values())
        if undone or open_rows or pressing or self.swaps_with(who):
            self.murky.add(who)
        self.changes.append((len(rows) + 0.5, held, what))

    def _note(self, who: tuple[str, int]) -> int:
        self.happened[who] = self.happened.get(who, 0) + 1
        return self.happened[who]

    def holdings(self) -> list[tuple[str, int, int, str]]:
        """What members hold in the first guild's boards, for swaps."""
        return [
            (p.workspace.base_url, roblox_id - roblox_of(0), roblox_id, str(opening.opening_id))
            for p in self.posts
            if p.workspace.guild_id == GUILD
            for place, opening in p.openings.items()
            for roblox_id in sorted(self.office.holders(p.workspace.base_url, *place))
            if roblox_id - roblox_of(0) in MEMBERS
        ]

    def note(self, who: tuple[str, int]) -> None:
        """Something begins that concerns this person."""
        self._note(who)

    # Faults, crashes, time.

    async def _fault(self, one: int, two: int, _: int) -> None:
        match, name = TAKEN[(one * 31 + two) % len(TAKEN)]
        await self._arm(match, name, two)

    async def _arm(self, match: Match, name: str, two: int) -> None:
        platform = self._platforms[two % 2]
        fault = platform.faults.add(name, match, 1, 30 if name == "rate-limit" else LATE)
        if name == "hang":
            self.hanging.append(fault)

    async def _clear(self, _: int, __: int, ___: int) -> None:
        for platform in self._platforms:
            platform.faults.clear()
        self.hanging.clear()

    async def _crash(self, _: int, __: int, ___: int) -> None:
        await end_process(self.bench, *self.live, *self.swapping)
        self._forget_finished()
        self.forget_swaps()
        await at_rest(*self._platforms)  # a process takes longer to start than a request to end
        self.bench = await self.office.open_process()

    async def at_rest(self) -> None:
        """No write is on its way."""
        await at_rest(*self._platforms)

    async def _jump(self, one: int, _: int, __: int) -> None:
        await at_rest(*self._platforms)  # no write travels for a minute and a half
        self.office.clock.advance(JUMPS[one % len(JUMPS)])

    async def _reconcile(self, _: int, __: int, ___: int) -> None:
        await self.bench.reconciler.settle_all()

    async def _wait(self, _: int, __: int, ___: int) -> None:
        """Until everybody is answered, or something hangs."""
        tasks = [*self.live, *self.swapping]
        await until(lambda: all(task.done() for task in tasks) or self._hangs)

    async def _settle(self, _: int, __: int, ___: int) -> None:
        await self.settle()

    @property
    def _hangs(self) -> bool:
        return any(fault.times == 0 for fault in self.hanging)

    @property
    def _platforms(self) -> tuple[CountingReAdmin, CountingSeries]:
        return (self.office.readmin, self.office.series)

    def _forget_finished(self) -> None:
        for task in [task for task in self.live if task.done()]:
            del self.live[task]
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    # Rest, and what must hold then.

    async def settle(self) -> None:
        """Faults end, time passes, the reconciler runs; then look at everything."""
        await self._clear(0, 0, 0)
        async with asyncio.timeout(60):
            await asyncio.gather(*self.live, *self.swapping)
            self._forget_finished()
            self.forget_swaps()
            for seconds in (35, 95, 95, 95):
                await at_rest(*self._platforms)
                await self.bench.settle()
                await self.waits.look()
                self.office.clock.advance(seconds)
            await self.bench.settle()
            await self.waits.look()
            await self.bench.catch_up()
        rows = self.office.journal()
        self._check_lies()
        self._check_journal(rows)
        await self._check_told_presses(rows)
        await self.check_swaps(MEMBERS)
        self._check_capacity()
        self._check_boards()
        await self.waits.check()
        self.checked = len(rows)
        self.truth, self.changes = self.office.held(), []
        self.murky.clear()
        self.crowded.clear()

    def _check_lies(self) -> None:
        if self.lies:
            raise Lie("; ".join(self.lies))

    def _check_journal(self, rows: list[sqlite3.Row]) -> None:
        """The journal and the panels' changes, applied in order, are what the platforms hold."""
        open_rows = [dict(row) for row in rows if not AttemptState(row["state"]).settled]
        if open_rows:
            raise Lie(f"rows without an ending: {open_rows}")
        wanted = set(self.truth)
        for _, held, what in sorted([*self._confirmed(rows), *self.changes], key=itemgetter(0)):
            if held and what[0] == self.office.readmin.base_url:  # one role per person and server
                wanted = {w for w in wanted if (*w[:2], w[3]) != (*what[:2], what[3])}
            wanted = wanted | {what} if held else wanted - {what}
        found = self.office.held()
        missing = {h for h in wanted - found if (h[0], h[3]) not in self.murky}
        surplus = {h for h in found - wanted if (h[0], h[3]) not in self.murky}
        if missing or surplus:
            raise Lie(f"lost {missing}, unaccounted for {surplus}; {self._lately(rows)}")

    def _confirmed(self, rows: list[sqlite3.Row]) -> Iterator[tuple[float, bool, Held]]:
        for row in rows[self.checked :]:
            if row["state"] == AttemptState.CONFIRMED.value:
                upstream = self.base_urls[row["workspace_id"]]
                what = (upstream, row["server_id"], row["role_id"], row["roblox_id"])
                yield row["number"], row["kind"] != AttemptKind.RELEASE.value, what

    async def _told_at_the_next_visit(self) -> dict[str, list[Code]]:
        """Everybody uses Muster once more, in both guilds: what they are told at last."""
        found: dict[str, list[Code]] = {}
        for guild_id, member in itertools.product((GUILD, STRANGERS), MEMBERS):
            for outcome in await self.bench.claims.untold(guild_id, member):
                found.setdefault(outcome.operation_id, []).append(outcome.code)
                await self.bench.claims.mark_told([outcome.operation_id])
        return found

    async def _check_told_presses(self, rows: list[sqlite3.Row]) -> None:
        """Every press with a row ends in that row's ending, told directly or later."""
        later = await self._told_at_the_next_visit()
        for operation_id, outcome in self.office.messenger.told:
            later.setdefault(operation_id, []).append(outcome.code)
        owners = {asked.press.interaction_id: asked for asked in self.asked}
        for row in rows[self.checked :]:
            if row["door"] == Door.SWAP.value:
                continue  # told by the swaps
            operation_id, ending = row["operation_id"], Code(row["reason"])
            told = later.get(operation_id, [])
            direct = [
                asked.outcome.code
                for asked in self.asked
                if asked.outcome is not None and asked.outcome.reference == operation_id[:8]
            ]
            last = {code for code in direct if code not in OPEN} | set(told[-1:])
            if last != {ending} and not (ending in QUESTIONS and not last):
                owner = owners.get(row["interaction_id"])
                raise Lie(f"{dict(row)} was told as {direct} and then {told}; asked: {owner}")
        self.asked = [asked for asked in self.asked if asked in self.live.values()]

    def _check_capacity(self) -> None:
        for upstream, server_id, role_id in {held[:3] for held in self.office.held()}:
            places = (ROLES | SLOTS)[role_id]
            holders = self.office.holders(upstream, server_id, role_id)
            if places and len(holders) > places:
                raise Lie(f"{role_id} on {server_id} is overbooked: {holders}")

        for (*place, who), there in self.office.readmin.claims:  # also what we took back since
            places = ROLES[place[2]]
            if places and len(there) >= places and tuple(place) not in self.crowded:
                raise Lie(f"{who} was sent to {place}, which {there} held")
        self.office.readmin.claims.clear()

    def _check_boards(self) -> None:
        for found in self.posts:
            board = self.office.board(found.message_id)
            for (server_id, role_id), opening in found.openings.items():
                holders = self.office.holders(found.workspace.base_url, server_id, role_id)
                shown = _shown(board, opening.opening_id)
                if shown != {_label(roblox_id) for roblox_id in holders}:
                    raise Lie(f"the board shows {shown} for {role_id}, held by {holders}")

    def _lately(self, rows: list[sqlite3.Row]) -> str:
        parts = ("number", "kind", "state", "server_id", "role_id", "roblox_id", "reason")
        shown = [tuple(row[part] for part in parts) for row in rows[self.checked :]]
        return f"rows {shown}, panels {self.changes}"


def _shown(board: Board, opening_id: int) -> set[str]:
    return {h for line in board.lines if line.opening_id == opening_id for h in line.holders}


def _label(roblox_id: int) -> str:
    member = roblox_id - roblox_of(0)
    return f"<@{member}>" if member in MEMBERS else f"roblox_{roblox_id}"


@contextlib.asynccontextmanager
async def open_story(folder: Path):  # type: ignore[no-untyped-def]
    """A story that has begun; its last process ends with it."""
    async with open_office(folder, ROLES, SLOTS, (MAIN, ANNEX), BEGINS) as office:
        story = Story(office)
        await story.begin()
        try:
            yield story
        finally:
            await story._clear(0, 0, 0)
            await story._crash(0, 0, 0)
            await end_process(story.bench)


async def play(folder: Path, steps: int, seed: int) -> int:
    """One story of so many random steps. Raises Lie with the seed and the last steps."""
    dice = random.Random(seed)
    names, weights = list(ACTIONS), list(ACTIONS.values())
    trace: list[tuple[str, int, int, int]] = []
    async with open_story(folder) as story:
        try:
            for _ in range(steps):
                name = dice.choices(names, weights)[0]
                step = (name, dice.randrange(100), dice.randrange(100), dice.randrange(12))
                trace.append(step)
                await story.act(*step)
            await story.settle()
        except (Lie, TimeoutError) as error:
            raise Lie(f"seed {seed}, step {len(trace)}: {error!r}; last {trace[-25:]}") from error
        return story.steps
