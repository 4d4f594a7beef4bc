"""Commands and buttons keep Discord's limits, and lead where they say."""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import pytest
import pytest_asyncio

from bot.background import Background
from bot.buttons import Action, Button
from bot.client import MusterBot
from bot.menus import Menu
from bot.services.container import Services


def stub_services() -> Services:
    """Services that do nothing: enough to build the cogs."""
    kinds = typing.get_type_hints(Services)
    fields = dataclasses.fields(Services)
    return Services(**{field.name: Mock(spec=kinds[field.name]) for field in fields})


@pytest_asyncio.fixture
async def bot() -> MusterBot:
    """A bot with every cog, never connected, so that there is nothing to close."""
    bot = MusterBot(Background(), Mock(), shard_count=1)
    bot.services = stub_services()
    await bot.load_extension("cogs")
    return bot


COMMANDS = {
    "claim", "release", "claims", "open", "swap", "setup",
    "session post", "session refresh", "session close", "session edit", "session reopen",
    "session cancel", "session repost", "session roster", "session server",
    "session add", "session remove", "session move",
    "workspace list", "workspace test", "workspace settings", "workspace automatic",
    "workspace key", "workspace remove", "today", "reminders",
    "links add", "links show", "links remove", "links list", "links import", "links export",
    "links services", "links questions", "verify", "link", "unlink", "mydata show", "mydata erase",
}  # fmt: skip
FOR_ADMINS = {"setup", "workspace", "links"}
ALSO_IN_DIRECT_MESSAGES = {"mydata"}
SUBCOMMANDS = (1, 2)  # Discord's option types of subcommands and their groups


def payloads(bot: MusterBot) -> list[dict[str, Any]]:
    """The top-level commands as they are sent to Discord."""
    return [command.to_dict(bot.tree) for command in bot.tree.get_commands()]


def leaves(payload: dict[str, Any], before: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """(whole name, payload) of everything that can be run."""
    name = f"{before} {payload['name']}".strip()
    inner = [o for o in payload.get("options", []) if o["type"] in SUBCOMMANDS]
    if not inner:
        yield name, payload
    for option in inner:
        yield from leaves(option, name)


async def test_the_commands_are_the_documented_ones(bot: MusterBot) -> None:
    names = [name for payload in payloads(bot) for name, _ in leaves(payload)]
    assert len(names) == len(set(names))
    assert set(names) == COMMANDS


async def test_commands_keep_discords_limits(bot: MusterBot) -> None:
    assert len(payloads(bot)) <= 100
    for payload in payloads(bot):
        assert whole_size(payload) <= 8000, payload["name"]
        for name, leaf in leaves(payload):
            check_words(leaf, name)
            options = leaf.get("options", [])
            assert len(options) <= 25
            required = [bool(option.get("required")) for option in options]
            assert required == sorted(required, reverse=True), name
            for option in options:
                check_words(option, f"{name} {option['name']}")
                assert option["description"] != "…", f"{name}: {option['name']} is not described"
                assert len(option.get("choices") or []) <= 25


def check_words(part: dict[str, Any], where: str) -> None:
    """Name and description of a command or an option."""
    assert re.fullmatch(r"[-_a-z0-9]{1,32}", part["name"]), where
    assert 1 <= len(part["description"]) <= 100, where


def whole_size(payload: dict[str, Any]) -> int:
    """The characters that Discord counts for one top-level command."""
    own = len(payload["name"]) + len(payload.get("description", ""))
    for choice in payload.get("choices") or []:
        own += len(choice["name"]) + len(str(choice["value"]))
    return own + sum(whole_size(option) for option in payload.get("options", []))


async def test_commands_are_for_guilds_and_the_admins_own_are_hidden(bot: MusterBot) -> None:
    manage_guild = str(1 << 5)
    for payload in payloads(bot):
        name = payload["name"]
        if name in ALSO_IN_DIRECT_MESSAGES:
            assert payload["contexts"] == [0, 1]
        else:
            assert payload["contexts"] == [0] or payload["dm_permission"] is False, name
        expected = manage_guild if name in FOR_ADMINS else None
        shown = payload["default_member_permissions"]
        assert (None if shown is None else str(shown)) == expected, name


async def test_every_button_has_a_cog_that_answers_it(bot: MusterBot) -> None:
    people = {Action.ADD_MEMBER, Action.MOVE_MEMBER, Action.REMOVE_MEMBER, Action.CO_HOST}
    menus_only = {Action.PICK, *people}
    assert set(bot._press_handlers) == set(Action) - {Action.UNKNOWN} - menus_only
    assert set(bot._pick_handlers) == menus_only | {Action.SHOW_ROLES, Action.SWAP}


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("number", [0, 1, 2**63 - 1])
def test_a_buttons_id_leads_back_to_the_button(action: Action, number: int) -> None:
    custom_id = Button(action, number, "Label").custom_id
    assert len(custom_id) <= 100
    assert Button.parse(custom_id) == Button(action, number, "")


def test_an_action_of_another_version_changes_nothing() -> None:
    assert Button.parse("teleport:1:5") == Button(Action.UNKNOWN, 0, "")
    assert Menu.parse("teleport:m1:5") == Menu(Action.UNKNOWN, 0, "")


@pytest.mark.parametrize("stray", ["claim:2:5", "claim:1:", "claim:1:5x", "1:claim:5", ""])
def test_other_ids_are_not_taken_for_ours(stray: str) -> None:
    assert Button.parse(stray) is None
    assert Menu.parse(stray) is None
