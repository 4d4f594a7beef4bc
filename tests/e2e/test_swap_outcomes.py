"""Every row of the swaps in docs/outcomes.md, played in the demo with the real bot."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest

from bot.sandbox.discord.people import Answer, Json, text_of
from bot.sandbox.platforms import seeds
from tests.e2e.test_outcomes import DOCUMENT, Demo
from tests.e2e.test_outcomes import demo as demo
from tests.e2e.test_outcomes import running as running

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROW = re.compile(r"^\| ([a-z ]+) \| .+ \| (.+) \|$", re.MULTILINE)
READ: dict[str, str] = dict(ROW.findall(DOCUMENT.read_text("utf-8").partition("## Swaps")[2]))


async def _asked(demo: Demo, name: str = "Juno", role: str = "First Officer") -> Answer:
    """Both hold a role, and one of them asks."""
    await demo.press(name, role)
    await demo.press("Otto", "Cabin Crew")
    asked = await demo.person(name).command("swap", **{"with": demo.town.people["Otto"]})
    assert "is asked" in asked.text
    return asked


async def _question(demo: Demo) -> Json:
    """What Otto is shown below the answer to any command."""
    otto = demo.person("Otto")
    before = {message["id"] for message in await otto.messages()}
    await otto.command("open")
    return await otto.wait_for(
        demo.town.coast.sessions,
        lambda m: m["id"] not in before and "would like to swap" in text_of(m),
    )


async def _asks(demo: Demo) -> str:
    asked = await _asked(demo)
    question = text_of(await _question(demo))
    await demo.person("Juno").press(asked, "Take it back")
    return question


def _pressed(label: str) -> Callable[[Demo], Awaitable[str]]:
    async def play(demo: Demo) -> str:
        await _asked(demo)
        question = await _question(demo)
        return (await demo.person("Otto").press(question, label)).text

    return play


async def _only_asked(demo: Demo) -> str:
    asked = await _asked(demo)
    await demo.person("Juno").press(asked, "Take it back")
    return asked.text


async def _withdrawn(demo: Demo) -> str:
    asked = await _asked(demo)
    return (await demo.person("Juno").press(asked, "Take it back")).text


async def _not_allowed(demo: Demo) -> str:
    await demo.press("Wren", "Observer")
    await demo.press("Juno", "First Officer")
    wren = demo.person("Wren")
    return (await wren.command("swap", **{"with": demo.town.people["Juno"]})).text


async def _cannot(demo: Demo) -> str:
    await demo.press_in_redwood("Sable", "Lead Ranger")
    await demo.press_in_redwood("Otto", "Visitor Guide")
    sable = demo.person("Sable", demo.town.forest)
    return (await sable.command("swap", **{"with": demo.town.people["Otto"]})).text


def _broken(fault: str) -> Callable[[Demo], Awaitable[str]]:
    async def play(demo: Demo) -> str:
        asked = await _asked(demo)
        question = await _question(demo)
        await demo.break_(seeds.NORTHGATE_NAME, fault)
        said = (await demo.person("Otto").press(question, "Accept")).text
        await demo.break_(seeds.NORTHGATE_NAME, None)
        await demo.person("Juno").press(asked, "Take it back")
        return said

    return play


PLAYS: dict[str, Callable[[Demo], Awaitable[str]]] = {
    "asked": _only_asked,
    "asks": _asks,
    "declined": _pressed("Decline"),
    "withdrawn": _withdrawn,
    "swapped": _pressed("Accept"),
    "not allowed": _not_allowed,
    "not now": _broken("error-500"),
    "cannot": _cannot,
    "unknown": _broken("cut-before"),  # last: what is open stays open for a minute and a half
}


async def test_every_row_has_its_play() -> None:
    assert list(READ) == list(PLAYS)


@pytest.mark.parametrize("name", PLAYS)
async def test_a_swap_is_read_as_documented(demo: Demo, name: str) -> None:
    said = await PLAYS[name](demo)
    for words in READ[name].split(" … "):
        assert words.casefold() in said.casefold()
