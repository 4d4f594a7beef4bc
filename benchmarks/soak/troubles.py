"""What goes wrong meanwhile, as the dice say: platforms, gateways, Discord itself, the clock."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from urllib.parse import urlsplit

from benchmarks.field import Field
from benchmarks.soak.panel import Community
from benchmarks.soak.process import SoakedBot
from bot.sandbox.discord.faults import Fault
from bot.sandbox.platforms.faults import Match

PACE = (2.0, 8.0)  # seconds from the beginning of one trouble to that of the next
AFTERMATH = 5.0  # seconds for which a trouble of Discord's still excuses what was not answered
PLATFORM_FAULTS = (
    "hang", "cut-before", "cut-after", "error-500", "error-500-after", "html-502", "empty-200",
    "wrong-shape", "truncated", "drip", "rate-limit", "rate-limit-bare", "slow", "store-late",
    "redirect",
)  # fmt: skip
MATCHES: tuple[Match, ...] = ("any", "claim", "release", "read", "list")
JUMPS = (-5400.0, -600.0, -30.0, 20.0, 600.0, 5400.0)  # seconds by which the bot's clock is wrong


@dataclass
class Spell:
    """One trouble. Monotonic seconds."""

    name: str
    began: float
    ended: float | None = None


class Troubles:
    """Makes trouble, and takes each back after a while."""

    def __init__(
        self, field: Field, communities: list[Community], bot: SoakedBot, dice: Random
    ) -> None:
        self.spells: list[Spell] = []
        self._field = field
        self._core = field.discord.core
        self._communities = communities
        self._bot = bot
        self._dice = dice
        self._running: set[asyncio.Task[None]] = set()
        self._down: set[Community] = set()  # whose platform is away
        self._kinds: list[tuple[float, Callable[[], Awaitable[None]]]] = [
            (8, self._platforms_fail), (3, self._platforms_away), (0.5, self._all_platforms_away),
            (2, self._gateway_cut), (1, self._session_lost), (1, self._asked_to_reconnect),
            (0.5, self._gateway_closed), (2, self._discord_fails), (2, self._discord_limits),
            (1, self._discord_slow), (1, self._guild_away), (2, self._clock_wrong),
        ]  # fmt: skip

    async def run(self, until: float) -> None:
        """One after the other, overlapping, until so many seconds of the loop's clock."""
        loop = asyncio.get_running_loop()
        weights = [weight for weight, _ in self._kinds]
        while loop.time() < until:
            ((_, kind),) = self._dice.choices(self._kinds, weights)
            task = asyncio.ensure_future(kind())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            await asyncio.sleep(self._dice.uniform(*PACE))
        await asyncio.gather(*self._running)

    def counts(self) -> Counter[str]:
        """How often there was which."""
        return Counter(spell.name for spell in self.spells)

    def longest_away(self) -> float:
        """The most seconds for which there was no gateway."""
        spells = [one for one in self.spells if "gateway" in one.name or "session" in one.name]
        return max(((one.ended or one.began) - one.began for one in spells), default=0.0)

    def with_discord(self, began: float, ended: float) -> str:
        """What Discord's trouble was between two moments (monotonic seconds); nothing for none."""
        for spell in self.spells:
            over = (spell.ended or time.monotonic()) + AFTERMATH
            if spell.name.startswith("Discord") and spell.began <= ended and began <= over:
                return spell.name
        return ""

    @asynccontextmanager
    async def _spell(self, name: str) -> AsyncIterator[None]:
        spell = Spell(name, time.monotonic())
        self.spells.append(spell)
        try:
            yield
        finally:
            spell.ended = time.monotonic()

    async def _pause(self, least: float = 3.0, most: float = 15.0) -> None:
        await asyncio.sleep(self._dice.uniform(least, most))

    async def _platforms_fail(self) -> None:
        """Some of them, each in its own way."""
        chosen = self._dice.sample(self._communities, min(5, len(self._communities)))
        async with self._spell("platforms fail"):
            for community in chosen:
                name, match = self._dice.choice(PLATFORM_FAULTS), self._dice.choice(MATCHES)
                times = self._dice.choice([1, 3, None])
                seconds = self._dice.uniform(1, 20 if name == "store-late" else 4)
                community.platform.faults.add(name, match, times, seconds)
            await self._pause()
            for community in chosen:
                community.platform.faults.clear()

    async def _platforms_away(self) -> None:
        await self._away("platforms away", self._dice.sample(self._communities, 1))

    async def _all_platforms_away(self) -> None:
        await self._away("all platforms away", self._communities)

    async def _away(self, name: str, wanted: list[Community]) -> None:
        """Nothing listens on their ports for a while."""
        chosen = [one for one in wanted if one not in self._down]
        self._down.update(chosen)
        async with self._spell(name):
            for one in chosen:
                await one.platform.stop()
            await self._pause()
            for one in chosen:
                await one.platform.start(urlsplit(one.platform.base_url).port or 0)
        self._down.difference_update(chosen)

    async def _gateway_cut(self) -> None:
        async with self._spell("Discord: gateway cut"):
            self._core.gateway.disconnect()
            await self._connected()

    async def _session_lost(self) -> None:
        async with self._spell("Discord: session invalid"):
            self._core.gateway.disconnect(code=4009, resumable=False)
            await self._connected()

    async def _asked_to_reconnect(self) -> None:
        async with self._spell("Discord: asked to reconnect"):
            self._core.gateway.ask_to_reconnect()
            await asyncio.sleep(1)
            await self._connected()

    async def _gateway_closed(self) -> None:
        """The gateway is cut, and takes no connection for a while."""
        async with self._spell("Discord: gateway closed"):
            self._core.gateway.accepting = False
            self._core.gateway.disconnect()
            await self._pause(2, 6)
            self._core.gateway.accepting = True
            await self._connected()

    async def _connected(self) -> None:
        while not self._core.gateway.is_connected(None):  # noqa: ASYNC110  # a look is enough
            await asyncio.sleep(0.1)

    async def _discord_fails(self) -> None:
        status = self._dice.choice([500, 502, 503])
        await self._discord("Discord: 5xx", Fault(status=status, times=15))

    async def _discord_limits(self) -> None:
        await self._discord("Discord: 429", Fault(status=429, times=10, retry_after=0.5))

    async def _discord_slow(self) -> None:
        await self._discord("Discord: slow", Fault(delay=1.0, times=20))

    async def _discord(self, name: str, fault: Fault) -> None:
        async with self._spell(name):
            self._core.faults.active.append(fault)
            await self._pause(2, 6)
            if fault in self._core.faults.active:
                self._core.faults.active.remove(fault)

    async def _guild_away(self) -> None:
        guild = self._dice.choice(self._communities).guild
        if guild.unavailable:
            return
        async with self._spell("Discord: guild away"):
            self._field.world.set_unavailable(guild, True)
            await self._pause()
            self._field.world.set_unavailable(guild, False)

    async def _clock_wrong(self) -> None:
        async with self._spell("clock wrong"):
            self._bot.order(f"jump {self._dice.choice(JUMPS)}")
            await self._pause()
            self._bot.order("jump 0")
