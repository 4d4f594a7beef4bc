"""Every row of docs/outcomes.md, played in the demo with the real bot: the words must be read."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from bot.sandbox.acts import Cast
from bot.sandbox.demo import prepare
from bot.sandbox.demo_api import DemoApi
from bot.sandbox.discord.people import Answer, Json, Person, Sandbox, roles_of
from bot.sandbox.platforms import seeds
from bot.sandbox.town import Community, Town
from bot.services.outcomes import Code

pytestmark = pytest.mark.asyncio(loop_scope="module")

DOCUMENT = Path(__file__).parents[2] / "docs" / "outcomes.md"
ROW = re.compile(r"^\| `([A-Z_]+)` \| .+ \| (.+) \|$", re.MULTILINE)
READ: dict[str, str] = dict(ROW.findall(DOCUMENT.read_text("utf-8")))
WITHIN = 60.0  # seconds; only a failure takes so long
FLIGHT, TRAINING = "NG204 Evening Flight", "Cashier Training"


class Demo:
    """The demo as it stands when somebody opens its page, with the hands of its people."""

    def __init__(self, town: Town, sandbox: Sandbox) -> None:
        self.town = town
        self.sandbox = sandbox
        self.cast = Cast(town, sandbox)
        self._broken: set[str] = set()

    def person(self, name: str, community: Community | None = None) -> Person:
        """Somebody in #sessions, by default of Northgate & Harbour."""
        return self.cast.person(name, community or self.town.coast)

    async def press(
        self, name: str, role: str, title: str = FLIGHT, *, which: int = -1, server: str = ""
    ) -> Answer:
        """Press a role on a board, by default on the last one of that title."""
        person = self.person(name)
        board = [m for m in await person.messages() if _is_board(m, title)][which]
        labels = [button["label"] for button in roles_of(board)]
        (label,) = [la for la in labels if la.startswith(f"{role} ") and la.endswith(server)]
        return await person.press(board, label)

    async def press_in_redwood(self, name: str, role: str, *, patience: float = 20.0) -> Answer:
        """The same on Redwood Rangers' only board."""
        forest = self.town.forest
        person = self.sandbox.person(self.town.people[name], forest.sessions, patience=patience)
        (board,) = [m for m in await person.messages() if m["embeds"] and not m["ephemeral"]]
        return await person.press(board, role)

    async def break_(self, platform: str, fault: str | None) -> None:
        """A switch in the drawer; None clears."""
        self._broken.add(platform)
        await self.switch("faults", platform=platform, fault=fault)

    async def switch(self, what: str, **body: object) -> Json:
        """What a button of the drawer sends."""
        return await self.sandbox.call("POST", f"/demo/{what}", json=body)

    async def settings(self, workspace: str, **options: object) -> Answer:
        """`/workspace settings`, as Marlowe."""
        marlowe = self.person("Marlowe")
        return await marlowe.command("workspace settings", workspace=workspace, **options)

    async def mend(self) -> None:
        """Undo every switch, take everybody off, and wait until the platforms are trusted again."""
        for name in self.town.platforms:
            await self.switch("faults", platform=name, fault=None)
        for deed in self.town.panel.deeds:
            await self.switch("panel", deed=deed.name, done=False)
        self._empty()
        for name in self._broken:
            community = self.town.forest if name == seeds.REDWOOD_NAME else self.town.coast
            marlowe = self.person("Marlowe", community)
            await _until(functools.partial(_works, marlowe, name))
        self._broken.clear()

    def _empty(self) -> None:
        worlds = self.town.worlds
        for name in ("northgate/soon", "northgate/two-servers", "redwood/soon"):
            record = worlds.readmin.get_session(seeds.record_id(name))
            record["claims"].clear()
            for server in record["servers"].values():
                server["claims"].clear()
        cafe = worlds.series.get_session(seeds.series_id("harbour/soon"))
        for role in (cafe.custom_roles or {}).values():
            for holder in [slot for slot in role.slots if slot.isdecimal()]:
                role.vacate(holder)


async def _until(happened: Callable[[], Awaitable[bool]]) -> None:
    deadline = asyncio.get_running_loop().time() + WITHIN
    while not await happened():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.2)


async def _works(admin: Person, workspace: str) -> bool:
    return "✔" in (await admin.command("workspace test", workspace=workspace)).text


def _is_board(message: Json, title: str) -> bool:
    embeds = message["embeds"]
    return bool(embeds) and not message["ephemeral"] and embeds[0].get("title") == title


