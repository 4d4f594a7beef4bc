"""The part of the model about waiting: joining, leaving, answering, time, and what must hold."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.errors import ProviderError, Refusal
from bot.models import Door, Waiter, WaitState
from bot.services.claims import Press
from bot.services.waiting_line import is_promised
from bot.store.automation import AutomationStore
from tests.services.bench import GUILD, STRANGERS, actor, roblox_of
from tests.services.lines import in_line

if TYPE_CHECKING:
    from tests.proofs.model import Asked, Story
    from tests.proofs.office import Post

# what happens: how often
ACTIONS = {"join": 9, "leave": 1, "free": 6, "accept": 7, "decline": 2, "tick": 3, "silence": 1}
THREAD = 888
PATIENCE = 1801  # seconds: longer than any offer


class Lie(AssertionError):
    """An invariant is broken; says which."""


@dataclass
class Waits:
    """Those who wait in a story. Names in `ACTIONS` are methods, called as the story's are."""

    story: Story

    def __post_init__(self) -> None:
        self.taken: set[tuple[str, ...]] = set()  # places that a panel took from under an offer

    async def begin(self) -> None:
        """One board has a thread; in the others offers are heard at the next visit."""
        first = self.story.posts[0].announcement_id
        await AutomationStore(self.story.bench.database).set_thread(first, THREAD)

    async def join(self, one: int, two: int, _: int) -> None:
        """Somebody joins a line, of a full place if there is one."""
        member, opening_id, guild_id = self._choice(one, two)
        self._start(lambda: self.story.bench.waitlist.join(actor(member, guild_id), opening_id))

    async def leave(self, one: int, _: int, __: int) -> None:
        """Somebody in line leaves it."""
        if (waiter := await self._somebody(one)) is not None:
            who = actor(waiter.discord_id, waiter.guild_id)
            self._start(lambda: self.story.bench.waitlist.leave(who, waiter.waitlist_id))

    async def free(self, one: int, _: int, __: int) -> None:
        """Somebody gives back what others wait for."""
        if (waiter := await self._somebody(one)) is not None:
            place = (waiter.place.server_id, waiter.place.role_id)
            upstream = self.story.base_urls[waiter.workspace_id]
            for roblox_id in sorted(self.story.office.holders(upstream, *place))[:1]:
                self.story.press_release(roblox_id, waiter.opening_id)

    async def accept(self, one: int, two: int, three: int) -> None:
        """Somebody with an offer accepts; now and then twice at once, or somebody else's."""
        waiter = await self._somebody(one, WaitState.OFFERED)
        if waiter is None:
            return
        self._accept(waiter, waiter.discord_id)
        if two % 5 == 0:
            self._accept(waiter, waiter.discord_id)
        if three == 0:
            self._accept(waiter, waiter.discord_id + 1)

    async def decline(self, one: int, _: int, __: int) -> None:
        """Somebody with an offer passes."""
        if (waiter := await self._somebody(one, WaitState.OFFERED)) is not None:
            who = (waiter.guild_id, waiter.discord_id, waiter.waitlist_id)
            self._start(lambda: self.story.bench.waitlist.decline(*who))

    async def tick(self, _: int, __: int, ___: int) -> None:
        """The timer looks."""
        self._start(lambda: self.story.bench.offers.tick())

    async def silence(self, _: int, __: int, ___: int) -> None:
        """Nobody answers until every offer has run out."""
        await self.story.at_rest()
        self.story.office.clock.advance(PATIENCE)

    def panel_took(self, upstream: str, server_id: str, role_id: str) -> None:
        """The platform's own panel knows of no promises."""
        self.taken.add((upstream, server_id, role_id))

    async def look(self) -> None:
        """The timer, to its end."""
        await self.story.bench.offers.tick()
        await self.story.bench.background.settle()

    async def check(self) -> None:
        """No place promised twice, nobody waits for a free one, everybody asked can know."""
        bench, office = self.story.bench, self.story.office
        now, line = office.clock(), await in_line(bench)
        base_urls, places = self.story.base_urls, self.story.places
        for place in {one.place for one in line}:
            here = [one for one in line if one.place == place]
            upstream = base_urls[here[0].workspace_id]
            key = (upstream, place.server_id, place.role_id)
            holders = office.holders(*key)
            promised = {one.roblox_id for one in here if is_promised(one, now)}
            room = places[place.role_id] - len(holders | promised)
            if places[place.role_id] and room < 0 and promised and key not in self.taken:
                raise Lie(f"{key} is promised to {promised} and held by {holders}")
            if not promised:
                self.taken.discard(key)
            waiting = [one for one in here if one.state is WaitState.WAITING]
            waiting = [one for one in waiting if one.roblox_id not in promised]
            if waiting and (room > 0 or not places[place.role_id]):
                raise Lie(f"{waiting} wait for {key}, held by {holders}, kept for {promised}")
            if any(one.roblox_id in holders for one in here):
                raise Lie(f"{here} wait for {key} and hold it: {holders}")
        await self._check_heard(line)

    async def _check_heard(self, line: list[Waiter]) -> None:
        """Every offer and every ending was told, or will be with the member's next answer."""
        bench = self.story.bench
        for guild_id in (GUILD, STRANGERS):
            for member in {one.discord_id for one in line}:
                untold = await bench.line.list_for_member(guild_id, member)
                news = await bench.waitlist.list_news(guild_id, member)
                heard = {one.waiter.waitlist_id for one in news}
                for waiter in untold:
                    asked = waiter.state is WaitState.OFFERED
                    ended = waiter.state is WaitState.ENDED
                    known = waiter.told or waiter.waitlist_id in heard
                    if (ended or (asked and is_promised(waiter, bench.clock()))) and not known:
                        raise Lie(f"{waiter} cannot know of it")
                await bench.waitlist.mark_told([one.waiter for one in news])

    def _accept(self, waiter: Waiter, member: int) -> None:
        story = self.story
        number = next(story.interactions)
        who = actor(member, waiter.guild_id)
        press = Press(who, waiter.opening_id, Door.WAITLIST, number, f"token-{number}")
        place = (waiter.place.server_id, waiter.place.role_id)
        held = (story.base_urls[waiter.workspace_id], *place, roblox_of(member))
        asked = story.expect(press, held)

        async def work() -> None:
            try:
                asked.outcome = await story.bench.waitlist.accept(
                    press, waiter.waitlist_id, known_roles=True
                )
            except Refusal:
                story.asked.remove(asked)
            else:
                await story.bench.claims.mark_told([asked.outcome.operation_id])

        story.live[asyncio.create_task(work())] = asked

    def _start(self, work: Callable[[], Awaitable[object]]) -> None:
        self.story.live[asyncio.create_task(_quietly(work))] = _nobody(self.story)

    def _choice(self, one: int, two: int) -> tuple[int, int, int]:
        choices = [(found, place) for found in self.story.posts for place in found.openings]
        full = [(found, place) for found, place in choices if self._is_full(found, place)]
        choices = full if full and two % 8 else choices
        found, place = choices[two % len(choices)]
        member = self.story.members[one % len(self.story.members)]
        return member, found.openings[place].opening_id, found.workspace.guild_id

    def _is_full(self, found: Post, place: tuple[str, str]) -> bool:
        most = self.story.places[place[1]]
        held = self.story.office.holders(found.workspace.base_url, *place)
        return bool(most) and len(held) >= most

    async def _somebody(self, one: int, state: WaitState | None = None) -> Waiter | None:
        everybody = await in_line(self.story.bench)
        line = [one for one in everybody if state in (None, one.state)]
        return line[one % len(line)] if line else None


async def _quietly(work: Callable[[], Awaitable[object]]) -> None:
    try:
        await work()
    except (Refusal, ProviderError):
        return


def _nobody(story: Story) -> Asked:
    """What `live` wants to know of a task that is nobody's claim."""
    number = next(story.interactions)
    press = Press(actor(0), 0, Door.BUTTON, number, "")
    return story.unasked(press)
