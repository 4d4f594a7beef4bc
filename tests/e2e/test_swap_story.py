"""A swap with the real bot, killed while it runs: after its next start both know the truth."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from bot.sandbox.acts import Cast, holders
from bot.sandbox.discord.people import Json, Person, Sandbox, text_of
from bot.sandbox.platforms import seeds
from bot.sandbox.town import Town

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOON = seeds.record_id("northgate/soon")
ROBLOX = {a.display_name: str(a.user_id) for a in (*seeds.HOSTS, *seeds.STAFF)}
ROLES = ("First Officer", "Cabin Crew")
WITHIN = 60.0  # seconds; only a failure takes so long
SLOWLY = 60.0  # seconds: the platform's answer does not come while the process lives


class Swap:
    """Sable and Otto, each with a role, and a town around them."""

    def __init__(self, town: Town, sandbox: Sandbox) -> None:
        self.town, self.sandbox = town, sandbox
        self.cast = Cast(town, sandbox)
        self.sable = self.cast.person("Sable", town.coast)
        self.otto = self.cast.person("Otto", town.coast)
        self.board: Json = {}

    async def begin(self) -> None:
        """Connect, link, post; both take direct messages."""
        await self.cast.connect_all()
        await self.cast.link_all()
        self.board = await self.cast.post(self.town.coast, "Juno", SOON)
        for person, role in zip((self.sable, self.otto), ROLES, strict=True):
            assert "You are" in (await person.press(self.board, role)).text
            await person.command("reminders", direct="on")

    def held(self) -> tuple[str, str]:
        """What both hold on the platform."""
        found = dict(holders(self.town.northgate, SOON))
        return found.get(ROBLOX["Sable"], ""), found.get(ROBLOX["Otto"], "")

    async def ask(self) -> Json:
        """Sable asks; Otto's direct message with the question."""
        before = {m["id"] for m in await self._messages(self.otto)}
        answer = await self.sable.command("swap", **{"with": self.town.people["Otto"]})
        assert "is asked" in answer.text
        return await self.hears(self.otto, "would like to swap", before)

    async def hears(self, person: Person, words: str, before: set[str]) -> Json:
        """The new direct message with these words."""
        private = await person.open_dm()
        return await private.wait_for(None, lambda m: m["id"] not in before and words in text_of(m))

    async def _messages(self, person: Person) -> list[Json]:
        return await (await person.open_dm()).messages()

    async def seen(self, person: Person) -> set[str]:
        """Ids of the direct messages that the person has."""
        return {message["id"] for message in await self._messages(person)}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def swap() -> AsyncIterator[Swap]:
    town = Town()
    try:
        await town.start()
        async with Sandbox(town.discord.url) as sandbox:
            begun = Swap(town, sandbox)
            await begun.begin()
            yield begun
    finally:
        await town.stop()


@pytest.mark.parametrize("at", [1, 2, 3, 4], ids=["release 1", "release 2", "claim 1", "claim 2"])
async def test_killed_in_the_middle_it_is_finished_and_both_are_told(swap: Swap, at: int) -> None:
    town, before = swap.town, swap.held()
    question = await swap.ask()
    known = await swap.seen(swap.sable)
    kind = "release" if at < 3 else "claim"
    _slow_down(swap, kind, skipping=(at - 1) % 2)
    writes = len(_writes(swap))
    private = await swap.otto.open_dm()
    pressing = asyncio.create_task(private.press(question, "Accept"))
    await _until(lambda: len(_writes(swap)) - writes == at)
    await town.bot.kill()
    pressing.cancel()
    town.northgate.faults.clear()
    await town.start_bot()
    told = await swap.hears(swap.sable, "Swapped", known)
    assert swap.held() == (before[1], before[0])
    assert f"you are now **{before[1]}**" in text_of(told)
    later = await swap.otto.command("claims")
    assert f"**{before[0]}**" in later.text
    report = await swap.sandbox.report()
    # A process that dies before it acknowledges leaves an answer behind that can only be tried.
    assert {seen["kind"] for seen in report["violations"]} <= {"follow_up_first"}


def _slow_down(swap: Swap, kind: str, *, skipping: int) -> None:
    """The one after `skipping` writes of this kind is done at once, but not answered."""
    faults = swap.town.northgate.faults
    if skipping:
        faults.add("slow", match=kind, times=skipping, seconds=0)
    faults.add("slow", match=kind, times=1, seconds=SLOWLY)


def _writes(swap: Swap) -> list[str]:
    return [r.kind for r in swap.town.northgate.requests if r.kind in ("claim", "release")]


async def _until(happened: Callable[[], bool]) -> None:
    deadline = asyncio.get_running_loop().time() + WITHIN
    while not happened():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.02)