@asynccontextmanager
async def open_demo() -> AsyncIterator[Demo]:
    """The demo with the real bot, ready to be played in."""
    town = Town()
    DemoApi(town).add_routes(town.discord.app)
    try:
        await town.start()
        await prepare(town)
        async with Sandbox(town.discord.url) as sandbox:
            yield Demo(town, sandbox)
    finally:
        await town.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[Demo]:
    async with open_demo() as demo:
        yield demo


@pytest_asyncio.fixture(loop_scope="module")
async def demo(running: Demo) -> AsyncIterator[Demo]:
    yield running
    await running.mend()


async def _claimed(demo: Demo) -> Answer:
    return await demo.press("Pip", "Captain")


async def _release(answer: Answer) -> Answer:
    person = answer.person
    return await person.press(await person.press(answer, "Release"), "Release")


async def _released(demo: Demo) -> Answer:
    return await _release(await demo.press("Pip", "Captain"))


async def _not_linked(demo: Demo) -> Answer:
    return await demo.press("Nico", "Observer")


async def _barred(demo: Demo) -> Answer:
    coast = demo.town.coast
    await demo.settings(seeds.NORTHGATE_NAME, barred_role=coast.trainee_role)
    answer = await demo.press("Wren", "Observer")
    await demo.settings(seeds.NORTHGATE_NAME, everyone_claims=True, staff_role=coast.staff_role)
    assert "You are **Observer**" in (await demo.press("Wren", "Observer")).text
    return answer


async def _rank(demo: Demo) -> Answer:
    return await demo.press("Wren", "Dispatcher")


async def _claim_once(demo: Demo) -> Answer:
    await demo.press("Pip", "Captain", which=0, server="Server 1")
    return await demo.press("Pip", "Captain", which=0, server="Server 2")


async def _full(demo: Demo) -> Answer:
    await demo.switch("panel", deed="fern", done=True)
    return await demo.press("Pip", "Captain")


async def _already(demo: Demo) -> Answer:
    await demo.press("Pip", "Captain")
    return await demo.press("Pip", "Captain")


async def _move(demo: Demo) -> Answer:
    await demo.press("Otto", "Observer")
    return await demo.press("Otto", "Cabin Crew")


async def _clash(demo: Demo) -> Answer:
    await demo.settings(seeds.HARBOUR_NAME, clash="warn")
    answer = await demo.press("Sable", "Guest Greeter", TRAINING)
    await demo.settings(seeds.HARBOUR_NAME, clash="off")
    return answer


async def _not_open(demo: Demo) -> Answer:
    tobin = demo.person("Tobin")
    choices = await tobin.autocomplete("session post", "session", session="Charter")
    return await tobin.command("session post", session=choices[0]["value"])


async def _list_form(demo: Demo) -> Answer:
    await demo.switch("panel", deed="list", done=True)
    return await demo.press_in_redwood("Otto", "Visitor Guide")


def _panel(deed: str, name: str, role: str, title: str) -> Callable[[Demo], Awaitable[Answer]]:
    async def play(demo: Demo) -> Answer:
        await demo.switch("panel", deed=deed, done=True)
        return await demo.press(name, role, title)

    return play


async def _key(demo: Demo) -> Answer:
    await demo.break_(seeds.HARBOUR_NAME, "revoked-key")
    return await demo.press("Otto", "Barista", TRAINING)


async def _limited(demo: Demo) -> Answer:
    await demo.break_(seeds.REDWOOD_NAME, "rate-limit")
    return await demo.press_in_redwood("Otto", "Visitor Guide")


async def _down(demo: Demo) -> Answer:
    await demo.break_(seeds.NORTHGATE_NAME, "error-500")
    return await demo.press("Otto", "Observer")


async def _lost(demo: Demo, name: str) -> Answer:
    """What is open stays open: everybody who loses a claim does so once in this file."""
    await demo.break_(seeds.NORTHGATE_NAME, "cut-before")
    return await demo.press(name, "Observer")


async def _unknown(demo: Demo) -> Answer:
    return await _lost(demo, "Sable")


async def _still_running(demo: Demo) -> Answer:
    await _lost(demo, "Juno")
    return await demo.press("Juno", "Cabin Crew")


async def _not_held(demo: Demo) -> Answer:
    first, second = await demo.press("Pip", "Captain"), await demo.press("Pip", "Captain")
    await _release(first)
    return await _release(second)


