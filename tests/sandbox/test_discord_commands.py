"""Every limit on commands: at the limit fine, one over refused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest

from tests.sandbox.discord_bench import Api, Community, running_stand_in

Json = dict[str, Any]


@pytest.fixture
async def town_api() -> AsyncIterator[tuple[Community, Api]]:
    town = Community()
    async with running_stand_in(town.world) as stand_in, aiohttp.ClientSession() as session:
        yield town, Api(stand_in, session)


def command(**parts: Any) -> Json:
    return {"name": "c", "description": "d", "type": 1, **parts}


def option(**parts: Any) -> Json:
    return {"type": 3, "name": "o", "description": "d", **parts}


def many(count: int, **parts: Any) -> list[Json]:
    return [option(name=f"o{n}", **parts) for n in range(count)]


def choices(count: int, name: str = "c", value: str = "v") -> list[Json]:
    return [{"name": f"{name}", "value": f"{value}"} for _ in range(count)]


def heavy(size: int) -> Json:
    """A command of exactly `size` characters: 1 + 1 for itself, 4 + 100 each for 25 options ..."""
    body = command(options=[option(name=f"o{n:03}", description="d" * 100) for n in range(25)])
    rest = size - 2 - 25 * 104
    full, last = divmod(rest, 200)
    body["options"][0]["choices"] = [
        {"name": "x" * 100, "value": "y" * 100} for _ in range(min(full, 24))
    ]
    full -= min(full, 24)
    body["options"][1]["choices"] = [
        *({"name": "x" * 100, "value": "y" * 100} for _ in range(full)),
        {"name": "x" * (last // 2), "value": "y" * (last - last // 2)},
    ]
    return body


COMMAND_LIMITS: list[tuple[str, Callable[[int], Json], int]] = [
    ("name", lambda n: command(name="x" * n), 32),
    ("description", lambda n: command(description="x" * n), 100),
    ("options", lambda n: command(options=many(n)), 25),
    ("option name", lambda n: command(options=[option(name="x" * n)]), 32),
    ("option description", lambda n: command(options=[option(description="x" * n)]), 100),
    ("choices", lambda n: command(options=[option(choices=choices(n))]), 25),
    ("choice name", lambda n: command(options=[option(choices=choices(1, "x" * n))]), 100),
    ("choice value", lambda n: command(options=[option(choices=choices(1, "c", "x" * n))]), 100),
    ("max length", lambda n: command(options=[option(max_length=n)]), 6000),
    ("whole command", heavy, 8000),
]


@pytest.mark.parametrize(
    ("make", "most"), [row[1:] for row in COMMAND_LIMITS], ids=[r[0] for r in COMMAND_LIMITS]
)
async def test_command_limits(
    town_api: tuple[Community, Api], make: Callable[[int], Json], most: int
) -> None:
    town, api = town_api
    path = f"/applications/{town.bot.id}/commands"
    status, _ = await api.call("POST", path, make(most))
    assert status == 200
    assert await api.code("PUT", path, [make(most + 1)]) == (400, 50035)


@pytest.mark.parametrize(
    "body",
    [
        command(name="Upper"),
        command(name="two words"),
        command(description=""),
        command(options=[option(name="a"), option(name="a")]),
        command(options=[option(name="a"), option(name="b", required=True)]),
        command(options=[option(autocomplete=True, choices=choices(1))]),
        command(options=[option(type=1), option(name="plain")]),
        command(options=[option(type=2, options=[option(type=2)])]),
        command(options=[option(type=1, options=[option(type=1)])]),
    ],
)
async def test_malformed_commands(town_api: tuple[Community, Api], body: Json) -> None:
    town, api = town_api
    path = f"/applications/{town.bot.id}/commands"
    assert await api.code("POST", path, body) == (400, 50035)


async def test_a_hundred_commands_and_no_two_alike(town_api: tuple[Community, Api]) -> None:
    town, api = town_api
    path = f"/applications/{town.bot.id}/commands"
    hundred = [command(name=f"c{n}") for n in range(100)]
    status, first = await api.call("PUT", path, hundred)
    assert status == 200
    status, second = await api.call("PUT", path, hundred)
    assert [c["id"] for c in first] == [c["id"] for c in second]
    assert await api.code("POST", path, command(name="more")) == (400, 30032)
    assert await api.code("PUT", path, [command(), command()]) == (400, 50035)
    assert (await api.call("DELETE", f"{path}/{first[0]['id']}"))[0] == 204
    assert await api.code("GET", f"{path}/{first[0]['id']}") == (404, 10063)
    guild_path = f"/applications/{town.bot.id}/guilds/{town.guild.id}/commands"
    assert (await api.call("PUT", guild_path, [command()]))[0] == 200
    assert [c["name"] for c in (await api.call("GET", guild_path))[1]] == ["c"]
