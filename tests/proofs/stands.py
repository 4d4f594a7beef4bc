"""The boards of the crash proof, with their platforms and the people who press on them."""

from __future__ import annotations

import random
from dataclasses import dataclass

from bot.sandbox.acts import NOT_LINKED, Cast, holders
from bot.sandbox.discord.people import Answer, Json, Person, roles_of
from bot.sandbox.platforms import seeds
from bot.sandbox.platforms.platform import Platform
from bot.sandbox.town import Town

PEOPLE = [a for a in (*seeds.HOSTS, *seeds.STAFF) if a.display_name not in NOT_LINKED]
SEATED = 2  # people on each board who hold a role before the rush, and give it back in it


@dataclass(frozen=True)
class Stand:
    """One board with the platform behind it."""

    name: str
    platform: Platform
    session_id: str
    board: Json
    people: dict[str, Person]  # by Roblox id
    openings: dict[str, str]  # the number of each role's opening, by its name

    @property
    def roles(self) -> tuple[str, ...]:
        """Their names, as on the board."""
        return tuple(self.openings)


async def begin(person: Person, board: Json, role: str) -> Answer:
    """Press and do not wait."""
    (button,) = [b for b in roles_of(board) if b["label"].rpartition(" ")[0] == role]
    body = {"as": person.id, "message_id": board["id"], "custom_id": button["custom_id"]}
    begun = await person.sandbox.call("POST", "/actions/press", json=body)
    return Answer(person, {"interaction_id": begun["interaction_id"]})


def holders_on(stand: Stand) -> list[tuple[str, str]]:
    """(Roblox id, role name) of everybody who holds a role."""
    return holders(stand.platform, stand.session_id)


def seat(stand: Stand, dice: random.Random) -> set[tuple[str, str]]:
    """Let some hold a role from the start, where it can be released."""
    if stand.name == "redwood":
        return set()
    world = stand.platform.world  # type: ignore[attr-defined]  # both kinds have one
    seated = dice.sample(sorted(stand.people), SEATED)
    for roblox_id, role in zip(seated, dice.sample(stand.roles, SEATED), strict=True):
        record = world.get_session(stand.session_id)
        if isinstance(record, dict):
            (server_id,) = record["servers"]
            role_id = seeds.stable_uuid(f"{stand.name}/{role}")
            world.panel_claim(stand.session_id, server_id, int(roblox_id), role_id)
        else:
            free = next(one for one in record.custom_roles[role].slots if not one.isdecimal())
            world.panel_claim(stand.session_id, role, free, int(roblox_id))
    return {(stand.session_id, roblox_id) for roblox_id in seated}


def empty(stand: Stand) -> None:
    """Take everybody off the session in the platform's panel."""
    world = stand.platform.world  # type: ignore[attr-defined]  # both kinds have one
    record = world.get_session(stand.session_id)
    if isinstance(record, dict):
        for server in record["servers"].values():
            server["claims"].clear()
        record["claims"].clear()
        return
    for role in record.custom_roles.values():
        for holder in [slot for slot in role.slots if slot.isdecimal()]:
            role.vacate(holder)


def never_twice(stand: Stand) -> None:
    """Nobody's claim was carried out by the platform more than once."""
    done = [seen for seen in stand.platform.requests if seen.kind == "claim"]
    accepted = [seen for seen in done if seen.status in (None, 200, 201)]
    for roblox_id in stand.people:
        times = sum(f'"{roblox_id}"' in seen.body for seen in accepted)
        assert times <= 1, f"{stand.name}: the claim of {roblox_id} was written {times} times"


async def open_stands(cast: Cast) -> list[Stand]:
    """Post one session on each platform."""
    return [await _open(cast, *which) for which in _boards(cast.town)]


def _boards(town: Town) -> list[tuple[str, Platform, str]]:
    return [
        ("northgate", town.northgate, seeds.record_id("northgate/soon")),
        ("harbour", town.harbour, seeds.series_id("harbour/soon")),
        ("redwood", town.redwood, seeds.record_id("redwood/soon")),
    ]


async def _open(cast: Cast, name: str, platform: Platform, session_id: str) -> Stand:
    town = cast.town
    community = town.forest if name == "redwood" else town.coast
    board = await cast.post(community, "Juno", session_id)
    people = {str(a.user_id): cast.person(a.display_name, community) for a in PEOPLE}
    openings = {
        button["label"].rpartition(" ")[0]: button["custom_id"].rpartition(":")[2]
        for button in roles_of(board)
    }
    return Stand(name, platform, session_id, board, people, openings)
