"""Which roles are on a board: chosen menu by menu, by hosts of this guild."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import NotPermitted, Refusal
from bot.models import Role, Workspace
from bot.services.hosted import ROLES_IN_MENU, one_per_role
from tests.services.bench import ANA, HOST, STRANGERS, Bench, actor
from tests.services.conftest import Posted
from tests.services.looks import shown
from tests.services.worlds import MAIN, SECOND, SESSION

HOSTESS = actor(HOST)
CROWD = replace(
    SESSION,
    servers=(MAIN, SECOND),
    roles=tuple(Role("seats", "Seats", f"s{n}", f"Seat {n}", 1) for n in range(30)),
)


async def _crowd(bench: Bench, workspace: Workspace) -> list[int]:
    """Thirty roles on two servers; an opening of each role, in display order."""
    bench.platform.sessions["training"] = CROWD
    announcement = await bench.post(workspace)
    openings = await bench.announcements.list_openings(announcement.announcement_id)
    return [opening.opening_id for opening in one_per_role(openings)]


def _names(bench: Bench) -> list[str]:
    """Server and role of what the board shows."""
    return [f"{line.server_name} {line.role_name}" for line in shown(bench).lines]


async def test_a_role_goes_from_all_servers(bench: Bench, workspace: Workspace) -> None:
    listed = await _crowd(bench, workspace)
    await bench.running.show_roles(HOSTESS, listed[0], listed[1:3])
    await bench.running.show_roles(HOSTESS, listed[ROLES_IN_MENU], [])
    assert _names(bench) == ["Main Seat 1", "Main Seat 2", "Second Seat 1", "Second Seat 2"]


async def test_other_menus_stay_as_they_are(bench: Bench, workspace: Workspace) -> None:
    listed = await _crowd(bench, workspace)
    await bench.running.show_roles(HOSTESS, listed[0], [])
    assert [name for name in _names(bench) if "Main" in name] == [
        f"Main Seat {n}" for n in range(25, 30)
    ]
    with pytest.raises(Refusal, match="At least one role"):
        await bench.running.show_roles(HOSTESS, listed[25], [])
    # What another menu offers cannot be chosen here.
    await bench.running.show_roles(HOSTESS, listed[25], [listed[0], listed[26]])
    assert _names(bench) == ["Main Seat 26", "Second Seat 26"]


async def test_a_menu_of_roles_that_are_gone(bench: Bench, workspace: Workspace) -> None:
    listed = await _crowd(bench, workspace)
    bench.platform.sessions["training"] = SESSION
    await bench.catch_up()
    with pytest.raises(Refusal, match="others by now"):
        await bench.running.show_roles(HOSTESS, listed[0], listed)
    with pytest.raises(Refusal, match="others by now"):
        await bench.running.show_roles(HOSTESS, 999_999, listed)


async def test_hosts_of_this_guild_only(bench: Bench, posted: Posted) -> None:
    first = posted.trainer.opening_id
    with pytest.raises(NotPermitted):
        await bench.running.show_roles(actor(ANA), first, [first])
    with pytest.raises(Refusal, match="others by now"):
        await bench.running.show_roles(actor(guild_id=STRANGERS), first, [first])
    assert bench.messenger.edits == []
