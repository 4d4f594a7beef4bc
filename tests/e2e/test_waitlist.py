"""The story of a full role in docs/outcomes.md, in its order; and a kill between any two steps."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.sandbox.acts import holders
from bot.sandbox.discord.people import Answer, Person, text_of
from bot.sandbox.platforms import seeds
from bot.sandbox.tour_waitlist import join
from tests.e2e.test_outcomes import DOCUMENT, FLIGHT, Demo, open_demo

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROW = re.compile(r"^\| ([a-z ,]+) \| .+ \| (.+) \|$", re.MULTILINE)
STORY = DOCUMENT.read_text("utf-8").partition("## Waiting for a full role")[2].partition("\n## ")[0]
READ: dict[str, str] = dict(ROW.findall(STORY))
SOON = seeds.record_id("northgate/soon")
ROBLOX = {account.display_name: str(account.user_id) for account in seeds.STAFF}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo() -> AsyncIterator[Demo]:
    async with open_demo() as opened:
        yield opened


class Told:
    """Compares what is read with the document, row by row."""

    def __init__(self) -> None:
        self.rows = iter(READ.items())

    def saw(self, what: str, text: str) -> None:
        """The next row is this one, and the text has its words."""
        row, words = next(self.rows)
        assert row == what
        for part in words.split(" … "):
            assert part in text, f"{what}: {part} in {text}"


async def test_the_documented_story(demo: Demo) -> None:
    told = Told()
    await demo.press("Pip", "Captain")
    full = await demo.press("Sable", "Captain")
    told.saw("full, with a line", full.text)
    told.saw("joined", (await full.person.press(full, "Join waitlist (you would be no. 1)")).text)
    behind = await demo.press("Otto", "Captain")
    answer = await behind.person.press(behind, "Join waitlist (you would be no. 2)")
    told.saw("joined behind", answer.text)
    told.saw("listed", (await demo.person("Sable").command("claims")).text)
    await give_back(demo, "Pip")
    asked = await ask(demo.person("Sable"))
    told.saw("asked", asked.text)
    told.saw("kept", (await demo.press("Otto", "Captain")).text)
    juno = demo.person("Juno")
    choice = {"announcement": await the_flight(juno, "session roster")}
    shown = (await juno.command("session roster", **choice)).message
    told.saw("seen by hosts", text_of(shown) if shown else "")
    told.saw("passed", (await asked.person.press(asked, "Pass")).text)
    told.saw("not yours any more", (await asked.person.press(asked, "Accept")).text)
    otto = await ask(demo.person("Otto"))
    told.saw("accepted", (await otto.person.press(otto, "Accept")).text)
    assert (ROBLOX["Otto"], "Captain") in holders(demo.town.northgate, SOON)
    full = await demo.press("Sable", "Captain")
    await full.person.press(full, "Join waitlist (you would be no. 1)")
    await juno.command("session close", announcement=await the_flight(juno, "session close"))
    ended = await ask(demo.person("Sable"), "no longer on the waitlist")
    told.saw("taken out", ended.text)
    assert next(told.rows, None) is None
    await juno.command("session reopen", announcement=await the_flight(juno, "session reopen"))
    await give_back(demo, "Otto")


@pytest.mark.parametrize("moment", ["joined", "releasing", "released", "offered"])
async def test_killed_between_two_steps(demo: Demo, moment: str) -> None:
    """Whenever the bot dies, Sable is asked in her direct messages, and Accept makes it true."""
    town, sable = demo.town, demo.person("Sable")
    await sable.command("reminders", direct="on")
    private = await sable.open_dm()
    before = {message["id"] for message in await private.messages()}
    receipt = await demo.press("Pip", "Captain")
    board = [m for m in await sable.messages() if m["embeds"] and not m["ephemeral"]]
    flight = [m for m in board if m["embeds"][0]["title"] == FLIGHT][-1]
    assert "You are no. 1" in (await join(sable, flight, "Captain")).text
    if moment == "joined":
        await restart(demo)
    if moment == "releasing":
        town.northgate.faults.add("slow", match="release", times=1, seconds=60)
        question = await receipt.person.press(receipt, "Release")
        release = asyncio.create_task(question.person.press(question, "Release"))
        while (ROBLOX["Pip"], "Captain") in holders(town.northgate, SOON):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await demo.switch("bot", action="kill")
        release.cancel()
        town.northgate.faults.clear()
        await start(demo)
    else:
        await give_back(demo, "Pip")
    if moment == "released":
        await restart(demo)
    offer = await private.wait_for(
        None, lambda m: m["id"] not in before and "A place is free for you" in text_of(m), 60
    )
    if moment == "offered":
        await restart(demo)
    answer = await private.press(offer, "Accept")
    assert "✔ You are **Captain**" in answer.text
    assert holders(town.northgate, SOON).count((ROBLOX["Sable"], "Captain")) == 1
    await give_back(demo, "Sable")


async def restart(demo: Demo) -> None:
    """kill -9, and a new process."""
    await demo.switch("bot", action="kill")
    await start(demo)


async def start(demo: Demo) -> None:
    """A new process, connected."""
    await demo.switch("bot", action="start")
    async with asyncio.timeout(60):
        while (await demo.sandbox.call("GET", "/demo/state"))["bot"] != "running":  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def give_back(demo: Demo, name: str) -> None:
    """Release by the board."""
    held = await demo.press(name, "Captain")
    question = await held.person.press(held, "Release")
    answer = await question.person.press(question, "Release")
    assert "Released" in answer.text


async def ask(person: Person, words: str = "A place is free for you") -> Answer:
    """`/claims` until it tells this: offers are made a moment after the place is free."""
    async with asyncio.timeout(60):
        while words not in (answer := await person.command("claims")).text:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    return answer


async def the_flight(host: Person, command: str) -> str:
    """The choice of the flight that is posted last."""
    choices = await host.autocomplete(command, "announcement", announcement=FLIGHT)
    return str(choices[0]["value"])