async def _cannot_release(demo: Demo) -> Answer:
    await demo.press_in_redwood("Sable", "Lead Ranger")
    sable = demo.person("Sable", demo.town.forest)
    claim = (await sable.autocomplete("release", "claim", claim=""))[0]["value"]
    return await sable.command("release", claim=claim)


async def _reason(demo: Demo) -> Answer:
    receipt, juno = await demo.press("Pip", "Captain"), demo.person("Juno")
    choices = await juno.autocomplete("session edit", "announcement", announcement=FLIGHT)
    number = max((choice["value"] for choice in choices), key=int)  # it was posted last
    await juno.command("session edit", announcement=number, cutoff=1440)
    asked = await receipt.person.press(receipt, "Release")
    await juno.command("session edit", announcement=number, cutoff=-1)
    return asked


async def _after_days(demo: Demo, answer: Answer) -> Answer:
    """Let days pass until the answer no longer says that it waits."""

    async def is_known() -> bool:
        await demo.switch("day")
        return "has not confirmed" not in (await answer.refresh()).text

    assert "has not confirmed" in answer.text
    await _until(is_known)
    return await answer.refresh()


async def _did_not_arrive(demo: Demo) -> Answer:
    return await _after_days(demo, await _lost(demo, "Tobin"))


async def _gave_up(demo: Demo) -> Answer:
    answer = await _lost(demo, "Pip")
    await demo.break_(seeds.NORTHGATE_NAME, "error-500")
    return await _after_days(demo, answer)


async def _interrupted(demo: Demo) -> Answer:
    await demo.break_(seeds.REDWOOD_NAME, "hang")
    answer = await demo.press_in_redwood("Otto", "Visitor Guide", patience=0)

    async def is_thinking() -> bool:
        return (await answer.refresh()).state == "thinking"

    async def is_answered() -> bool:
        return (await answer.refresh()).state == "done"

    async def is_running() -> bool:
        return bool((await demo.sandbox.call("GET", "/demo/state"))["bot"] == "running")

    await _until(is_thinking)
    await demo.switch("bot", action="kill")
    await demo.break_(seeds.REDWOOD_NAME, None)
    await demo.switch("day")
    await demo.switch("bot", action="start")
    await _until(is_running)
    await _until(is_answered)
    return await answer.refresh()


PLAYS: dict[Code, Callable[[Demo], Awaitable[Answer]]] = {
    Code.CLAIMED: _claimed,
    Code.RELEASED: _released,
    Code.NOT_LINKED: _not_linked,
    Code.NOT_ELIGIBLE_DISCORD: _barred,
    Code.NOT_ELIGIBLE_RANK: _rank,
    Code.CLAIM_ONCE: _claim_once,
    Code.FULL: _full,
    Code.ALREADY_SAME: _already,
    Code.MOVE: _move,
    Code.CLASH: _clash,
    Code.CLOSED: _panel("closed", "Otto", "Barista", TRAINING),
    Code.NOT_OPEN: _not_open,
    Code.LIST_FORM: _list_form,
    Code.GONE: _panel("role", "Otto", "Guest Greeter", TRAINING),
    Code.PLAN: _panel("plan", "Sable", "Barista", TRAINING),
    Code.KEY: _key,
    Code.LIMITED: _limited,
    Code.DOWN: _down,
    Code.UNKNOWN: _unknown,
    Code.STILL_RUNNING: _still_running,
    Code.UPSTREAM_SAID: _panel("member", "Otto", "Barista", TRAINING),
    Code.NOT_HELD: _not_held,
    Code.CANNOT_RELEASE: _cannot_release,
    Code.REASON: _reason,
    Code.DID_NOT_ARRIVE: _did_not_arrive,
    Code.INTERRUPTED: _interrupted,
    Code.GAVE_UP: _gave_up,
}


async def test_every_outcome_has_its_row_and_its_play() -> None:
    assert list(READ) == [code.name for code in Code if code.name in READ]
    assert set(READ) == {code.name for code in Code} == {code.name for code in PLAYS}


@pytest.mark.parametrize("code", PLAYS, ids=lambda code: code.name)
async def test_an_outcome_is_read_as_documented(demo: Demo, code: Code) -> None:
    answer = await PLAYS[code](demo)
    roles = demo.town.coast.guild.roles.values()
    names = {f"<@&{role.id}>": f"@{role.name}" for role in roles}
    text = re.sub(r"<@&\d+>", lambda found: names[found[0]], answer.text)
    for words in READ[code.name].split(" … "):
        assert words in text
