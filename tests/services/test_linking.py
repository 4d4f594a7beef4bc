"""Links made by admins: who may, by which name, and what stands in the way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from bot.errors import NotPermitted, Refusal, Unavailable
from tests.services.bench import ADMIN, ANA, HOST, STRANGERS, Bench, actor
from tests.services.fakes import FACTS


@pytest.fixture(autouse=True)
def accounts(bench: Bench) -> None:
    """Three accounts at Roblox; one is called by a number that is another's id."""
    bench.roblox.add(156, "Builderman")
    bench.roblox.add(200, "some_one")
    bench.roblox.add(300, "200200")


@pytest.mark.parametrize(
    ("typed", "roblox_id"),
    [
        ("Builderman", 156), ("  @builderman ", 156), ("156", 156), ("some_one", 200), ("200", 200),
        ("200200", 300),
    ],
)  # fmt: skip
async def test_a_name_or_a_number(typed: str, roblox_id: int, bench: Bench) -> None:
    assert (await bench.linking.find_account(typed)).roblox_id == roblox_id


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ab",
        "a" * 21,
        "two words",
        "Ünïcödé",
        "x@y",
        "٣٣٣",
        "-5",
        "https://roblox.com/users/156",
    ],
)
async def test_what_cannot_be_an_account_is_refused_unasked(typed: str, bench: Bench) -> None:
    with pytest.raises(Refusal, match="must be a Roblox username"):
        await bench.linking.find_account(typed)
    assert bench.roblox.asked == []


@pytest.mark.parametrize("typed", ["nobody_there", "0", "007", "99", str(2**63), "9" * 20])
async def test_an_unknown_account(typed: str, bench: Bench) -> None:
    with pytest.raises(Refusal, match="Roblox knows no account"):
        await bench.linking.find_account(typed)
    assert not any(isinstance(asked, int) and asked >= 2**63 for asked in bench.roblox.asked)


async def test_when_roblox_is_down_nothing_is_called_unknown(bench: Bench) -> None:
    bench.roblox.error = Unavailable("m", FACTS)
    with pytest.raises(Unavailable):
        await bench.linking.find_account("Builderman")


async def test_guilds_are_strangers(bench: Bench) -> None:
    await bench.link(ANA)
    assert await bench.linking.get(actor(), ANA) == await bench.linking.get(actor(ANA), ANA)
    assert await bench.linking.get(actor(ADMIN, STRANGERS), ANA) is None
    with pytest.raises(Refusal):
        await bench.linking.remove(actor(ADMIN, STRANGERS), ANA)
    assert await bench.linking.get(actor(), ANA)


async def test_remove(bench: Bench) -> None:
    await bench.link(ANA)
    link = await bench.linking.get(actor(), ANA)
    assert await bench.linking.remove(actor(), ANA) == link
    with pytest.raises(Refusal, match="is not linked here"):
        await bench.linking.remove(actor(), ANA)


ASKS: list[Callable[[Bench], Awaitable[object]]] = [
    lambda bench: bench.linking.remove(actor(HOST), HOST),
    lambda bench: bench.linking.get(actor(HOST), ANA),
]


@pytest.mark.parametrize("ask", ASKS)
async def test_only_admins(ask: Callable[[Bench], Awaitable[object]], bench: Bench) -> None:
    with pytest.raises(NotPermitted, match="Manage Server"):
        await ask(bench)
    assert bench.roblox.asked == []
